/* SPDX-License-Identifier: Apache-2.0 */
/* Every device on trial, before the first one is made: what is wrong with a template or a row shows
 * before a board is touched. All bad rows are told, not only the first. */
#include "pki/pki.h"
#include "template/private.h"

#include <string.h>

enum { TOLD_MAX = 100 };

struct trial {
    struct source *u;
    const struct source_options *options;
    struct sha256 hash;
    uint64_t bad;
    struct signet_error first; /* of the bad */
};

static void send(const struct trial *t, const struct signet_error *why)
{
    const struct signet_event event = {
        .kind = SIGNET_EVENT_ERROR, .stage = "manifest", .error = why};

    event_send(t->options->observer, &event);
}

/* One alone is what signet_units_open() fails with: it is told then. */
static void tell(void *ctx, const struct signet_error *why)
{
    struct trial *t = ctx;

    if (t->bad++ == 0) {
        t->first = *why;
        return;
    }
    if (t->bad == 2)
        send(t, &t->first);
    if (t->bad <= TOLD_MAX)
        send(t, why);
}

/* Is what comes out right, and would the servers take it? */
static int try_values(struct trial *t, const struct placeholder_values *values,
                      struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    int rc = template_make(&t->u->template, t->u, values, true, &tree, err);

    if (rc == SIGNET_OK && t->options->accept) {
        struct signet_device device;

        device_describe(&device, tree, values->endpoint);
        rc = t->options->accept(t->options->accept_ctx, &device, err);
    }
    signet_tree_free(&tree);
    return rc;
}

/* The first device that can be made makes the form; a template that cannot be one is the end. */
static int build(struct trial *t, const struct placeholder_values *values, bool *of_row,
                 struct signet_error *err)
{
    *of_row = true;
    if (t->u->template.base)
        return SIGNET_OK;
    return template_build(&t->u->template, t->u, values, t->options->observer, of_row, err);
}

static const char *model_name(const struct trial *t)
{
    return t->options->model_name ? t->options->model_name : "template";
}

static int try_row(void *ctx, const struct manifest_row *row, const struct signet_error *bad,
                   struct signet_error *err)
{
    struct trial *t = ctx;
    struct names *n = &t->u->names;
    char endpoint[152];
    const struct placeholder_values values = {
        .row = row, .endpoint = endpoint, .serial = n->first + row->index};
    struct signet_error why = {0};
    bool of_row = true;

    if (bad) {
        tell(t, bad);
        return SIGNET_OK;
    }
    int rc = names_expand(n, row, row->index, endpoint, &why);
    if (rc != SIGNET_OK) {
        template_blame(&t->u->template, row, &n->pattern, NULL, &why);
        tell(t, &why);
        return SIGNET_OK;
    }
    rc = duplicates_check(t->u, row, tell, t, err);
    if (rc != SIGNET_OK)
        return rc;
    rc = build(t, &values, &of_row, &why);
    if (rc != SIGNET_OK && !of_row) {
        error_prefix(&why, "%s, with the values of %s:%llu", model_name(t),
                     manifest_path(n->manifest), (unsigned long long)row->line);
        if (err)
            *err = why;
        return rc;
    }
    if (rc == SIGNET_OK)
        rc = try_values(t, &values, &why);
    if (rc == SIGNET_E_NOMEM)
        return error_nomem(err);
    if (rc != SIGNET_OK) {
        size_t len = strlen(manifest_path(n->manifest));
        if (strncmp(why.msg, manifest_path(n->manifest), len) != 0) /* nobody said where */
            error_prefix(&why, "%s:%llu: %s", manifest_path(n->manifest),
                         (unsigned long long)row->line, endpoint);
        tell(t, &why);
    }
    return SIGNET_OK;
}

static int hash_bytes(void *ctx, const void *data, size_t len, struct signet_error *err)
{
    struct trial *t = ctx;

    return sha256_add(&t->hash, data, len, err);
}

static int learn_row(void *ctx, const struct manifest_row *row, const struct signet_error *bad,
                     struct signet_error *err)
{
    (void)ctx;
    (void)row;
    (void)bad;
    (void)err;
    return SIGNET_OK;
}

