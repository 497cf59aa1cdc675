/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of private keys that Mbed TLS 2.28 reads, and those that OpenSSL alone reads. */
#include "base/base.h"
#include "pki/pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define EC_OID  "06072a8648ce3d0201"
#define P256    "06082a8648ce3d030107"
#define RSA_OID "06092a864886f70d010101"

static const struct {
    const char *hex, *words;
} rows[] = {
    {"3006020100020105", NULL},
    {"3006020101040105", NULL},
    {"3012020101040105a00a" P256, NULL},
    {"3022020100"
     "3013" EC_OID P256 "0408"
     "3006020101040105",
     NULL},
    {"301a020100"
     "300b" RSA_OID "0408"
     "3006020100020105",
     NULL},
    {"3006020111020105", "its version is not 0 of an RSA key"},
    {"3006020101020105", "it is an RSA key of more than two primes"},
    {"3006020102040105", "its version is not 0 of an RSA key, nor 1 of an EC key"},
    {"300a020101040105a0023000", "its curve has no name"},
    {"3000020101040105a080" P256 "0000", "a length in it is indefinite"},
    {"3000020101040105a00a" P256 "a18003020004"
     "0000",
     "a length in it is indefinite"},
    {"3022020101"
     "3013" EC_OID P256 "0408"
     "3006020101040105",
     "its version in PKCS#8 is not 0"},
    {"301a020100"
     "300b" EC_OID "3000"
     "0408"
     "3006020101040105",
     "its curve has no name"},
    {"3022020100"
     "3013" EC_OID P256 "0408"
     "3006020102040105",
     "its version is not 0"},
    {"3005020100"
     "3000",
     "it is malformed"},
};

static void forms_of_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t der[80];
        ssize_t len = hex_decode(rows[i].hex, strlen(rows[i].hex), der, sizeof der);
        struct signet_error err = {0};
        int rc;

        assert_true(len > 0);
        der[1] = (uint8_t)(len - 2); /* the table need not count */
        rc = key_fits_stacks(der, (size_t)len, NULL, &err);
        if (rc != (rows[i].words ? SIGNET_E_CERT : SIGNET_OK) ||
            (rows[i].words && !strstr(err.msg, rows[i].words)))
            fail_msg("row %zu: %d %s", i, rc, err.msg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(forms_of_keys)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
