/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct der hex(const char *text, uint8_t *to)
{
    ssize_t len = hex_decode(text, strlen(text), to, 64);

    assert_true(len >= 0);
    return (struct der){.at = to, .end = to + len};
}

static void values_one_after_the_other(void **state)
{
    uint8_t data[64];
    struct der d = hex("30050201ff0400"
                       "0200"
                       "308103020105"
                       "30840000000102",
                       data),
               whole, inside;

    (void)state;
    assert_true(der_next(&d, DER_SEQUENCE, &whole, &inside));
    assert_ptr_equal(whole.at, data);
    assert_ptr_equal(whole.end, data + 7);
    assert_ptr_equal(inside.at, data + 2);
    assert_ptr_equal(inside.end, data + 7);
    assert_false(der_next(&inside, DER_SEQUENCE, NULL, NULL)); /* stays where it was */
    assert_true(der_next(&inside, DER_INTEGER, NULL, &whole));
    assert_true(whole.end - whole.at == 1 && *whole.at == 0xff);
    assert_true(der_next(&inside, 0x04, NULL, NULL));
    assert_false(der_next(&inside, 0x04, NULL, NULL));
    assert_true(der_next(&d, DER_INTEGER, NULL, &inside));
    assert_ptr_equal(inside.at, inside.end);
    assert_true(der_next(&d, DER_SEQUENCE, NULL, &inside)); /* a length of one more byte */
    assert_true(inside.end - inside.at == 3);
    assert_true(der_next(&d, DER_SEQUENCE, NULL, &inside));
    assert_true(inside.end - inside.at == 1 && d.at == d.end);
}

static void what_is_cut_is_no_value(void **state)
{
    static const char *const bad[] = {
        "",
        "30",
        "3001",
        "30030201",
        "3080",
        "3081",
        "30810201",
        "308200",
        "30820001",
        "30850000000001aa",
        "3084ffffffff",
        "30847fffffff00",
        "3082ffff0000",
    };
    uint8_t data[64];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct der d = hex(bad[i], data);

        assert_false(der_next(&d, DER_SEQUENCE, NULL, NULL));
        assert_ptr_equal(d.at, data);
    }
}

static void whole_says(const char *text, const char *message)
{
    struct signet_error err = {0};
    uint8_t data[64];
    struct der d = hex(text, data);

    assert_int_equal(der_check_whole(data, (size_t)(d.end - d.at), "key", &err),
                     message ? SIGNET_E_CERT : SIGNET_OK);
    assert_string_equal(err.msg, message ? message : "");
}

static void a_whole_sequence(void **state)
{
    (void)state;
    whole_says("3003020105", NULL);
    whole_says("3000", NULL);
    whole_says("308103020105", NULL);
    whole_says("308400000003020105", NULL);
    whole_says("", "empty: there is no key in it");
    whole_says("30", "neither DER nor PEM: not a key");
    whole_says("0203020105", "neither DER nor PEM: not a key");
    whole_says("3080", "not the DER of a key: its length is malformed");
    whole_says("3082ff", "not the DER of a key: its length is malformed");
    whole_says("30850000000003020105", "not the DER of a key: its length is malformed");
    whole_says("3004020105", "the DER of a key is cut short: 5 of 6 bytes");
    whole_says("3081ff020105", "the DER of a key is cut short: 6 of 258 bytes");
    whole_says("300302010500", "1 bytes follow the DER of the key");
}

static void lengths_are_written_in_their_shortest_form(void **state)
{
    static const struct {
        size_t len;
        const char *head;
    } cases[] = {{0, "0400"},       {127, "047f"},       {128, "048180"},      {255, "0481ff"},
                 {256, "04820100"}, {65535, "0482ffff"}, {65536, "0483010000"}};
    static const uint8_t zeros[65536];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf b = {0};
        char text[16];
        size_t head = strlen(cases[i].head) / 2;

        der_put(&b, 0x04, zeros, cases[i].len);
        assert_int_equal(b.len, head + cases[i].len);
        hex_encode(b.data, head, text);
        assert_string_equal(text, cases[i].head);
        struct der d = {.at = b.data, .end = b.data + b.len}, inside;
        assert_true(der_next(&d, 0x04, NULL, &inside));
        assert_int_equal(inside.end - inside.at, cases[i].len);
        buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_one_after_the_other),
        cmocka_unit_test(what_is_cut_is_no_value),
        cmocka_unit_test(a_whole_sequence),
        cmocka_unit_test(lengths_are_written_in_their_shortest_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
