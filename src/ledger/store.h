/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include "ledger/db.h"
#include "tlog/tlog.h"

#include <pthread.h>
#include <signet/ledger_copy.h>
#include <signet/ledger_read.h>

/* What is done in a transaction. It may be done more than once before it is on disk: it reads arg,
 * and writes to arg only what it writes again. */
typedef int store_action(struct signet_ledger *ledger, void *arg, struct signet_error *err);

/* A change waiting for its group commit; lives on the stack of the thread that asks. */
struct change {
    store_action *apply;
    void *arg;
    bool reads;
    bool once, begun; /* once: it is begun at most once */
    struct signet_error err;
    int rc;
    bool finished;
    struct change *next;
};

/* What a station signs: the tree of its events, as far as they were signed. */
struct station_log {
    struct tlog_tree tree;
    char origin[TLOG_NAME_SIZE];                    /* ""; the station has no event yet */
    char checkpoint[SIGNET_LEDGER_CHECKPOINT_SIZE]; /* "": nothing was signed */
};

/* Beside the key: the names of the logs that it signed, so that nobody gets a signature for another
 * history by taking out of the database what was signed. */
struct signed_logs {
    char *path;
    struct buf names; /* lines */
};

/* The end of this station's chain of events. */
struct head {
    bool known, moved; /* in this transaction */
    int64_t station, seq, time;
    char hash[65];
    struct station_log log;
};

struct signet_ledger {
    struct db *db;
    char *station;
    char operator_name[121]; /* may change at any time: with the lock */
    int lease_seconds;
    bool read_only;
    char *sign_file;         /* NULL: it does not sign */
    struct tlog_key key;     /* once something was to be signed */
    struct tlog_vkey signer; /* the same under the name of the log */
    struct signed_logs logs;
    int64_t limited, limit; /* order, and how many units of it; 0: none */
    int64_t schema;         /* its version in the database */
    struct head head;       /* of the transaction that is open */
    struct head kept;       /* after the last one of this handle that was committed */
    struct buf scratch;     /* what is hashed */
    pthread_mutex_t lock;   /* the queue */
    pthread_cond_t settled;
    struct change *first, **last;
    bool busy;         /* one thread commits; it alone uses db, head and scratch */
    pthread_t commits; /* that thread */
};

/* Runs apply in a transaction that is on disk when this returns OK. Changes of threads that come
 * at the same time share one commit; a change that fails leaves the others alone. */
int store_change(struct signet_ledger *ledger, store_action *apply, void *arg,
                 struct signet_error *err);
/* Changes nothing, and holds up no other process. */
int store_read(struct signet_ledger *ledger, store_action *apply, void *arg,
               struct signet_error *err);
/* Its rows go to the caller or into another ledger: there is no second try once there were some. */
int store_read_once(struct signet_ledger *ledger, store_action *apply, void *arg,
                    struct signet_error *err);

/* open.c: a new file that nobody else opens before it is whole. */
int ledger_make_copy(struct signet_ledger **out, const char *where, struct signet_error *err);

/* As clock_check_at(), with SIGNET_E_LEDGER. */
int store_check_clock(int64_t now, const char *whose, struct signet_error *err);

/* The columns of a device that its events answer for, in this order. */
#define DEVICE_FACTS                                                                               \
    "number, endpoint, state, exposed, freed, attempt, devices.station, slot, hw_id,"              \
    " psk_identity, psk_sha256, spki_sha256, cert_issuer, cert_serial, packet_sha256,"             \
    " image_sha256, error_code, error, failed_from, created, changed, devices.events"
#define DEVICE_ROW "devices.id, order_id, " DEVICE_FACTS
enum { ROW_ID, ROW_ORDER, ROW_NUMBER, ROW_ENDPOINT, ROW_STATE, ROW_EVENTS = 23, ROW_COLUMNS };
#define ORDER_COUNTS "orders.hash, quota, created, orders.events"
#define ORDER_ROW    "-orders.id, orders.id, orders.name, " ORDER_COUNTS
enum { ORDER_NAME = 2, ORDER_EVENTS = 6, ORDER_COLUMNS };
/* The row of an event of nobody's: 0, the schema, its number among such events. */
enum { SCHEMA_COLUMNS = 3 };
int row_hash(struct signet_ledger *ledger, const struct db_rows *row, int columns, char out[65],
             struct signet_error *err);

/* chain.c: an event of the row as it is now, read back from the database. Its last column
 * counts its events; the first is its number, negative for an order. */
int chain_append(struct signet_ledger *ledger, const struct db_rows *row, int columns,
                 const char *kind, const char *detail, struct signet_error *err);
/* What was brought from another ledger is not changed here. */
int chain_refuse(const char *name, struct signet_error *err);
/* The time that the next event of this transaction gets. */
int chain_time(struct signet_ledger *ledger, int64_t *time, struct signet_error *err);
/* Before the commit. */
int chain_flush(struct signet_ledger *ledger, struct signet_error *err);
/* This station's last event, as the database has it. SIGNET_E_LEDGER: it has not all that was
 * committed over this handle. */
