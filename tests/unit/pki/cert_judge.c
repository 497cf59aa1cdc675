/* SPDX-License-Identifier: Apache-2.0 */
/* What TLS stacks do with a certificate: told before it is on a device. */
#include "pki/private.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct heard {
    int warnings;
    char said[512], hint[256]; /* all of them; of the last one */
};

static void on_event(void *ctx, const struct signet_event *event)
{
    struct heard *h = ctx;
    size_t len = strlen(h->said);

    assert_int_equal(event->kind, SIGNET_EVENT_WARNING);
    h->warnings++;
    snprintf(h->said + len, sizeof(h->said) - len, "%s\n", event->error->msg);
    snprintf(h->hint, sizeof(h->hint), "%s", event->error->hint);
}

static EVP_PKEY *ec(const char *curve)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);

    assert_non_null(key);
    return key;
}

static EVP_PKEY *rsa(size_t bits)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);

    assert_non_null(key);
    return key;
}

struct form {
    const char *usage, *purpose; /* NULL: without */
    const EVP_MD *digest;
    EVP_PKEY *signer; /* NULL: its own key */
    const char *issuer;
    bool authority;
    const char *identifier; /* DER:... */
    const char *features;
};

static X509 *make(EVP_PKEY *key, const struct form *form)
{
    const struct {
        int nid;
        const char *value;
    } extensions[] = {{NID_basic_constraints, form->authority ? "critical,CA:TRUE" : NULL},
                      {NID_key_usage, form->usage},
                      {NID_ext_key_usage, form->purpose},
                      {NID_subject_key_identifier, form->identifier},
                      {NID_tlsfeature, form->features}};
    X509 *x = X509_new();
    X509_NAME *issuer = X509_NAME_new();

    X509_set_version(x, 2);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 8640000);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)"urn:d", -1, -1, 0);
    X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_ASC,
                               (const unsigned char *)(form->issuer ? form->issuer : "urn:d"), -1,
                               -1, 0);
    X509_set_issuer_name(x, issuer);
    X509_NAME_free(issuer);
    X509_set_pubkey(x, key);
    for (size_t i = 0; i < COUNT_OF(extensions); i++)
        if (extensions[i].value) {
            X509V3_CTX v3; /* for DER: */
            X509V3_set_ctx_nodb(&v3);
            X509_EXTENSION *e =
                X509V3_EXT_conf_nid(NULL, &v3, extensions[i].nid, extensions[i].value);
            X509_add_ext(x, e, -1);
            X509_EXTENSION_free(e);
        }
    assert_true(X509_sign(x, form->signer ? form->signer : key,
                          form->digest ? form->digest : EVP_sha256()) > 0);
    return x;
}

