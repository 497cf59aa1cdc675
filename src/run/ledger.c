/* SPDX-License-Identifier: Apache-2.0 */
/* The order in its ledger. */
#include "pki/pki.h"
#include "run/private.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { LEASE_SECONDS = 600 };

/* What makes two orders the same: which devices come out. Slots, servers and the quota may change
 * while an order runs. */
static int hash_order(const struct signet_run *r, char out[65], struct signet_error *err)
{
    const struct signet_order *o = r->order;
    struct buf text = {0}, info = {0};
    int rc = file_read(o->template_file, 16u << 20, &text, err);

    if (rc == SIGNET_OK && o->cert_info)
        rc = file_read(o->cert_info, 1u << 20, &info, err);
    if (rc == SIGNET_OK) {
        buf_printf(&text, "\n%s\n%lld\n%lld\n%s\n%s\n%s\n%d%d%d\n", o->pattern ? o->pattern : "",
                   (long long)o->first, (long long)o->psk_len, o->recipe ? o->recipe : "",
                   source_manifest_sha256(r->source), o->identity, o->delimiter, o->from_board,
                   o->shared_secret);
        if (o->psk_hex)
            buf_text(&text, "hex\n");
        buf_append(&text, info.data, info.len);
        rc = run_authority_text(o, &text, err);
    }
    if (rc == SIGNET_OK)
        rc = buf_check(&text, err);
    if (rc == SIGNET_OK)
        rc = signet_bytes_sha256(text.data, text.len, out, err);
    buf_free(&info);
    buf_free(&text);
    return rc;
}

/* A ledger that is not there yet is made when the order runs; here its folder must take one. */
static int look_at_folder(const char *path, struct signet_error *err)
{
    char folder[PATH_MAX]; /* a longer path is another error than that nothing is there */
    const char *slash = strrchr(path, '/');

    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    if (access(folder, W_OK | X_OK) != 0)
        return (error_sys(err, SIGNET_E_IO, errno, "ledger '%s' cannot be made", path),
                error_hint(err, "%s",
                           file_path_doubt(path)
                               ? file_path_doubt(path)
                               : "is its folder there, and may this user write into it?"),
                error_code(SIGNET_E_IO));
    return SIGNET_OK;
}

static int find_run_order(void *ctx, const struct signet_ledger_order_view *order,
                          struct signet_error *err)
{
    struct run_order *found = ctx;

    (void)err;
    if (strcmp(order->name, found->name) == 0) {
        found->quota = order->quota;
        found->issued = order->issued;
    }
    return SIGNET_OK;
}

int run_find_order(const struct signet_run *r, struct run_order *found, struct signet_error *err)
{
    return signet_ledger_orders(r->job.ledger, find_run_order, found, err);
}

/* What waits for a server that the order does not name any more is never done there. */
static int warn_of_server(void *ctx, const char *server, bool removal, int64_t count,
                          struct signet_error *err)
{
    const struct signet_run *r = ctx;

    (void)err;
    for (size_t i = 0; i < r->order->server_count; i++)
        if (strcmp(r->order->servers[i].name, server) == 0)
            return SIGNET_OK;
    const char *what = removal      ? count == 1 ? "device is" : "devices are"
                       : count == 1 ? "device waits"
                                    : "devices wait";
    event_note(&r->observer, "name it again under 'servers', with that name, until it is done",
               removal ? "%lld %s to be removed at server '%s', which the order does not name any "
                         "more: there it stays"
                       : "%lld %s for server '%s', which the order does not name any more: it gets "
                         "nothing",
               (long long)count, what, server);
    return SIGNET_OK;
}

/* A name that another order has is passed over, and the order comes out too short. Whoever starts
 * one with the names of another by mistake learns it from its first or last. */