int chain_check(const struct signet_ledger *ledger, int64_t seq, const char *hash,
                struct signet_error *err);

enum { STATION_MAX = 120 };
/* UTF-8, or NULL: PostgreSQL takes nothing else. */
bool text_is_clean(const char *text);
/* An error's text may be cut in the middle of a letter: text itself, or made clean in room. */
const char *text_clean(const char *text, struct buf *room);

/* A chain that was brought from another ledger keeps its hashes. Its stations, orders and devices
 * have numbers here that are higher by its base, a multiple of OWN_END for each ledger: 7 there is
 * base + 7 here, an order's -7 is -(base + 7), and nobody's 0 is base itself, which no other row
 * has. */
/* Stations and orders of one that was brought here are called NAME@SITE. */
enum { SITE_MAX = 32 };
#define NAME_THERE(name)                                                                           \
    "substr(" name ", 1, length(rtrim(" name ", replace(" name ", '@', ''))) - 1)"
/* @SITE: of all ledgers that came here under its name. */
#define SITE_OF(name) "substr(" name ", length(rtrim(" name ", replace(" name ", '@', ''))))"
/* Devices that have or had a name: those whose name was given back are in an index of their own. */
#define OF_NAME(name)                                                                              \
    "(SELECT id FROM devices WHERE endpoint = " name " AND freed = 0 UNION ALL"                    \
    " SELECT id FROM devices WHERE endpoint = " name " AND freed = 1)"
/* Of device d: those that were retired before it have the same name. */
#define EDITION                                                                                    \
    "1 + (SELECT count(*) FROM devices x WHERE x.endpoint = d.endpoint AND x.freed = 1"            \
    " AND x.state = {retired} AND x.id < d.id)"
/* Of device d, whose own column has the name that it had there. */
#define STATION_OF_D                                                                               \
    "CASE WHEN d.id < " OWN_END_SQL " THEN d.station ELSE COALESCE((SELECT s.name FROM stations s" \
    " WHERE s.id > d.id - d.id % " OWN_END_SQL " AND s.id < d.id - d.id % " OWN_END_SQL            \
    " + " OWN_END_SQL " AND " NAME_THERE("s.name") " = d.station), d.station) END"
static inline int64_t chain_own(int64_t number, int64_t base)
{
    return number < 0 ? number + base : number > 0 ? number - base : 0;
}
struct chain_event {
    int64_t station, seq, device, n, time;
    const char *kind, *detail, *operator_name, *tool, *row;
};
/* From the first nine columns of a row: seq, device, n, time, kind, detail, operator, tool, row;
 * its numbers as they were where it was recorded. */
struct chain_event chain_event_of(const struct db_rows *row, int64_t station, int64_t base);
/* The bytes that an event's hash is of, and its leaf; previous: the hash of the event before; for a
 * station's first event, the station's name. */
void chain_print(const char *previous, const struct chain_event *event, struct buf *out);
/* leaf: of the station's tree; may be NULL. */
int chain_hash(struct signet_ledger *ledger, const char *previous, const struct chain_event *event,
               char out[65], uint8_t leaf[TLOG_HASH], struct signet_error *err);

/* log.c: a station's events as a log */

/* The name of a log, by the station's name there and the hash of its first event. */
int log_origin(const char *station, const char *first, char out[static TLOG_NAME_SIZE],
               struct signet_error *err);
/* A station here, and its name where its events were recorded. */
struct log_place {
    int64_t station, base;
    const char *there;
};
struct log_entry {
    const struct chain_event *event;
    /* previous: as chain_hash() takes it; stored: the hash that it should have */
    const char *previous, *hash, *stored;
    uint8_t leaf[TLOG_HASH];
};
/* All its events in their order. */
int log_walk(struct signet_ledger *ledger, const struct log_place *place,
             int (*entry)(void *ctx, const struct log_entry *entry, struct signet_error *err),
             void *ctx, struct signet_error *err);

/* sign.c: the log of this station */

/* After the head was read; tree and checkpoint as its row has them. */
int sign_begin(struct signet_ledger *ledger, const char *tree, const char *checkpoint,
               struct signet_error *err);
/* One event more; hash: its own. */
int sign_event(struct signet_ledger *ledger, const char *hash, const uint8_t leaf[static TLOG_HASH],
               struct signet_error *err);
/* The checkpoint of all that was added, into the head; tree: of the row. */
int sign_end(struct signet_ledger *ledger, struct buf *tree, struct signet_error *err);

/* Its row, as it is. */
int chain_insert(struct signet_ledger *ledger, const struct chain_event *event, const char *hash,
                 struct signet_error *err);

/* states.c: whether one change may bring a device from a state to another (or leave it where it
 * is). */
bool state_may(enum signet_device_state from, enum signet_device_state to);

