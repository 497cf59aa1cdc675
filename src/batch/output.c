/* SPDX-License-Identifier: Apache-2.0 */
/* The output, opened for more. It must hold what the state file says, and behind that no more than
 * what sealed batches explain. */
#include "batch/private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct finder {
    const char *name;
    int64_t created;
};

static int see_order(void *ctx, const struct signet_ledger_order_view *order,
                     struct signet_error *err)
{
    struct finder *f = ctx;

    (void)err;
    if (strcmp(order->name, f->name) == 0)
        f->created = order->created;
    return SIGNET_OK;
}

/* A device that was reworked may have been written once for each attempt. */
static int see_written(void *ctx, const struct signet_ledger_device *device,
                       struct signet_error *err)
{
    int64_t *known = ctx;

    (void)err;
    *known += device->exposed ? device->attempt : 0;
    return SIGNET_OK;
}

/* A work folder that was used with another ledger would give names a second time. */
static int check_ledger(struct batch_run *l, bool there, struct signet_error *err)
{
    struct finder finder = {.name = l->setup.order->name};
    int64_t states[SIGNET_DEVICE_STATES] = {0}, known = 0;
    const struct signet_ledger_filter all = {.order = finder.name, .state = -1};
    bool has_order = l->job->ledger && l->job->order; /* else it is tried, and never ran */
    int rc = SIGNET_OK;

    if (has_order)
        rc = signet_ledger_orders(l->job->ledger, see_order, &finder, err);
    if (has_order && rc == SIGNET_OK)
        rc = signet_ledger_states(l->job->ledger, l->job->order, states, err);
    if (rc != SIGNET_OK)
        return rc;
    for (int i = SIGNET_DEVICE_WRITING; i < SIGNET_DEVICE_STATES; i++)
        known += states[i];
    if (there && has_order && l->out.state.devices > (uint64_t)known) {
        known = 0;
        rc = signet_ledger_devices(l->job->ledger, &all, see_written, &known, err);
    }
    if (rc != SIGNET_OK)
        return rc;
    if (there &&
        (l->out.state.created != finder.created || l->out.state.devices > (uint64_t)known)) {
        error_set(err, SIGNET_E_CONFLICT,
                  "the work folder '%s' wrote %llu devices of order %s, and this ledger does not "
                  "know of all of them",
                  vault_folder(l->setup.vault), (unsigned long long)l->out.state.devices,
                  l->setup.order->name);
        error_hint(err, "it belongs to another ledger, or an old copy of the ledger was put back: "
                        "use the right one, or another order name");
        return SIGNET_E_CONFLICT;
    }
    l->out.state.created = finder.created;
    return SIGNET_OK;
}

static void warn(struct batch_run *l, const char *what, const char *path)
{
    struct signet_error note = {0};
    const struct signet_event event = {.kind = SIGNET_EVENT_WARNING, .error = &note};

    error_set(&note, SIGNET_OK, "%s are written to '%s' from here on; those before are elsewhere",
              what, path);
    job_report(l->job, &event);
}

static int refuse_there(const char *path, struct signet_error *err)
{
    struct stat st;

    if (lstat(path, &st) != 0 && errno == ENOENT)
        return SIGNET_OK;
    error_set(err, SIGNET_E_EXISTS, "'%s' is there already, and this order did not write it", path);
    error_hint(err, "move it away, or name another file in the order");
    return SIGNET_E_EXISTS;
}

/* One of the outputs: the one that the state knows, or a new one. */
static int adopt(struct batch_run *l, const char *what, const char *path, bool busy,
                 struct mark *mark, char known[PATH_MAX], struct signet_error *err)
{
    char wanted[PATH_MAX] = "";
    size_t len = path ? strlen(path) : 0;
    bool folder = len && path[len - 1] == '/';
    int rc = path ? state_path(path, wanted, err) : SIGNET_OK;

