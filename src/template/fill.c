/* SPDX-License-Identifier: Apache-2.0 */
/* One device, made of the template that was prepared. */
#include "check/check.h"
#include "lwm2m/lwm2m.h"
#include "pki/pki.h"
#include "template/private.h"

#include <stdlib.h>

int template_check_psk(const void *key, size_t len, struct signet_error *err)
{
    if (psk_is_sample(key, len))
        return error_set_hint(err, SIGNET_E_MEANING,
                              "leave RID.Security.SecretKey out: each device gets a key of its own",
                              "the key is the sample that everyone knows");
    if (len < 16 || len > 64)
        return error_set_hint(
            err, SIGNET_E_MEANING,
            len < 16 && len ? "is it whole? 16 bytes are 32 hex digits; {column:hex} reads those"
            : len ? "a key of hex digits is written {column:hex}, of base64 {column:base64}"
                  : "each device has a key in its row; without the column, each gets a new one",
            "the key has %zu bytes: 16 to 64 are possible", len);
    if (memcmp(key, (const char *)key + 1, len - 1) == 0)
        return error_set_hint(err, SIGNET_E_MEANING,
                              "each device has a key of its own; without the column, each gets one",
                              "the key is one byte again and again, which anyone guesses");
    return SIGNET_OK;
}

static int check_identity(size_t len, struct signet_error *err)
{
    if (len >= 1 && len <= 128)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_MEANING,
                          "credentials.identity of the order has its pattern, or the template",
                          "the PSK identity has %zu bytes: 1 to 128 are possible", len);
}

bool template_hides(const struct template *t, size_t column)
{
    const char *name = t->columns[column];

    return t->secret[column] || text_names_secret(name, strlen(name)) || name_is_secret(name);
}

void template_blame(const struct template *t, const struct manifest_row *row,
                    const struct pieces *pieces, int column, struct signet_error *err)
{
    unsigned long long line = row ? row->line : 0;
    size_t len;

    for (size_t i = 0; column < 0 && i < pieces->count; i++)
        if (pieces->list[i].kind == PIECE_COLUMN)
            column = (int)pieces->list[i].column;
    if (row && column < 0) {
        error_prefix(err, "%s:%llu", t->manifest, line);
    } else if (row && template_hides(t, (size_t)column)) {
        error_prefix(err, "%s:%llu: %s", t->manifest, line, t->columns[column]);
    } else if (row) {
        const uint8_t *value = manifest_field(row, (size_t)column, &len);

        error_prefix(err, "%s:%llu: %s '%s%s'", t->manifest, line, t->columns[column],
                     text_shown(value, len, 60), len > 60 ? "..." : "");
    }
}

const struct pieces *template_pieces_of(const struct template *t, const char *msg)
{
    for (size_t i = 0; i < t->place_count; i++) {
        char path[PATH_TEXT_MAX + 2] = "(";

        path_format(t->places[i].path, path + 1);
        strcat(path, ")");
        if (!t->places[i].pieces.fixed && strstr(msg, path))
            return &t->places[i].pieces;
    }
    return NULL;
}

void template_blame_row(const struct template *t, const struct placeholder_values *values,
                        struct signet_error *err)
{
    const struct pieces *pieces = template_pieces_of(t, err->msg);

    if (strncmp(err->msg, t->manifest, strlen(t->manifest)) == 0)
        return;
    if (pieces)
        template_blame(t, values->row, pieces, -1, err);
    else
        error_prefix(err, "%s:%llu: %s", t->manifest, (unsigned long long)values->row->line,
                     values->endpoint);
}

static int text_value(enum signet_type type, const struct buf *text, struct signet_value *out,
                      struct signet_error *err)
{
    const char *from = text->data ? (const char *)text->data : "";
    char *end = NULL;
    int rc = SIGNET_OK;

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
        return error_set_hint(err, SIGNET_E_MEANING, "write one of the two, in small letters",
                              "is neither true nor false");
    }
    bool digits = text->len > 0 && strspn(from, "-.0123456789") == text->len && text->len < 40;
    if (type == SIGNET_TYPE_FLOAT && digits)
        rc = decimal_parse(from, &out->as.number, &end, err);
    else if (digits && text->len < 19)
        out->as.integer = strtoll(from, &end, 10);
    if (rc != SIGNET_OK || (end && !*end))
        return rc;
    return error_set_hint(err, SIGNET_E_MEANING, "write digits alone, without commas and units",
                          "is no %snumber", type == SIGNET_TYPE_INTEGER ? "whole " : "");
}

static const struct template_account *account_of(const struct template *t,
                                                 const struct template_place *p)
{
    for (size_t i = 0; i < t->account_count; i++)
        if (t->accounts[i].key == p || t->accounts[i].identity == p)
            return &t->accounts[i];
    return NULL;
}

