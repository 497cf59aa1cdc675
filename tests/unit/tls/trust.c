/* SPDX-License-Identifier: Apache-2.0 */
/* Each rule by which a device goes on with a server, or does not. */
#include "tls/trust.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "unit/ca.h"

struct leaf {
    const char *curve, *digest, *usage, *purpose; /* curve NULL: RSA of 2048 bits */
};

static const struct leaf usual = {"P-256", "SHA256", "digitalSignature", "serverAuth"};

static X509 *leaf_of(const struct test_ca *ca, const struct leaf *leaf)
{
    static EVP_PKEY *rsa; /* takes a while to make */
    X509 *x = X509_new();
    EVP_PKEY *key = leaf->curve ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", leaf->curve) : rsa;

    if (!key)
        key = rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    assert_non_null(key);
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 8);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_time_adj_ex(X509_getm_notAfter(x), 100, 0, NULL);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                               (const unsigned char *)"h", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(ca->cert));
    X509_set_pubkey(x, key);
    ca_extension(x, NID_subject_alt_name, "DNS:h");
    ca_extension(x, NID_key_usage, leaf->usage);
    ca_extension(x, NID_ext_key_usage, leaf->purpose);
    assert_true(X509_sign(x, ca->key, EVP_get_digestbyname(leaf->digest)) > 0);
    if (key != rsa)
        EVP_PKEY_free(key);
    return x;
}

static bool server_unsigned; /* by judge() */

/* The certificate of the packet; sent: what the server sends, its own first. */
static int judge(X509 *of_packet, STACK_OF(X509) * sent, struct tls_trust trust, const char *name,
                 bool enciphered, struct signet_error *err)
{
    unsigned char *der = NULL;
    int len = i2d_X509(of_packet, &der);

    *err = (struct signet_error){0};
    trust.data = der;
    trust.len = (size_t)len;
    int rc = tls_judge_server(sk_X509_value(sent, 0), sent, &trust, name, enciphered,
                              &server_unsigned, err);
    OPENSSL_free(der);
    return rc;
}

static void what_a_stack_takes(void **state)
{
    static const char *const p256[] = {"secp256r1", NULL}, *const p384[] = {"secp384r1", NULL},
                             *const sha256[] = {"sha256", NULL}, *const sha384[] = {"sha384", NULL};
    static const struct {
        struct leaf leaf;
        struct tls_trust trust;
        bool enciphered;
        const char *words; /* NULL: it is taken */
    } rows[] = {
#define LEAF(...) {"P-256", "SHA256", "digitalSignature", "serverAuth"}, {.usage = 2, __VA_ARGS__}
#define RSA(...)                                                                                   \
    {NULL, "SHA256", "digitalSignature", "serverAuth"},                                            \
    {                                                                                              \
        .usage = 2, __VA_ARGS__                                                                    \
    }
        {LEAF(.curves = p256, .digests = sha256), false, NULL},
        {LEAF(.rsa_least = 4096), false, NULL}, /* of RSA keys alone */
        {LEAF(.curves = p384), false, "its key is on the curve secp256r1"},
        {LEAF(.digests = sha384), false, "it is signed with sha256"},
        /* the authority's own signature, with SHA-256, proves nothing */
        {{"P-256", "SHA384", "digitalSignature", "serverAuth"},
         {.usage = 2, .digests = sha384},
         false,
         NULL},
        {RSA(0), false, "it has an RSA key (2048 bits)"},
        {RSA(.rsa_least = 2049), false, "its RSA key of 2048 bits is too short"},
        {RSA(.rsa_least = 2048, .curves = p256), false, NULL},
        {LEAF(0), true, "its key usage lacks keyEncipherment"},
        {{"P-256", "SHA256", "keyEncipherment", "serverAuth"}, {.usage = 2}, true, NULL},
        {{"P-256", "SHA256", "keyEncipherment", "serverAuth"},
         {.usage = 2},
         false,
         "its key usage lacks digitalSignature"},
        {{"P-256", "SHA256", "digitalSignature", "clientAuth"},
         {.usage = 2},
         false,
         "its extended key usage lacks serverAuth"},
#undef LEAF
#undef RSA
    };
    struct test_ca ca = ca_make("ca", "EC", NULL, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        STACK_OF(X509) *sent = sk_X509_new_null();
        struct signet_error err;

        sk_X509_push(sent, leaf_of(&ca, &rows[i].leaf));
        int rc = judge(ca.cert, sent, rows[i].trust, "h", rows[i].enciphered, &err);
        if (rc != (rows[i].words ? SIGNET_E_CERT : SIGNET_OK) ||
            (rows[i].words && !strstr(err.msg, rows[i].words)))
            fail_msg("row %zu: %d: %s", i, rc, err.msg);
        sk_X509_pop_free(sent, X509_free);
    }
    ca_free(&ca);
}

