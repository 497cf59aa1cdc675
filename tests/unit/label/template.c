/* SPDX-License-Identifier: Apache-2.0 */
/* What a label's template may be. */
#include "unit/label/room.h"

static void refused(const char *text, const char *const *print, int code, const char *part)
{
    struct bench b;

    assert_int_equal(bench_load(&b, text, print), code);
    if (!strstr(b.err.msg, part))
        fail_msg("'%s' is not in: %s", part, b.err.msg);
    bench_end(&b);
}

static void what_is_no_label_is_refused_with_its_place(void **state)
{
    (void)state;
    refused("", NULL, SIGNET_E_SYNTAX, "is empty");
    refused("^XA^XZ^XA^XZ", NULL, SIGNET_E_SYNTAX, "more than one label");
    refused("^XA^FDx^FS", NULL, SIGNET_E_SYNTAX, ":1:1: no label that is whole");
    refused("^XA\xff^XZ", NULL, SIGNET_E_SYNTAX, "not UTF-8");
    refused("^XA\n^CC!^XZ", NULL, SIGNET_E_SYNTAX, "a.zpl:2:1: the template changes");
    refused("^XA~ct!^XZ", NULL, SIGNET_E_SYNTAX, "the template changes");
    refused("^XA^XZ^", NULL, SIGNET_E_SYNTAX, "cut short");
    refused("^XA^FD{imei^FS^XZ", NULL, SIGNET_E_SYNTAX, "a.zpl:1:7: a { that is not closed");
    refused("^XA^FDimei}^FS^XZ", NULL, SIGNET_E_SYNTAX, "a lone }");
}

static void placeholders_stand_where_they_are_data(void **state)
{
    (void)state;
    refused("^XA^FO{imei},50^FDx^FS^XZ", NULL, SIGNET_E_SYNTAX, "a.zpl:1:7: a placeholder stands");
    refused("{imei}^XA^XZ", NULL, SIGNET_E_SYNTAX, "a placeholder stands");
    refused("^XA^FD{imei}^FS^XZ{imei}", NULL, SIGNET_E_SYNTAX, "a placeholder stands");
    refused("^XA^FD{qr:{imei}}^FS^XZ", NULL, SIGNET_E_SYNTAX, "{qr:...} stands");
    refused("{qr:{imei}}^XA^XZ", NULL, SIGNET_E_SYNTAX, "{qr:...} stands");
}

static void unknown_names_are_told_with_the_one_that_is_meant(void **state)
{
    struct bench b;

    (void)state;
    assert_int_equal(bench_load(&b, "^XA\n^FD{imie}^FS^XZ", NULL), SIGNET_E_MEANING);
    assert_non_null(strstr(b.err.msg, "a.zpl:2:4: {imie} names no column of devices.csv"));
    assert_non_null(strstr(b.err.hint, "{imei}"));
    bench_end(&b);
    refused("^XA{qr:{hwid}}^XZ", NULL, SIGNET_E_MEANING, "{hwid} names no column");
}

static void secrets_are_printed_only_where_the_order_says_so(void **state)
{
    static const char *const wifi[] = {"wifi_password", NULL};
    static const char *const pin[] = {"pin", NULL};
    struct bench b;

    (void)state;
    refused("^XA^FD{wifi_password}^FS^XZ", NULL, SIGNET_E_MEANING,
            "the label would show 'wifi_password', which is a secret");
    refused("^XA{qr:WIFI:P:{wifi_password};;}^XZ", pin, SIGNET_E_MEANING, "is a secret");
    refused("^XA^FD{pin}^FS^XZ", wifi, SIGNET_E_MEANING, "'pin', which is a secret");
    refused("^XA^FD{imei}^FS^XZ", wifi, SIGNET_E_MEANING, "print_secrets names 'wifi_password'");
    assert_int_equal(bench_load(&b, "^XA^FD{wifi_password}^FS^XZ", wifi), SIGNET_OK);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_label_is_refused_with_its_place),
        cmocka_unit_test(placeholders_stand_where_they_are_data),
        cmocka_unit_test(unknown_names_are_told_with_the_one_that_is_meant),
        cmocka_unit_test(secrets_are_printed_only_where_the_order_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
