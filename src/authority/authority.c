/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CHAIN_FILE_MAX = 64 * 1024 };

static const struct signet_authority_subject *
subject_take(struct signet_authority_subject *copy, const struct signet_authority_subject *given)
{
    options_take(copy, given);
    return copy;
}

static int read_chain(struct signet_authority *a, const char *path, struct signet_error *err)
{
    struct buf data = {0};
    int rc = file_read(path, CHAIN_FILE_MAX, &data, err);

    if (rc == SIGNET_OK)
        rc = signet_file_explain(
            signet_cert_load_chain(a->chain, &a->count, data.data, data.len, err), SIGNET_FILE_CERT,
            path, err);
    buf_free(&data);
    return rc;
}

/* What belongs together. */
static int authority_check_parts(const struct signet_authority *a,
                                 const struct signet_authority_info *info, struct signet_error *err)
{
    static const char url_of_est[] = "url: \"https://HOST/.well-known/est\"";
    bool here = !a->ops->enroll, est = a->ops == &authority_est;
    const struct {
        bool wrong;
        const char *what, *hint;
    } rules[] = {
        {here && (!info->chain || !info->key), "an authority has a 'chain' and a 'key'",
         "chain: ca.pem, key: ca.key"},
        {here && (info->url || info->ca_file || info->pin || info->user || info->client_cert ||
                  info->client_key || info->reference || info->timeout_s),
         "what is said of a server goes with 'kind': est or cmp", "write 'kind', or take it out"},
        {!here && (info->key || info->profile), "'key' and 'profile' go with a key that is here",
         "take them out, or 'kind' and 'url'"},
        {!here && !info->url, "the authority has no 'url'",
         est ? url_of_est : "url: \"http://HOST/PATH\" of the CMP server"},
        {est && info->url && strncmp(info->url, "https://", 8) != 0,
         "EST goes over https only: the 'url' begins with https://", url_of_est},
        {!est && !here && info->user, "'user' goes with kind: est",
         "with kind: cmp, the name of the secret is 'reference'"},
        {est && info->reference, "'reference' goes with kind: cmp",
         "with kind: est, the name is 'user'"},
        {!info->client_cert != !info->client_key, "'client_cert' and 'client_key' go together",
         "name both files, or take the one out"},
        {!est && !here && (!info->chain || !info->reference == !info->client_cert),
         "kind: cmp has a 'chain', and either a 'reference' with its secret, 'passphrase_file', or "
         "a 'client_cert' with its 'client_key'",
         "chain: ca.pem, reference: NAME, passphrase_file: FILE"},
        {!here && info->passphrase_file && !info->user && !info->reference,
         "'passphrase_file' goes with 'user' or 'reference'; a 'client_key' is not encrypted",
         "take it out; openssl pkey -in KEY -out PLAIN takes the passphrase off a key"},
    };

    for (size_t i = 0; i < COUNT_OF(rules); i++)
        if (rules[i].wrong)
            return error_set_hint(err, SIGNET_E_MEANING, rules[i].hint, "%s", rules[i].what);
    return SIGNET_OK;
}

static const struct authority_ops *kind_of_key(const char *key)
{
    return strncmp(key, "pkcs11:", 7) == 0 ? &authority_pkcs11
           : strncmp(key, "tpm:", 4) == 0  ? &authority_tpm
                                           : &authority_file;
}

static int choose_kind(struct signet_authority *a, const struct signet_authority_info *info,
                       struct signet_error *err)
{
    static const char *const kinds[] = {"est", "cmp"};

    if (!info->kind) {
        a->ops = kind_of_key(info->key ? info->key : "");
    } else if (strcmp(info->kind, "est") == 0) {
        a->ops = &authority_est;
    } else if (strcmp(info->kind, "cmp") == 0) {
        a->ops = &authority_cmp;
    } else {
        text_unknown(SIGNET_E_MEANING, "kind of authority", info->kind, kinds, 2, err);
        return SIGNET_E_MEANING;
    }
    return authority_check_parts(a, info, err);
}