    if (rc != SIGNET_OK || strcmp(wanted, known) == 0)
        return rc;
    if (busy) {
        error_set(err, SIGNET_E_CONFLICT,
                  "the run before was cut off while it wrote %s to '%s': they cannot go to another "
                  "file now",
                  what, known);
        error_hint(err, "run the order as it was once more, then change it");
        return SIGNET_E_CONFLICT;
    }
    if (path && !folder)
        rc = refuse_there(path, err);
    if (rc == SIGNET_OK && path && l->out.state.devices)
        warn(l, what, path);
    *mark = (struct mark){.sha256 = "-"};
    memcpy(known, wanted, sizeof(wanted));
    return rc;
}

/* The batches that were sealed and may be in the output, though not for certain. */
static int explain(struct batch_run *l, const uint64_t *seals, size_t count,
                   struct signet_error *err)
{
    struct batch b;
    int rc = batch_init(&b, BATCH_READ_MAX, err);

    for (size_t i = 0; rc == SIGNET_OK && i < count; i++) {
        if (seals[i] <= l->out.state.batch)
            continue;
        batch_reset(&b);
        rc = batch_read(l, &b, seals[i], NULL, 0, err);
        if (rc == SIGNET_E_SEAL) { /* damaged: what it wrote cannot be explained */
            rc = SIGNET_OK;
            continue;
        }
        if (rc == SIGNET_OK)
            rc = file_explain(&l->out.packets, &b.text.lines, err);
        if (rc == SIGNET_OK)
            rc = file_explain(&l->out.records, &b.text.rows, err);
    }
    batch_free(&b);
    return rc;
}

static int open_files(struct batch_run *l, bool change, struct signet_error *err)
{
    const struct signet_order *order = l->setup.order;
    bool csv = order->records && text_ends_with(order->records, ".csv");
    int rc;

    if (order->packets[strlen(order->packets) - 1] == '/')
        rc = folder_open(&l->out.folder, order->packets, change, err);
    else
        rc = file_open(&l->out.packets, order->packets, NULL, &l->out.state.packets, change, err);
    if (rc == SIGNET_OK && order->records)
        rc = file_open(&l->out.records, order->records, csv ? row_header(l->out.state.form) : NULL,
                       &l->out.state.records, change, err);
    return rc;
}

int output_open(struct batch_run *l, bool change, struct signet_error *err)
{
    uint64_t *seals = NULL;
    size_t count = 0;
    bool there = false;
    int rc = state_read(&l->out.state, l->setup.vault, &there, err);

    if (rc == SIGNET_OK)
        rc = check_ledger(l, there, err);
    if (rc == SIGNET_OK)
        rc = vault_batch_list(l->setup.vault, &seals, &count, err);
    bool busy = there && count && seals[count - 1] > l->out.state.batch;
    if (rc == SIGNET_OK)
        rc = adopt(l, "packets", l->setup.order->packets, busy, &l->out.state.packets,
                   l->out.state.packets_path, err);
    if (rc == SIGNET_OK)
        rc = adopt(l, "records", l->setup.order->records, busy, &l->out.state.records,
                   l->out.state.records_path, err);
    if (!busy && l->out.state.records.bytes == 0) /* a file of its own begins here */
        l->out.state.form = RECORDS_ROW_PER_ACCOUNT;
    if (rc == SIGNET_OK && change)
        rc = state_write(&l->out.state, l->setup.vault,
                         err); /* before they are made: what is there then is ours */
    if (rc == SIGNET_OK)
        rc = open_files(l, change, err);
    if (rc == SIGNET_OK)
        rc = explain(l, seals, count, err);
    if (rc == SIGNET_OK)
        rc = file_cut(&l->out.packets, change, err);
    if (rc == SIGNET_OK)
        rc = file_cut(&l->out.records, change, err);
    free(seals);
    return rc;
}

void output_close(struct output *out)
{
    file_close(&out->packets);
    file_close(&out->records);
    if (out->folder >= 0)
        close(out->folder);
}

bool output_is_gone(const struct output *out)
{
    return out->packets.gone || out->records.gone;
}

int output_gone(const struct output *out, struct signet_error *err)
{
    const struct file *f = out->packets.gone ? &out->packets : &out->records;

    error_set(err, SIGNET_E_NOT_FOUND, "'%s' is gone: it had %llu bytes, and more should follow",
              f->path, (unsigned long long)f->end);
    error_hint(err, "put it back, or name another file in the order for the devices to come");
    return SIGNET_E_NOT_FOUND;
}
