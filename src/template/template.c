/* SPDX-License-Identifier: Apache-2.0 */
/* The template, prepared once: which places differ from device to device, and a complete tree in
 * which only those are changed. */
#include "lwm2m/lwm2m.h"
#include "pki/pki.h"
#include "template/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PSK_LEN = 32, ACCOUNTS_MAX = 1000 };

/* "endpoint_cfg:8:13: /0/1/5 (SecretKey)" */
static void blame_place(const struct signet_record *r, const char *name, struct signet_error *err)
{
    const char *resource = signet_resource_name(r->path.oid, r->path.rid);
    char path[PATH_TEXT_MAX];

    path_format(r->path, path);
    error_prefix(err, "%s:%u:%u: %s%s%s%s", name, r->line, r->column, path, resource ? " (" : "",
                 resource ? resource : "", resource ? ")" : "");
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

        if (!type_differs(r->value.type) || !r->value.as.bytes.len ||
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
        f->recheck = f->recheck || (r->path.oid <= 1 && !credential) ||
                     !type_differs(place->type) || place->type != r->value.type;
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

/* A secret that the template itself holds goes into every device. */
static int check_shared(const struct signet_account *a, bool allowed, struct signet_error *err)
{
    const struct signet_value *key = a->secret_key;

    if (!allowed)
        return error_set_hint(
            err, SIGNET_E_MEANING,
            "leave RID.Security.SecretKey and PKOrIdentity out: each device gets its "
            "own; or say credentials: {shared_secret: true}",
            "/0/%u/5: the template holds a secret key, which all devices would share", a->iid);
    if (a->mode != SIGNET_MODE_PSK || key->type != SIGNET_TYPE_OPAQUE)
        return SIGNET_OK;
    int rc = template_check_psk(key->as.bytes.data, key->as.bytes.len, err);
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
        return error_set_hint(
            err, SIGNET_E_MEANING,
            "leave RID.Security.PKOrIdentity out, or write b'{endpoint:text}'",
            "/0/%u/3: the template holds a PSK identity, which all devices would share", a->iid);
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
    return error_set_hint(err, SIGNET_E_MEANING,
                          "take shared_secret out of the order: each device gets a key of its own",
                          "the secret is to be shared, but the template holds none");
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