/* All but the key. An authority elsewhere may tell its chain, and has profiles of its own: here it
 * matters whether a name is allowed. */
static int read_public(struct signet_authority *a, const struct signet_authority_info *info,
                       struct signet_error *err)
{
    int rc = a->ops->enroll ? text_copy(&a->profile, "the authority's own", err)
                            : authority_profile(a, info->profile, err);

    if (a->ops->enroll)
        a->form = (struct cert_form){.alt_name = true, .no_end = true};
    return rc == SIGNET_OK && info->chain ? read_chain(a, info->chain, err) : rc;
}

/* What a server may refuse of all that it signs. */
static void warn_chain(const struct signet_authority *a, const struct signet_observer *observer)
{
    signet_cert_check_dates(a->chain[0], observer, NULL); /* soon: a warning */
    for (size_t i = 0; i < a->count; i++) {
        struct signet_error why = {0};
        char where[48];

        snprintf(where, sizeof(where), "certificate %zu of the authority", i + 1);
        cert_warn_weak(a->chain[i], CERT_OF_AUTHORITY, where, observer);
        if (cert_fits_stacks(a->chain[i], &why) != SIGNET_OK)
            event_note(observer, "is it for servers whose TLS stack is generous, such as OpenSSL?",
                       "%s: %s", where, why.msg);
    }
}

static int open_info(struct signet_authority *a, const struct signet_authority_info *info,
                     const struct signet_authority_options *options, struct signet_error *err)
{
    int rc = choose_kind(a, info, err);
    if (rc == SIGNET_OK && info->passphrase_file && access(info->passphrase_file, F_OK) != 0)
        rc = error_set_hint(err, SIGNET_E_MEANING, "is the path right? Else take it out",
                            "the file of 'passphrase_file' is not there");
    if (rc == SIGNET_OK)
        rc = read_public(a, info, err);
    if (rc == SIGNET_OK)
        rc = a->ops->open(a, info, options, err);
    if (rc == SIGNET_OK) {
        rc = issuer_open(&a->issuer, (const struct signet_cert *const *)a->chain, a->count, a->key,
                         a->signer.sign ? &a->signer : NULL, err);
        for (size_t i = 1; rc == SIGNET_E_CERT && a->key && i < a->count; i++)
            if (signet_cert_check_key(a->chain[i], a->key, NULL) == SIGNET_OK)
                error_hint(err, "the certificate of the key stands first in the chain, its issuers "
                                "behind it");
        bool wrong_key = a->key && signet_cert_check_key(a->chain[0], a->key, NULL) != SIGNET_OK;
        if (rc == SIGNET_E_CERT && info->chain)
            error_prefix(err, wrong_key ? "'%s' with '%s'" : "'%s'", info->chain, info->key);
    }
    if (rc == SIGNET_OK)
        warn_chain(a, options->observer);
    return rc;
}

int signet_authority_open(struct signet_authority **out,
                          const struct signet_authority_options *given, struct signet_error *err)
{
    struct signet_authority_options options;
    struct signet_authority *a = calloc(1, sizeof(*a));
    struct authority_keys keys = {0};
    void *texts = NULL;
    int rc = SIGNET_OK;

    if (!a)
        return error_nomem(err);
    options_take(&options, given);
    if (!options.file == !options.info)
        rc = error_set(err, SIGNET_E_USAGE, "give an authority as a file or as its parts");
    else if (options.file)
        rc = authority_keys_load(&keys, &texts, options.file, err);
    if (rc == SIGNET_OK)
        rc = open_info(a, options.file ? &keys.info : options.info, &options, err);
    signet_file_blame(rc, options.file, err);
    reader_free_owned(&texts);
    if (rc != SIGNET_OK)
        signet_authority_close(&a);
    else
        *out = a;
    return rc;
}

