/* SPDX-License-Identifier: Apache-2.0 */
/* An authority: what its certificates let it issue, and what it issues. */
#include "pki/private.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

struct issuer {
    STACK_OF(X509) * chain; /* its own certificate first */
    X509 *cert;
    const struct signet_key *key;
    const struct cert_signer *signer;
    int64_t from, to; /* when all of the chain is valid */
    int64_t own_to;   /* the end of its own certificate */
    bool constrains_names;
};

/* The rules of the authority's certificates that a device's may break. */
static const char *rule_broken(int error)
{
    switch (error) {
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
        return "its name constraints do not allow the device's name";
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
        return "it has a critical extension that TLS stacks do not know";
    case X509_V_ERR_INVALID_PURPOSE:
        return "its extended key usage does not allow certificates of clients";
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
        return "a path length constraint above it does not allow it";
    case X509_V_ERR_NO_EXPLICIT_POLICY:
        return "its policy constraints ask for a certificate policy, which a device's certificate "
               "does not have";
    default: /* OpenSSL has 90 of them */
        return X509_verify_cert_error_string(error);
    }
}

static int refuse_rule(int error, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_CERT, "use an authority that may issue to this device",
                          "no server would take what it signs: %s", rule_broken(error));
}

/* Would a server that trusts the last of the chain let a client in with this certificate? */
static int verify_issued(const struct issuer *is, const struct signet_cert *made,
                         struct signet_error *err)
{
    X509 *cert = cert_parse(made, err);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509 *last = sk_X509_value(is->chain, sk_X509_num(is->chain) - 1);
    int error = X509_V_ERR_UNSPECIFIED;

    if (cert && store && ctx && X509_STORE_add_cert(store, last) == 1 &&
        X509_STORE_CTX_init(ctx, store, cert, is->chain) == 1) {
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_POLICY_CHECK);
        X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_CLIENT);
        X509_VERIFY_PARAM_set_auth_level(param, 0);
        X509_VERIFY_PARAM_set_time(param, (time_t)clock_wall());
        error = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
    }
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_free(cert);
    ERR_clear_error();
    return error == X509_V_OK ? SIGNET_OK : refuse_rule(error, err);
}

/* The names alone, against the constraints of each certificate of the chain. */
static int check_names(const struct issuer *is, X509 *cert, struct signet_error *err)
{
    int error = X509_V_OK;

    if (cert)
        X509_check_purpose(cert, -1, 0); /* now it has its subjectAltName at hand */
    for (int i = 0; cert && error == X509_V_OK && i < sk_X509_num(is->chain); i++) {
        NAME_CONSTRAINTS *nc =
            X509_get_ext_d2i(sk_X509_value(is->chain, i), NID_name_constraints, NULL, NULL);

        if (nc)
            error = NAME_CONSTRAINTS_check(cert, nc);
        NAME_CONSTRAINTS_free(nc);
    }
    ERR_clear_error();
    if (!cert)
        return crypto_fail(err, "cannot parse the certificate");
    return error == X509_V_OK ? SIGNET_OK : refuse_rule(error, err);
}

static int issuer_date(const char *what, int64_t date, struct signet_error *err)
{
    char text[24];

    clock_format(date, text);
    return error_set_hint(err, SIGNET_E_CERT, "is this machine's clock right?", "%s %s", what,
                          text);
}

/* What differs from one device to the next, before anything is signed. */
static int issuer_check_dates(const struct issuer *is, const struct cert_form *form,
                              const struct plan *p, struct signet_error *err)
{
    char date[24];

    if (p->not_before < is->from)
        return issuer_date("the certificate is not valid before", is->from, err);
    if (p->not_before > is->to)
        return issuer_date("the certificate expired", is->to, err);
    if (p->not_after <= is->own_to || form->no_end)
        return SIGNET_OK;
    clock_format(is->own_to, date);
    return error_set_hint(err, SIGNET_E_MEANING,
                          "a shorter validityOffsetInSeconds in the certificate's fields, or "
                          "validity_days in the authority's profile; or another authority",
                          "it expires %s, before the device's certificate would", date);
}

