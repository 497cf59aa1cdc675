/* SPDX-License-Identifier: Apache-2.0 */
/* New keys, by a TPM that makes something else.
 * wrap: library_load
 */
#include "unit/tpm/fake.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

static const char *owner_of(struct signet_bytes *key)
{
    signet_bytes_free(key);
    assert_int_equal(signet_grant_key("owner.key", key, NULL), 0);
    return (const char *)key->data;
}

static struct signet_bytes owner;

static void expect(const struct signet_tpm_wish *wish, int code, const char *word)
{
    struct signet_bytes pem = {0};
    struct signet_error err = {0};

    assert_int_equal(signet_tpm_create(wish, &pem, &err), code);
    assert_non_null(strstr(err.msg, word));
    assert_int_equal(fake.defined, code == SIGNET_OK);
    assert_int_equal(access("ca.tpm", F_OK), code == SIGNET_OK ? 0 : -1);
    signet_bytes_free(&pem);
}

static struct signet_tpm_wish begin(void)
{
    struct signet_key *key = fake_file(); /* for its point; the file is not wanted */

    assert_int_equal(unlink("ca.tpm"), 0);
    fake_number(fake.owner, &fake.key.publicArea.unique.ecc.x);
    fake_number(fake.owner + 32, &fake.key.publicArea.unique.ecc.y);
    signet_key_free(&key);
    return (struct signet_tpm_wish){.size = sizeof(struct signet_tpm_wish),
                                    .file = "ca.tpm",
                                    .tpm = FAKE_CONF,
                                    .owner = owner_of(&owner)};
}

static void what_was_defined_goes_when_there_is_no_key(void **state)
{
    struct signet_tpm_wish wish = begin();
    const TPM2B_PUBLIC good = fake.key;

    wish.file = NULL;
    expect(&wish, SIGNET_E_USAGE, "a key in a TPM has a file");
    wish.file = "ca.tpm";

    fake.key.publicArea.type = TPM2_ALG_RSA;
    expect(&wish, SIGNET_E_IO, "another kind of key");
    fake.key = good;
    fake.key.publicArea.unique.ecc.x.size = 33;
    expect(&wish, SIGNET_E_IO, "another kind of key");
    fake.key = good;
    fake.key.publicArea.unique.ecc.y.buffer[9] ^= 1;
    expect(&wish, SIGNET_E_IO, "another kind of key");
    fake.key = good;
    fake.seal = TPM2_RC_LOCKOUT;
    expect(&wish, SIGNET_E_IO, "locked");
    fake.seal = 0;
    expect(&wish, SIGNET_OK, "");
    signet_bytes_free(&owner);
}

static void an_owner_is_a_point_of_the_curve(void **state)
{
    struct signet_tpm_wish wish = begin();
    char other[120];

    snprintf(other, sizeof(other), "%s", wish.owner);
    other[9] = other[9] == 'A' ? 'B' : 'A';
    wish.owner = other;
    expect(&wish, SIGNET_E_MEANING, "no owner's key");
    wish.owner = NULL;
    expect(&wish, SIGNET_E_MEANING, "no owner's key");
    signet_bytes_free(&owner);
}

static void other_wishes_are_refused(void **state)
{
    struct signet_tpm_wish wish = begin();
    char conf[TPM_CONF_MAX + 1];

    wish.index = 0x81000001;
    expect(&wish, SIGNET_E_USAGE, "no index");
    wish.index = 0;
    memset(conf, 'x', sizeof(conf));
    memcpy(conf, "device:", 7);
    conf[TPM_CONF_MAX] = '\0';
    wish.tpm = conf;
    expect(&wish, SIGNET_E_USAGE, "at most 255 characters");
    wish.tpm = "device:/dev/none\nindex 0";
    expect(&wish, SIGNET_E_USAGE, "no blanks");
    wish.tpm = "device:/dev/other";
    expect(&wish, SIGNET_E_IO, "there is no TPM");
    signet_bytes_free(&owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_defined_goes_when_there_is_no_key, fake_enter,
                                        fake_leave),
        cmocka_unit_test_setup_teardown(an_owner_is_a_point_of_the_curve, fake_enter, fake_leave),
        cmocka_unit_test_setup_teardown(other_wishes_are_refused, fake_enter, fake_leave)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