void signet_authority_close(struct signet_authority **authority)
{
    struct signet_authority *a = *authority;

    if (!a)
        return;
    issuer_close(&a->issuer);
    if (a->ops && a->ops->close)
        a->ops->close(a);
    signet_key_free(&a->key);
    for (size_t i = 0; i < a->count; i++)
        signet_cert_free(&a->chain[i]);
    reader_free_owned(&a->owned);
    free(a->profile);
    free(a->place);
    free(a);
    *authority = NULL;
}

static struct cert_wish wish_of(const struct signet_authority *a,
                                const struct signet_authority_subject *subject)
{
    return (struct cert_wish){.info = subject->info,
                              .endpoint = subject->endpoint,
                              .serial = subject->serial,
                              .form = &a->form};
}

/* What both ways end with. */
static int give(struct signet_authority *a, int rc, struct signet_cert **made,
                struct signet_cert **out, struct signet_bytes *chain, struct signet_error *err)
{
    if (rc == SIGNET_OK && chain)
        rc = signet_authority_chain(a, chain, err);
    if (rc != SIGNET_OK)
        signet_cert_free(made);
    else
        *out = *made;
    return rc;
}

static int check_cancel(const struct signet_cancel *cancel, struct signet_error *err)
{
    return signet_cancel_fired(cancel) ? error_set(err, SIGNET_E_CANCELLED, "stopped") : SIGNET_OK;
}

static const char *common_name(const struct cert_wish *wish)
{
    return wish->info && wish->info->common_name ? wish->info->common_name : wish->endpoint;
}

/* What an authority elsewhere sends is looked at before anybody gets it. */
static int enroll(struct signet_authority *a, const void *csr, size_t len,
                  const struct cert_wish *wish, struct signet_cert **out, struct signet_error *err)
{
    struct cert_wish named = *wish;

    named.endpoint = common_name(wish);
    int rc = a->ops->enroll(a, csr, len, &named, out, err);
    if (rc == SIGNET_OK)
        rc = issuer_verify(a->issuer, *out, &named, err);
    return error_pass(rc, err, "%s", a->place);
}

static int enroll_key(struct signet_authority *a, const struct signet_key *key,
                      struct cert_wish *wish, struct signet_cert **out, struct signet_error *err)
{
    struct signet_bytes csr = {0};
    struct cert_request request;
    int rc = cert_request_make(&csr, key, common_name(wish), err);

    if (rc == SIGNET_OK)
        rc = cert_request_read(&request, csr.data, csr.len, err);
    if (rc == SIGNET_OK) {
        wish->spki = request.key;
        wish->spki_len = request.key_len;
        rc = enroll(a, csr.data, csr.len, wish, out, err);
    }
    signet_bytes_free(&csr);
    return rc;
}

int signet_authority_sign_key(struct signet_authority *a, const struct signet_key *key,
                              const struct signet_authority_subject *subject,
                              const struct signet_cancel *cancel, struct signet_cert **out,
                              struct signet_bytes *chain, struct signet_error *err)
{
    struct signet_authority_subject copy;
    struct cert_wish wish = wish_of(a, subject_take(&copy, subject));
    struct signet_cert *made = NULL;
    int rc = check_cancel(cancel, err);

    wish.key = key;
    if (rc == SIGNET_OK && a->ops->enroll)
        rc = enroll_key(a, key, &wish, &made, err);
    else if (rc == SIGNET_OK)
        rc = issuer_sign(&made, a->issuer, &wish, false, NULL, err);
    return give(a, rc, &made, out, chain, err);
}

int signet_authority_sign_request(struct signet_authority *a, const void *csr, size_t len,
                                  const struct signet_authority_subject *subject,
                                  const struct signet_cancel *cancel, struct signet_cert **out,
                                  struct signet_bytes *chain, struct signet_error *err)
{
    struct signet_authority_subject copy;
    struct cert_wish wish = wish_of(a, subject_take(&copy, subject));
    struct signet_cert *made = NULL;
    struct cert_request request;
    struct signet_bytes der = {0};
    int rc = check_cancel(cancel, err);