static int sum_up(const struct trial *t, struct signet_error *err)
{
    if (t->bad == 0)
        return SIGNET_OK;
    error_set(err, t->first.code, "%s", t->first.msg);
    if (t->first.hint[0])
        error_hint(err, "%s", t->first.hint);
    if (t->bad > TOLD_MAX)
        error_prefix(err, "%llu rows are bad, %llu more than were told; the first",
                     (unsigned long long)t->bad, (unsigned long long)t->bad - TOLD_MAX);
    else if (t->bad > 1)
        error_prefix(err, "%llu rows are bad; the first", (unsigned long long)t->bad);
    return (int)t->first.code;
}

/* Of good rows, against the quota. */
static int check_count(const struct trial *t, struct signet_error *err)
{
    const struct names *n = &t->u->names;
    int64_t rows = manifest_count(n->manifest), quota = t->options->count;

    if (rows == 0)
        return error_set(err, SIGNET_E_MEANING, "%s has a header and no rows",
                         manifest_path(n->manifest));
    if (rows < quota)
        return error_set_hint(err, SIGNET_E_MEANING, "a quota is at most the number of rows",
                              "%s has %lld rows, the quota is %lld", manifest_path(n->manifest),
                              (long long)rows, (long long)quota);
    if (quota > 0 && rows > quota) {
        struct signet_error note = {0};
        error_set(&note, SIGNET_OK, "%s has %lld rows, the quota is %lld: the rest is not made",
                  manifest_path(n->manifest), (long long)rows, (long long)quota);
        event_warn(t->options->observer, &note);
    }
    return SIGNET_OK;
}

static int try_manifest(struct trial *t, struct signet_error *err)
{
    struct names *n = &t->u->names;
    const struct manifest_visitor visitor = {
        .on_row = t->options->names_only ? learn_row : try_row, .on_bytes = hash_bytes, .ctx = t};
    struct signet_error why = {0};
    uint8_t digest[32];
    int rc = sha256_begin(&t->hash, err);

    if (rc != SIGNET_OK)
        return rc;
    rc = manifest_scan(n->manifest, &visitor, &why);
    if (rc == SIGNET_OK)
        rc = sha256_end(&t->hash, digest, &why);
    sha256_drop(&t->hash);
    if (rc == SIGNET_OK) {
        hex_encode(digest, sizeof(digest), t->u->manifest_sha256);
        n->count = manifest_count(n->manifest);
    } else if (t->bad > 0 && (rc == SIGNET_E_SYNTAX || rc == SIGNET_E_LIMIT)) {
        tell(t, &why); /* the rest of the file cannot be read */
        return sum_up(t, err);
    } else {
        if (err)
            *err = why;
        return rc;
    }
    if (t->options->names_only)
        return SIGNET_OK;
    rc = sum_up(t, err);
    return rc == SIGNET_OK ? check_count(t, err) : rc;
}

static int try_one(struct trial *t, const char *endpoint, int64_t index, struct signet_error *err)
{
    const struct placeholder_values values = {.endpoint = endpoint,
                                              .serial = t->u->names.first + index};
    bool of_row;
    int rc = build(t, &values, &of_row, err);

    if (rc == SIGNET_OK)
        rc = try_values(t, &values, err);
    if (rc != SIGNET_OK)
        error_prefix(err, "%s", model_name(t));
    return rc;
}

int preflight_run(struct source *u, const struct source_options *options, struct signet_error *err)
{
    struct trial t = {.u = u, .options = options};
    const struct names *n = &u->names;
    char endpoint[152] = "urn:dev:os:signet-rehearsal";
    int rc = SIGNET_OK;

    if (n->manifest)
        return try_manifest(&t, err);
    if (options->names_only)
        return SIGNET_OK;
    if (!n->pattern.list)
        return try_one(&t, endpoint, 0, err);
    for (int i = 0; rc == SIGNET_OK && i < 2; i++) { /* the last name is the longest */
        int64_t index = i == 0 ? 0 : n->count - 1;
        rc = names_expand(n, NULL, index, endpoint, err);
        if (rc == SIGNET_OK)
            rc = try_one(&t, endpoint, index, err);
    }
    return rc;
}