static int fill_place(const struct template *t, const struct template_place *p,
                      const struct placeholder_values *values, struct signet_tree *tree,
                      struct signet_error *err)
{
    const struct template_account *a = account_of(t, p);
    struct signet_value value = {0};
    struct buf text = {0};
    int column = -1;
    int rc = pieces_expand(&p->pieces, values, &text, &column, err);
    if (rc == SIGNET_OK && a && a->mode == SIGNET_MODE_PSK)
        rc = a->key == p ? template_check_psk(text.data, text.len, err)
                         : check_identity(text.len, err);
    if (rc == SIGNET_OK)
        rc = text_value(p->type, &text, &value, err);
    if (rc != SIGNET_OK)
        template_blame(t, values->row, &p->pieces, column, err);
    if (rc == SIGNET_OK)
        rc = signet_tree_put(tree, p->path, &value, err);
    buf_free(&text);
    return rc;
}

static int put_psk(const struct template *t, const struct template_account *a,
                   struct signet_tree *tree, struct signet_error *err)
{
    struct secret key = {0};
    int rc = psk_mint(&key, t->psk_len, t->psk_hex, err);

    if (rc == SIGNET_OK)
        rc = security_put(tree, a->iid, RID_SECRET_KEY, key.data, key.len, err);
    secret_wipe(&key);
    return rc;
}

/* A bootstrap and a management account of one device have keys of their own. */
static int put_psks(const struct template *t, const struct placeholder_values *values, bool trial,
                    struct signet_tree *tree, struct signet_error *err)
{
    struct buf identity = {0};
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < t->account_count; i++) {
        const struct template_account *a = &t->accounts[i];

        if (a->mode != SIGNET_MODE_PSK)
            continue;
        if (a->names && !identity.len) {
            rc = pieces_expand(&t->identity, values, &identity, NULL, err);
            if (rc == SIGNET_OK)
                rc = check_identity(identity.len, err);
            if (rc != SIGNET_OK)
                template_blame(t, values->row, &t->identity, -1, err);
        }
        if (rc == SIGNET_OK && a->names)
            rc = security_put(tree, a->iid, RID_IDENTITY, identity.data, identity.len, err);
        if (rc == SIGNET_OK && a->mint && !trial)
            rc = put_psk(t, a, tree, err);
    }
    buf_free(&identity);
    return rc;
}

/* All but certificates. */
static int fill_tree(const struct template *t, const struct placeholder_values *values, bool trial,
                     struct signet_tree *tree, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < t->place_count; i++)
        rc = fill_place(t, &t->places[i], values, tree, err);
    return rc == SIGNET_OK ? put_psks(t, values, trial, tree, err) : rc;
}

static int sign_cert(const struct source *s, const struct signet_key *key,
                     const struct placeholder_values *values, struct signet_cert **out,
                     struct signet_error *err)
{
    const struct signet_authority_subject subject = {
        .endpoint = values->endpoint, .serial = values->hardware, .info = &s->cert};

    return s->authority
               ? signet_authority_sign_key(s->authority, key, &subject, s->cancel, out, NULL, err)
               : signet_cert_make(out, key, &s->cert, values->endpoint, NULL, err);
}

/* One pair for all of a device's accounts that have none. */
static int put_certs(const struct template *t, const struct source *s,
                     const struct placeholder_values *values, struct signet_tree *tree,
                     struct signet_error *err)
{
    struct signet_bytes cert_der = {0}, key_der = {0};
    struct signet_cert *cert = NULL;
    struct signet_key *key = NULL;
    int rc = t->like && key_is_ec(t->like) ? key_generate_like(&key, t->like, err)
                                           : signet_key_generate(&key, &s->cert, NULL, err);

    if (rc == SIGNET_OK)
        rc = sign_cert(s, key, values, &cert, err);
    if (rc == SIGNET_OK)
        rc = signet_cert_der(cert, &cert_der, err);
    if (rc == SIGNET_OK)
        rc = signet_key_der(key, &key_der, err);
    for (size_t i = 0; rc == SIGNET_OK && i < t->account_count; i++) {
        const struct template_account *a = &t->accounts[i];

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

/* A certificate whose key is on the board, where it was made and stays. */
static int put_given_cert(const struct template *t, const struct signet_bytes *cert,
                          struct signet_tree *tree, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < t->account_count; i++) {
        uint16_t iid = t->accounts[i].iid;

        if (!t->accounts[i].mint || !mode_has_certs(t->accounts[i].mode))
            continue;
        rc = security_put(tree, iid, RID_IDENTITY, cert->data, cert->len, err);
        signet_tree_remove(tree, (struct signet_path){0, iid, RID_SECRET_KEY, SIGNET_NO_ID});
    }
    return rc;
}

/* A trial makes none: the sample's have the name of another device. */
static int remove_certs(const struct template *t, const struct source *s,
                        const struct placeholder_values *values, struct signet_tree *tree,
                        struct signet_error *err)
{
    const struct signet_authority_subject subject = {.endpoint = values->endpoint,
                                                     .info = &s->cert};
    size_t len = strlen(values->endpoint);