static void load(X509 *x, struct signet_cert **out)
{
    unsigned char *der = NULL;
    int len = i2d_X509(x, &der);
    struct signet_error err = {0};

    if (signet_cert_load(out, der, (size_t)len, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
    OPENSSL_free(der);
}

static void weak_ones_are_told(void **state)
{
    EVP_PKEY *key = ec("P-256"), *other = ec("P-256"), *small = rsa(1024), *enough = rsa(2048);
    EVP_PKEY *koblitz = ec("secp256k1"), *p224 = ec("P-224");
    const struct {
        EVP_PKEY *key;
        enum cert_purpose purpose;
        struct form form;
        const char *said; /* NULL: nothing */
    } rows[] = {
        {key, CERT_OF_DEVICE, {0}, NULL},
        {key, CERT_OF_DEVICE, {.usage = "digitalSignature", .purpose = "clientAuth"}, NULL},
        {key,
         CERT_OF_DEVICE,
         {.usage = "digitalSignature", .purpose = "anyExtendedKeyUsage"},
         NULL},
        {key, CERT_OF_DEVICE, {.usage = "keyAgreement"}, "lacks digitalSignature: servers refuse"},
        {key, CERT_OF_DEVICE, {.purpose = "serverAuth"}, "lacks clientAuth"},
        {key, CERT_OF_SERVER, {.purpose = "serverAuth"}, NULL},
        {key, CERT_OF_SERVER, {.purpose = "anyExtendedKeyUsage"}, NULL},
        {key, CERT_OF_SERVER, {.purpose = "clientAuth"}, "lacks serverAuth"},
        {key, CERT_OF_SERVER, {.usage = "keyEncipherment"}, "lacks digitalSignature: Mbed TLS"},
        {enough, CERT_OF_SERVER, {.usage = "keyEncipherment"}, NULL},
        {enough, CERT_OF_SERVER, {.usage = "keyAgreement"}, "lacks digitalSignature: Mbed TLS"},
        {key, CERT_OF_AUTHORITY, {.usage = "keyCertSign", .authority = true}, NULL},
        {key, CERT_OF_AUTHORITY, {.usage = "cRLSign", .authority = true}, "lacks keyCertSign"},
        {key,
         CERT_OF_AUTHORITY,
         {.authority = true, .features = "status_request"},
         "demands TLS features"},
        {key, CERT_OF_SERVER, {.features = "status_request"}, NULL},
        /* of an extension that OpenSSL cannot read, others know nothing */
        {key, CERT_OF_SERVER, {.identifier = "DER:0500"}, NULL},
        {key, CERT_OF_AUTHORITY, {.authority = true, .identifier = "DER:0500"}, NULL},
        {key, CERT_OF_DEVICE, {.signer = other}, "not by its own key"},
        {key, CERT_OF_DEVICE, {.signer = other, .issuer = "an authority"}, NULL},
        {key, CERT_OF_DEVICE, {.digest = EVP_sha1()}, "signed with sha1"},
        {enough, CERT_OF_DEVICE, {.digest = EVP_md5()}, "signed with md5"},
        {key, CERT_OF_DEVICE, {.digest = EVP_sha224()}, "signed with sha224"},
        {koblitz, CERT_OF_SERVER, {0}, "on the curve secp256k1, which TLS stacks refuse"},
        {p224, CERT_OF_DEVICE, {0}, "on the curve secp224r1, which TLS stacks refuse"},
        /* nobody looks at the signature of a root */
        {key, CERT_OF_AUTHORITY, {.digest = EVP_sha1(), .authority = true}, NULL},
        {key,
         CERT_OF_AUTHORITY,
         {.digest = EVP_sha1(), .authority = true, .issuer = "a root", .signer = other},
         "signed with sha1"},
        {small, CERT_OF_DEVICE, {0}, "has 1024 bits, and TLS stacks refuse fewer than 2048"},
        {enough, CERT_OF_DEVICE, {0}, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct heard heard = {0};
        const struct signet_observer observer = {.on_event = on_event, .ctx = &heard};
        struct signet_cert *cert = NULL;
        X509 *x = make(rows[i].key, &rows[i].form);

        load(x, &cert);
        cert_warn_weak(cert, rows[i].purpose, "here", &observer);
        if (heard.warnings != (rows[i].said != NULL) ||
            (rows[i].said &&
             (!strstr(heard.said, rows[i].said) || strncmp(heard.said, "here: ", 6))))
            fail_msg("row %zu: %s", i, heard.said);
        signet_cert_free(&cert);
        X509_free(x);
    }
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
    EVP_PKEY_free(small);
    EVP_PKEY_free(koblitz);
    EVP_PKEY_free(p224);
    EVP_PKEY_free(enough);
}

static void names_that_servers_look_for(void **state)
{
    EVP_PKEY *key = ec("P-256");
    X509 *x = make(key, &(struct form){0});
    unsigned char *der = NULL;
    size_t len = (size_t)i2d_X509(x, &der);
    struct heard heard = {0};
    const struct signet_observer observer = {.on_event = on_event, .ctx = &heard};

    (void)state;
    cert_warn_common_name(der, len, "urn:d", 3, &observer);
    assert_int_equal(heard.warnings, 0);
    cert_warn_common_name(der, len, "urn:e", 3, &observer);
    assert_int_equal(heard.warnings, 1);
    assert_string_equal(heard.said, "/0/3/3: the common name of the certificate is 'urn:d' and not "
                                    "the endpoint name\n");
    cert_warn_common_name(der, len - 1, "urn:d", 3, &observer); /* no certificate */
    assert_int_equal(heard.warnings, 2);
    OPENSSL_free(der);
    X509_free(x);
    EVP_PKEY_free(key);
}

static EVP_PKEY *with(EVP_PKEY *key, const char *name, const char *value)
{
    assert_int_equal(EVP_PKEY_set_utf8_string_param(key, name, value), 1);
    return key;
}

/* What a device's TLS stack cannot read at all. */
static void keys_that_stacks_do_not_have(void **state)
{
    EVP_PKEY *p256 = ec("P-256");
    const struct {
        EVP_PKEY *key;
        const char *why; /* NULL: it is taken */
    } rows[] = {
        {ec("P-256"), NULL},
        {ec("P-521"), NULL},
        {ec("secp256k1"), NULL},
        {ec("brainpoolP512r1"), NULL},
        {ec("brainpoolP320r1"), "its key is on the curve brainpoolP320r1"},
        {ec("sect233k1"), "its key is on the curve sect233k1"},
        {with(ec("P-256"), OSSL_PKEY_PARAM_EC_ENCODING, "explicit"), "on a curve without a name"},
        {with(ec("P-256"), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"),
         "in the compressed form"},
        {rsa(2048), NULL},
        {EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "its key is of type ED25519"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct signet_error err = {0};
        X509 *x = make(rows[i].key, &(struct form){.signer = p256, .issuer = "an authority"});
        int rc = key_and_signature_fit(x, false, &err);

        if (rc != (rows[i].why ? SIGNET_E_CERT : SIGNET_OK) ||
            (rows[i].why && !strstr(err.msg, rows[i].why)))
            fail_msg("row %zu: %s", i, err.msg);
        X509_free(x);
        EVP_PKEY_free(rows[i].key);
    }
    EVP_PKEY_free(p256);
}

/* Without key usage a certificate may do all; with it an authority has keyCertSign as well. */
static void what_a_certificate_may(void **state)
{
    static const struct {
        struct form form;
        bool authority, enciphers, signs;
    } rows[] = {{{.authority = true}, true, true, true},
                {{.authority = true, .usage = "keyCertSign"}, true, false, false},
                {{.authority = true, .usage = "digitalSignature"}, false, false, true},
                {{.usage = "keyCertSign"}, false, false, false},
                {{.usage = "keyEncipherment"}, false, true, false},
                {{0}, false, true, true}};
    EVP_PKEY *key = ec("P-256");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        X509 *x = make(key, &rows[i].form);
        struct signet_cert *cert;
        struct cert_traits t;

        load(x, &cert);
        assert_int_equal(cert_traits(cert, &t, NULL), SIGNET_OK);
        if (t.authority != rows[i].authority || cert_is_authority(cert) != rows[i].authority ||
            t.enciphers_keys != rows[i].enciphers || t.signs_handshakes != rows[i].signs)
            fail_msg("row %zu: %d %d %d", i, t.authority, t.enciphers_keys, t.signs_handshakes);
        signet_cert_free(&cert);
        X509_free(x);
    }
    EVP_PKEY_free(key);
}

static void signatures_that_stacks_do_not_have(void **state)
{
    EVP_PKEY *key = ec("P-256"), *edwards = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    const EVP_MD *const taken[] = {EVP_sha1(), EVP_sha224(), EVP_sha256(), EVP_sha384(),
                                   EVP_sha512()};
    struct signet_error err = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(taken); i++) {
        X509 *x = make(key, &(struct form){.digest = taken[i]});

        assert_int_equal(key_and_signature_fit(x, false, &err), SIGNET_OK);
        X509_free(x);
    }
    X509 *x = make(key, &(struct form){.digest = EVP_sha3_256()});
    assert_int_equal(key_and_signature_fit(x, false, &err), SIGNET_E_CERT);
    assert_non_null(strstr(err.msg, "it is signed with ecdsa_with_SHA3-256"));
    assert_true(X509_sign(x, edwards, NULL) > 0);
    assert_int_equal(key_and_signature_fit(x, false, &err), SIGNET_E_CERT);
    assert_non_null(strstr(err.msg, "it is signed with ED25519"));
    X509_free(x);
    EVP_PKEY_free(key);
    EVP_PKEY_free(edwards);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weak_ones_are_told),
        cmocka_unit_test(names_that_servers_look_for),
        cmocka_unit_test(keys_that_stacks_do_not_have),
        cmocka_unit_test(what_a_certificate_may),
        cmocka_unit_test(signatures_that_stacks_do_not_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
