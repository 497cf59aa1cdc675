/* SPDX-License-Identifier: Apache-2.0 */
/* The template, prepared once: which places differ from device to device, and a complete tree in
 * which only those are changed. */
#include "lwm2m/lwm2m.h"
#include "pki/pki.h"
#include "template/private.h"

#include <stdlib.h>

enum { ACCOUNTS_MAX = 1000 };

/* "endpoint_cfg:8:13: /0/1/5 (SecretKey)" */
static void blame_record(const struct signet_tree *tree, const struct signet_record *r,
                         struct signet_error *err)
{
    const char *resource = resource_name(signet_tree_objects(tree), r->path.oid, r->path.rid);
    char path[PATH_TEXT_MAX];

    path_format(r->path, path);
    error_prefix(err, "%s%s%s%s", path, resource ? " (" : "", resource ? resource : "",
                 resource ? ")" : "");
    tree_blame(tree, r->path, err);
}

/* Text in a place that takes a number, a truth or a time becomes one. */
static enum signet_type type_of(const struct signet_record *r,
                                const struct signet_resource *resource)
{
    enum signet_type want = resource ? (enum signet_type)resource->type : SIGNET_TYPE_NONE;

    if (r->value.type == SIGNET_TYPE_OPAQUE)
        return SIGNET_TYPE_OPAQUE;
    if (want == SIGNET_TYPE_INTEGER || want == SIGNET_TYPE_UNSIGNED || want == SIGNET_TYPE_TIME)
        return SIGNET_TYPE_INTEGER;
    return want == SIGNET_TYPE_BOOLEAN || want == SIGNET_TYPE_FLOAT ? want : SIGNET_TYPE_STRING;
}

/* Whether the value is a text or bytes with a brace in it. */
static bool has_brace(const struct signet_value *v)
{
    return type_differs(v->type) && v->as.bytes.len &&
           (memchr(v->as.bytes.data, '{', v->as.bytes.len) ||
            memchr(v->as.bytes.data, '}', v->as.bytes.len));
}

static int compile_place(struct template *t, const struct signet_record *r,
                         const struct placeholder_names *known, struct signet_error *err)
{
    struct template_place *place = &t->places[t->place_count];
    const struct signet_objects *objects = signet_tree_objects(t->model);
    const struct signet_resource *resource =
        signet_resource_find(objects, r->path.oid, r->path.rid);
    bool bytes = r->value.type == SIGNET_TYPE_OPAQUE;
    bool credential =
        r->path.oid == 0 && bytes && (r->path.rid == RID_IDENTITY || r->path.rid == RID_SECRET_KEY);
    int rc = pieces_compile(&place->pieces, r->value.as.bytes.data, r->value.as.bytes.len, bytes,
                            known, err);

    if (rc != SIGNET_OK)
        return rc;
    place->path = r->path;
    place->type = type_of(r, resource);
    t->place_count++;
    for (size_t i = 0; i < place->pieces.count; i++)
        if (place->pieces.list[i].kind == PIECE_COLUMN &&
            (bytes || resource_is_secret(objects, r->path.oid, r->path.rid)))
            t->secret[place->pieces.list[i].column] = true;
    t->recheck = t->recheck || (r->path.oid <= 1 && !credential) || !type_differs(place->type) ||
                 place->type != r->value.type || (resource && *resource->range);
    return SIGNET_OK;
}

static int compile_places(struct template *t, const struct placeholder_names *known,
                          struct signet_error *err)
{
    size_t count = signet_tree_count(t->model);
    int rc = SIGNET_OK;

    t->places = calloc(count + 1, sizeof(*t->places));
    if (!t->places)
        return error_nomem(err);
    for (size_t i = 0; rc == SIGNET_OK && i < count; i++) {
        const struct signet_record *r = signet_tree_at(t->model, i);

        if (has_brace(&r->value))
            rc = compile_place(t, r, known, err);
        if (rc != SIGNET_OK)
            blame_record(t->model, r, err);
    }
    return rc;
}

static const struct template_place *place_at(const struct template *t, uint16_t iid, uint16_t rid)
{
    for (size_t i = 0; i < t->place_count; i++) {
        const struct signet_path *p = &t->places[i].path;

        if (p->oid == 0 && p->iid == iid && p->rid == rid && !t->places[i].pieces.fixed)
            return &t->places[i];
    }
    return NULL;
}

/* The finding is about a resource of the account. */
static int blame_account(int rc, const struct template *t, const struct signet_account *a,
                         uint16_t rid, struct signet_error *err)
{
    if (rc != SIGNET_OK)
        tree_blame(t->model, (struct signet_path){0, a->iid, rid, SIGNET_NO_ID}, err);
    return rc;
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
    return error_pass(rc, err, "/0/%u/5", a->iid);
}

/* Certificate and key are both there, or both made. */
static int plan_certs(const struct signet_account *a, struct template_account *out,
                      struct signet_error *err)
{
    if (!a->secret_key != !a->identity)
        return error_set(err, SIGNET_E_MEANING, "/0/%u: the device has no %s for its %s", a->iid,
                         a->identity ? "private key" : "certificate",
                         a->identity ? "certificate" : "private key");
    out->mint = !a->secret_key;
    out->loads = out->key || out->identity;
    return SIGNET_OK;
}

