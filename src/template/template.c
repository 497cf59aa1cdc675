/* SPDX-License-Identifier: Apache-2.0 */
/* The template, prepared once: which places differ from device to device, and a complete tree in
 * which only those are changed. */
#include "lwm2m/lwm2m.h"
#include "pki/pki.h"
#include "template/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* /0/x/3, /0/x/5 (LwM2M Core 1.2, Appendix E.1) */
enum { RID_IDENTITY = 3, RID_SECRET_KEY = 5, PSK_LEN = 32, ACCOUNTS_MAX = 1000 };

/* "endpoint_cfg:8:13: /0/1/5 (SecretKey)" */
static void blame_place(const struct signet_record *r, const char *name, struct signet_error *err)
{
    const char *resource = signet_resource_name(r->path.oid, r->path.rid);
    char path[PATH_TEXT_MAX];

    path_format(r->path, path);
    error_prefix(err, "%s:%u:%u: %s%s%s%s", name, r->line, r->column, path, resource ? " (" : "",
                 resource ? resource : "", resource ? ")" : "");
}

static bool differs(enum signet_type type)
{
    return type == SIGNET_TYPE_STRING || type == SIGNET_TYPE_OPAQUE;
}

/* Text in a place that takes a number, a truth or a time becomes one. */
static enum signet_type type_of(const struct signet_record *r)
{
    enum signet_type want = signet_resource_type(r->path.oid, r->path.rid);

    if (r->value.type == SIGNET_TYPE_OPAQUE)
        return SIGNET_TYPE_OPAQUE;
    switch (want) {
    case SIGNET_TYPE_INTEGER:
    case SIGNET_TYPE_UNSIGNED:
    case SIGNET_TYPE_TIME:
        return SIGNET_TYPE_INTEGER;
    case SIGNET_TYPE_BOOLEAN:
    case SIGNET_TYPE_FLOAT:
        return want;
    default:
        return SIGNET_TYPE_STRING;
    }
}

static void keep_secret(struct template *f, const struct pieces *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->list[i].kind == PIECE_COLUMN)
            f->secret[p->list[i].column] = true;
}

static int compile_places(struct template *f, const char *name,
                          const struct placeholder_names *known, struct signet_error *err)
{
    size_t count = signet_tree_count(f->model);

    f->places = calloc(count ? count : 1, sizeof(*f->places));
    if (!f->places)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        const struct signet_record *r = signet_tree_at(f->model, i);
        struct template_place *place = &f->places[f->place_count];
        bool bytes = r->value.type == SIGNET_TYPE_OPAQUE;

        if (!differs(r->value.type) || !r->value.as.bytes.len ||
            (!memchr(r->value.as.bytes.data, '{', r->value.as.bytes.len) &&
             !memchr(r->value.as.bytes.data, '}', r->value.as.bytes.len)))
            continue;
        int rc = pieces_compile(&place->pieces, r->value.as.bytes.data, r->value.as.bytes.len,
                                bytes, known, err);
        if (rc != SIGNET_OK) {
            blame_place(r, name, err);
            return rc;
        }
        place->path = r->path;
        place->type = type_of(r);
        f->place_count++;
        if (bytes || signet_resource_is_secret(r->path.oid, r->path.rid))
            keep_secret(f, &place->pieces);
        bool credential = r->path.oid == 0 && bytes &&
                          (r->path.rid == RID_IDENTITY || r->path.rid == RID_SECRET_KEY);
        f->recheck = f->recheck || (r->path.oid <= 1 && !credential) || !differs(place->type) ||
                     place->type != r->value.type;
    }
    return SIGNET_OK;
}

static const struct template_place *place_at(const struct template *f, uint16_t iid, uint16_t rid)
{
    for (size_t i = 0; i < f->place_count; i++) {
        const struct signet_path *p = &f->places[i].path;

        if (p->oid == 0 && p->iid == iid && p->rid == rid && !f->places[i].pieces.fixed)
            return &f->places[i];
    }
    return NULL;
}

