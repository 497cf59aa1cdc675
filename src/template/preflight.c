/* SPDX-License-Identifier: Apache-2.0 */
/* Every device on trial, before the first one is made: what is wrong with a template or a row shows
 * before a board is touched. All bad rows are reported, not only the first. */
#include "pki/pki.h"
#include "template/private.h"

struct trial {
    struct source *s;
    const struct source_options *options;
    struct sha256 hash;
    uint64_t bad;              /* rows */
    bool row_bad;              /* the one that is on trial: what else is wrong with it may follow */
    struct signet_error first; /* of the bad */
    struct row_doubts doubts;
};

static void send_error(const struct trial *t, const struct signet_error *why)
{
    const struct signet_event event = {
        .kind = SIGNET_EVENT_ERROR, .stage = "manifest", .error = why};

    event_send(t->options->observer, &event);
}

/* The first fault of a row. One alone is what source_open() fails with, and is no event. */
static void report_row(void *ctx, const struct signet_error *why)
{
    struct trial *t = ctx;
    struct signet_error shown = *why;

    if (t->row_bad || (t->row_bad = true, ++t->bad > REPORTED_MAX))
        return;
    manifest_excerpt(t->s->names.manifest, &shown);
    if (t->bad == 1)
        t->first = shown;
    if (t->bad == 2)
        send_error(t, &t->first);
    if (t->bad > 1)
        send_error(t, &shown);
}

/* Would the servers take it? */
static int try_servers(const struct trial *t, const struct signet_tree *tree, const char *endpoint,
                       struct signet_error *err)
{
    struct signet_device device;

    if (!t->options->accept)
        return SIGNET_OK;
    device_describe(&device, tree, endpoint);
    return t->options->accept(t->options->accept_ctx, &device, err);
}

/* What the first row completes is suspicious: by the row's fault, or by the template's. */
static void take_of_first(void *ctx, const struct signet_event *event)
{
    struct trial *t = ctx;
    bool of_row = event->kind == SIGNET_EVENT_WARNING && t->doubts.values->row &&
                  template_pieces_of(&t->s->template, event->error->msg);

    if (of_row)
        row_doubts_take(&t->doubts, event);
    else
        event_send(t->options->observer, event);
}

/* first: what is suspicious of it was told when the template was completed. */
static int try_values(struct trial *t, const struct placeholder_values *values, bool first,
                      struct signet_error *err)
{
    const struct signet_observer of_row = {.on_event = row_doubts_take, .ctx = &t->doubts};
    struct signet_tree *tree = NULL;

    int rc = template_make(&t->s->template, t->s, values, true, NULL,
                           values->row && !first ? &of_row : NULL, &tree, err);
    if (rc == SIGNET_OK)
        row_doubts_key(&t->doubts, tree);
    if (rc == SIGNET_OK)
        rc = try_servers(t, tree, values->endpoint, err);
    signet_tree_free(&tree);
    return rc;
}

/* The first device that can be made completes the template; one that cannot be completed is the
 * end: *of_row false. Only it has a certificate on trial, as those that are made for all have. */
static int try_device(struct trial *t, const struct placeholder_values *values, bool *of_row,
                      struct signet_error *err)
{
    struct template *template = &t->s->template;
    const struct signet_observer of_first = {.on_event = take_of_first, .ctx = t};
    bool first = !template->base;
    int rc = SIGNET_OK;

    t->doubts.values = values;
    t->doubts.first = first;
    *of_row = true;
    if (first) {
        rc = template_build(template, t->s, values, &of_first, of_row, err);
        if (rc == SIGNET_OK && template->mints_certs)
            rc = try_servers(t, template->base, values->endpoint, err);
    }
    return rc == SIGNET_OK ? try_values(t, values, first, err) : rc;
}

static int try_good_row(struct trial *t, const struct placeholder_values *values,
                        struct signet_error *err)
{
    const struct template *template = &t->s->template;
    struct signet_error why = {0};
    bool of_row;
    int rc = try_device(t, values, &of_row, &why);

    if (rc == SIGNET_E_NOMEM)
        return error_nomem(err);
    if (rc != SIGNET_OK && !of_row) {
        template_name(t->options->model_name, &why);
        error_prefix(&why, "with the values of %s:%llu", template->manifest,
                     (unsigned long long)values->row->line);
        return error_copy(err, &why);
    }
    if (rc != SIGNET_OK) {
        template_blame_row(template, values, &why);
        report_row(t, &why);
    }
    return SIGNET_OK;
}

static void report_duplicate(void *ctx, const struct signet_error *why)
{
    struct signet_error note = *why;

    if (why->code == SIGNET_OK)
        row_doubts_tell(&((struct trial *)ctx)->doubts, &note);
    else
        report_row(ctx, why);
}

static int check_code(struct trial *t, const struct manifest_row *row, struct signet_error *why)
{
    const struct source_options *o = t->options;
    size_t len = 0;
    const char *code = t->s->names.code ? names_code(&t->s->names, row, &len) : NULL;
    int rc = code && o->code_fits ? o->code_fits(o->code_rules, code, len, why) : SIGNET_OK;

    return error_pass(rc, why, "%s:%llu: %s", t->s->template.manifest,
                      (unsigned long long)row->line, t->s->names.code);
}

static int check_golden_name(const struct trial *t, const struct manifest_row *row,
                             const char *endpoint, struct signet_error *why)
{
    const char *golden = t->options->golden;

    return !golden || strcmp(golden, endpoint) != 0
               ? SIGNET_OK
               : error_set_hint(why, SIGNET_E_CONFLICT, "give the golden board a name of its own",
                                "%s:%llu: the endpoint '%s' is that of the golden board",
                                t->s->template.manifest, (unsigned long long)row->line, endpoint);
}

