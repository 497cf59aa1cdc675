/* SPDX-License-Identifier: Apache-2.0 */

/* The events of a station as leaves of a tree. */
#include "ledger/store.h"

#include <stdio.h>

enum { ORIGIN_DIGITS = 16 };

int log_origin(const char *station, const char *first, char out[static TLOG_NAME_SIZE],
               struct signet_error *err)
{
    struct buf name = {0};

    buf_text(&name, "signet/");
    tlog_name_escape(station, &name);
    buf_printf(&name, "/%.*s", ORIGIN_DIGITS, first);
    int rc = buf_check(&name, err);
    if (rc == SIGNET_OK)
        snprintf(out, TLOG_NAME_SIZE, "%s", (const char *)name.data);
    buf_free(&name);
    return rc;
}

struct log_walker {
    struct signet_ledger *ledger;
    const struct log_place *place;
    int (*entry)(void *ctx, const struct log_entry *entry, struct signet_error *err);
    void *ctx;
    char previous[STATION_MAX + 1];
};

static int walk_event(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    struct log_walker *w = ctx;
    const struct chain_event e = chain_event_of(row, w->place->station, w->place->base);
    char hash[65];
    struct log_entry entry = {
        .event = &e, .previous = w->previous, .hash = hash, .stored = db_text(row, 9)};
    int rc = chain_hash(w->ledger, w->previous, &e, hash, entry.leaf, err);

    if (rc == SIGNET_OK)
        rc = w->entry(w->ctx, &entry, err);
    memcpy(w->previous, hash, sizeof(hash));
    return rc;
}

int log_walk(struct signet_ledger *l, const struct log_place *place,
             int (*entry)(void *ctx, const struct log_entry *entry, struct signet_error *err),
             void *ctx, struct signet_error *err)
{
    struct log_walker w = {.ledger = l, .place = place, .entry = entry, .ctx = ctx};
    const struct db_walk walk = {
        .sql = "SELECT seq, device, n, time, kind, detail, operator, tool, row_sha256, hash"
               " FROM events WHERE station = $3 AND seq > $2 ORDER BY seq LIMIT $1",
        .keys = 1,
        .row = walk_event,
        .ctx = &w};

    snprintf(w.previous, sizeof(w.previous), "%s", place->there);
    return db_walk(l->db, &walk, err, "i", place->station);
}
