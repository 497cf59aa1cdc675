/* SPDX-License-Identifier: Apache-2.0 */
/* After an old copy of the ledger was put back, or it was lost: what may have been given out since
 * is never given again. */
#include "run/private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAGE = 256 };

struct recovery {
    struct signet_run *run;
    struct signet_run_recovery *found;
    signet_run_lost_row *row;
    void *ctx;
    struct signet_ledger_lost *lost; /* a page, or all devices of the ledger that have no end */
    size_t count;
};

static bool changes(const struct recovery *v)
{
    return !v->run->options.dry_run;
}

/* The batches that are there may have any device. */
static int track_batches(struct vault *vault, struct signet_error *err)
{
    uint64_t *seals = NULL;
    size_t count = 0;
    int rc = vault_batch_list(vault, &seals, &count, err);

    for (size_t i = 0; rc == SIGNET_OK && i < count; i++)
        rc = vault_track_batch(vault, seals[i], INT64_MIN, INT64_MAX, 1, err);
    free(seals);
    return rc;
}

/* What is damaged is gone; where this station cannot look, nobody knows. */
static int find_seal(const struct recovery *v, const char *endpoint, bool *sealed,
                     struct signet_error *err)
{
    struct secret packet = {0};
    struct signet_error why = {0};
    int rc = vault_find(v->run->vault, endpoint, 0, &packet, &why);

    secret_wipe(&packet);
    *sealed = rc == SIGNET_OK;
    return *sealed || signet_error_class(&why) == SIGNET_CLASS_DEVICE ? SIGNET_OK
                                                                      : error_copy(err, &why);
}

static int add_lost(struct recovery *v, const char *endpoint, int64_t number,
                    struct signet_error *err)
{
    if (list_room(v->lost, v->count, err) != SIGNET_OK)
        return SIGNET_E_NOMEM;
    v->lost[v->count].number = number;
    snprintf(v->lost[v->count].endpoint, sizeof(v->lost->endpoint), "%s", endpoint);
    v->count++;
    return SIGNET_OK;
}

/* In pages: nothing is lost when this ends in the middle, since the next one finds the rest. */
static int end_lost(struct recovery *v, struct signet_error *err)
{
    static const char reason[] =
        "an old copy of the ledger was put back: it may have been given out";
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && changes(v) && i < v->count; i += PAGE) {
        size_t n = v->count - i < PAGE ? v->count - i : PAGE;

        rc = signet_ledger_expose(v->run->job.ledger, v->run->job.order, v->lost + i, n, reason,
                                  err);
        for (size_t k = 0; rc == SIGNET_OK && k < n; k++)
            rc = vault_wipe(v->run->vault, v->lost[i + k].endpoint, err);
    }
    v->count = 0;
    return rc;
}

static int look_at_name(struct recovery *v, int64_t number, struct signet_run_lost *lost,
                        struct signet_error *err)
{
    struct job_named named = {0};
    int rc = SIGNET_OK;

    lost->state = -1;
    if (v->run->job.ledger)
        rc = job_named_device(v->run->job.ledger, lost->endpoint, &named, err);
    if (rc != SIGNET_OK || named.order[0])
        return rc;
    rc = find_seal(v, lost->endpoint, &lost->sealed, err);
    if (rc == SIGNET_OK)
        rc = add_lost(v, lost->endpoint, number, err);
    if (rc != SIGNET_OK)
        return rc;
    v->found->names++;
    return v->row(v->ctx, lost, err);
}

/* From where the ledger would go on, up to where names were given out. */
static int lost_names(struct recovery *v, const struct signet_ledger_head *now,
                      struct signet_error *err)
{
    const struct signet_ledger_head *known = &v->run->job.memory.head;
    int rc = SIGNET_OK;

    if (!source_has_names(v->run->source)) {
        v->found->unnamed = known->issued > now->issued ? known->issued - now->issued : 0;
        return SIGNET_OK;
    }
    for (int64_t i = now->names; rc == SIGNET_OK && i < known->names; i++) {
        struct signet_run_lost lost = {0};

        rc = source_name(v->run->source, i, lost.endpoint, err);
        if (rc == SIGNET_E_NOT_FOUND) /* that was all: the manifest is shorter than it was */
            return end_lost(v, err);
        if (rc == SIGNET_OK)
            rc = look_at_name(v, i, &lost, err);
        if (rc == SIGNET_OK && v->count == PAGE)
            rc = end_lost(v, err);
    }
    return rc == SIGNET_OK ? end_lost(v, err) : rc;
}