/* Receivers that keep nothing of a device: by outbox.c, and in SQL. */
bool server_registers(const char *server);
#define LEDGER_NO_SERVERS "'" SIGNET_LEDGER_LABEL "', '" SIGNET_LEDGER_SCANNER "'"

/* lease.c: from a row of a device to the right to work on it */

/* Columns of a device that a lease is made of, for SELECT. */
#define LEASE_COLUMNS "id, token, number, attempt, state, endpoint"
/* No lease is longer than a day: one that seems to be was given by a clock that was ahead, and has
 * ended too. Taking over too early is safe: the token fences off who had it. */
enum { LEASE_MAX = 86400 };
#define LEASE_ENDED(until, now) "(" until " < " now " OR " until " > " now " + 86400)"
void lease_read(const struct db_rows *row, struct signet_lease *lease);
/* The rows that are left of a query, behind the *count leases that are there, at most max. */
int lease_collect(struct db_rows *rows, struct signet_lease *leases, size_t max, size_t *count,
                  struct signet_error *err);
/* Takes over a device whose row is locked: a new token, this station, this slot (NULL: as it was).
 */
int lease_take(struct signet_ledger *ledger, struct signet_lease *lease, const char *slot,
               struct signet_error *err);
/* SIGNET_E_BUSY: another has it by now. */
int lease_lost(const struct signet_lease *lease, struct signet_error *err);
/* The event of a device that was just changed, with events + 1. */
int device_event(struct signet_ledger *ledger, int64_t device, const char *kind, const char *detail,
                 struct signet_error *err);

/* reserve.c: a new device of the order. SIGNET_E_NOT_FOUND: the name is in use. */
int device_insert(struct signet_ledger *ledger, int64_t order, int64_t number, const char *endpoint,
                  const char *slot, struct signet_lease *lease, struct signet_error *err);

int lease_release(struct signet_ledger *ledger, const struct signet_lease *lease,
                  struct signet_error *err);

/* order.c: an event of an order; in a transaction of its own */
int order_event(struct signet_ledger *ledger, int64_t order, const char *kind, const char *detail,
                struct signet_error *err);
int order_put_note(struct signet_ledger *ledger, int64_t order, const char *kind,
                   const char *detail, struct signet_error *err);

/* device.c: one advance, for a lease whose state the caller brings up to date. */
int device_advance(struct signet_ledger *ledger, const struct signet_lease *lease,
                   enum signet_device_state to, const struct signet_device_facts *facts,
                   struct signet_error *err);
/* A device that this token (0: whoever) holds gets an event, or is set aside with one.
 * SIGNET_E_NOT_FOUND, without a message: another holds it, or to set aside: it is at its end. */
int device_note(struct signet_ledger *ledger, int64_t device, int64_t token, const char *kind,
                const char *detail, struct signet_error *err);
/* Which other device has what is one device's only: its name, or a fact. */
struct device_owner {
    const char *fact; /* NULL: the name */
    char endpoint[SIGNET_ENDPOINT_SIZE], station[STATION_MAX + 1];
};
/* facts: as in struct signet_device_facts. freed, ended: what such a device does not keep is not
 * looked for. SIGNET_E_NOT_FOUND: none. */
int device_find_owner(struct signet_ledger *ledger, int64_t device, const char *endpoint,
                      const char *const *facts, bool freed, bool ended, struct device_owner *owner,
                      struct signet_error *err);
bool note_kind_valid(const char *kind);
int device_set_aside(struct signet_ledger *ledger, int64_t device, int64_t token,
                     const struct signet_error *why, const char *detail, struct signet_error *err);

/* head.c: which ledger it is: the hash of its first event; as it was, without any. */
int ledger_identity(struct signet_ledger *ledger, char out[65], struct signet_error *err);

/* verify.c: what signet_ledger_verify() does, in a transaction that is open. */
int verify_ledger(struct signet_ledger *ledger, int64_t *events, char head[65],
                  struct signet_error *err);

/* migrate.c */

/* An event of nobody's (device 0), in a transaction that writes. */
int ledger_event(struct signet_ledger *ledger, const char *kind, const char *detail,
                 struct signet_error *err);
/* Makes the tables of an empty database, or brings an older ledger to the schema that this program
 * works with, in one transaction; refuses a newer one. */
int ledger_migrate(struct signet_ledger *ledger, enum db_open how, struct signet_error *err);
/* The SQL that makes this schema of that one (0: nothing), as this database takes it. */
int ledger_schema(const struct db_ops *ops, int64_t from, int64_t to, struct buf *sql,
                  struct signet_error *err);

/* Rows that are given to a callback, by store_read_once(). */
struct look {
    const struct signet_ledger_filter *filter;
    const char *name; /* of an endpoint or an order; NULL: all */
    signet_ledger_device_each *device;
    signet_ledger_event_each *event;
    signet_ledger_delivery_each *delivery;
    signet_ledger_group_each *group;
    signet_ledger_order_view_each *order;
    signet_ledger_in_work_each *in_work;
    int64_t order_id; /* of in_work */
    void *ctx;
};

#endif
