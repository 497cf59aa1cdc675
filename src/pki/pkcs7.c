/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates in a bag without signatures (certs-only CMS, RFC 5272, section 4.1), and their
 * order.
 */
#include "pki/private.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>

static int take_each(STACK_OF(X509) * certs, struct signet_cert *out[SIGNET_CHAIN_MAX],
                     size_t *count, struct signet_error *err)
{
    int rc = SIGNET_OK, n = sk_X509_num(certs);

    if (n > SIGNET_CHAIN_MAX)
        return error_set(err, SIGNET_E_LIMIT, "more than %d certificates", SIGNET_CHAIN_MAX);
    for (int i = 0; rc == SIGNET_OK && i < n; i++) {
        unsigned char *der = NULL;
        int len = i2d_X509(sk_X509_value(certs, i), &der);

        rc = len > 0 ? signet_cert_load(&out[*count], der, (size_t)len, err)
                     : crypto_fail(err, "cannot write a certificate");
        *count += rc == SIGNET_OK;
        OPENSSL_free(der);
    }
    return rc;
}

int cert_load_pkcs7(struct signet_cert *out[SIGNET_CHAIN_MAX], size_t *count, const void *der,
                    size_t len, struct signet_error *err)
{
    const unsigned char *at = der;
    PKCS7 *bag = len < INT_MAX ? d2i_PKCS7(NULL, &at, (long)len) : NULL;
    STACK_OF(X509) *certs =
        bag && PKCS7_type_is_signed(bag) && bag->d.sign ? bag->d.sign->cert : NULL;
    int rc;

    *count = 0;
    if (certs && sk_X509_num(certs) > 0)
        rc = take_each(certs, out, count, err);
    else
        rc = error_set(err, SIGNET_E_SERVER,
                       bag ? "no certificate came" : "what came are no certificates (PKCS#7)");
    PKCS7_free(bag);
    ERR_clear_error();
    while (rc != SIGNET_OK && *count > 0)
        signet_cert_free(&out[--*count]);
    return rc;
}

/* Did the first issue the second? */
static bool has_issued(const struct signet_cert *above, const struct signet_cert *below)
{
    X509 *a = cert_parse(above, NULL), *b = cert_parse(below, NULL);
    bool issued = a && b && !X509_NAME_cmp(X509_get_subject_name(a), X509_get_issuer_name(b)) &&
                  X509_verify(b, X509_get0_pubkey(a)) == 1;

    X509_free(a);
    X509_free(b);
    ERR_clear_error();
    return issued;
}

/* One that has issued no other. */
static size_t find_lowest(struct signet_cert *const *certs, size_t count, size_t *lowest)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        bool issues = false;

        for (size_t j = 0; j < count && !issues; j++)
            issues = i != j && has_issued(certs[i], certs[j]);
        if (!issues) {
            *lowest = i;
            found++;
        }
    }
    return found;
}

int cert_order_chain(struct signet_cert *certs[SIGNET_CHAIN_MAX], size_t *count,
                     struct signet_error *err)
{
    struct signet_cert *swap;
    size_t at = 0;

    if (find_lowest(certs, *count, &at) != 1)
        return error_set_hint(err, SIGNET_E_CERT, "name its certificates: chain: FILE",
                              "the authority has several certificates, of which none stands below "
                              "all others");
    for (size_t done = 0; at < *count; done++) {
        swap = certs[done];
        certs[done] = certs[at];
        certs[at] = swap;
        at = done + 1;
        while (at < *count && !has_issued(certs[at], certs[done]))
            at++;
        if (at == *count && done + 1 < *count) /* what is left belongs to another chain */
            while (*count > done + 1)
                signet_cert_free(&certs[--*count]);
    }
    return SIGNET_OK;
}
