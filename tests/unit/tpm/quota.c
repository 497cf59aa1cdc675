/* SPDX-License-Identifier: Apache-2.0 */
/* A TPM whose signatures are none, and what people read when it refuses.
 * wrap: library_load
 */
#include "unit/tpm/fake.h"

#include <setjmp.h>

#include <cmocka.h>

static const char text[] = "what is signed";
static struct tpm_quota *quota;
static uint8_t digest[32], numbers[P256_POINT];

/* fake.made is right. */
static void begin(void)
{
    struct signet_key *key = fake_file();

    assert_int_equal(sha256(text, sizeof(text), digest, NULL), 0);
    do /* both kinds are tried: now and then a number begins with a zero */
        assert_int_equal(p256_sign(key, text, sizeof(text), numbers, NULL), 0);
    while (numbers[0] && numbers[32]);
    fake.made.sigAlg = TPM2_ALG_ECDSA;
    fake_number(numbers, &fake.made.signature.ecdsa.signatureR);
    fake_number(numbers + 32, &fake.made.signature.ecdsa.signatureS);
    fake.written = true;
    signet_key_free(&key);
    assert_int_equal(tpm_quota_open(&quota, "ca.tpm", NULL), 0);
}

static void expect(int code, const char *word)
{
    struct signet_error err = {0};
    struct buf out = {0};

    assert_int_equal(tpm_quota_sign(quota, digest, sizeof(digest), &out, &err), code);
    assert_int_equal(out.len, code ? 0 : P256_POINT);
    if (code)
        assert_non_null(strstr(err.msg, word));
    else
        assert_memory_equal(out.data, numbers, P256_POINT);
    assert_int_equal(fake.sessions, 0);
    buf_free(&out);
}

static void numbers_have_32_bytes_again(void **state)
{
    (void)state;
    begin();
    assert_true(fake.made.signature.ecdsa.signatureR.size < 32 ||
                fake.made.signature.ecdsa.signatureS.size < 32);
    expect(SIGNET_OK, "");
    tpm_quota_close(&quota);
}

static void a_signature_that_is_none_is_refused(void **state)
{
    static const uint16_t sizes[] = {0, 1, 33, 128, 0xffff};
    const char *word = "not by the authority's key";

    (void)state;
    begin();
    const TPMT_SIGNATURE good = fake.made;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        fake.made = good;
        fake.made.signature.ecdsa.signatureR.size = sizes[i];
        expect(SIGNET_E_CRYPTO, word);
        fake.made = good;
        fake.made.signature.ecdsa.signatureS.size = sizes[i];
        expect(SIGNET_E_CRYPTO, word);
    }
    fake.made = good;
    fake.made.sigAlg = TPM2_ALG_RSASSA; /* what stands there is no size of a number */
    expect(SIGNET_E_CRYPTO, word);
    fake.made.sigAlg = TPM2_ALG_ECDSA;
    expect(SIGNET_OK, "");
    tpm_quota_close(&quota);
}

static void what_another_key_signed_is_refused(void **state)
{
    (void)state;
    begin();
    fake.made.signature.ecdsa.signatureS.buffer[20] ^= 1;
    expect(SIGNET_E_CRYPTO, "not by the authority's key");
    tpm_quota_close(&quota);
}

static void refusals_have_words(void **state)
{
    (void)state;
    begin();
    for (TSS2_RC layer = 0; layer <= IN_MANAGER; layer += IN_MANAGER) {
        fake.secret = layer | TPM2_RC_AUTH_UNAVAILABLE;
        expect(SIGNET_E_CRYPTO, "all 5 uses");
        fake.secret = layer | TPM2_RC_LOCKOUT;
        expect(SIGNET_E_IO, "locked after wrong passwords");
        fake.secret = 0;
        fake.sign = layer | TPM2_RC_RETRY;
        expect(SIGNET_E_IO, "it is busy");
        fake.sign = 0;
        fake.primary = layer | TPM2_RC_OBJECT_MEMORY;
        expect(SIGNET_E_IO, "memory is full");
        fake.primary = 0;
    }
    fake.sign = FAKE_LOST;
    expect(SIGNET_E_IO, "no answer from the TPM");
    fake.sign = 0;
    struct tpm_uses uses = {0};
    struct signet_error err = {0};
    fake.count_size = 4;
    assert_int_equal(tpm_quota_uses(quota, &uses, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "the TPM's index of uses has another size"));
    fake.count_size = 0;
    assert_int_equal(tpm_quota_uses(quota, &uses, &err), SIGNET_OK);
    assert_int_equal(uses.limit, FAKE_LIMIT);
    fake.written = false;
    expect(SIGNET_E_CRYPTO, "has granted nothing");
    tpm_quota_close(&quota);
}

static void other_digests_are_refused(void **state)
{
    static const struct {
        size_t len;
        TPMI_ALG_HASH hash;
    } taken[] = {{32, TPM2_ALG_SHA256}, {48, TPM2_ALG_SHA384}, {64, TPM2_ALG_SHA512}};
    const uint8_t zeros[64] = {0};
    struct buf out = {0};

    (void)state;
    begin();
    assert_int_equal(tpm_quota_sign(quota, digest, 20, &out, NULL), SIGNET_E_MEANING);
    for (size_t i = 0; i < COUNT_OF(taken); i++) { /* what the TPM made is of another digest */
        fake.hash = TPM2_ALG_NULL;
        assert_int_equal(tpm_quota_sign(quota, zeros, taken[i].len, &out, NULL), SIGNET_E_CRYPTO);
        assert_int_equal(fake.hash, taken[i].hash);
    }
    tpm_quota_close(&quota);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers_have_32_bytes_again, fake_enter, fake_leave),
        cmocka_unit_test_setup_teardown(a_signature_that_is_none_is_refused, fake_enter,
                                        fake_leave),
        cmocka_unit_test_setup_teardown(what_another_key_signed_is_refused, fake_enter, fake_leave),
        cmocka_unit_test_setup_teardown(refusals_have_words, fake_enter, fake_leave),
        cmocka_unit_test_setup_teardown(other_digests_are_refused, fake_enter, fake_leave)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
