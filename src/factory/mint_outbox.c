/* SPDX-License-Identifier: Apache-2.0 */
/* What is in the output waits, sealed, until every server has it. A server that is away stops
 * nobody. A seal is wiped when all of its devices are done. */
#include "minting.h"
#include "outbox.h"

#include <signet/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUND = 256, SYNC_SECONDS = 10, FIRST_PAUSE_MS = 1000, LAST_PAUSE_MS = 30000 };

int waiting_add(struct minting *m, const struct batch *b, struct signet_error *err)
{
    int64_t first = INT64_MAX, last = -1;

    for (size_t i = 0; i < b->count; i++) {
        int64_t index = b->leases[i].index;
        first = index < first ? index : first;
        last = index > last ? index : last;
    }
    int rc = vault_keep_batch(m->vault, b->number, first, last, b->count, err);
    pthread_mutex_lock(&m->lock);
    m->poked++;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
    return rc;
}

struct outcome {
    enum signet_device_state state;
    bool known;
};

static int see(void *ctx, const struct signet_ledger_device *device, struct signet_error *err)
{
    struct outcome *outcome = ctx;

    (void)err;
    if (!device->freed)
        *outcome = (struct outcome){.state = device->state, .known = true};
    return SIGNET_OK;
}

static int needs(void *ctx, const struct vault_entry *entry, bool *needs, struct signet_error *err)
{
    struct minting *m = ctx;
    const struct signet_ledger_filter filter = {.endpoint = entry->endpoint, .state = -1};
    struct outcome outcome = {.known = false};
    int rc = signet_ledger_devices(m->job->ledger, &filter, see, &outcome, err);

    *needs =
        outcome.known && outcome.state != SIGNET_DEVICE_DONE && outcome.state != SIGNET_DEVICE_VOID;
    return rc;
}

int waiting_look(struct minting *m, uint64_t number, struct signet_error *err)
{
    const struct vault_question question = {.needs = needs, .ctx = m};

    return vault_look_batch(m->vault, number, &question, err);
}

int waiting_find(struct minting *m, struct signet_error *err)
{
    uint64_t *seals = NULL;
    size_t count = 0;
    int rc = vault_batch_list(m->vault, &seals, &count, err);

    for (size_t i = 0; rc == SIGNET_OK && i < count; i++)
        if (seals[i] <= m->state.batch)
            rc = waiting_look(m, seals[i], err);
    free(seals);
    return rc;
}

static int open_device(struct minting *m, const struct signet_lease *lease,
                       struct signet_line_unit *unit, struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    struct secret packet = {0};
    int rc = vault_find(m->vault, lease->endpoint, lease->index, &packet, err);

    if (rc == SIGNET_OK)
        rc = signet_packet_decode(packet.data, packet.len, &tree, err);
    secret_wipe(&packet);
    return rc == SIGNET_OK ? unit_from_tree(unit, tree, lease->endpoint, err) : rc;
}

/* What goes to a server at once. */
struct load {
    struct signet_lease leases[ROUND];
    struct signet_line_unit units[ROUND];
    struct signet_device devices[ROUND];
    struct signet_server_result results[ROUND];
    struct signet_error outcomes[ROUND];
    size_t at[ROUND]; /* of the device, among the leases */
};

/* Those of them that are sealed here; the others have their outcome. */
static int open_devices(struct minting *m, struct load *l, size_t count, size_t *opened,
                        struct signet_error *err)
{
    size_t n = 0;
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < count; i++) {
        struct signet_error *outcome = &l->outcomes[i];

        *outcome = (struct signet_error){0};
        int found = open_device(m, &l->leases[i], &l->units[n], outcome);
        if (found == SIGNET_E_NOT_FOUND) { /* it was made at another station, which has it */
            outcome->code = SIGNET_E_BUSY;
        } else if (found == SIGNET_OK) {
            l->devices[n] = l->units[n].device;
            l->at[n++] = i;
        } else if (found == SIGNET_E_CRYPTO || found == SIGNET_E_IO || found == SIGNET_E_NOMEM) {
            rc = found; /* the station's, not the device's */
            if (err)
                *err = *outcome;
        }
    }
    *opened = n;
    return rc;
}

/* The return value is the ledger's, or the machine's. */
static int deliver(struct minting *m, size_t server, struct load *l, size_t count,
                   struct signet_error *away, struct signet_error *err)
{
    size_t n = 0;
    int rc = open_devices(m, l, count, &n, err);

