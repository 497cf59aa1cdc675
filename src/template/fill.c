/* SPDX-License-Identifier: Apache-2.0 */
/* One device, made of the template that was prepared. */
#include "lwm2m/lwm2m.h"
#include "pki/pki.h"
#include "template/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool known_sample(const void *key, size_t len)
{
    static const char *const samples[] = {"3x@mpl3P5K53cr3tK3y"};

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        if (strlen(samples[i]) == len && memcmp(samples[i], key, len) == 0)
            return true;
    return false;
}

int template_check_psk(const void *key, size_t len, struct signet_error *err)
{
    if (known_sample(key, len))
        return error_set_hint(err, SIGNET_E_MEANING,
                              "leave RID.Security.SecretKey out: each device gets a key of its own",
                              "the key is the sample that everyone knows");
    if (len < 16 || len > 64)
        return error_set(err, SIGNET_E_MEANING, "the key has %zu bytes: 16 to 64 are possible",
                         len);
    return SIGNET_OK;
}

static int check_identity(size_t len, struct signet_error *err)
{
    if (len >= 1 && len <= 128)
        return SIGNET_OK;
    return error_set(err, SIGNET_E_MEANING, "the PSK identity has %zu bytes: 1 to 128 are possible",
                     len);
}

void template_blame(const struct template *f, const struct manifest_row *row,
                    const struct pieces *pieces, const unsigned *column, struct signet_error *err)
{
    size_t i = 0, len;

    if (!row)
        return;
    while (!column && i < pieces->count && pieces->list[i].kind != PIECE_COLUMN)
        i++;
    if (!column && i == pieces->count) {
        error_prefix(err, "%s:%llu", f->manifest, (unsigned long long)row->line);
        return;
    }
    unsigned at = column ? *column : pieces->list[i].column;
    const uint8_t *value = manifest_field(row, at, &len);
    if (f->secret[at]) {
        error_prefix(err, "%s:%llu: %s", f->manifest, (unsigned long long)row->line,
                     f->columns[at]);
        return;
    }
    struct buf safe = {0};
    text_escape(&safe, value, len < 60 ? len : 60);
    error_prefix(err, "%s:%llu: %s '%s%s'", f->manifest, (unsigned long long)row->line,
                 f->columns[at], safe.data ? (const char *)safe.data : "", len > 60 ? "..." : "");
    buf_free(&safe);
}

static int convert(enum signet_type type, const struct buf *text, struct signet_value *out,
                   struct signet_error *err)
{
    const char *from = text->data ? (const char *)text->data : "";
    char *end = NULL;

    out->type = type;
    if (type_differs(type)) {
        out->as.bytes.data = text->data;
        out->as.bytes.len = text->len;
        return SIGNET_OK;
    }
    if (type == SIGNET_TYPE_BOOLEAN) {
        out->as.boolean = strcmp(from, "true") == 0;
        if (out->as.boolean || strcmp(from, "false") == 0)
            return SIGNET_OK;
        return error_set(err, SIGNET_E_MEANING, "is neither true nor false");
    }
    bool digits = text->len > 0 && strspn(from, "-.0123456789") == text->len && text->len < 40;
    if (type == SIGNET_TYPE_FLOAT && digits) {
        out->as.number = strtod(from, &end);
        if (!*end)
            return SIGNET_OK;
    }
    if (type == SIGNET_TYPE_INTEGER && digits && text->len < 19) {
        out->as.integer = strtoll(from, &end, 10);
        if (!*end)
            return SIGNET_OK;
    }
    return error_set(err, SIGNET_E_MEANING, "is no %snumber",
                     type == SIGNET_TYPE_INTEGER ? "whole " : "");
}

static const struct template_account *account_of(const struct template *f,
                                                 const struct template_place *p)
{
    for (size_t i = 0; i < f->account_count; i++)
        if (f->accounts[i].key == p || f->accounts[i].identity == p)
            return &f->accounts[i];
    return NULL;
}

static int fill_place(const struct template *f, const struct template_place *p,
                      const struct placeholder_values *values, struct signet_tree *tree,
                      struct signet_error *err)
{
    const struct template_account *a = account_of(f, p);
    struct signet_value value = {0};
    struct buf text = {0};
    unsigned column = 0;
    bool in_column = false;

