/* SPDX-License-Identifier: Apache-2.0 */
/* The common name of a certificate that others made: what is longer than a name may be, or holds a
 * zero, is no name. */
#include "pki/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/objects.h>

/* As much of a certificate as is looked at. */
static void put_cert(struct buf *b, const void *name, size_t len)
{
    buf_reset(b);
    der_put(b, DER_INTEGER, "\x01", 1);
    der_put(b, DER_SEQUENCE, "", 0); /* algorithm */
    der_put(b, DER_SEQUENCE, "", 0); /* issuer */
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