static int warn_of_names(struct signet_run *r, struct signet_error *err)
{
    const int64_t ends[] = {0, r->order->quota - 1};
    char endpoint[SIGNET_ENDPOINT_SIZE];
    struct job_named named;
    bool others = false;
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && source_has_names(r->source) && !others && i < 2; i++) {
        rc = source_name(r->source, ends[i], endpoint, err);
        if (rc == SIGNET_OK)
            rc = job_named_device(r->job.ledger, endpoint, &named, err);
        others = rc == SIGNET_OK && named.order[0] && strcmp(named.order, r->order->name) != 0;
    }
    if (others)
        event_note(&r->observer, "does this order have names of its own? See 'names', and 'first'",
                   "the name '%s' is a device's of order '%s': it is passed over", endpoint,
                   named.order);
    return rc;
}

/* With fewer names than devices, those that are begun could not be continued. */
static int check_quota(const struct signet_run *r, struct run_order *found,
                       struct signet_error *err)
{
    const struct signet_order *o = r->order;
    int rc = run_find_order(r, found, err);

    if (rc != SIGNET_OK || found->issued <= o->quota || r->options.deliver_only)
        return rc;
    error_set(err, SIGNET_E_CONFLICT,
              "%lld devices of order %s are begun, and its 'quota' here is %lld",
              (long long)found->issued, o->name, (long long)o->quota);
    error_hint(err,
               "the quota is at least what is begun, here or at another station; in the "
               "ledger it is %lld",
               (long long)found->quota);
    return SIGNET_E_CONFLICT;
}

/* The ledger keeps the highest quota that an order had: this run has its own. */
static int begin_order(struct signet_run *r, const char *hash, int64_t quota,
                       struct signet_error *err)
{
    int rc = signet_ledger_order(r->job.ledger, r->order->name, hash, quota, &r->job.order, err);

    if (rc == SIGNET_OK)
        signet_ledger_limit(r->job.ledger, r->job.order, r->order->quota);
    if (rc == SIGNET_E_CONFLICT && err && !err->hint[0])
        error_hint(err, "template, names, manifest or credentials are not those that it was "
                        "started with: give the new order another name");
    return rc;
}

/* A dry run leaves no order behind: its template may still be changed. */
int run_open_ledger(struct signet_run *r, struct signet_error *err)
{
    const struct signet_order *o = r->order;
    const struct signet_ledger_options options = {
        .station = o->station,
        .operator_name = o->operator_name,
        .lease_seconds = LEASE_SECONDS,
        .observer = &r->observer,
        .cancel = r->options.cancel,
        .sign_file = r->sign_file,
        .must_exist = r->options.dry_run || (r->job.memory.there && !r->options.recover)};
    struct run_order found = {.name = o->name};
    char hash[65];
    int rc = hash_order(r, hash, err);

    if (r->options.recover && !r->job.memory.there && !r->options.reason)
        return error_set(err, SIGNET_E_NOT_FOUND,
                         "no run of order %s left anything in the folder '%s'", o->name, o->work);
    if (rc == SIGNET_OK)
        rc = signet_ledger_open(&r->job.ledger, o->ledger, &options, err);
    if (rc == SIGNET_E_NOT_FOUND && r->job.memory.there)
        return run_ledger_gone(r, err);
    if (rc == SIGNET_E_NOT_FOUND && r->options.dry_run)
        return strstr(o->ledger, "://") ? SIGNET_OK : look_at_folder(o->ledger, err);
    if (rc == SIGNET_OK)
        rc = run_check_ledger(r, err);
    if (rc == SIGNET_OK && !r->options.recover)
        rc = run_check_clock(r, err);
    if (rc == SIGNET_OK)
        rc = check_quota(r, &found, err);
    if (rc == SIGNET_OK && (found.quota > 0 || !r->options.dry_run))
        rc = begin_order(r, hash, r->options.dry_run ? found.quota : o->quota, err);
    if (rc == SIGNET_OK)
        rc = run_begin_allowance(r, err);
    if (rc == SIGNET_OK && r->options.dry_run && r->job.order)
        rc = run_begin(r, false, err);
    if (rc == SIGNET_OK && r->job.order)
        rc = signet_ledger_pending(r->job.ledger, r->job.order, warn_of_server, r, err);
    if (rc == SIGNET_OK && !r->options.dry_run && !r->options.recover)
        rc = job_remember(&r->job, -1, err);
    return rc == SIGNET_OK && !r->options.deliver_only ? warn_of_names(r, err) : rc;
}