static void signing_of(const struct issuer *is, struct signing *by)
{
    EVP_PKEY *key = X509_get0_pubkey(is->cert);

    *by = (struct signing){.issuer = is->cert, .key = is->key, .signer = is->signer};
    by->rsa = EVP_PKEY_is_a(key, "RSA");
    by->width = ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
}

static int plan_issue(const struct issuer *is, struct plan *p, struct signing *by,
                      struct cert_wish *wish, const struct signet_observer *observer,
                      struct signet_error *err)
{
    signing_of(is, by);
    wish->info = wish->info ? wish->info : &cert_no_info;
    int rc = cert_plan(p, by, wish, observer, err);
    if (!rc && (rc = issuer_check_dates(is, wish->form, p, err)))
        error_prefix(err, "the issuer's certificate");
    return rc;
}

static int check_made(const struct issuer *is, const struct signet_cert *made, bool verify,
                      struct signet_error *err)
{
    int rc = SIGNET_OK;

    if (verify) {
        rc = verify_issued(is, made, err);
        if (rc == SIGNET_OK)
            rc = cert_fits_stacks(made, err);
    } else if (is->constrains_names) {
        X509 *cert = cert_parse(made, err);

        rc = check_names(is, cert, err);
        X509_free(cert);
    }
    return error_pass(rc, err, "the issuer's certificate");
}

int issuer_sign(struct signet_cert **out, const struct issuer *is, const struct cert_wish *wanted,
                bool verify, const struct signet_observer *observer, struct signet_error *err)
{
    struct cert_wish wish = *wanted;
    struct signet_cert *made = NULL;
    struct signing by;
    struct plan p = {0};
    int rc = plan_issue(is, &p, &by, &wish, observer, err);

    if (!rc)
        rc = cert_build(&made, &p, &wish, &by, err);
    if (!rc)
        rc = check_made(is, made, verify, err);
    if (rc)
        signet_cert_free(&made);
    else
        *out = made;
    return error_pass(rc, err, "cannot sign a certificate");
}

/* A signature that stands for one: what is looked at is the certificate's names. */
static int sign_nothing(void *ctx, const uint8_t *data, size_t len, struct buf *signature,
                        struct signet_error *err)
{
    const struct signing *by = ctx;
    size_t size = by->rsa ? by->width : 2 * by->width;

    (void)data;
    (void)len;
    if (buf_extend(signature, size))
        memset(signature->data, 1, size);
    return buf_check(signature, err);
}

int issuer_allows(const struct issuer *is, const struct cert_wish *wanted, struct signet_error *err)
{
    struct cert_wish wish = *wanted;
    struct signet_cert *made = NULL;
    unsigned char *spki = NULL;
    struct signing by;
    const struct cert_signer nobody = {.sign = sign_nothing, .ctx = &by};
    struct plan p = {0};
    int rc = plan_issue(is, &p, &by, &wish, NULL, err), len;

    by.key = NULL;
    by.signer = &nobody;
    if (!rc && is->constrains_names) {
        len = i2d_PUBKEY(X509_get0_pubkey(is->cert), &spki); /* any key does */
        wish.key = NULL;
        wish.spki = spki;
        wish.spki_len = len > 0 ? (size_t)len : 0;
        rc = cert_build(&made, &p, &wish, &by, err);
    }
    if (!rc && made)
        rc = check_made(is, made, false, err);
    signet_cert_free(&made);
    OPENSSL_free(spki);
    return error_pass(rc, err, "cannot sign a certificate");
}

static int check_wished(X509 *cert, const struct cert_wish *wish, struct signet_error *err)
{
    char name[CERT_NAME_SIZE] = "";

    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, sizeof(name));
    if (!x509_has_spki(cert, wish->spki, wish->spki_len))
        return error_set(err, SIGNET_E_CERT, "the certificate that came is for another key");
    if (wish->endpoint && strcmp(name, wish->endpoint) != 0)
        return error_set_hint(err, SIGNET_E_CERT,
                              "the authority has to take the common name of the request",
                              "the certificate that came is for '%s', not for %s",
                              text_shown(name, strlen(name), 80), wish->endpoint);
    return SIGNET_OK;
}