    if (rc != SIGNET_OK) {
        for (size_t k = 0; k < n; k++)
            m->units->free(m->units->ctx, &l->units[k]);
        return rc;
    }
    failpoint("before-register");
    if (n)
        signet_server_add_batch(m->job->servers[server], l->devices, n, l->results, NULL);
    failpoint("after-register");
    for (size_t k = 0; k < n; k++) {
        struct signet_error *outcome = &l->outcomes[l->at[k]];

        *outcome = l->results[k].error;
        if (is_away((int)outcome->code, outcome)) {
            *away = *outcome;
            outcome->code = SIGNET_E_BUSY;
        } else if (outcome->code) {
            const struct signet_event event = {.kind = SIGNET_EVENT_STAGE_END,
                                               .stage = "register",
                                               .endpoint = l->leases[l->at[k]].endpoint,
                                               .error = outcome};
            pthread_mutex_lock(&m->lock);
            m->report.failed++;
            pthread_mutex_unlock(&m->lock);
            mint_tell(m, &event);
        }
        m->units->free(m->units->ctx, &l->units[k]);
    }
    return signet_ledger_delivered(m->job->ledger, m->job->server_names[server], l->leases, count,
                                   l->outcomes, err);
}

static int deliver_all(struct minting *m, size_t server, struct load *l, struct signet_error *away,
                       struct signet_error *err)
{
    int64_t after = 0;
    size_t count = 0, max = 1; /* one is enough to see that a server is away */
    int rc = SIGNET_OK;

    for (;; max = ROUND) {
        rc = signet_ledger_waiting(m->job->ledger, m->job->order, m->job->server_names[server],
                                   &after, l->leases, max, &count, err);
        if (rc == SIGNET_OK && count)
            rc = deliver(m, server, l, count, away, err);
        if (rc != SIGNET_OK || !count || away->code || mint_stopped(m))
            return rc;
    }
}

static int settle(struct minting *m, struct load *l, struct signet_error *err)
{
    const struct signet_mint *job = m->job;
    size_t count = 0;
    int rc;

    do {
        failpoint("before-registered");
        rc = signet_ledger_settled(job->ledger, job->order, job->server_names, job->server_count,
                                   l->leases, ROUND, &count, err);
        failpoint("after-registered");
        if (rc == SIGNET_OK && count) {
            failpoint("before-done");
            rc = signet_ledger_advance_many(job->ledger, l->leases, count, SIGNET_DEVICE_DONE, NULL,
                                            err);
            failpoint("after-done");
        }
        for (size_t i = 0; rc == SIGNET_OK && i < count; i++)
            rc = vault_release(m->vault, l->leases[i].endpoint, l->leases[i].index, err);
        m->report.registered += rc == SIGNET_OK && job->server_count ? count : 0;
    } while (rc == SIGNET_OK && count);
    return rc;
}

int mint_round(struct minting *m, struct signet_error *away, struct signet_error *err)
{
    struct load *l = calloc(1, sizeof(*l));
    int rc = l ? SIGNET_OK : error_nomem(err);

    for (size_t i = 0; rc == SIGNET_OK && i < m->job->server_count; i++) {
        struct signet_error one = {0};

        rc = deliver_all(m, i, l, &one, err);
        if (one.code)
            *away = one;
    }
    if (rc == SIGNET_OK)
        rc = settle(m, l, err);
    free(l);
    return rc;
}

/* Until a batch comes, the lanes are at their end, or the time is over. */
static void wait_for_work(struct minting *m, unsigned *seen, bool was_closing, int64_t until)
{
    pthread_mutex_lock(&m->lock);
    while (!m->stop && !signet_cancel_fired(m->job->cancel) && clock_ms() < until &&
           (until != INT64_MAX || *seen == m->poked) && m->closing == was_closing) {
        struct timespec at;

        clock_gettime(CLOCK_MONOTONIC, &at);
        at.tv_nsec += 100 * 1000000L;
        at.tv_sec += at.tv_nsec / 1000000000L;
        at.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&m->changed, &m->lock, &at);
    }
    *seen = m->poked;
    pthread_mutex_unlock(&m->lock);
}

static void tell_away(struct minting *m, struct signet_error *away)
{
    const struct signet_event event = {.kind = SIGNET_EVENT_WARNING, .error = away};

    error_prefix(away, "devices wait for their registration");
    mint_tell(m, &event);
}

void *mint_outbox(void *arg)
{
    struct minting *m = arg;
    int64_t end = 0, pause = FIRST_PAUSE_MS;
    int sync = m->job->sync_seconds > 0 ? m->job->sync_seconds : SYNC_SECONDS;
    bool told = false;
    unsigned seen = 0;

    for (;;) {
        struct signet_error err = {0}, away = {0};

        pthread_mutex_lock(&m->lock);
        bool closing = m->closing;
        pthread_mutex_unlock(&m->lock);
        if (closing && !end)
            end = clock_ms() + (int64_t)sync * 1000;
        if (mint_round(m, &away, &err) != SIGNET_OK) {
            mint_stop(m, &err);
            break;
        }
        if (away.code && away.code != SIGNET_E_CANCELLED && !told)
            tell_away(m, &away);
        told = away.code != SIGNET_OK;
        if ((closing && (!away.code || clock_ms() >= end)) || mint_stopped(m))
            break;
        pause = !away.code || closing       ? FIRST_PAUSE_MS
                : pause * 2 < LAST_PAUSE_MS ? pause * 2
                                            : LAST_PAUSE_MS;
        wait_for_work(m, &seen, closing, away.code ? clock_ms() + pause : INT64_MAX);
    }
    return NULL;
}
