/* SPDX-License-Identifier: Apache-2.0 */
/* Labels that wait to be scanned back. */
#include "delivery/private.h"

#include <stdlib.h>

enum { NOTED = 16 }; /* at a time */

struct read_back {
    const struct delivery_setup *setup;
    struct signet_server_report *report;
    int64_t read;     /* labels, in this run and before */
    int64_t moved_at; /* clock_ms(): when one came, or was read */
    bool printed;     /* one waits that is printed */
    int64_t noted;    /* the last device that the outbox has as waiting for it */
};

int read_back_new(struct read_back **out, const struct delivery_setup *setup,
                  struct signet_error *err)
{
    struct read_back *r = calloc(1, sizeof(*r));
    struct signet_ledger_unread unread;

    if (!r)
        return error_nomem(err);
    r->setup = setup;
    r->report = &setup->report->servers[setup->order->server_count + 1];
    r->moved_at = clock_ms();
    *out = r;
    int rc = signet_ledger_label_unread(setup->job->ledger, setup->job->order, &unread, err);
    r->read = unread.read;
    return rc;
}

void read_back_free(struct read_back *r)
{
    free(r);
}

bool read_back_asks(const struct read_back *r)
{
    return r->printed;
}

int64_t read_back_until(const struct read_back *r, int64_t end_at)
{
    const struct delivery_setup *setup = r->setup;
    int seconds = setup->seconds > 0 ? setup->seconds : DELIVERY_READ_SECONDS;

    if (setup->once || !r->printed)
        return end_at;
    return setup->watch ? INT64_MAX : r->moved_at + (int64_t)seconds * 1000;
}

/* What is new is in the outbox, so that a device's record says that it waits. */
static int note_waiting(struct read_back *r, struct signet_error *err)
{
    struct job *job = r->setup->job;
    struct signet_error busy[NOTED] = {0};
    struct signet_lease leases[NOTED];
    size_t count;
    int rc;

    for (size_t i = 0; i < NOTED; i++)
        busy[i].code = SIGNET_E_BUSY;
    do {
        rc = signet_ledger_waiting(job->ledger, job->order, SIGNET_LEDGER_SCANNER, &r->noted,
                                   leases, NOTED, &count, err);
        if (rc == SIGNET_OK && count > 0)
            rc = signet_ledger_delivered(job->ledger, SIGNET_LEDGER_SCANNER, leases, count, busy,
                                         err);
    } while (rc == SIGNET_OK && count > 0 && !job_stopped(job));
    return rc;
}

/* Of those that wait, the first whose label is printed. */
static void name_unread(const struct signet_ledger_unread *unread, bool boards,
                        struct signet_error *why)
{
    if (!unread->endpoint[0])
        error_set(why, SIGNET_E_BUSY, "labels are not printed yet");
    else if (boards)
        error_set_hint(why, SIGNET_E_BUSY, "once it is on its board",
                       "scan the label of %s at slot %s", unread->endpoint, unread->slot);
    else
        error_set_hint(why, SIGNET_E_BUSY, "once it is where it belongs", "scan the label of %s",
                       unread->endpoint);
}

int read_back_round(struct read_back *r, struct round *round, struct signet_error *err)
{
    struct signet_ledger_unread unread = {0};
    struct job *job = r->setup->job;
    int64_t waiting = 0;
    int rc =
        signet_ledger_undelivered(job->ledger, job->order, SIGNET_LEDGER_SCANNER, &waiting, err);

    if (rc == SIGNET_OK && waiting > 0)
        rc = note_waiting(r, err);
    if (rc == SIGNET_OK)
        rc = signet_ledger_label_unread(job->ledger, job->order, &unread, err);
    if (rc != SIGNET_OK)
        return rc;
    if (waiting > 0)
        name_unread(&unread, r->setup->order->recipe, &round->away);
    round->there = true;
    round->moved = unread.read > r->read ? (uint64_t)(unread.read - r->read) : 0;
    pthread_mutex_lock(&job->lock);
    if (round->moved > 0 || waiting > r->report->waiting)
        r->moved_at = clock_ms();
    r->read = unread.read;
    r->printed = unread.endpoint[0];
    r->report->waiting = waiting;
    r->report->registered += round->moved;
    r->report->away = round->away;
    pthread_mutex_unlock(&job->lock);
    return SIGNET_OK;
}