/* Its credentials may be on a board by now, though the ledger does not say so; or they are, and
 * what was sealed for it is gone. */
static bool is_in_doubt(const struct recovery *v, const struct signet_ledger_device *device,
                        bool sealed)
{
    bool ours = strcmp(device->station, v->run->order->station) == 0;
    bool waits = v->run->job.delivers;

    switch (device->state) {
    case SIGNET_DEVICE_RESERVED:
    case SIGNET_DEVICE_KEYED:
        return source_has_names(v->run->source); /* else the name is the board's own */
    case SIGNET_DEVICE_FAILED:
        return !device->exposed && source_has_names(v->run->source);
    case SIGNET_DEVICE_WRITING:
    case SIGNET_DEVICE_WRITTEN:
        return ours && !sealed;
    case SIGNET_DEVICE_VERIFIED:
    case SIGNET_DEVICE_REGISTERED:
        return ours && waits && !sealed;
    case SIGNET_DEVICE_DONE:
    case SIGNET_DEVICE_VOID:
    case SIGNET_DEVICE_RETIRED:
        break;
    }
    return false;
}

static int look_at_device(void *ctx, const struct signet_ledger_device *device,
                          struct signet_error *err)
{
    struct recovery *v = ctx;
    struct signet_run_lost lost = {.state = (int)device->state};
    int rc = device->state < SIGNET_DEVICE_DONE ? find_seal(v, device->endpoint, &lost.sealed, err)
                                                : SIGNET_OK;

    if (rc != SIGNET_OK || !is_in_doubt(v, device, lost.sealed))
        return rc;
    v->found->devices++;
    snprintf(lost.endpoint, sizeof(lost.endpoint), "%s", device->endpoint);
    rc = add_lost(v, device->endpoint, -1, err);
    return rc == SIGNET_OK ? v->row(v->ctx, &lost, err) : rc;
}

static int lost_devices(struct recovery *v, struct signet_error *err)
{
    const struct signet_ledger_filter filter = {.order = v->run->order->name, .state = -1};
    int rc = SIGNET_OK;

    if (v->run->job.ledger)
        rc = signet_ledger_devices(v->run->job.ledger, &filter, look_at_device, v, err);
    return rc == SIGNET_OK ? end_lost(v, err) : rc;
}

static int record_recovery(struct recovery *v, struct signet_error *err)
{
    struct job *job = &v->run->job;
    const struct signet_ledger_head *known = &job->memory.head;
    char text[320];

    snprintf(text, sizeof(text),
             "event %" PRId64 " of station %s was known; void: %" PRId64 " names, %" PRId64
             " devices",
             known->seq, known->station, v->found->names, v->found->devices);
    int rc = signet_ledger_order_note(job->ledger, job->order, "recovered", text, err);
    return rc == SIGNET_OK ? job_remember(job, -1, err) : rc;
}

int signet_run_recover(struct signet_run *run, signet_run_lost_row *row, void *ctx,
                       struct signet_run_recovery *found, struct signet_error *err)
{
    struct recovery v = {.run = run, .found = found, .row = row, .ctx = ctx};
    struct signet_ledger_head now = {0};
    int rc = SIGNET_OK;

    *found = (struct signet_run_recovery){.age = run->age, .accepted = run->accepted};
    if (run->age == SIGNET_LEDGER_SAME)
        return SIGNET_OK;
    rc = track_batches(run->vault, err);
    if (rc == SIGNET_OK && run->job.ledger)
        rc = signet_ledger_head(run->job.ledger, run->job.order, &now, err);
    if (rc == SIGNET_OK)
        rc = lost_devices(&v, err);
    if (rc == SIGNET_OK)
        rc = lost_names(&v, &now, err);
    if (rc == SIGNET_OK && changes(&v))
        rc = record_recovery(&v, err);
    free(v.lost);
    return rc;
}
