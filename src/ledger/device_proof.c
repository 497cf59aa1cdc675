/* SPDX-License-Identifier: Apache-2.0 */

/* That a device's events are in what their stations signed: C2SP tlog-proof, for each event. */
#include "ledger/prove.h"

#include <stdio.h>
#include <stdlib.h>

enum { PROOFS_MAX = 1000 };

struct device_event_proof {
    int64_t station, seq;
    char name[STATION_MAX + SITE_MAX + 2], kind[64];
    struct buf event, proof;
    struct tlog_path path;
};

struct device_proofs {
    struct signet_ledger *ledger;
    const char *endpoint;
    struct device_event_proof *events;
    size_t count;
    struct tlog_tree tree; /* of the station that is walked, whose events are first .. end - 1 */
    size_t first, end;
};

static int collect_event(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    struct device_proofs *d = ctx;

    if (d->count == PROOFS_MAX)
        return error_set(err, SIGNET_E_LIMIT, "the device has more than %d events", PROOFS_MAX);
    struct device_event_proof *e = &d->events[d->count++];
    *e = (struct device_event_proof){.station = db_int(row, 0), .seq = db_int(row, 1)};
    snprintf(e->name, sizeof(e->name), "%s", db_text(row, 2));
    snprintf(e->kind, sizeof(e->kind), "%s", db_text(row, 3));
    return SIGNET_OK;
}

static void forget_proofs(struct device_proofs *d)
{
    for (size_t i = 0; i < d->count; i++) {
        buf_free(&d->events[i].event);
        buf_free(&d->events[i].proof);
        tlog_path_free(&d->events[i].path);
    }
    d->count = 0;
}

static int collect_events(struct device_proofs *d, struct signet_error *err)
{
    const struct db_walk walk = {
        .sql = "SELECT e.station, e.seq, s.name, e.kind FROM events e JOIN stations s"
               " ON s.id = e.station WHERE e.device IN " OF_NAME("$1") " ORDER BY e.station, e.seq",
        .row = collect_event,
        .ctx = d};

    forget_proofs(d); /* it may be a second try */
    int rc = db_walk(d->ledger->db, &walk, err, "s", d->endpoint);
    return rc == SIGNET_OK && d->count == 0
               ? error_set(err, SIGNET_E_NOT_FOUND, "the ledger has no device %s", d->endpoint)
               : rc;
}

static int prove_entry(void *ctx, const struct log_entry *entry, struct signet_error *err)
{
    struct device_proofs *d = ctx;
    int rc = SIGNET_OK;

    for (size_t i = d->first; rc == SIGNET_OK && i < d->end; i++) {
        struct device_event_proof *e = &d->events[i];

        rc = tlog_path_show(&e->path, d->tree.size, entry->leaf, err);
        if (e->seq == entry->event->seq)
            chain_print(entry->previous, entry->event, &e->event);
    }
    return rc == SIGNET_OK ? tlog_add(&d->tree, entry->leaf, err) : rc;
}

static int finish_proof(struct device_event_proof *e, const struct signed_station *s,
                        struct signet_error *err)
{
    buf_printf(&e->proof, "c2sp.org/tlog-proof@v1\nindex %lld\n", (long long)e->seq - 1);
    int rc = tlog_path_print(&e->path, &e->proof, err);
    buf_printf(&e->proof, "\n%s", s->text);
    tlog_path_free(&e->path);
    return rc == SIGNET_OK ? buf_check(e->proof.failed ? &e->proof : &e->event, err) : rc;
}

/* Events of one station, which are next to each other. */
static int prove_at_station(struct device_proofs *d, const struct signed_station *s,
                            struct signet_error *err)
{
    const struct log_place place = {.station = s->id, .base = s->base, .there = s->there};
    int rc = SIGNET_OK;

    d->tree = (struct tlog_tree){0};
    for (size_t i = d->first; rc == SIGNET_OK && i < d->end; i++)
        rc = tlog_path_inclusion(&d->events[i].path, (uint64_t)d->events[i].seq - 1,
                                 s->checkpoint.size, err);
    if (rc == SIGNET_OK)
        rc = log_walk(d->ledger, &place, prove_entry, d, err);
    if (rc == SIGNET_OK)
        rc = signed_station_check(s, &d->tree, err);
    for (size_t i = d->first; rc == SIGNET_OK && i < d->end; i++)
        rc = finish_proof(&d->events[i], s, err);
    return rc;
}

static int prove_events_of(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct device_proofs *d = arg;
    int rc = collect_events(d, err);

    for (d->first = 0; rc == SIGNET_OK && d->first < d->count; d->first = d->end) {
        struct signed_station s;
        struct db_rows row = {0};

        for (d->end = d->first;
             d->end < d->count && d->events[d->end].station == d->events[d->first].station;)
            d->end++;
        rc = l->schema < 5
                 ? SIGNET_E_NOT_FOUND
                 : db_find(l->db, &row, err,
                           "SELECT id, base, name, checkpoint FROM stations WHERE id = $1", "i",
                           d->events[d->first].station);
        if (rc == SIGNET_OK)
            rc = signed_station_read(&row, &s, err);
        db_end(&row);
        if (rc == SIGNET_OK)
            rc = prove_at_station(d, &s, err);
        else if (rc == SIGNET_E_NOT_FOUND) /* it does not sign: there is no proof */
            rc = SIGNET_OK;
    }
    return rc;
}

int signet_ledger_proofs(struct signet_ledger *ledger, const char *endpoint,
                         signet_ledger_proof_each *row, void *ctx, struct signet_error *err)
{
    struct device_proofs d = {.ledger = ledger, .endpoint = endpoint};
    int rc;

    d.events = calloc(PROOFS_MAX, sizeof(*d.events));
    rc = d.events ? store_read(ledger, prove_events_of, &d, err) : error_nomem(err);
    for (size_t i = 0; rc == SIGNET_OK && i < d.count; i++) {
        const struct device_event_proof *e = &d.events[i];
        const struct signet_ledger_proof proof = {.station = e->name,
                                                  .seq = e->seq,
                                                  .kind = e->kind,
                                                  .event = (const char *)e->event.data,
                                                  .event_len = e->event.len,
                                                  .proof = (const char *)e->proof.data};
        rc = row(ctx, &proof, err);
    }
    forget_proofs(&d);
    free(d.events);
    return rc;
}
