/* SPDX-License-Identifier: Apache-2.0 */
/* The set-up code under other keyboard layouts. What came out of them was written down by hand, key
 * by key, from the layouts of Debian's console. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signet/run.h>
#include <string.h>

#include "scan/scan.h"

static const struct {
    const char *came, *says;
} rows[] = {
    {"SIGNETSETUPzyqwam0123456789ß?.Ö-ö,!\"§$%/()=;:_'#ÄÄ", "the computer the German one"},
    {"SIGNETSETUPywazq,à&é\"'(-è_ç)°:M!m;123457890./§µ*", "the computer the French one"},
    {"SIGNETSETUPyzqwam0123456789-_.:/;,!\"£$%&*()<>?~#", "the computer the British one"},
    {"SIGNETSETUPyzqwam0123456789'?.Ñ-ñ,!\"·$%/()=;:_Çç", "the computer the Spanish one"},
    {"SIGNETSETUPyzqwam0123456789'?.ç-ò,!\"£$%/()=;:_§ù", "the computer the Italian one"},
    {"SIGNETSETUPyzqwam0123456789+?.Ö-ö,!\"#¤%/()=;:_*'", "the computer the Swedish or Finnish"},
    {"SIGNETSETUPyzqwam0123456789+?.Ø-ø,!\"#¤%/()=;:_*'", "the computer the Norwegian one"},
    {"SIGNETSETUPyzqwam0123456789+?.Æ-æ,!\"#¤%/()=;:_*'", "the computer the Danish one"},
    {"SIGNETSETUPzyqwam0123456789'?.é-ö,+\"*ç%/()=;:_£$", "the computer the Swiss German one"},
    {"signetsetupYZQWAM)!@#$%^&*(", "capitals and small letters exchanged"},
    {"SIGNETSETUPx", "not as it is printed"},
    /* the scanner has the German layout, the computer the American one: AltGr is lost */
    {"SIGNETSETUPzyqwam0123456789/?.>&<,!q\\$%^}*(`~_<-", "the scanner has the German one"},
};

static void layouts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err = {0};

        assert_true(scan_is_set_up(rows[i].came, strlen(rows[i].came)));
        assert_int_equal(scan_judge_set_up(rows[i].came, strlen(rows[i].came), &err),
                         SIGNET_E_CONFLICT);
        if (!strstr(err.msg, rows[i].says))
            fail_msg("%s: %s", rows[i].came, err.msg);
        assert_true(err.hint[0]);
    }
}

static void right(void **state)
{
    const char *text = signet_scan_set_up();
    struct signet_error err = {0};
    char all[200];

    (void)state;
    assert_int_equal(scan_judge_set_up(text, strlen(text), &err), SIGNET_OK);
    strcpy(all, text);
    strcat(all, "\r\n");
    assert_int_equal(scan_judge_set_up(all, strlen(all), &err), SIGNET_OK);
    assert_int_equal(scan_judge_set_up(text, strlen(text) - 1, &err), SIGNET_E_CONFLICT);
    for (const char *c = " !\"#$%&'()*+,-./0123456789:;<=>?@[\\]^_`{|}~yz" + 1; *c; c++)
        if (!strchr(text, *c))
            fail_msg("the set-up code has no %c", *c);
    assert_false(scan_is_set_up("SIGNETSETUP", 11));
    assert_false(scan_is_set_up("SIGNETSETU", 10));
    assert_false(scan_is_set_up("", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(layouts), cmocka_unit_test(right)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
