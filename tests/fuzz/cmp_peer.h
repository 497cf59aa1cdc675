/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_CMP_PEER_H
#define TESTS_FUZZ_CMP_PEER_H

/* An authority that speaks CMP, by OpenSSL: its answers carry the nonces that it was asked with. */
#include "base/base.h"
#include "fuzz.h"

#include <openssl/cmp.h>
#include <openssl/err.h>

enum cmp_fate { CMP_SIGNS, CMP_REFUSES, CMP_FATES };

struct cmp_peer {
    OSSL_CMP_SRV_CTX *srv;
    X509 *own;
    EVP_PKEY *key;
    enum cmp_fate fate;
};

static OSSL_CMP_PKISI *cmp_peer_sign(OSSL_CMP_SRV_CTX *srv, const OSSL_CMP_MSG *message, int id,
                                     const OSSL_CRMF_MSG *crm, const X509_REQ *request, X509 **out,
                                     STACK_OF(X509) * *chain, STACK_OF(X509) * *authorities)
{
    const struct cmp_peer *p = OSSL_CMP_SRV_CTX_get0_custom_ctx(srv);

    (void)message, (void)id, (void)crm, (void)request, (void)chain, (void)authorities;
    if (p->fate == CMP_REFUSES)
        return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_rejection, 1, "not\x1b today");
    *out = X509_dup(p->own);
    return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_accepted, 0, NULL);
}

static int cmp_peer_confirm(OSSL_CMP_SRV_CTX *srv, const OSSL_CMP_MSG *message, int id,
                            const ASN1_OCTET_STRING *hash, const OSSL_CMP_PKISI *status)
{
    (void)srv, (void)message, (void)id, (void)hash, (void)status;
    return 1;
}

static int cmp_peer_say_nothing(const char *func, const char *file, int line,
                                OSSL_CMP_severity level, const char *message)
{
    (void)func, (void)file, (void)line, (void)level, (void)message;
    return 1;
}

/* Its answers are protected by the secret, or NULL: signed. */
static void cmp_peer_open(struct cmp_peer *p, const char *secret)
{
    p->srv = OSSL_CMP_SRV_CTX_new(NULL, NULL);
    require(p->srv && OSSL_CMP_SRV_CTX_init(p->srv, p, cmp_peer_sign, NULL, NULL, NULL,
                                            cmp_peer_confirm, NULL));
    OSSL_CMP_CTX *ctx = OSSL_CMP_SRV_CTX_get0_cmp_ctx(p->srv);

    OSSL_CMP_CTX_set_log_cb(ctx, cmp_peer_say_nothing);
    if (secret)
        require(
            OSSL_CMP_CTX_set1_referenceValue(ctx, (const unsigned char *)"r", 1) &&
            OSSL_CMP_CTX_set1_secretValue(ctx, (const unsigned char *)secret, (int)strlen(secret)));
    else
        require(OSSL_CMP_CTX_set1_cert(ctx, p->own) && OSSL_CMP_CTX_set1_pkey(ctx, p->key));
    OSSL_CMP_SRV_CTX_set_accept_unprotected(p->srv, 1);
}

/* Nothing, where it does not take the request. */
static void cmp_peer_answer(struct cmp_peer *p, const struct buf *body, struct secret *out)
{
    const unsigned char *at = body->data;
    OSSL_CMP_MSG *request = d2i_OSSL_CMP_MSG(NULL, &at, (long)body->len), *answer;
    unsigned char *der = NULL;

    require(request);
    answer = OSSL_CMP_SRV_process_request(p->srv, request);
    int len = answer ? i2d_OSSL_CMP_MSG(answer, &der) : 0;
    require(len == 0 || secret_set(out, der, (size_t)len, NULL) == SIGNET_OK);
    ERR_clear_error();
    OPENSSL_free(der);
    OSSL_CMP_MSG_free(answer);
    OSSL_CMP_MSG_free(request);
}

#endif