static void whose_certificate_it_is(void **state)
{
    struct test_ca ca = ca_make("ca", "EC", NULL, NULL), other = ca_make("ca", "EC", NULL, NULL);
    X509 *leaf = leaf_of(&ca, &usual), *twin = leaf_of(&ca, &usual);
    STACK_OF(X509) *sent = sk_X509_new_null();
    const struct {
        X509 *of_packet;
        struct tls_trust trust;
        const char *name, *words;
    } rows[] = {
        {ca.cert, {.usage = 2}, "h", NULL},
        {other.cert, {.usage = 2}, "h", "it does not come from the authority in the packet"},
        {leaf, {.usage = 2}, "h", "it does not come from the authority in the packet"},
        {ca.cert, {.usage = 2}, "i", "h"},
        {leaf, {.usage = 3}, "h", NULL},
        {leaf, {.usage = 3}, "i", NULL},
        {leaf, {.usage = 3, .pinned_name = true}, "i", "h"},
        {leaf, {.usage = 3, .pinned_name = true}, "h", NULL},
        {twin, {.usage = 3}, "h", "it is another certificate than the device expects"},
        {ca.cert, {.usage = 3}, "h", "it is another certificate than the device expects"},
        {ca.cert, {.usage = 0}, "h", "certificate usage 0 (/0/x/15) asks for an authority"},
        {leaf, {.usage = 1}, "h", "certificate usage 1 (/0/x/15) asks for an authority"},
    };

    (void)state;
    sk_X509_push(sent, leaf);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct signet_error err;
        int rc = judge(rows[i].of_packet, sent, rows[i].trust, rows[i].name, false, &err);

        if (rc != (rows[i].words ? SIGNET_E_CERT : SIGNET_OK) ||
            (rows[i].words && !strstr(err.msg, rows[i].words)))
            fail_msg("row %zu: %d: %s", i, rc, err.msg);
        assert_false(server_unsigned);
    }
    sk_X509_free(sent);
    X509_free(leaf);
    X509_free(twin);
    ca_free(&ca);
    ca_free(&other);
}

/* Mbed TLS follows names, and the client takes what nobody signed where it knows an authority of
 * the chain: by its certificate, or by a hash. */
static void an_authority_that_is_only_sent(void **state)
{
    struct test_ca ca = ca_make("ca", "EC", NULL, NULL), other = ca_make("ca", "EC", NULL, NULL);
    struct tls_trust hash = {.usage = 2, .matching = 1};
    unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
    struct signet_error err = {0};

    (void)state;
    int len = i2d_X509(ca.cert, &der);
    assert_true(len > 0);
    assert_int_equal(EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL), 1);
    OPENSSL_free(der);
    hash.data = digest;
    hash.len = 32;
    for (int theirs = 0; theirs < 2; theirs++) {
        STACK_OF(X509) *sent = sk_X509_new_null();
        X509 *leaf = leaf_of(theirs ? &other : &ca, &usual);

        sk_X509_push(sent, leaf);
        sk_X509_push(sent, ca.cert);
        assert_int_equal(judge(ca.cert, sent, (struct tls_trust){.usage = 2}, "h", false, &err),
                         SIGNET_OK);
        assert_int_equal(server_unsigned, theirs);
        assert_int_equal(tls_judge_server(leaf, sent, &hash, "h", false, &server_unsigned, &err),
                         SIGNET_OK);
        assert_int_equal(server_unsigned, theirs);
        assert_int_equal(tls_judge_server(leaf, sent, &hash, "x", false, &server_unsigned, &err),
                         SIGNET_E_CERT);
        assert_false(server_unsigned); /* it does not go on */
        sk_X509_free(sent);
        X509_free(leaf);
    }
    ca_free(&ca);
    ca_free(&other);
}