    if (!s->cert.common_name && len > 64)
        return error_set(err, SIGNET_E_MEANING,
                         "the name has %zu characters: as common name of a certificate at most 64",
                         len);
    int rc = s->authority ? signet_authority_allows(s->authority, &subject, err) : SIGNET_OK;
    if (rc != SIGNET_OK)
        return rc;
    for (size_t i = 0; i < t->account_count; i++)
        if (t->accounts[i].mint && mode_has_certs(t->accounts[i].mode))
            signet_tree_remove(
                tree, (struct signet_path){0, t->accounts[i].iid, RID_IDENTITY, SIGNET_NO_ID});
    return SIGNET_OK;
}

/* Certificates that the manifest brings: whole, and with the key that belongs to them. */
static int check_loaded(const struct template *t, const struct placeholder_values *values,
                        const struct signet_tree *tree, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < t->account_count; i++) {
        const struct template_account *plan = &t->accounts[i];
        const struct template_place *place = plan->key ? plan->key : plan->identity;
        struct signet_account a;

        if (plan->loads && signet_tree_account(tree, i, &a))
            rc = account_check_certs(tree, &a, NULL, err);
        if (rc != SIGNET_OK)
            template_blame(t, values->row, &place->pieces, -1, err);
    }
    return rc;
}

int template_make(const struct template *t, const struct source *s,
                  const struct placeholder_values *values, bool trial,
                  const struct signet_bytes *cert, const struct signet_observer *observer,
                  struct signet_tree **out, struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    int rc = signet_tree_copy(&tree, t->base, err);

    if (rc == SIGNET_OK)
        rc = fill_tree(t, values, trial, tree, err);
    if (rc == SIGNET_OK && t->mints_certs)
        rc = trial  ? remove_certs(t, s, values, tree, err)
             : cert ? put_given_cert(t, cert, tree, err)
                    : put_certs(t, s, values, tree, err);
    if (rc == SIGNET_OK)
        rc = check_loaded(t, values, tree, err);
    if (rc == SIGNET_OK && t->recheck)
        rc = signet_tree_check(tree, 0, observer, err);
    if (rc != SIGNET_OK)
        signet_tree_free(&tree);
    else
        *out = tree;
    return rc;
}

/* The calls for one device make certificates, put them in place and check the whole. */
static int complete_first(const struct template *t, const struct source *s,
                          const struct signet_tree *tree, const char *endpoint,
                          const struct signet_observer *observer, struct signet_tree **out,
                          struct signet_error *err)
{
    const struct signet_factory_args args = {.tree = tree,
                                             .endpoint_name = endpoint,
                                             .cert = &s->cert,
                                             .authority = s->authority,
                                             .observer = observer,
                                             .flags =
                                                 SIGNET_FACTORY_NO_FILES | SIGNET_FACTORY_TRIAL};
    struct signet_factory *factory = NULL;
    int rc = signet_factory_new(&factory, &args, err);

    if (rc == SIGNET_OK && signet_factory_uses_certs(factory) && s->server_cert)
        rc = error_pass(signet_factory_set_server_cert(factory, s->server_cert, err), err,
                        "server_cert '%s'", s->server_cert); /* the order names it */
    if (rc == SIGNET_OK && t->mints_certs)
        rc = signet_factory_generate_self_signed_cert(factory, err);
    if (rc == SIGNET_OK)
        rc = signet_factory_tree(factory, out, err);
    signet_factory_free(&factory);
    return rc;
}

int template_build(struct template *t, const struct source *s,
                   const struct placeholder_values *values, const struct signet_observer *observer,
                   bool *of_row, struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    int rc = signet_tree_copy(&tree, t->model, err);

    if (rc == SIGNET_OK)
        rc = fill_tree(t, values, false, tree, err);
    bool filled = rc == SIGNET_OK;
    if (rc == SIGNET_OK)
        rc = complete_first(t, s, tree, values->endpoint, observer, &t->base, err);
    if (rc == SIGNET_OK && t->mints_certs && !s->cert.rsa_key_len)
        rc = signet_key_generate(&t->like, &s->cert, NULL, err);
    *of_row = rc == SIGNET_OK || !filled;
    signet_tree_free(&tree);
    return rc;
}
