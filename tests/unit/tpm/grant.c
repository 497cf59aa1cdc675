/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions that wait for a grant: none stays in the TPM without its file, and no file is dropped
 * that the TPM may still know.
 * wrap: library_load
 */
#include "unit/tpm/fake.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#define WAITING "ca.tpm.session"

static int ask(struct signet_bytes *out, struct signet_error *err)
{
    struct signet_bytes text = {0};
    int rc = signet_tpm_request("ca.tpm", &text, err);

    if (rc == SIGNET_OK && out)
        *out = text;
    else
        signet_bytes_free(&text);
    return rc;
}

static void begin(void)
{
    struct signet_key *key = fake_file();
    struct signet_bytes pem = {0};

    assert_int_equal(signet_key_pem(key, &pem, NULL), 0);
    assert_int_equal(file_create("owner.key", pem.data, pem.len, NULL), 0);
    signet_bytes_free(&pem);
    signet_key_free(&key);
}

static void expect_none(int code, const char *word)
{
    struct signet_error err = {0};

    assert_int_equal(ask(NULL, &err), code);
    assert_non_null(strstr(err.msg, word));
    assert_int_equal(fake.sessions, 0);
}

static void a_request_that_fails_leaves_no_session(void **state)
{
    (void)state;
    begin();
    fake.nonce = FAKE_LOST;
    expect_none(SIGNET_E_IO, "no answer");
    fake.nonce = 0;
    fake.nonce_size = 16;
    expect_none(SIGNET_E_IO, "nonce has another size");
    fake.nonce_size = NONCE_LEN;
    fake.save = TPM2_RC_SESSION_MEMORY;
    expect_none(SIGNET_E_IO, "full of other programs' sessions");
    fake.save = 0;
    assert_int_equal(access(WAITING, F_OK), -1);
    assert_int_equal(symlink("nowhere", WAITING), 0);
    expect_none(SIGNET_E_IO, "will not write over");
}

static void one_request_waits_at_a_time(void **state)
{
    (void)state;
    begin();
    assert_int_equal(ask(NULL, NULL), 0);
    assert_int_equal(ask(NULL, NULL), 0);
    assert_int_equal(fake.sessions, 1);
}

static void a_request_that_the_tpm_forgot_is_dropped(void **state)
{
    static const TSS2_RC forgot[] = {TPM2_RC_HANDLE | TPM2_RC_P | TPM2_RC_1,
                                     IN_MANAGER | TPM2_RC_INTEGRITY | TPM2_RC_P | TPM2_RC_1};

    (void)state;
    begin();
    for (size_t i = 0; i < COUNT_OF(forgot); i++) {
        assert_int_equal(ask(NULL, NULL), 0);
        fake.load = forgot[i];
        assert_int_equal(ask(NULL, NULL), 0);
        fake.load = 0;
    }
    assert_int_equal(file_write(WAITING, "nonce 00\n", 9, 0600, NULL), 0); /* it cannot help */
    assert_int_equal(ask(NULL, NULL), 0);
}

static void a_request_that_the_tpm_may_know_is_kept(void **state)
{
    struct signet_error err = {0};

    (void)state;
    begin();
    assert_int_equal(ask(NULL, NULL), 0);
    fake.load = FAKE_LOST;
    assert_int_equal(ask(NULL, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "no answer"));
    assert_int_equal(access(WAITING, F_OK), 0);
    fake.load = 0;
    assert_int_equal(chmod(WAITING, 0644), 0);
    assert_int_equal(ask(NULL, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "others may open it"));
    assert_int_equal(access(WAITING, F_OK), 0);
}

/* The answer to a request that is made here. */
static struct signet_bytes grant_of(int64_t uses)
{
    struct signet_bytes request = {0}, grant = {0};

    assert_int_equal(ask(&request, NULL), 0);
    assert_int_equal(signet_grant_sign("owner.key", request.data, request.len, uses, &grant, NULL),
                     0);
    signet_bytes_free(&request);
    return grant;
}

static void expect_grant(const struct signet_bytes *grant, int code, const char *word,
                         const char *hint)
{
    struct signet_error err = {0};
    int64_t uses = 0;

    assert_int_equal(signet_tpm_take_grant("ca.tpm", grant->data, grant->len, &uses, &err), code);
    assert_non_null(strstr(err.msg, word));
    assert_non_null(strstr(err.hint, hint));
}

static void a_grant_that_fails_says_what_became_of_the_request(void **state)
{
    struct signet_bytes grant;

    (void)state;
    begin();
    grant = grant_of(3);
    fake.load = FAKE_LOST;
    expect_grant(&grant, SIGNET_E_IO, "no answer", "is it still there?");
    fake.load = TPM2_RC_LOCKOUT;
    expect_grant(&grant, SIGNET_E_IO, "locked", "lockout");
    fake.load = 0;
    fake.owner[0] ^= 1; /* another index stands there */
    expect_grant(&grant, SIGNET_E_CRYPTO, "not the one that counts", "put it back");
    fake.owner[0] ^= 1;
    assert_int_equal(access(WAITING, F_OK), 0); /* it still waits */
    fake.write = TPM2_RC_NV_RATE;
    expect_grant(&grant, SIGNET_E_IO, "it does not write so often", "make another request");
    assert_int_equal(access(WAITING, F_OK), -1);
    expect_grant(&grant, SIGNET_E_CRYPTO, "no request waits", "signet authority request");
    assert_int_equal(fake.sessions, 0);
    assert_int_equal(fake.writes, 1);
    signet_bytes_free(&grant);
}

static void a_damaged_session_is_not_loaded(void **state)
{
    struct signet_bytes grant;
    struct buf text = {0}, more = {0};

    (void)state;
    begin();
    grant = grant_of(3);
    assert_int_equal(file_read(WAITING, 65536, &text, NULL), 0);
    buf_append(&more, text.data, text.len - 1);
    buf_text(&more, "00\n"); /* behind the context */
    assert_int_equal(file_write(WAITING, more.data, more.len, 0600, NULL), 0);
    expect_grant(&grant, SIGNET_E_SYNTAX, "is damaged", "make another request");
    assert_int_equal(file_write(WAITING, text.data, text.len, 0600, NULL), 0);
    expect_grant(&grant, SIGNET_OK, "", "");
    assert_int_equal(fake.writes, 1);
    buf_free(&more);
    buf_free(&text);
    signet_bytes_free(&grant);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_that_fails_leaves_no_session, fake_enter,
                                        fake_leave),
        cmocka_unit_test_setup_teardown(one_request_waits_at_a_time, fake_enter, fake_leave),
        cmocka_unit_test_setup_teardown(a_request_that_the_tpm_forgot_is_dropped, fake_enter,
                                        fake_leave),
        cmocka_unit_test_setup_teardown(a_request_that_the_tpm_may_know_is_kept, fake_enter,
                                        fake_leave),
        cmocka_unit_test_setup_teardown(a_grant_that_fails_says_what_became_of_the_request,
                                        fake_enter, fake_leave),
        cmocka_unit_test_setup_teardown(a_damaged_session_is_not_loaded, fake_enter, fake_leave)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