    int rc = pieces_expand(&p->pieces, values, &text, &column, err);
    in_column = rc != SIGNET_OK;
    if (rc == SIGNET_OK)
        rc = buf_check(&text, err);
    if (rc == SIGNET_OK && a && a->mode == SIGNET_MODE_PSK)
        rc = a->key == p ? template_check_psk(text.data, text.len, err)
                         : check_identity(text.len, err);
    if (rc == SIGNET_OK)
        rc = convert(p->type, &text, &value, err);
    if (rc != SIGNET_OK)
        template_blame(f, values->row, &p->pieces, in_column ? &column : NULL, err);
    if (rc == SIGNET_OK)
        rc = signet_tree_put(tree, p->path, &value, err);
    buf_free(&text);
    return rc;
}

static int fill_places(const struct template *f, const struct placeholder_values *values,
                       struct signet_tree *tree, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < f->place_count; i++)
        rc = fill_place(f, &f->places[i], values, tree, err);
    return rc;
}

static int put_psk(const struct template *f, const struct template_account *a,
                   struct signet_tree *tree, struct signet_error *err)
{
    struct secret key = {0};
    int rc = psk_mint(&key, f->psk_len, err);

    if (rc == SIGNET_OK)
        rc = security_put(tree, a->iid, RID_SECRET_KEY, key.data, key.len, err);
    secret_wipe(&key);
    return rc;
}

/* A bootstrap and a management account of one device have keys of their own. */
static int put_psks(const struct template *f, const struct placeholder_values *values, bool trial,
                    struct signet_tree *tree, struct signet_error *err)
{
    struct buf identity = {0};
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < f->account_count; i++) {
        const struct template_account *a = &f->accounts[i];

        if (a->mode != SIGNET_MODE_PSK)
            continue;
        if (a->names && !identity.len) {
            rc = pieces_expand(&f->identity, values, &identity, NULL, err);
            if (rc == SIGNET_OK)
                rc = buf_check(&identity, err);
            if (rc == SIGNET_OK)
                rc = check_identity(identity.len, err);
            if (rc != SIGNET_OK)
                template_blame(f, values->row, &f->identity, NULL, err);
        }
        if (rc == SIGNET_OK && a->names)
            rc = security_put(tree, a->iid, RID_IDENTITY, identity.data, identity.len, err);
        if (rc == SIGNET_OK && a->mint && !trial)
            rc = put_psk(f, a, tree, err);
    }
    buf_free(&identity);
    return rc;
}

/* One pair for all of a device's accounts that have none. */
static int put_certs(const struct template *f, const struct source *u,
                     const struct placeholder_values *values, struct signet_tree *tree,
                     struct signet_error *err)
{
    struct signet_bytes cert_der = {0}, key_der = {0};
    struct signet_cert *cert = NULL;
    struct signet_key *key = NULL;
    int rc = f->like && key_is_ec(f->like) ? key_generate_like(&key, f->like, err)
                                           : signet_key_generate(&key, &u->cert, NULL, err);

    if (rc == SIGNET_OK)
        rc = signet_cert_make(&cert, key, &u->cert, values->endpoint, NULL, err);
    if (rc == SIGNET_OK)
        rc = signet_cert_der(cert, &cert_der, err);
    if (rc == SIGNET_OK)
        rc = signet_key_der(key, &key_der, err);
    for (size_t i = 0; rc == SIGNET_OK && i < f->account_count; i++) {
        const struct template_account *a = &f->accounts[i];

        if (!a->mint || !mode_has_certs(a->mode))
            continue;
        rc = security_put(tree, a->iid, RID_IDENTITY, cert_der.data, cert_der.len, err);
        if (rc == SIGNET_OK)
            rc = security_put(tree, a->iid, RID_SECRET_KEY, key_der.data, key_der.len, err);
    }
    signet_bytes_free(&cert_der);
    signet_bytes_free(&key_der);
    signet_cert_free(&cert);
    signet_key_free(&key);
    return rc;
}

