/* SPDX-License-Identifier: Apache-2.0 */
/* What a code is, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "scan/scan.h"

static const struct signet_scan rules = {.used = true,
                                         .prefix = "SN:",
                                         .slot_prefix = "SLOT-",
                                         .operator_prefix = "OP-",
                                         .carrier_prefix = "C-",
                                         .pattern = "AB-##@?"};

static int judge(const struct signet_scan *by, const void *text, size_t len, struct scan_code *code,
                 struct signet_error *err)
{
    int rc = scan_read(by, text, len, code, err);

    assert_int_equal(scan_read(by, text, len, code, NULL), rc); /* nobody has to listen */
    return rc == SIGNET_OK && code->kind == SCAN_DEVICE ? scan_check_device(by, code, err) : rc;
}

static void reads(const struct signet_scan *by, const char *text, enum scan_kind kind,
                  const char *rest)
{
    struct signet_error err = {0};
    struct scan_code code;

    if (judge(by, text, strlen(text), &code, &err) != SIGNET_OK)
        fail_msg("%s: %s", text, err.msg);
    assert_int_equal(code.kind, kind);
    assert_string_equal(code.text, rest);
}

static void refuses(const struct signet_scan *by, const void *text, size_t len, const char *why)
{
    struct signet_error err = {0};
    struct scan_code code;

    assert_int_equal(judge(by, text, len, &code, &err), SIGNET_E_SYNTAX);
    if (!strstr(err.msg, why))
        fail_msg("not '%s': %s", why, err.msg);
    assert_true(err.hint[0] || strstr(why, "bytes") || strstr(why, "empty") ||
                strstr(why, "control") || strstr(why, "UTF-8"));
}

static void kinds(void **state)
{
    (void)state;
    reads(&rules, "SN:AB-12CZ", SCAN_DEVICE, "AB-12CZ");
    reads(&rules, "SN:AB-12C9\r\n", SCAN_DEVICE, "AB-12C9");
    reads(&rules, "]C1SN:AB-12C9\t", SCAN_DEVICE, "AB-12C9");
    reads(&rules, "SLOT-7", SCAN_SLOT, "7");
    reads(&rules, "OP-Jürgen Müller", SCAN_OPERATOR, "Jürgen Müller");
    reads(&rules, "C-0815", SCAN_CARRIER, "0815");
    reads(&(struct signet_scan){.used = true}, "]", SCAN_DEVICE, "]");
    reads(&(struct signet_scan){.used = true}, "SLOT-7", SCAN_DEVICE, "SLOT-7");
}

static void refusals(void **state)
{
    const struct signet_scan any = {.used = true}, imei = {.used = true, .check = "luhn"};
    char longer[SCAN_CODE_MAX + 1];

    (void)state;
    memset(longer, 'x', sizeof(longer));
    refuses(&rules, "AB-12CZ", 7, "does not begin with 'SN:'");
    refuses(&rules, "SN:", 3, "does not begin with 'SN:'");
    refuses(&rules, "SN:AB-1ZCZ", 10, "does not fit the pattern");
    refuses(&rules, "SN:AB-12C", 9, "does not fit the pattern");
    refuses(&rules, "SN:AB-12CZ9", 11, "does not fit the pattern");
    refuses(&rules, "SN:ABß12CZ", 11, "does not fit the pattern");
    refuses(&imei, "490154203237519", 15, "check digit (luhn)");
    refuses(&any, "", 0, "empty");
    refuses(&any, "\r\n", 2, "empty");
    refuses(&any, longer, sizeof(longer), "129 bytes");
    refuses(&any, "a\0b", 3, "control");
    refuses(&any, "ab\0\0", 4, "control");
    refuses(&any, "\x1b[2J", 4, "control");
    refuses(&any, "\xff\xfe", 2, "UTF-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kinds), cmocka_unit_test(refusals)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