int issuer_verify(const struct issuer *is, const struct signet_cert *cert,
                  const struct cert_wish *wish, struct signet_error *err)
{
    X509 *x = cert_parse(cert, err);
    int rc = x ? check_wished(x, wish, err) : SIGNET_E_CRYPTO;

    X509_free(x);
    if (rc == SIGNET_OK)
        rc = signet_cert_check_dates(cert, NULL, err);
    if (rc == SIGNET_OK)
        rc = error_pass(verify_issued(is, cert, err), err, "the certificate that came");
    if (rc == SIGNET_OK)
        rc = error_pass(cert_fits_stacks(cert, err), err, "the certificate that came");
    return rc;
}

/* opening one */

static int take_chain(struct issuer *is, const struct signet_cert *const *chain, size_t count,
                      struct signet_error *err)
{
    is->chain = sk_X509_new_null();
    if (!is->chain)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        X509 *x = cert_parse(chain[i], err);

        if (!x)
            return SIGNET_E_CRYPTO;
        if (!sk_X509_push(is->chain, x)) {
            X509_free(x);
            return error_nomem(err);
        }
    }
    is->cert = sk_X509_value(is->chain, 0);
    return SIGNET_OK;
}

static int issuer_check_one(X509 *x, struct signet_error *err)
{
    const char *malformed = x509_malformed(x);

    if (malformed)
        return error_set_hint(err, SIGNET_E_CERT, "have it issued anew",
                              "its extension %s is malformed (RFC 5280, section 4.2): servers with "
                              "OpenSSL would take nothing that it signs",
                              malformed);
    if (!x509_may_issue(x))
        return error_set_hint(err, SIGNET_E_CERT,
                              "it needs basicConstraints CA:TRUE and keyUsage keyCertSign",
                              "it is not the certificate of an authority");
    if (!X509_NAME_entry_count(X509_get_subject_name(x)))
        return error_set_hint(
            err, SIGNET_E_CERT, "have it issued anew, with a name",
            "its subject is empty, and an authority has a name (RFC 5280, section "
            "4.1.2.6)");
    return SIGNET_OK;
}

/* Each is issued by the next, and may issue. */
static int issuer_check_chain(struct issuer *is, struct signet_error *err)
{
    int64_t from, to;

    is->from = 0;
    is->to = is->own_to = INT64_MAX;
    for (int i = 0; i < sk_X509_num(is->chain); i++) {
        X509 *x = sk_X509_value(is->chain, i),
             *above = i + 1 < sk_X509_num(is->chain) ? sk_X509_value(is->chain, i + 1) : NULL;
        int rc = cert_dates(x, &from, &to, err);

        if (rc)
            return rc;
        is->from = from > is->from ? from : is->from;
        is->to = to < is->to ? to : is->to;
        is->own_to = i ? is->own_to : to;
        is->constrains_names =
            is->constrains_names || X509_get_ext_by_NID(x, NID_name_constraints, -1) >= 0;
        if ((rc = issuer_check_one(x, err)))
            return rc;
        if (above && (X509_check_issued(above, x) != X509_V_OK ||
                      X509_verify(x, X509_get0_pubkey(above)) != 1))
            return error_set_hint(err, SIGNET_E_CERT,
                                  "first the authority's own certificate, then the one that issued "
                                  "it, and so on",
                                  "certificate %d of the chain is not issued by the next", i + 1);
    }
    ERR_clear_error();
    return SIGNET_OK;
}