/* A sample has the name of another device. */
static void remove_certs(const struct template *f, struct signet_tree *tree)
{
    for (size_t i = 0; i < f->account_count; i++) {
        struct signet_path path = {0, f->accounts[i].iid, RID_IDENTITY, SIGNET_NO_ID};

        if (f->accounts[i].mint && mode_has_certs(f->accounts[i].mode))
            signet_tree_remove(tree, path);
    }
}

/* Certificates that the manifest brings: whole, and with the key that belongs to them. */
static int check_loaded(const struct template *f, const struct placeholder_values *values,
                        const struct signet_tree *tree, struct signet_error *err)
{
    struct signet_account a;
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < f->account_count; i++) {
        if (!f->accounts[i].loads || !signet_tree_account(tree, i, &a))
            continue;
        rc = account_check_certs(tree, &a, NULL, err);
        if (rc != SIGNET_OK)
            template_blame(
                f, values->row,
                &(f->accounts[i].key ? f->accounts[i].key : f->accounts[i].identity)->pieces, NULL,
                err);
    }
    return rc;
}

int template_make(const struct template *f, const struct source *u,
                  const struct placeholder_values *values, bool trial, struct signet_tree **out,
                  struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    int rc = signet_tree_copy(&tree, f->base, err);

    if (rc == SIGNET_OK)
        rc = fill_places(f, values, tree, err);
    if (rc == SIGNET_OK)
        rc = put_psks(f, values, trial, tree, err);
    if (rc == SIGNET_OK && f->mints_certs && trial && !u->cert.common_name &&
        strlen(values->endpoint) > 64)
        rc = error_set(err, SIGNET_E_MEANING,
                       "the name has %zu characters: as common name of a certificate at most 64",
                       strlen(values->endpoint));
    if (rc == SIGNET_OK && f->mints_certs && trial)
        remove_certs(f, tree);
    else if (rc == SIGNET_OK && f->mints_certs)
        rc = put_certs(f, u, values, tree, err);
    if (rc == SIGNET_OK)
        rc = check_loaded(f, values, tree, err);
    if (rc == SIGNET_OK && f->recheck)
        rc = signet_tree_check(tree, 0, NULL, err);
    if (rc != SIGNET_OK)
        signet_tree_free(&tree);
    else
        *out = tree;
    return rc;
}

/* The calls for one device make certificates, put them in place and check the whole. */
static int complete(const struct template *f, const struct source *u,
                    const struct signet_tree *tree, const char *endpoint,
                    const struct signet_observer *observer, struct signet_tree **out,
                    struct signet_error *err)
{
    const struct signet_factory_args args = {.tree = tree,
                                             .endpoint_name = endpoint,
                                             .cert = &u->cert,
                                             .observer = observer,
                                             .flags = SIGNET_FACTORY_NO_FILES};
    struct signet_factory *factory = NULL;
    int rc = signet_factory_new(&factory, &args, err);

    if (rc == SIGNET_OK && signet_factory_uses_certs(factory) && u->server_cert)
        rc = signet_factory_set_server_cert(factory, u->server_cert, err);
    if (rc == SIGNET_OK && f->mints_certs)
        rc = signet_factory_generate_self_signed_cert(factory, err);
    if (rc == SIGNET_OK)
        rc = signet_factory_tree(factory, out, err);
    signet_factory_free(&factory);
    return rc;
}

int template_build(struct template *f, const struct source *u,
                   const struct placeholder_values *values, const struct signet_observer *observer,
                   bool *of_row, struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    int rc = signet_tree_copy(&tree, f->model, err);

    *of_row = true;
    if (rc == SIGNET_OK)
        rc = fill_places(f, values, tree, err);
    if (rc == SIGNET_OK)
        rc = put_psks(f, values, false, tree, err);
    if (rc == SIGNET_OK) {
        *of_row = false;
        rc = complete(f, u, tree, values->endpoint, observer, &f->base, err);
        if (rc == SIGNET_OK && f->mints_certs && !u->cert.rsa_key_len)
            rc = signet_key_generate(&f->like, &u->cert, NULL, err);
    }
    signet_tree_free(&tree);
    return rc;
}