static int try_row(void *ctx, const struct manifest_row *row, const struct signet_error *bad,
                   struct signet_error *err)
{
    struct trial *t = ctx;
    const struct names *n = &t->s->names;
    char endpoint[SIGNET_ENDPOINT_SIZE];
    const struct placeholder_values values = {
        .row = row, .endpoint = endpoint, .serial = n->first + row->index};
    struct signet_error why = {0};

    t->row_bad = false;
    if (!bad && names_expand(n, row, row->index, endpoint, &why) != SIGNET_OK) {
        template_blame(&t->s->template, row, &n->pattern, -1, &why);
        bad = &why;
    } else if (!bad && (check_code(t, row, &why) != SIGNET_OK ||
                        check_golden_name(t, row, endpoint, &why) != SIGNET_OK)) {
        bad = &why;
    }
    if (bad)
        return (report_row(t, bad), SIGNET_OK);
    row_doubts_name(&t->doubts, row, endpoint);
    int rc = duplicates_check(t->s, row, report_duplicate, t, err);
    return rc == SIGNET_OK ? try_good_row(t, &values, err) : rc;
}

static int hash_bytes(void *ctx, const void *data, size_t len, struct signet_error *err)
{
    struct trial *t = ctx;

    return sha256_add(&t->hash, data, len, err);
}

static int sum_up(const struct trial *t, struct signet_error *err)
{
    if (t->bad == 0)
        return SIGNET_OK;
    error_copy(err, &t->first);
    if (t->bad > REPORTED_MAX)
        error_prefix(err, "%llu rows are bad, %llu more than were reported; the first",
                     (unsigned long long)t->bad, (unsigned long long)t->bad - REPORTED_MAX);
    else if (t->bad > 1)
        error_prefix(err, "%llu rows are bad; the first", (unsigned long long)t->bad);
    return (int)t->first.code;
}

/* Of good rows, against the quota. */
static int check_count(const struct trial *t, struct signet_error *err)
{
    const char *manifest = t->s->template.manifest;
    long long rows = t->s->names.count, quota = t->options->count;

    if (rows == 0)
        return error_set_hint(err, SIGNET_E_MEANING, "one row for each device, below the header",
                              "%s has a header and no rows", manifest);
    if (rows < quota)
        return error_set_hint(err, SIGNET_E_MEANING, "a quota is at most the number of rows",
                              "%s has %lld rows, the quota is %lld", manifest, rows, quota);
    if (quota > 0 && rows > quota)
        event_note(t->options->observer, NULL,
                   "%s has %lld rows, the quota is %lld: the rest is not made", manifest, rows,
                   quota);
    return SIGNET_OK;
}

static int scan_manifest(struct trial *t, struct signet_error *err)
{
    struct names *n = &t->s->names;
    const struct manifest_visitor visitor = {
        .on_row = t->options->names_only ? NULL : try_row, .on_bytes = hash_bytes, .ctx = t};
    uint8_t digest[32];
    int rc = sha256_begin(&t->hash, err);

    if (rc == SIGNET_OK)
        rc = manifest_scan(n->manifest, &visitor, err);
    if (rc == SIGNET_OK)
        rc = sha256_peek(&t->hash, digest, err);
    sha256_drop(&t->hash);
    if (rc != SIGNET_OK)
        return rc;
    hex_encode(digest, sizeof(digest), t->s->manifest_sha256);
    n->count = manifest_count(n->manifest);
    return SIGNET_OK;
}

static int try_manifest(struct trial *t, struct signet_error *err)
{
    struct signet_error why = {0};
    int rc = scan_manifest(t, &why);

    wipe(t->doubts.key, sizeof(t->doubts.key));
    t->row_bad = false;
    if (rc == SIGNET_E_SYNTAX || rc == SIGNET_E_LIMIT) {
        report_row(t, &why); /* the rest of the file cannot be read */
    } else if (rc != SIGNET_OK) {
        manifest_excerpt(t->s->names.manifest, &why);
        return error_copy(err, &why);
    }
    rc = sum_up(t, err);
    return rc == SIGNET_OK && !t->options->names_only ? check_count(t, err) : rc;
}

static int try_name(struct trial *t, const char *endpoint, int64_t index, struct signet_error *err)
{
    const struct placeholder_values values = {.endpoint = endpoint,
                                              .serial = t->s->names.first + index};
    bool of_row;
    int rc = try_device(t, &values, &of_row, err);

    if (rc != SIGNET_OK && err)
        template_name(t->options->model_name, err);
    return rc;
}

int preflight_run(struct source *s, const struct source_options *options, struct signet_error *err)
{
    struct trial t = {
        .s = s, .options = options, .doubts = {.s = s, .observer = options->observer}};
    const struct names *n = &s->names;
    char endpoint[SIGNET_ENDPOINT_SIZE] = "urn:dev:os:signet-rehearsal";
    int rc = SIGNET_OK;

    if (n->manifest)
        return try_manifest(&t, err);
    if (options->names_only)
        return SIGNET_OK;
    if (!n->pattern.list)
        return try_name(&t, endpoint, 0, err);
    for (int i = 0; rc == SIGNET_OK && i < 2; i++) { /* the last name is the longest */
        int64_t index = i == 0 ? 0 : n->count - 1;
        rc = error_pass(names_expand(n, NULL, index, endpoint, err), err, "names '%.80s'",
                        options->pattern);
        if (rc == SIGNET_OK && i == 0)
            rc = signet_endpoint_check(endpoint, options->observer, err); /* tells of doubts */
        if (rc == SIGNET_OK)
            rc = try_name(&t, endpoint, index, err);
    }
    return rc;
}