/* With a key that is elsewhere only a signature shows whose it is. */
static int check_signer(const struct issuer *is, struct signet_error *err)
{
    const struct cert_form form = {0};
    const struct signet_cert_info info = {.common_name = (char[]){"key check"}};
    struct signet_cert *made = NULL;
    struct cert_wish wish = {.info = &info, .form = &form};
    struct signing by;
    struct plan p = {0};
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(X509_get0_pubkey(is->cert), &spki), rc;
    X509 *x = NULL;

    wish.spki = spki;
    wish.spki_len = len > 0 ? (size_t)len : 0;
    signing_of(is, &by);
    rc = cert_plan(&p, &by, &wish, NULL, err);
    if (!rc)
        rc = cert_build(&made, &p, &wish, &by, err);
    if (!rc && !(x = cert_parse(made, err)))
        rc = SIGNET_E_CRYPTO;
    if (!rc && X509_verify(x, X509_get0_pubkey(is->cert)) != 1)
        rc = cert_other_key(err);
    ERR_clear_error();
    X509_free(x);
    signet_cert_free(&made);
    OPENSSL_free(spki);
    return rc;
}

static int issuer_check_type(const struct issuer *is, struct signet_error *err)
{
    EVP_PKEY *key = X509_get0_pubkey(is->cert);

    if (EVP_PKEY_is_a(key, "EC") || EVP_PKEY_is_a(key, "RSA"))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_CERT, "use an authority with an EC key, or RSA",
                          "its key is of type %s", EVP_PKEY_get0_type_name(key));
}

int issuer_open(struct issuer **out, const struct signet_cert *const *chain, size_t count,
                const struct signet_key *key, const struct cert_signer *signer,
                struct signet_error *err)
{
    struct issuer *is = calloc(1, sizeof(*is));

    if (!is)
        return error_nomem(err);
    is->key = key;
    is->signer = signer;
    int rc = take_chain(is, chain, count, err);
    if (!rc && key)
        rc = signet_cert_check_key(chain[0], key, err);
    for (size_t i = 0; !rc && i < count; i++)
        rc = signet_cert_check_dates(chain[i], NULL, err);
    if (!rc)
        rc = issuer_check_chain(is, err);
    if (!rc)
        rc = issuer_check_type(is, err);
    if (!rc && signer && !signer->counted)
        rc = check_signer(is, err);
    if (rc)
        issuer_close(&is);
    else
        *out = is;
    return error_pass(rc, err, "the issuer's certificate");
}

void issuer_close(struct issuer **issuer)
{
    if (!*issuer)
        return;
    sk_X509_pop_free((*issuer)->chain, X509_free);
    free(*issuer);
    *issuer = NULL;
}

static const char *const for_clients[] = {"1.3.6.1.5.5.7.3.2", NULL};
const struct cert_form cert_form_tls_client = {
    .usage = CERT_SIGNS, .purposes = for_clients, .authority_key_id = true, .alt_name = true};

bool cert_has_spki(const struct signet_cert *cert, const uint8_t *spki, size_t spki_len)
{
    X509 *x = cert_parse(cert, NULL);
    bool same = x && x509_has_spki(x, spki, spki_len);

    X509_free(x);
    return same;
}

int cert_check_public(const struct signet_cert *cert, const struct buf *spki,
                      struct signet_error *err)
{
    X509 *x = cert_parse(cert, err);
    int rc = !x                                        ? SIGNET_E_CRYPTO
             : x509_has_spki(x, spki->data, spki->len) ? SIGNET_OK
                                                       : cert_other_key(err);

    X509_free(x);
    return rc;
}

int signet_cert_sign(struct signet_cert **out, const struct signet_key *key,
                     const struct signet_cert_info *info, const char *endpoint,
                     const struct signet_cert *issuer, const struct signet_key *issuer_key,
                     const struct signet_observer *observer, struct signet_error *err)
{
    const struct cert_wish wish = {
        .info = info, .endpoint = endpoint, .form = &cert_form_tls_client, .key = key};
    struct issuer *is = NULL;
    int rc = issuer_open(&is, &issuer, 1, issuer_key, NULL, err);

    if (rc)
        return error_pass(rc, err, "cannot sign a certificate");
    rc = issuer_sign(out, is, &wish, true, observer, err);
    issuer_close(&is);
    return rc;
}