/* The authority of the packet signed; who stands above it has only the name of its signer. */
static void what_stands_above_the_authority(void **state)
{
    struct test_ca root = ca_make("root", "EC", NULL, NULL),
                   other = ca_make("root", "EC", NULL, NULL), ca = ca_make("ca", "EC", &root, NULL);
    STACK_OF(X509) *sent = sk_X509_new_null();
    X509 *leaf = leaf_of(&ca, &usual);
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct signet_error err = {0};
    const struct tls_trust hash = {.usage = 2, .matching = 1, .data = digest, .len = 32};

    (void)state;
    assert_int_equal(X509_digest(ca.cert, EVP_sha256(), digest, NULL), 1);
    sk_X509_push(sent, leaf);
    sk_X509_push(sent, ca.cert);
    sk_X509_push(sent, other.cert);
    assert_int_equal(tls_judge_server(leaf, sent, &hash, "h", false, &server_unsigned, &err),
                     SIGNET_OK);
    assert_false(server_unsigned);
    sk_X509_free(sent);
    X509_free(leaf);
    ca_free(&root);
    ca_free(&other);
    ca_free(&ca);
}

/* Eight authorities between the server and the one in the packet are as many as Mbed TLS takes. */
static void a_long_chain(void **state)
{
    enum { MOST = 8 };
    struct test_ca cas[MOST + 2];

    (void)state;
    cas[0] = ca_make("0", "EC", NULL, NULL);
    for (int i = 1; i < MOST + 2; i++)
        cas[i] = ca_make((char[]){(char)('0' + i), '\0'}, "EC", &cas[i - 1], NULL);
    for (int between = MOST; between <= MOST + 1; between++) {
        STACK_OF(X509) *sent = sk_X509_new_null();
        X509 *leaf = leaf_of(&cas[between], &usual);
        struct signet_error err;

        sk_X509_push(sent, leaf);
        for (int i = between; i > 0; i--)
            sk_X509_push(sent, cas[i].cert);
        int rc = judge(cas[0].cert, sent, (struct tls_trust){.usage = 2}, "h", false, &err);
        assert_int_equal(rc, between == MOST ? SIGNET_OK : SIGNET_E_CERT);
        if (between > MOST)
            assert_non_null(strstr(err.msg, "more than 9 certificates one above the other"));
        sk_X509_delete(sent, 1); /* one is missing */
        assert_int_equal(judge(cas[0].cert, sent, (struct tls_trust){.usage = 2}, "h", false, &err),
                         SIGNET_E_CERT);
        assert_non_null(strstr(err.msg, "it does not come from the authority in the packet"));
        sk_X509_free(sent);
        X509_free(leaf);
    }
    for (int i = 0; i < MOST + 2; i++)
        ca_free(&cas[i]);
}

/* Mbed TLS, which reads no identifier of keys, counts also where that is malformed. */
static void a_path_that_is_too_long(void **state)
{
    static const char *const lengths[] = {"critical,CA:TRUE,pathlen:1",
                                          "critical,CA:TRUE,pathlen:0"};

    (void)state;
    for (int too_long = 0; too_long <= 1; too_long++) {
        struct test_ca root = ca_make("root", "EC", NULL, NULL),
                       ca = ca_make("ca", "EC", &root, NULL);
        STACK_OF(X509) *sent = sk_X509_new_null();
        X509 *leaf = leaf_of(&ca, &usual);
        struct signet_error err = {0};

        X509_EXTENSION_free(X509_delete_ext(root.cert, 2));
        X509_EXTENSION_free(X509_delete_ext(root.cert, 0));
        ca_extension(root.cert, NID_basic_constraints, lengths[too_long]);
        ca_extension(root.cert, NID_subject_key_identifier, "DER:0500");
        assert_true(X509_sign(root.cert, root.key, EVP_sha256()) > 0);
        sk_X509_push(sent, leaf);
        sk_X509_push(sent, ca.cert);
        assert_int_equal(judge(root.cert, sent, (struct tls_trust){.usage = 2}, "h", false, &err),
                         too_long ? SIGNET_E_CERT : SIGNET_OK);
        sk_X509_free(sent);
        X509_free(leaf);
        ca_free(&root);
        ca_free(&ca);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_stack_takes),
        cmocka_unit_test(whose_certificate_it_is),
        cmocka_unit_test(an_authority_that_is_only_sent),
        cmocka_unit_test(what_stands_above_the_authority),
        cmocka_unit_test(a_long_chain),
        cmocka_unit_test(a_path_that_is_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