    if (rc == SIGNET_OK)
        rc = cert_request_load(&der, csr, len, err);
    if (rc == SIGNET_OK)
        rc = cert_request_read(&request, der.data, der.len, err);
    rc = error_pass(rc, err, "the certificate request");
    if (rc == SIGNET_OK) {
        wish.spki = request.key;
        wish.spki_len = request.key_len;
        rc = a->ops->enroll ? enroll(a, der.data, der.len, &wish, &made, err)
                            : issuer_sign(&made, a->issuer, &wish, false, NULL, err);
    }
    signet_bytes_free(&der);
    return give(a, rc, &made, out, chain, err);
}

int signet_authority_allows(const struct signet_authority *a,
                            const struct signet_authority_subject *subject,
                            struct signet_error *err)
{
    struct signet_authority_subject copy;
    struct cert_wish wish = wish_of(a, subject_take(&copy, subject));

    return issuer_allows(a->issuer, &wish, err);
}

int signet_authority_check(struct signet_authority *a,
                           const struct signet_authority_subject *subject, struct signet_error *err)
{
    struct signet_authority_subject copy;
    struct cert_wish wish = wish_of(a, subject_take(&copy, subject));
    struct signet_cert *cert = NULL;
    struct signet_key *key = NULL;
    int rc = SIGNET_OK;

    if (authority_is_costly(a)) {
        rc = a->ops->reach ? a->ops->reach(a, err) : SIGNET_OK;
        return rc == SIGNET_OK ? issuer_allows(a->issuer, &wish, err) : rc;
    }
    rc = signet_key_generate(&key, copy.info, NULL, err);
    wish.key = key;
    if (rc == SIGNET_OK)
        rc = issuer_sign(&cert, a->issuer, &wish, true, NULL, err);
    signet_cert_free(&cert);
    signet_key_free(&key);
    return rc;
}

int signet_authority_describe(const struct signet_authority *a, struct signet_authority_view *out,
                              struct signet_error *err)
{
    struct signet_authority_view view = {
        .kind = a->ops->name, .key = a->place, .profile = a->profile, .certificates = a->count};
    int rc = signet_cert_describe(a->chain[0], &view.cert, err);

    if (rc == SIGNET_OK)
        *out = view;
    return rc;
}

bool authority_is_costly(const struct signet_authority *a)
{
    return a->ops->enroll || a->signer.counted;
}

int signet_authority_chain(const struct signet_authority *a, struct signet_bytes *out,
                           struct signet_error *err)
{
    struct buf text = {0};
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < a->count; i++) {
        struct signet_bytes pem = {0};

        rc = signet_cert_pem(a->chain[i], &pem, err);
        buf_append(&text, pem.data, pem.len);
        signet_bytes_free(&pem);
    }
    return buf_end(&text, rc, out, err);
}

int authority_hash_text(const char *file, const struct signet_authority_info *info, struct buf *out,
                        struct signet_error *err)
{
    struct signet_authority *a = calloc(1, sizeof(*a));
    struct authority_keys keys = {0};
    struct signet_bytes der = {0};
    void *texts = NULL;

    if (!a)
        return error_nomem(err);
    int rc = file ? authority_keys_load(&keys, &texts, file, err) : SIGNET_OK;
    if (rc == SIGNET_OK)
        rc = choose_kind(a, file ? &keys.info : info, err);
    if (rc == SIGNET_OK)
        rc = read_public(a, file ? &keys.info : info, err);
    if (rc == SIGNET_OK && a->ops->enroll)
        buf_text(out, file ? keys.info.url : info->url);
    if (rc == SIGNET_OK)
        rc = a->count ? signet_cert_der(a->chain[0], &der, err) : SIGNET_OK;
    if (rc == SIGNET_OK) {
        buf_append(out, der.data, der.len);
        authority_profile_text(&a->form, out);
        rc = buf_check(out, err);
    }
    signet_bytes_free(&der);
    reader_free_owned(&texts);
    signet_authority_close(&a);
    return error_pass(rc, err, "authority");
}
