/* SPDX-License-Identifier: Apache-2.0 */
/* For which hosts a certificate is: each row is what Mbed TLS 2.28 said of it. */
#include "pki/private.h"

#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define DNS   "\x82" /* tags in a subjectAltName, before a length and a text */
#define URI   "\x86"
#define IP    "\x87"
#define NINTH "\x89"

/* alternatives: the entries of the extension; NULL: without. */
static void make_cert(struct signet_cert **out, EVP_PKEY *key, const char *common,
                      const char *alternatives)
{
    X509 *x = X509_new();
    unsigned char value[80] = {0x30, 0}, *der = NULL;
    struct signet_error err = {0};

    X509_set_version(x, 2);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 8640000);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                               (const unsigned char *)common, -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_set_pubkey(x, key);
    if (alternatives) {
        ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();

        value[1] = (unsigned char)strlen(alternatives);
        memcpy(value + 2, alternatives, value[1]);
        ASN1_OCTET_STRING_set(octets, value, value[1] + 2);
        X509_EXTENSION *e = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, octets);
        X509_add_ext(x, e, -1);
        X509_EXTENSION_free(e);
        ASN1_OCTET_STRING_free(octets);
    }
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    int len = i2d_X509(x, &der);
    if (signet_cert_load(out, der, (size_t)len, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
    OPENSSL_free(der);
    X509_free(x);
}

static void hosts(void **state)
{
    static const struct {
        const char *common, *alternatives, *host;
        const char *wrong; /* NULL: it is for the host */
    } rows[] = {
        {"host.example", NULL, "HOST.example", NULL},
        {"host.example", NULL, "host.example.", "'host.example', and not for host.example."},
        {"host.example.", NULL, "host.example", "not for"},
        {"*.example", NULL, "host.example", NULL},
        {"*.example", NULL, "a.host.example", "not for"},
        {"*.example", NULL, ".example", "not for"},
        {"h*.example", NULL, "host.example", "not for"},
        {"*", NULL, "host", "not for"},
        {"*.0.2.1", NULL, "192.0.2.1", NULL},
        {"192.0.2.1", NULL, "192.0.2.1", NULL},
        {"2001:db8::1", NULL, "2001:DB8::1", NULL},
        {"2001:db8::1", NULL, "2001:db8:0::1", "not for"},
        {"b\xc3\xbc"
         "cher.example",
         NULL, "xn--bcher-kva.example", "not for"},
        {"host.example", "", "host.example", "'no name of a host'"},
        {"x", DNS "\x0chost.example", "host.example", NULL},
        {"host.example", DNS "\x01x", "host.example", "'x', and not for"},
        {"host.example",
         URI "\x14"
             "coaps://host.example",
         "host.example", "'no name of a host'"},
        {"host.example", IP "\x04\xc0\x01\x02\x01", "192.1.2.1", "not for"},
        {"x",
         IP "\x04\xc0\x01\x02\x01" DNS "\x09"
            "192.1.2.1",
         "192.1.2.1", NULL},
        /* what OpenSSL cannot read, and Mbed TLS passes over */
        {"host.example",
         NINTH "\x02"
               "ab",
         "host.example", "'no name of a host'"},
    };
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct signet_cert *cert = NULL;
        struct signet_error err = {0};

        make_cert(&cert, key, rows[i].common, rows[i].alternatives);
        int rc = cert_names_host(cert, rows[i].host, &err);
        if ((rc == SIGNET_OK) != !rows[i].wrong ||
            (rows[i].wrong && !strstr(err.msg, rows[i].wrong)))
            fail_msg("row %zu, %s: %d '%s'", i, rows[i].host, rc, err.msg);
        signet_cert_free(&cert);
    }
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hosts)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
