/* SPDX-License-Identifier: Apache-2.0 */
/* Check digits, by examples of the standards and others' documents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "scan/scan.h"

static const struct {
    const char *check, *good;
} examples[] = {
    {"luhn", "490154203237518"},
    {"luhn", "79927398713"},
    {"luhn", "8944500102198304826"},
    {"gtin", "4006381333931"},
    {"gtin", "96385074"},
    {"gtin", "036000291452"},
    {"gtin", "10614141543219"},
    {"mod11-2", "0000000114559647"},
    {"mod37-2", "A999914123456N"},
    {"mod97-10", "5493001KJTIIGC8Y1R12"},
    {"mod97-10", "79444"},
    {"mod97-10", "1A59"}, /* A is 10, two digits */
    {"mod11-2", "01"},
};

/* Each other last digit is wrong, and so is a character that has no value. */
static void good_and_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        char text[64];
        size_t last = strlen(examples[i].good) - 1;

        snprintf(text, sizeof(text), "%s", examples[i].good);
        if (!scan_check_digit(examples[i].check, text))
            fail_msg("%s %s", examples[i].check, text);
        for (char c = '0'; c <= '9'; c++) {
            text[last] = c;
            if (c != examples[i].good[last] && scan_check_digit(examples[i].check, text))
                fail_msg("%s %s", examples[i].check, text);
        }
        text[last] = '-';
        assert_false(scan_check_digit(examples[i].check, text));
    }
    assert_true(scan_check_digit("mod11-2", "000000012281955X"));  /* an ISNI */
    assert_false(scan_check_digit("mod11-2", "000000012281X955")); /* X is the last one only */
    assert_false(scan_check_digit("mod11-2", "0000000114559648"));
    assert_false(scan_check_digit("mod11-2", "1-004")); /* right, were - counted as -1 */
}

static void nothing_to_check(void **state)
{
    (void)state;
    for (size_t i = 0; scan_checks[i]; i++) {
        assert_false(scan_check_digit(scan_checks[i], ""));
        assert_false(scan_check_digit(scan_checks[i], "1"));
        assert_false(scan_check_digit(scan_checks[i], "\xff\xfe"));
        assert_false(scan_check_digit(scan_checks[i], "4901542032375é"));
    }
    assert_false(scan_check_digit("gtin", "0000000000")); /* no length of a GTIN */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(good_and_wrong),
                                       cmocka_unit_test(nothing_to_check)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
