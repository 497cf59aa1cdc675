/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of QR codes: their form. interop/label reads them with another program. */
#include "unit/label/room.h"

static void pictures_are_made_of_1_to_1663_bytes(void **state)
{
    struct signet_bytes svg = {0}, png = {0}, none = {0};
    struct signet_error err = {0};
    char text[1664];

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_int_equal(signet_qr_svg("1", 1, &svg, &err), SIGNET_OK);
    assert_int_equal(signet_qr_png(text, 1663, &png, &err), SIGNET_OK);
    assert_memory_equal(svg.data, "<svg xmlns=", 11);
    /* 21 modules and the four of its margin on each side, which scanners need */
    assert_non_null(strstr((char *)svg.data, "viewBox=\"0 0 29 29\""));
    assert_non_null(strstr((char *)svg.data, "M0 0h29v29H0z"));
    assert_non_null(strstr((char *)svg.data, "<path d=\"M4 4h7v1h-7z"));
    assert_memory_equal(png.data, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
    assert_memory_equal(png.data + png.len - 8, "IEND\xae\x42\x60\x82", 8);
    assert_int_equal(signet_qr_svg("", 0, &none, &err), SIGNET_E_LIMIT);
    assert_int_equal(signet_qr_png(text, 1664, &none, &err), SIGNET_E_LIMIT);
    signet_bytes_free(&svg);
    signet_bytes_free(&png);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pictures_are_made_of_1_to_1663_bytes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
