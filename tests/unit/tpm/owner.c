/* SPDX-License-Identifier: Apache-2.0 */
/* What the owner signs, and of whom.
 * wrap: library_load
 */
#include "unit/tpm/fake.h"

#include <setjmp.h>

#include <cmocka.h>

#define NONCE   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define REQUEST "signet-tpm-request/v1\nindex 0x01800021\nwritten 1\nnonce " NONCE "\n"

static int signs(const char *request, int64_t uses, struct signet_bytes *out)
{
    return signet_grant_sign("owner.key", request, strlen(request), uses, out, NULL);
}

static void make_owner(void)
{
    struct signet_bytes text = {0};

    assert_int_equal(signet_grant_key("owner.key", &text, NULL), 0);
    signet_bytes_free(&text);
}

static void the_signature_is_over_nonce_and_command(void **state)
{
    uint8_t point[P256_POINT], name[NAME_LEN], statement[STATEMENT_LEN], digest[32],
        nonce[NONCE_LEN], signature[P256_POINT];
    struct signet_bytes text = {0}, grant = {0};
    uint32_t index = 0;
    int64_t uses = 0;
    const struct line lines[] = {{"index", LINE_INDEX, &index, 0, NULL},
                                 {"uses", LINE_NUMBER, &uses, SIGNET_GRANT_MOST, NULL},
                                 {"nonce", LINE_HEX, nonce, sizeof(nonce), NULL},
                                 {"signature", LINE_HEX, signature, sizeof(signature), NULL}};

    assert_int_equal(signet_grant_key("owner.key", &text, NULL), 0);
    assert_int_equal(base64_decode((const char *)text.data + 5, text.len - 5, point, P256_POINT),
                     P256_POINT);
    assert_int_equal(signs(REQUEST, 70000, &grant), 0);
    assert_true(lines_read(grant.data, grant.len, GRANT_FIRST, lines, COUNT_OF(lines)));
    assert_int_equal(index, 0x01800021);
    assert_int_equal(uses, 70000);
    assert_int_equal(policy_index_name(index, point, true, name, NULL), 0);
    assert_int_equal(policy_statement(name, nonce, 70000, statement, NULL), 0);
    assert_int_equal(sha256(statement, sizeof(statement), digest, NULL), 0);
    assert_int_equal(p256_verify(point, digest, sizeof(digest), signature, NULL), 0);
    assert_int_equal(policy_statement(name, nonce, 70001, statement, NULL), 0);
    assert_int_equal(sha256(statement, sizeof(statement), digest, NULL), 0);
    assert_int_equal(p256_verify(point, digest, sizeof(digest), signature, NULL), SIGNET_E_CRYPTO);
    signet_bytes_free(&text);
    signet_bytes_free(&grant);
}

static void other_requests_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "signet-tpm-request/v1\n",
        REQUEST "written 0\n",
        "signet-tpm-request/v1\nindex 0x01800021\nwritten 2\nnonce " NONCE "\n",
        "signet-tpm-request/v1\nindex 0x81800021\nwritten 1\nnonce " NONCE "\n",
        "signet-tpm-request/v1\nindex 0x01800021\nwritten 1\nnonce 00\n"};
    struct signet_bytes out = {0};

    make_owner();
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_int_equal(signs(texts[i], 1, &out), SIGNET_E_SYNTAX);
    assert_int_equal(signs(REQUEST, -1, &out), SIGNET_E_USAGE);
    assert_int_equal(signs(REQUEST, SIGNET_GRANT_MOST + 1, &out), SIGNET_E_USAGE);
    assert_null(out.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_signature_is_over_nonce_and_command, fake_enter,
                                        fake_leave),
        cmocka_unit_test_setup_teardown(other_requests_are_refused, fake_enter, fake_leave)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
