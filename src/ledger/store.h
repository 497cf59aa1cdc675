/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include "ledger/db.h"
#include "ledger/ledger.h"

#include <pthread.h>

/* A change waiting for its group commit; lives on the stack of the thread that asks. */
struct change {
    const struct change_kind *kind;
    void *arg;
    struct signet_error err;
    int rc;
    bool finished;
    struct change *next;
};

/* The end of this station's chain of events. */
struct head {
    bool known, moved; /* in this transaction */
    int64_t station, seq, time;
    char hash[65];
};

struct signet_ledger {
    struct db *db;
    char *station, *operator_name;
    int lease_seconds;
    bool read_only;
    int64_t schema;       /* its version in the database */
    struct head head;     /* of the transaction that is open */
    struct buf scratch;   /* what is hashed */
    pthread_mutex_t lock; /* the queue */
    pthread_cond_t settled;
    struct change *first, **last;
    bool busy; /* one thread commits; it alone uses db, head and scratch */
};

/* What may be done more than once before it is on disk: apply reads arg, and writes to arg only
 * what it writes again. */
struct change_kind {
    int (*apply)(struct signet_ledger *ledger, void *arg, struct signet_error *err);
    /* After SIGNET_E_CONFLICT of a unique index, and outside of what was rolled back: a better
     * message. May be NULL. */
    void (*explain)(struct signet_ledger *ledger, void *arg, struct signet_error *err);
    bool reads; /* changes nothing, and holds up no other process */
};

/* Runs apply in a transaction that is on disk when this returns OK. Changes of threads that come
 * at the same time share one commit; a change that fails leaves the others alone. */
int store_change(struct signet_ledger *ledger, const struct change_kind *kind, void *arg,
                 struct signet_error *err);

/* whose: "station's", "server's". SIGNET_E_LEDGER: the clock is before this program was written. */
int store_check_clock(int64_t now, const char *whose, struct signet_error *err);

/* The columns of a device that its events answer for, in this order. */
#define DEVICE_ROW                                                                                 \
    "id, order_id, number, endpoint, state, exposed, freed, attempt, station, slot, hw_id,"        \
    " psk_identity, psk_sha256, spki_sha256, cert_issuer, cert_serial, packet_sha256,"             \
    " image_sha256, error_code, error, failed_from, created, changed, events"
enum { ROW_ID, ROW_ORDER, ROW_NUMBER, ROW_ENDPOINT, ROW_STATE, ROW_EVENTS = 23, ROW_COLUMNS };
#define ORDER_ROW "-id, id, name, hash, quota, created, events"
enum { ORDER_EVENTS = 6, ORDER_COLUMNS };
/* The row of a migration: 0, the schema, its number among the migrations. */
enum { SCHEMA_COLUMNS = 3 };
int row_hash(struct signet_ledger *ledger, const struct db_rows *row, int columns, char out[65],
             struct signet_error *err);

/* chain.c: an event of the row as it is now, read back from the database. Its last column
 * counts its events; the first is its number, negative for an order. */
int chain_append(struct signet_ledger *ledger, const struct db_rows *row, int columns,
                 const char *kind, const char *detail, struct signet_error *err);
/* The time that the next event of this transaction gets. */
int chain_time(struct signet_ledger *ledger, int64_t *time, struct signet_error *err);
/* Before the commit. */
int chain_flush(struct signet_ledger *ledger, struct signet_error *err);

enum { STATION_MAX = 120 };
/* UTF-8, or NULL: PostgreSQL takes nothing else. */
bool text_is_clean(const char *text);
/* An error's text may be cut in the middle of a letter: text itself, or made clean in room. */
const char *text_clean(const char *text, struct buf *room);

struct chain_event {
    int64_t station, seq, device, n, time;
    const char *kind, *detail, *operator_name, *tool, *row;
};
/* previous: the hash of the event before; for a station's first event, the station's name. */
int chain_hash(struct signet_ledger *ledger, const char *previous, const struct chain_event *event,
               char out[65], struct signet_error *err);

#endif