/* Where an account's credentials come from. */
static int plan_account(const struct template *t, const struct signet_account *a, bool may_share,
                        struct template_account *out, struct signet_error *err)
{
    *out = (struct template_account){.iid = a->iid,
                                     .mode = a->mode,
                                     .key = place_at(t, a->iid, RID_SECRET_KEY),
                                     .identity = place_at(t, a->iid, RID_IDENTITY)};
    int rc = a->secret_key && !out->key ? check_shared(a, may_share, err) : SIGNET_OK;

    if (rc != SIGNET_OK)
        return blame_account(rc, t, a, RID_SECRET_KEY, err);
    if (mode_has_certs(a->mode))
        return blame_account(plan_certs(a, out, err), t, a,
                             a->identity ? RID_IDENTITY : RID_SECRET_KEY, err);
    if (a->mode != SIGNET_MODE_PSK)
        return SIGNET_OK;
    out->mint = !a->secret_key;
    out->names = !a->identity;
    if (out->names || out->identity || may_share)
        return SIGNET_OK;
    rc = error_set_hint(
        err, SIGNET_E_MEANING, "leave RID.Security.PKOrIdentity out, or write b'{endpoint:text}'",
        "/0/%u/3: the template holds a PSK identity, which all devices would share", a->iid);
    return blame_account(rc, t, a, RID_IDENTITY, err);
}

static int plan_accounts(struct template *t, const struct source_options *o,
                         struct signet_error *err)
{
    size_t count = signet_tree_account_count(t->model);
    bool may_share = o->shared_secret || o->count == 1, shared = false;
    struct signet_account a, main = {0};

    if (count > ACCOUNTS_MAX)
        return error_set(err, SIGNET_E_LIMIT, "more than %d Security instances", ACCOUNTS_MAX);
    t->accounts = calloc(count + 1, sizeof(*t->accounts));
    if (!t->accounts)
        return error_nomem(err);
    account_main(t->model, &main);
    for (size_t i = 0; signet_tree_account(t->model, i, &a); i++) {
        struct template_account *plan = &t->accounts[t->account_count++];
        int rc = plan_account(t, &a, may_share, plan, err);

        if (rc != SIGNET_OK)
            return rc;
        shared = shared || (a.secret_key && !plan->key);
        t->mints_certs = t->mints_certs || (plan->mint && mode_has_certs(a.mode));
        if (a.iid == main.iid) {
            t->shares_key = a.secret_key && !plan->key;
            t->shares_identity = a.identity && !plan->identity;
        }
    }
    if (!o->shared_secret || shared)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_MEANING,
                          "take shared_secret out of the order: each device gets a key of its own",
                          "the secret is to be shared, but the template holds none");
}

static int compile_identity(struct template *t, const struct source_options *o,
                            const struct placeholder_names *known, struct signet_error *err)
{
    int rc = pieces_compile(&t->identity, o->identity, strlen(o->identity), false, known, err);

    if (rc == SIGNET_OK && t->identity.fixed && o->count != 1 && !o->shared_secret)
        rc = error_set_hint(err, SIGNET_E_MEANING,
                            "put {endpoint}, {serial} or a {column} of the manifest into it",
                            "all devices would have the identity '%.80s'", o->identity);
    return error_pass(rc, err, "credentials.identity '%.80s'", o->identity);
}

static void mark_columns(const struct pieces *pieces, bool *used)
{
    for (size_t i = 0; i < pieces->count; i++)
        if (pieces->list[i].kind == PIECE_COLUMN)
            used[pieces->list[i].column] = true;
}

/* Each column goes somewhere, and is no secret there. What a column holds that goes nowhere, nobody
 * knows. */
static bool holds_no_secret(const struct template *t, const struct pieces *pattern, size_t columns)
{
    bool used[MANIFEST_COLUMNS_MAX] = {false};

    mark_columns(pattern, used);
    mark_columns(&t->identity, used);
    for (size_t i = 0; i < t->place_count; i++)
        mark_columns(&t->places[i].pieces, used);
    while (columns > 0 && used[columns - 1] && !template_hides(t, columns - 1))
        columns--;
    return columns == 0;
}

int template_open(struct template *t, const struct source_options *o, const struct names *names,
                  struct signet_error *err)
{
    const struct placeholder_names known = names_known(names, false, !names->pattern.list);
    int rc = signet_tree_copy(&t->model, o->model, err);

    t->columns = known.columns;
    t->manifest = known.manifest;
    t->psk_len = o->psk_len;
    t->psk_hex = o->psk_hex;
    if (rc == SIGNET_OK)
        rc = compile_places(t, &known, err);
    if (rc != SIGNET_OK)
        return rc;
    rc = plan_accounts(t, o, err);
    if (rc != SIGNET_OK && err)
        template_name(o->model_name, err);
    if (rc == SIGNET_OK)
        rc = compile_identity(t, o, &known, err);
    if (rc == SIGNET_OK && names->manifest && holds_no_secret(t, &names->pattern, known.count))
        manifest_show_rows(names->manifest);
    return rc;
}

void template_name(const char *name, struct signet_error *err)
{
    if (strncmp(err->msg, name, strlen(name)) != 0)
        error_prefix(err, "%s", name);
}

void template_close(struct template *t)
{
    for (size_t i = 0; i < t->place_count; i++)
        pieces_free(&t->places[i].pieces);
    pieces_free(&t->identity);
    free(t->places);
    free(t->accounts);
    signet_tree_free(&t->model);
    signet_tree_free(&t->base);
    signet_key_free(&t->like);
}
