/* SPDX-License-Identifier: Apache-2.0 */
/* The output, opened for more. It must hold what the state file says, and behind that no more than
 * what sealed batches explain. */
#include "minting.h"

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

/* A work folder that was used with another ledger would give names a second time. */
static int check_ledger(struct minting *m, bool there, struct signet_error *err)
{
    struct finder finder = {.name = m->job->name};
    int64_t states[SIGNET_DEVICE_STATES] = {0}, known = 0;
    bool has_order = m->job->ledger && m->job->order; /* else it is tried, and never ran */
    int rc = SIGNET_OK;

    if (has_order)
        rc = signet_ledger_orders(m->job->ledger, see_order, &finder, err);
    if (has_order && rc == SIGNET_OK)
        rc = signet_ledger_states(m->job->ledger, m->job->order, states, err);
    if (rc != SIGNET_OK)
        return rc;
    for (int i = SIGNET_DEVICE_WRITING; i < SIGNET_DEVICE_STATES; i++)
        known += states[i];
    if (there && (m->state.created != finder.created || m->state.devices > (uint64_t)known)) {
        error_set(err, SIGNET_E_CONFLICT,
                  "the work folder '%s' wrote %llu devices of order %s, and this ledger does not "
                  "know of all of them",
                  vault_folder(m->vault), (unsigned long long)m->state.devices, m->job->name);
        error_hint(err, "it belongs to another ledger, or an old copy of the ledger was put back: "
                        "use the right one, or another order name");
        return SIGNET_E_CONFLICT;
    }
    m->state.created = finder.created;
    return SIGNET_OK;
}

static void warn(struct minting *m, const char *what, const char *path)
{
    struct signet_error note = {0};
    const struct signet_event event = {.kind = SIGNET_EVENT_WARNING, .error = &note};

    error_set(&note, SIGNET_OK, "%s are written to '%s' from here on; those before are elsewhere",
              what, path);
    mint_tell(m, &event);
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
static int adopt(struct minting *m, const char *what, const char *path, bool busy,
                 struct mint_mark *mark, char known[PATH_MAX], struct signet_error *err)
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
    if (rc == SIGNET_OK && path && m->state.devices)
        warn(m, what, path);
    *mark = (struct mint_mark){.sha256 = "-"};
    memcpy(known, wanted, sizeof(wanted));
    return rc;
}

/* The batches that were sealed and may be in the output, though not for certain. */
static int explain(struct minting *m, const uint64_t *seals, size_t count, struct signet_error *err)
{
    struct batch b;
    int rc = batch_init(&b, MINT_READ_MAX, err);

    for (size_t i = 0; rc == SIGNET_OK && i < count; i++) {
        if (seals[i] <= m->state.batch)
            continue;
        batch_reset(&b);
        rc = batch_read(m, &b, seals[i], NULL, 0, err);
        if (rc == SIGNET_OK)
            rc = file_explain(&m->packets, &b.lines, err);
        if (rc == SIGNET_OK)
            rc = file_explain(&m->records, &b.rows, err);
    }
    batch_free(&b);
    return rc;
}

static int open_files(struct minting *m, bool change, struct signet_error *err)
{
    const struct signet_mint *job = m->job;
    size_t len = job->records ? strlen(job->records) : 0;
    bool csv = len > 4 && strcmp(job->records + len - 4, ".csv") == 0;
    int rc;

    if (job->packets[strlen(job->packets) - 1] == '/')
        rc = folder_open(&m->folder, job->packets, change, err);
    else
        rc = file_open(&m->packets, job->packets, NULL, &m->state.packets, change, err);
    if (rc == SIGNET_OK && job->records)
        rc = file_open(&m->records, job->records, csv ? mint_header : NULL, &m->state.records,
                       change, err);
    return rc;
}

int mint_open(struct minting *m, bool change, struct signet_error *err)
{
    uint64_t *seals = NULL;
    size_t count = 0;
    bool there = false;
    int rc = state_read(m, &there, err);

    if (rc == SIGNET_OK)
        rc = check_ledger(m, there, err);
    if (rc == SIGNET_OK)
        rc = vault_batch_list(m->vault, &seals, &count, err);
    bool busy = there && count && seals[count - 1] > m->state.batch;
    if (rc == SIGNET_OK)
        rc = adopt(m, "packets", m->job->packets, busy, &m->state.packets, m->state.packets_path,
                   err);
    if (rc == SIGNET_OK)
        rc = adopt(m, "records", m->job->records, busy, &m->state.records, m->state.records_path,
                   err);
    if (rc == SIGNET_OK && change)
        rc = state_write(m, err); /* before they are made: what is there then is ours */
    if (rc == SIGNET_OK)
        rc = open_files(m, change, err);
    if (rc == SIGNET_OK)
        rc = explain(m, seals, count, err);
    if (rc == SIGNET_OK)
        rc = file_cut(&m->packets, change, err);
    if (rc == SIGNET_OK)
        rc = file_cut(&m->records, change, err);
    free(seals);
    return rc;
}
