/* SPDX-License-Identifier: Apache-2.0 */
/* The common name of a certificate that others made: what is longer than a name may be, or holds a
 * zero, is no name. The issuer's name, as OpenSSL shows it. */
#include "pki/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/objects.h>

/* As much of a certificate as is looked at. */
static void put_issued(struct buf *b, const void *name, size_t len, const struct buf *issuer)
{
    buf_reset(b);
    der_put(b, DER_INTEGER, "\x01", 1);
    der_put(b, DER_SEQUENCE, "", 0); /* algorithm */
    der_put(b, DER_SEQUENCE, issuer ? issuer->data : NULL, issuer ? issuer->len : 0);
    der_put(b, DER_SEQUENCE, "", 0); /* validity */
    size_t subject = b->len;
    if (name) {
        der_oid(b, NID_commonName);
        der_put(b, V_ASN1_UTF8STRING, name, len);
        der_wrap(b, subject, 0x30);
        der_wrap(b, subject, 0x31);
    }
    der_wrap(b, subject, DER_SEQUENCE);
    der_put(b, DER_SEQUENCE, "key", 3);
    der_wrap(b, 0, DER_SEQUENCE);
    der_wrap(b, 0, DER_SEQUENCE);
    assert_int_equal(buf_check(b, NULL), SIGNET_OK);
}

static void put_cert(struct buf *b, const void *name, size_t len)
{
    put_issued(b, name, len, NULL);
}

static void put_part(struct buf *b, int nid, uint8_t tag, const void *text, size_t len)
{
    size_t start = b->len;

    der_oid(b, nid);
    der_put(b, tag, text, len);
    der_wrap(b, start, 0x30);
    der_wrap(b, start, 0x31);
}

/* The issuer is shown as OpenSSL shows it, also where the name is plain and OpenSSL is not asked.
 */
static void same_issuer(const struct buf *issuer)
{
    struct buf cert = {0}, name = {0};
    struct cert_facts facts;
    char wanted[sizeof(facts.issuer)];

    buf_append(&name, issuer->data, issuer->len);
    der_wrap(&name, 0, DER_SEQUENCE);
    const unsigned char *at = name.data;
    X509_NAME *parsed = d2i_X509_NAME(NULL, &at, (long)name.len);
    put_issued(&cert, "s", 1, issuer);
    if (!parsed) {
        assert_int_not_equal(cert_facts(cert.data, cert.len, &facts, NULL), SIGNET_OK);
    } else {
        assert_int_equal(name_text(parsed, wanted, sizeof(wanted), NULL), SIGNET_OK);
        assert_int_equal(cert_facts(cert.data, cert.len, &facts, NULL), SIGNET_OK);
        assert_string_equal(facts.issuer, wanted);
    }
    X509_NAME_free(parsed);
    buf_free(&cert);
    buf_free(&name);
}

static void issuers_with_each_byte(void **state)
{
    static const uint8_t tags[] = {V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING, V_ASN1_IA5STRING,
                                   V_ASN1_T61STRING, V_ASN1_BMPSTRING};
    struct buf name = {0};

    (void)state;
    for (size_t t = 0; t < COUNT_OF(tags); t++)
        for (int c = 0; c < 256; c++)
            for (int place = 0; place < 4; place++) {
                char text[] = {'a', 'b', 'c', 'd'};
                text[place] = (char)c;
                buf_reset(&name);
                put_part(&name, NID_commonName, tags[t], text, sizeof(text));
                same_issuer(&name);
            }
    buf_free(&name);
}

static void issuers_of_many_parts(void **state)
{
    static const int nids[] = {NID_commonName,
                               NID_serialNumber,
                               NID_countryName,
                               NID_localityName,
                               NID_stateOrProvinceName,
                               NID_streetAddress,
                               NID_organizationName,
                               NID_organizationalUnitName,
                               NID_title,
                               NID_surname,
                               NID_givenName,
                               NID_dnQualifier,
                               NID_pkcs9_emailAddress,
                               NID_domainComponent};
    struct buf name = {0}, pair = {0};
    char long_text[600];

    (void)state;
    same_issuer(&name);
    memset(long_text, 'x', sizeof(long_text));
    for (size_t i = 0; i < COUNT_OF(nids); i++) {
        put_part(&name, nids[i], V_ASN1_UTF8STRING, "Factory CA 1", 12);
        same_issuer(&name);
        buf_reset(&pair);
        put_part(&pair, nids[i], V_ASN1_PRINTABLESTRING, "", 0);
        same_issuer(&pair);
        put_part(&pair, nids[i], V_ASN1_UTF8STRING, long_text, sizeof(long_text));
        same_issuer(&pair);
    }
    /* two values in one relative name */
    buf_reset(&pair);
    for (int i = 0; i < 2; i++) {
        size_t start = pair.len;
        der_oid(&pair, nids[i]);
        der_put(&pair, V_ASN1_UTF8STRING, "a", 1);
        der_wrap(&pair, start, 0x30);
    }
    der_wrap(&pair, 0, 0x31);
    same_issuer(&pair);
    buf_reset(&pair);
    der_put(&pair, 0x31, "", 0);
    same_issuer(&pair);
    buf_free(&name);
    buf_free(&pair);
}

static void common_names(void **state)
{
    char longest[CERT_NAME_SIZE + 1], name[CERT_NAME_SIZE];
    struct buf cert = {0};

    (void)state;
    memset(longest, 'n', sizeof(longest));
    put_cert(&cert, longest, CERT_NAME_SIZE - 1);
    assert_true(cert_common_name(cert.data, cert.len, name));
    assert_int_equal(strlen(name), CERT_NAME_SIZE - 1);
    put_cert(&cert, longest, CERT_NAME_SIZE);
    assert_false(cert_common_name(cert.data, cert.len, name));
    put_cert(&cert, "", 0);
    assert_true(cert_common_name(cert.data, cert.len, name));
    assert_string_equal(name, "");
    put_cert(&cert, "ep\0evil", 7);
    assert_false(cert_common_name(cert.data, cert.len, name));
    put_cert(&cert, NULL, 0);
    assert_false(cert_common_name(cert.data, cert.len, name));
    buf_free(&cert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(common_names),
        cmocka_unit_test(issuers_with_each_byte),
        cmocka_unit_test(issuers_of_many_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