static bool known_sample(const void *key, size_t len)
{
    static const char *const samples[] = {"3x@mpl3P5K53cr3tK3y"};

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        if (strlen(samples[i]) == len && memcmp(samples[i], key, len) == 0)
            return true;
    return false;
}

static int check_psk(const void *key, size_t len, struct signet_error *err)
{
    if (known_sample(key, len)) {
        error_set(err, SIGNET_E_MEANING, "the key is the sample that everyone knows");
        error_hint(err, "leave RID.Security.SecretKey out: each device gets a key of its own");
        return SIGNET_E_MEANING;
    }
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

/* A secret that the template itself holds goes into every device. */
static int check_shared(const struct signet_account *a, bool allowed, struct signet_error *err)
{
    const struct signet_value *key = a->secret_key;

    if (!allowed) {
        error_set(err, SIGNET_E_MEANING,
                  "/0/%u/5: the template holds a secret key, which all devices would share",
                  a->iid);
        error_hint(err, "leave RID.Security.SecretKey and PKOrIdentity out: each device gets its "
                        "own; or say credentials: {shared_secret: true}");
        return SIGNET_E_MEANING;
    }
    if (a->mode != SIGNET_MODE_PSK || key->type != SIGNET_TYPE_OPAQUE)
        return SIGNET_OK;
    int rc = check_psk(key->as.bytes.data, key->as.bytes.len, err);
    if (rc != SIGNET_OK)
        error_prefix(err, "/0/%u/5", a->iid);
    return rc;
}

/* Where each account's credentials come from. *shared: one has them in the template. */
static int plan_account(const struct template *f, const struct signet_account *a, bool may_share,
                        bool *shared, struct template_account *out, struct signet_error *err)
{
    *out = (struct template_account){.iid = a->iid,
                                     .mode = a->mode,
                                     .key = place_at(f, a->iid, RID_SECRET_KEY),
                                     .identity = place_at(f, a->iid, RID_IDENTITY)};
    bool fixed_key = a->secret_key && !out->key;
    bool fixed_identity = a->identity && !out->identity;

    *shared = *shared || fixed_key;
    if (fixed_key) {
        int rc = check_shared(a, may_share, err);
        if (rc != SIGNET_OK)
            return rc;
    }
    if (a->mode == SIGNET_MODE_PSK) {
        out->mint = !a->secret_key;
        out->names = !a->identity;
        if (!fixed_identity || may_share)
            return SIGNET_OK;
        error_set(err, SIGNET_E_MEANING,
                  "/0/%u/3: the template holds a PSK identity, which all devices would share",
                  a->iid);
        error_hint(err, "leave RID.Security.PKOrIdentity out, or write b'{endpoint:text}'");
        return SIGNET_E_MEANING;
    }
    if (!mode_has_certs(a->mode))
        return SIGNET_OK;
    if (!a->secret_key != !a->identity)
        return error_set(err, SIGNET_E_MEANING, "/0/%u: the device has no %s for its %s", a->iid,
                         a->identity ? "private key" : "certificate",
                         a->identity ? "certificate" : "private key");
    out->mint = !a->secret_key;
    out->loads = out->key || out->identity;
    return SIGNET_OK;
}

static int plan_accounts(struct template *f, const struct source_options *o,
                         struct signet_error *err)
{
    size_t count = signet_tree_account_count(f->model);
    bool may_share = o->shared_secret || o->count == 1, shared = false;
    struct signet_account a, main = {0};

    if (count > ACCOUNTS_MAX)
        return error_set(err, SIGNET_E_LIMIT, "more than %d Security instances", ACCOUNTS_MAX);
    f->accounts = calloc(count ? count : 1, sizeof(*f->accounts));
    if (!f->accounts)
        return error_nomem(err);
    account_main(f->model, &main);
    for (size_t i = 0; signet_tree_account(f->model, i, &a); i++) {
        struct template_account *plan = &f->accounts[f->account_count++];
        int rc = plan_account(f, &a, may_share, &shared, plan, err);

        if (rc != SIGNET_OK)
            return rc;
        f->mints_certs = f->mints_certs || (plan->mint && mode_has_certs(a.mode));
        if (a.iid == main.iid) {
            f->shares_key = a.secret_key && !plan->key;
            f->shares_identity = a.identity && !plan->identity;
        }
    }
    if (!o->shared_secret || shared)
        return SIGNET_OK;
    error_set(err, SIGNET_E_MEANING, "the secret is to be shared, but the template holds none");
    error_hint(err, "take shared_secret out of the order: each device gets a key of its own");
    return SIGNET_E_MEANING;
}

int template_open(struct template *f, const struct source_options *o, const struct names *names,
                  struct signet_error *err)
{
    struct placeholder_names known = {.no_serial = !names->pattern.list};
    const char *identity = o->identity ? o->identity : "{endpoint}";
    const char *name = o->model_name ? o->model_name : "template";
    int rc = signet_tree_copy(&f->model, o->model, err);

    if (names->manifest) {
        known.columns = f->columns = manifest_columns(names->manifest, &known.count);
        known.manifest = f->manifest = manifest_path(names->manifest);
    }
    f->psk_len = o->psk_len ? o->psk_len : PSK_LEN;
    if (rc == SIGNET_OK && (f->psk_len < 16 || f->psk_len > 64))
        rc = error_set(err, SIGNET_E_USAGE, "a PSK has 16 to 64 bytes");
    if (rc != SIGNET_OK)
        return rc;
    rc = compile_places(f, name, &known, err);
    if (rc != SIGNET_OK)
        return rc;
    rc = plan_accounts(f, o, err);
    if (rc != SIGNET_OK) {
        error_prefix(err, "%s", name);
        return rc;
    }
    rc = pieces_compile(&f->identity, identity, strlen(identity), false, &known, err);
    if (rc == SIGNET_OK && f->identity.fixed && o->count != 1 && !o->shared_secret)
        rc = error_set(err, SIGNET_E_MEANING, "all devices would have the identity '%.80s'",
                       identity);
    if (rc != SIGNET_OK)
        error_prefix(err, "credentials.identity");
    return rc;
}

void template_close(struct template *f)
{
    for (size_t i = 0; i < f->place_count; i++)
        pieces_free(&f->places[i].pieces);
    pieces_free(&f->identity);
    free(f->places);
    free(f->accounts);
    signet_tree_free(&f->model);
    signet_tree_free(&f->base);
    signet_key_free(&f->like);
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

static int put(struct signet_tree *tree, uint16_t iid, uint16_t rid, const void *data, size_t len,
               struct signet_error *err)
{
    const struct signet_path path = {.oid = 0, .iid = iid, .rid = rid, .riid = SIGNET_NO_ID};
    struct signet_value value = {.type = SIGNET_TYPE_OPAQUE};

    value.as.bytes.data = data;
    value.as.bytes.len = len;
    return signet_tree_put(tree, path, &value, err);
}

static int convert(enum signet_type type, const struct buf *text, struct signet_value *out,
                   struct signet_error *err)
{
    const char *from = text->data ? (const char *)text->data : "";
    char *end = NULL;

    out->type = type;
    if (differs(type)) {
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
        rc = a->key == p ? check_psk(text.data, text.len, err) : check_identity(text.len, err);
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
        rc = put(tree, a->iid, RID_SECRET_KEY, key.data, key.len, err);
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
            rc = put(tree, a->iid, RID_IDENTITY, identity.data, identity.len, err);
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
        rc = put(tree, a->iid, RID_IDENTITY, cert_der.data, cert_der.len, err);
        if (rc == SIGNET_OK)
            rc = put(tree, a->iid, RID_SECRET_KEY, key_der.data, key_der.len, err);
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

/* The story of one device makes certificates, puts them in place and checks the whole. */
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
