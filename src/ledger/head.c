/* SPDX-License-Identifier: Apache-2.0 */

/* What a station may remember of a ledger, to know it again: an old copy that was put back is whole
 * in itself. */

#include "ledger/store.h"

#include <stdio.h>

int ledger_identity(struct signet_ledger *l, char out[65], struct signet_error *err)
{
    int rc = db_get(l->db, err, "SELECT hash FROM events ORDER BY station, seq LIMIT 1", ":s", out,
                    (size_t)65);

    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

static int read_station(struct signet_ledger *l, struct signet_ledger_head *h,
                        struct signet_error *err)
{
    int rc = db_get(l->db, err,
                    l->schema < 5 ? "SELECT seq, hash, time, '' FROM stations WHERE name = $1"
                                  : "SELECT seq, hash, time, checkpoint FROM stations"
                                    " WHERE name = $1",
                    "s:isis", l->station, &h->seq, h->hash, sizeof(h->hash), &h->time,
                    h->checkpoint, sizeof(h->checkpoint));

    return rc == SIGNET_OK || rc == SIGNET_E_NOT_FOUND ? chain_check(l, h->seq, h->hash, err) : rc;
}

static int read_order(struct signet_ledger *l, int64_t order, struct signet_ledger_head *h,
                      struct signet_error *err)
{
    int rc = db_get(l->db, err, "SELECT issued, cursor FROM orders WHERE id = $1", "i:ii", order,
                    &h->issued, &h->names);

    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

struct head_query {
    int64_t order;
    struct signet_ledger_head *head;
};

static int look_at_ledger(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct head_query *k = arg;
    struct signet_ledger_head *h = k->head;

    *h = (struct signet_ledger_head){.now = l->db->now};
    snprintf(h->station, sizeof(h->station), "%s", l->station);
    int rc = ledger_identity(l, h->ledger, err);
    if (rc == SIGNET_OK)
        rc = read_station(l, h, err);
    return rc == SIGNET_OK && k->order ? read_order(l, k->order, h, err) : rc;
}

int signet_ledger_head(struct signet_ledger *ledger, int64_t order, struct signet_ledger_head *head,
                       struct signet_error *err)
{
    struct head_query k = {.order = order, .head = head};

    return store_read(ledger, look_at_ledger, &k, err);
}

struct comparison {
    const struct signet_ledger_head *known;
    enum signet_ledger_age age;
};

/* The event that was the station's last, if there was one. */
static int find_last_known(struct signet_ledger *l, const struct signet_ledger_head *known,
                           enum signet_ledger_age *age, struct signet_error *err)
{
    char hash[65];

    *age = SIGNET_LEDGER_SAME;
    if (!known->seq)
        return SIGNET_OK;
    int rc = db_get(l->db, err,
                    "SELECT e.hash FROM stations s JOIN events e ON e.station = s.id"
                    " WHERE s.name = $1 AND e.seq = $2",
                    "si:s", known->station, known->seq, hash, sizeof(hash));
    if (rc == SIGNET_E_NOT_FOUND)
        *age = SIGNET_LEDGER_BEHIND;
    else if (rc == SIGNET_OK && strcmp(hash, known->hash) != 0)
        *age = SIGNET_LEDGER_FORKED;
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

/* A ledger that was brought here is another one. Any station's first event is looked at: which of
 * two stations began a new database is settled by their commits. */
static int compare(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct comparison *c = arg;
    int64_t one;
    int rc = db_get(l->db, err,
                    "SELECT 1 FROM stations s JOIN events e ON e.station = s.id AND e.seq = 1"
                    " WHERE e.hash = $1 AND s.id < " OWN_END_SQL,
                    "s:i", c->known->ledger, &one);

    if (rc == SIGNET_OK)
        return find_last_known(l, c->known, &c->age, err);
    c->age = SIGNET_LEDGER_OTHER;
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

int signet_ledger_compare(struct signet_ledger *ledger, const struct signet_ledger_head *known,
                          enum signet_ledger_age *age, struct signet_error *err)
{
    struct comparison c = {.known = known};
    int rc = store_read(ledger, compare, &c, err);

    if (rc == SIGNET_OK)
        *age = c.age;
    return rc;
}
