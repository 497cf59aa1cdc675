/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_LEDGER_H
#define SIGNET_LEDGER_H

/* The ledger: what happened to which device, in SQLite or PostgreSQL. It never holds a secret, only
 * fingerprints. docs/SPEC.md, "The ledger", has tables, states and the chain of hashes.
 *
 * Here is what a run, a person and an auditor do with it; ledger_read.h has what reads it,
 * ledger_copy.h its copies and those of others. Units: seconds since 1970; fingerprints are SHA-256
 * in lower-case hex. Ownership: rows are streamed to a callback, and what they point to ends with
 * it. Errors: SIGNET_E_LEDGER (damaged, or of a newer version), SIGNET_E_IO, SIGNET_E_NET,
 * SIGNET_E_BUSY, SIGNET_E_CONFLICT, SIGNET_E_QUOTA; see each call. Durability: what a call returned
 * SIGNET_OK for is on disk. No transaction is open between two calls.
 *
 * Threads: many threads may use one handle, many processes and stations one ledger. */

#include <signet/bytes.h>
#include <signet/cancel.h>
#include <signet/error.h>
#include <signet/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct signet_ledger;

/* What a station signs with each commit: C2SP's tlog-checkpoint, a text with its signature. */
enum { SIGNET_LEDGER_CHECKPOINT_SIZE = 1280 };

struct signet_ledger_options {
    size_t size; /* sizeof(struct signet_ledger_options): what a later version adds is then zero; 0:
                    this version */
    const char *station; /* required, stable over restarts, at most 120 bytes; one process at a
                          * time has it */
    const char *operator_name; /* who is at work, 1 to 120 bytes; NULL: not known */
    int lease_seconds;         /* 0: 120; at most 86400 */
    bool must_exist;           /* no ledger is made: SIGNET_E_NOT_FOUND */
    bool read_only;            /* nothing is made, migrated or written; implies must_exist. Changes
                                * return SIGNET_E_USAGE */
    /* Both may be NULL, and outlive the handle. observer: is warned of a file that another program
     * locks for 3 s, or that everyone may change; of a database server that does not answer for
     * 10 s, and of commits that a standby may not have; by the thread that waits. cancel: once
     * fired, a call waits for a silent server for a second, then the handle is of no more use, and
     * calls return SIGNET_E_CANCELLED. */
    const struct signet_observer *observer;
    const struct signet_cancel *cancel;
    /* The station's Ed25519 key, made when it is first needed: it signs each commit. NULL: nothing
     * is signed; a station that signed once does not go on without its key (SIGNET_E_CONFLICT). */
    const char *sign_file;
};

/* where: a file for SQLite, or a postgresql:// address without a password (libpq reads ~/.pgpass
 * and PGPASSFILE). Made on first use; a ledger of an older version is migrated, in one transaction.
 * SIGNET_E_LEDGER: damaged, unreadable, or of a newer version; SIGNET_E_NET: the database server is
 * away; SIGNET_E_UNSUPPORTED: a file on a networked file system, unless it is only read. */
int signet_ledger_open(struct signet_ledger **out, const char *where,
                       const struct signet_ledger_options *options, struct signet_error *err);
void signet_ledger_close(struct signet_ledger **ledger); /* sets *ledger to NULL */

/* Finds or makes an order. SIGNET_E_CONFLICT: the name stands for another hash; a higher quota is
 * taken over. */
int signet_ledger_order(struct signet_ledger *ledger, const char *name, const char *hash,
                        int64_t quota, int64_t *id, struct signet_error *err);

/* Over this handle no more than so many units of the order are taken, whatever its quota is. */
void signet_ledger_limit(struct signet_ledger *ledger, int64_t order, int64_t units);

/* Another operator: an event of the order, "operator", which the one of before still signs; later
 * events carry the new name. Another shift: an event "shift". name: "", or UTF-8 of at most 120
 * bytes without control characters (SIGNET_E_USAGE). From any thread. */
int signet_ledger_operator(struct signet_ledger *ledger, int64_t order, const char *name,
                           struct signet_error *err);
int signet_ledger_shift(struct signet_ledger *ledger, int64_t order, const char *name,
                        struct signet_error *err);

/* The states of a device: name, number, word. The numbers are stable, since the ledger stores them.
 * From WRITING on credentials may have left the host; a REGISTERED device is at all its servers; a
 * RETIRED one is an edition of a name that has a newer one. */
#define SIGNET_DEVICE_STATE_TABLE(ROW)                                                             \
    ROW(RESERVED, 0, "reserved")                                                                   \
    ROW(KEYED, 1, "keyed")                                                                         \
    ROW(WRITING, 2, "writing")                                                                     \
    ROW(WRITTEN, 3, "written")                                                                     \
    ROW(VERIFIED, 4, "verified")                                                                   \
    ROW(REGISTERED, 5, "registered")                                                               \
    ROW(DONE, 6, "done")                                                                           \
    ROW(FAILED, 7, "failed")                                                                       \
    ROW(VOID, 8, "void")                                                                           \
    ROW(RETIRED, 9, "retired")

#define SIGNET_DEVICE_STATE_NUMBER(name, number, word) SIGNET_DEVICE_##name = (number),
enum signet_device_state { SIGNET_DEVICE_STATE_TABLE(SIGNET_DEVICE_STATE_NUMBER) };
enum { SIGNET_DEVICE_STATES = SIGNET_DEVICE_RETIRED + 1 };            /* of the last, and one */
const char *signet_device_state_name(enum signet_device_state state); /* "reserved"; "?": none */

/* The right to work on one device; token fences off a station that came back too late. */
struct signet_lease {
    int64_t device, token;
    int64_t index; /* number of the device in its manifest or pattern, from 0; -1: none */
    int attempt;   /* from 1 */
    enum signet_device_state state;
    int edition; /* of its name, from 1; only signet_ledger_waiting() says it, else 0 */
    char endpoint[SIGNET_ENDPOINT_SIZE];
};

/* A new device whose name is known. SIGNET_E_QUOTA, SIGNET_E_CONFLICT (endpoint in use). */
int signet_ledger_reserve(struct signet_ledger *ledger, int64_t order, const char *endpoint,
                          const char *slot, struct signet_lease *lease, struct signet_error *err);

/* Names of an order, by number from 0. */
struct signet_ledger_names {
    /* SIGNET_E_NOT_FOUND: there is none, nor of a higher number. May be asked again. */
    int (*name)(void *ctx, int64_t index, char endpoint[SIGNET_ENDPOINT_SIZE],
                struct signet_error *err);
    void *ctx;
};
/* The next devices of an order that no station has, at most max, as far as names and quota go; all
 * or none in one transaction. A name that is in use is passed over. *count is at least 1.
 * SIGNET_E_QUOTA: the quota is used up; SIGNET_E_NOT_FOUND: the names are. */
int signet_ledger_reserve_next(struct signet_ledger *ledger, int64_t order, const char *slot,
                               const struct signet_ledger_names *names, struct signet_lease *leases,
                               size_t max, size_t *count, struct signet_error *err);

/* For the board that is in the slot now: the order's unfinished device (not yet verified) that it
 * is. Looked for by endpoint, then by hw_id; with both NULL, any whose credentials never left the
 * host. SIGNET_E_CONFLICT: its credentials may be on another board, or it is void; SIGNET_E_EXISTS:
 * it is verified or done; SIGNET_E_BUSY: it was set aside, or its lease runs. SIGNET_E_NOT_FOUND:
 * the board is a new one. */
int signet_ledger_claim(struct signet_ledger *ledger, int64_t order, const char *endpoint,
                        const char *hw_id, const char *slot, struct signet_lease *lease,
                        struct signet_error *err);
/* Devices of the order that are not yet verified and that nobody works on, at most max: those
 * that are furthest first, then those that were given up first, then by number; once its
 * credentials may have left the host, a device is given to the station that made them only, since
 * it has the secret. *count 0: none. */
int signet_ledger_resume(struct signet_ledger *ledger, int64_t order, const char *slot,
                         struct signet_lease *leases, size_t max, size_t *count,
                         struct signet_error *err);
/* After a crash, when no other process of this station is at work: ends the leases that it held. */
int signet_ledger_recover(struct signet_ledger *ledger, int64_t order, struct signet_error *err);

/* Facts about the device; NULL leaves a column as it was. Hashes are lower-case hex. */
struct signet_device_facts {
    const char *hw_id, *psk_identity, *psk_sha256, *spki_sha256, *cert_issuer, *cert_serial;
    const char *packet_sha256, *image_sha256;
    const char *note; /* for the event of this change, such as "flash 12.31 s, load 1.20 s" */
};

/* Moves to the next state (or stays in it). Legal as one change are also reserved to writing,
 * writing to verified, and, without servers, writing or verified to done. SIGNET_E_BUSY: the
 * lease was lost; SIGNET_E_USAGE: no such transition; SIGNET_E_CONFLICT: a fact belongs to another
 * device, which is named. */
int signet_ledger_advance(struct signet_ledger *ledger, struct signet_lease *lease,
                          enum signet_device_state state, const struct signet_device_facts *facts,
                          struct signet_error *err);
/* Many devices in one transaction, all or none; facts (may be NULL) has one for each. */
int signet_ledger_advance_many(struct signet_ledger *ledger, struct signet_lease *leases,
                               size_t count, enum signet_device_state state,
                               const struct signet_device_facts *facts, struct signet_error *err);
/* Something worth an entry, such as "retry", that changes nothing. */
int signet_ledger_note(struct signet_ledger *ledger, const struct signet_lease *lease,
                       const char *kind, const char *detail, struct signet_error *err);
/* Something about an order that is worth an entry. */
int signet_ledger_order_note(struct signet_ledger *ledger, int64_t order, const char *kind,
                             const char *detail, struct signet_error *err);
/* Sets the device aside and ends the lease. */
int signet_ledger_fail(struct signet_ledger *ledger, struct signet_lease *lease,
                       const struct signet_error *why, struct signet_error *err);
/* Sets aside a device that nobody works on, by the number in its lease. SIGNET_E_NOT_FOUND: it is
 * at its end already. */
int signet_ledger_set_aside(struct signet_ledger *ledger, const struct signet_lease *lease,
                            const struct signet_error *why, struct signet_error *err);
int signet_ledger_renew(struct signet_ledger *ledger, const struct signet_lease *lease,
                        struct signet_error *err);
int signet_ledger_release(struct signet_ledger *ledger, const struct signet_lease *lease,
                          struct signet_error *err);
/* Many in one transaction, all or none. */
int signet_ledger_release_many(struct signet_ledger *ledger, const struct signet_lease *leases,
                               size_t count, struct signet_error *err);

/* What became of the board in a slot. Texts may be NULL or "": not known, or nothing to say. */
struct signet_ledger_board {
    const char *slot;
    const char *verdict;          /* "pass", "fail" or "made-before" */
    const char *endpoint, *hw_id; /* as far as the board was known */
    const char *shift;
    double seconds;                 /* since it came */
    unsigned retries;               /* attempts after the first */
    const struct signet_error *why; /* of all but "pass" */
    /* stages of the last attempt, in their order */
    const char *const *stages;
    const double *stage_seconds;
    size_t stage_count;
    const char
        *stop;   /* NULL, or what a rule of the order stops, one line of JSON: an event "stop" */
    int edition; /* out: of the device, from 1; 0 without one */
};
/* The end of a board: one event of the order, "board" (docs/SPEC.md, "The ledger", has what is in
 * it), also where no device was known. lease->device, 0 for none, in the same transaction: to is
 * VERIFIED: advanced, with facts (may be NULL), and released; FAILED: set aside, with board->why;
 * any other: released. Errors: as of signet_ledger_advance(); then there is no event either. */
int signet_ledger_board(struct signet_ledger *ledger, int64_t order,
                        struct signet_ledger_board *board, struct signet_lease *lease,
                        enum signet_device_state to, const struct signet_device_facts *facts,
                        struct signet_error *err);

/* A run of an order begins in a work folder, which has a word of its own: an event of the order,
 * "begin". folder NULL: nothing is recorded. before: what this station began before; "" and 0:
 * nothing, or 200,000 events ago. */
struct signet_ledger_begun {
    char folder[65];
    int64_t time;
};
int signet_ledger_begin(struct signet_ledger *ledger, int64_t order, const char *folder,
                        struct signet_ledger_begun *before, struct signet_error *err);

/* A board that held the credentials of a verified or done device was erased all the same: an event
 * of that device, "erased". It is looked for by hw_id, then by endpoint; either may be NULL.
 * SIGNET_E_NOT_FOUND: there is no such device. */
int signet_ledger_erased(struct signet_ledger *ledger, const char *endpoint, const char *hw_id,
                         const char *detail, struct signet_error *err);

/* The next board in a slot was erased for a device that waits for that one (struct
 * signet_ledger_decision, board): any board may get the device now, by its event "any-board". A
 * device that waits for no slot stays as it is. Errors: as of signet_ledger_note(). */
int signet_ledger_slot_used(struct signet_ledger *ledger, const struct signet_lease *lease,
                            struct signet_error *err);

/* The report of a run at its end, as JSON: an event of the order, "run". */
int signet_ledger_run(struct signet_ledger *ledger, int64_t order, const char *json,
                      struct signet_error *err);

/* The outbox. A server is known by its name in the order; each has a state of its own for each
 * device, so that one that is away holds up no other. */

/* Verified devices of this station (it has their secrets) that this server does not have yet and
 * that nobody brings to it now, at most max, by number, after the number *after (0 at first), which
 * is moved on. The leases are of the delivery, for signet_ledger_delivered(). *count 0: that was
 * all. */
int signet_ledger_waiting(struct signet_ledger *ledger, int64_t order, const char *server,
                          int64_t *after, struct signet_lease *leases, size_t max, size_t *count,
                          struct signet_error *err);
/* How many such devices there are; one that somebody brings there now is one of them. */
int signet_ledger_undelivered(struct signet_ledger *ledger, int64_t order, const char *server,
                              int64_t *count, struct signet_error *err);
/* What became of the deliveries. outcomes[i].code SIGNET_OK: the server has the device;
 * SIGNET_E_BUSY: the server could not be reached, the device waits; else it refused the device,
 * which is set aside with that error. One whose lease was lost is passed over. One transaction. */
int signet_ledger_delivered(struct signet_ledger *ledger, const char *server,
                            const struct signet_lease *leases, size_t count,
                            const struct signet_error *outcomes, struct signet_error *err);
/* Devices of this station that all these servers have (of which there may be none), at most max:
 * registered now, or before a crash, and leased. What is left to do is to wipe their secrets and to
 * advance them to done. *count 0: none. */
int signet_ledger_settled(struct signet_ledger *ledger, int64_t order, const char *const *servers,
                          size_t server_count, struct signet_lease *leases, size_t max,
                          size_t *count, struct signet_error *err);

/* Labels. A device whose order has labels waits for its own as for a server of this name, and where
 * labels are scanned back as for one more. */
#define SIGNET_LEDGER_LABEL   "label printer"
#define SIGNET_LEDGER_SCANNER "label scanner"
/* How far the label of a device is, by its events: "label-sent" comes before the first byte goes to
 * the printer, "labelled" when the printer says so, "label-read" when it was scanned back. SENT:
 * nobody knows whether it was printed. REFUSED is no state: "label-refused", another label was read
 * where this one was waited for. */
enum signet_ledger_label {
    SIGNET_LABEL_NONE,
    SIGNET_LABEL_SENT,
    SIGNET_LABEL_PRINTED,
    SIGNET_LABEL_READ,
    SIGNET_LABEL_REFUSED
};
/* An event of the device; detail: where, and why again. READ: the device waits for its scanner no
 * more, by the same transaction. SIGNET_E_NOT_FOUND: there is no such device; SIGNET_E_USAGE: it is
 * not verified, registered or done; READ: SIGNET_E_EXISTS, it was read; SIGNET_E_CONFLICT, it is
 * not printed, or nobody knows whether it is. */
int signet_ledger_label(struct signet_ledger *ledger, const char *endpoint,
                        enum signet_ledger_label what, const char *detail,
                        struct signet_error *err);
int signet_ledger_label_state(struct signet_ledger *ledger, const char *endpoint,
                              enum signet_ledger_label *state, struct signet_error *err);
/* Labels of the order, of devices of this station, that are scanned back. */
struct signet_ledger_unread {
    int64_t read;                        /* so many were */
    char endpoint[SIGNET_ENDPOINT_SIZE]; /* the first that is printed and was not; "": none */
    char slot[64];                       /* that made it; "": none */
};
int signet_ledger_label_unread(struct signet_ledger *ledger, int64_t order,
                               struct signet_ledger_unread *out, struct signet_error *err);

/* How many devices of the order are in each state; names that were given back do not count. */
int signet_ledger_states(struct signet_ledger *ledger, int64_t order,
                         int64_t states[SIGNET_DEVICE_STATES], struct signet_error *err);
/* Devices of the order that another station has in hand now: it makes them, or it made them within
 * the time of a lease and brings them to their servers. One row a station. */
struct signet_ledger_in_work {
    const char *station;
    int64_t begun;   /* their credentials never left the host */
    int64_t exposed; /* their credentials may be on a board */
    int64_t waiting; /* for servers or proof */
};
typedef int signet_ledger_in_work_each(void *ctx, const struct signet_ledger_in_work *in_work,
                                       struct signet_error *err);
int signet_ledger_in_work(struct signet_ledger *ledger, int64_t order,
                          signet_ledger_in_work_each *row, void *ctx, struct signet_error *err);
/* How many devices of the order, at whatever station, a server does not have yet. */
int signet_ledger_at_server(struct signet_ledger *ledger, const char *order, const char *server,
                            int64_t *count, struct signet_error *err);
/* Servers, but for printer and scanner, at which devices of the order are still to be registered or
 * removed: each with how many. */
typedef int signet_ledger_pending_each(void *ctx, const char *server, bool removal, int64_t count,
                                       struct signet_error *err);
int signet_ledger_pending(struct signet_ledger *ledger, int64_t order,
                          signet_ledger_pending_each *row, void *ctx, struct signet_error *err);
/* What a server said of devices last, as far as this station's last 500 events have it, the newest
 * first. words: NULL: it took the device; else its refusal, as it was recorded. row() stops the
 * walk by SIGNET_E_NOT_FOUND. */
int signet_ledger_answers(struct signet_ledger *ledger, const char *server,
                          int (*row)(void *ctx, const char *endpoint, const char *words,
                                     struct signet_error *err),
                          void *ctx, struct signet_error *err);
/* The states of the devices that were last in these slots of this station, of any order; -1: none
 * was in that slot. */
int signet_ledger_last(struct signet_ledger *ledger, const char *const *slots, size_t count,
                       int *states, struct signet_error *err);

/* What a person decides about devices. */

/* Those that fit all of it, in their newest editions. */
struct signet_ledger_selection {
    const char *order, *station, *slot; /* NULL: any */
    const char *error;                  /* the word of its last failure's code; NULL: any */
    const char *const *names;           /* endpoints; NULL: any */
    size_t name_count;
    int state;            /* -1: any */
    int64_t since, until; /* changed from then, to before then, seconds since 1970; 0: any time */
};

enum signet_ledger_what {
    /* Ends it permanently. Its name and its unit of the quota come back only when its credentials
     * never left the host. */
    SIGNET_LEDGER_VOID,
    /* A failed device gets another attempt: the same identity, and only on the same hardware once
     * its credentials may have left the host; one that a server refused waits for its servers
     * again. A device that is done or void gets a new edition: the same name and unit, but new
     * credentials, while the old ones are to be removed at all servers that have them. */
    SIGNET_LEDGER_REWORK
};
struct signet_ledger_decision {
    size_t size; /* sizeof(struct signet_ledger_decision): what a later version adds is then zero;
                    0: this version */
    enum signet_ledger_what what;
    const char *reason; /* required to void */
    bool remove;        /* void: the device is to be removed at the servers that have it, too */
    bool new_edition;   /* rework: whatever state it is in, once its credentials may have left the
                           host; for any board, since its own may be lost */
    /* rework: hardware id of the board that a new edition is for; "slot:STATION/SLOT": the next one
     * in that slot; "": any; NULL: the one that has the edition before, where its id is known. Also
     * of a device of which nothing left the host yet. */
    const char *board;
    bool force;   /* also what another station has in hand at this moment */
    bool preview; /* nothing is changed */
};
/* What became of a device, or would. Ends with the callback. */
struct signet_ledger_decided {
    const char *order, *endpoint;
    enum signet_device_state state; /* that it was in */
    int edition;                    /* that it has now */
    bool new_edition;
    const char *servers; /* that have the credentials of before: "a, b" */
    /* code SIGNET_OK: it is done. SIGNET_E_BUSY: another station has it in hand; SIGNET_E_EXISTS:
     * it is void already; SIGNET_E_USAGE: it is not at its end; SIGNET_E_CONFLICT: the board is
     * another device's; SIGNET_E_NOT_FOUND: the ledger has none of that name that fits. */
    const struct signet_error *error;
};
typedef int signet_ledger_decided_each(void *ctx, const struct signet_ledger_decided *decided,
                                       struct signet_error *err);
/* Decides about all that are selected, some hundreds in one transaction; each has its event. A
 * device that something stands in the way of is passed over. row may be NULL; it must not call the
 * same ledger. */
int signet_ledger_decide(struct signet_ledger *ledger,
                         const struct signet_ledger_selection *selection,
                         const struct signet_ledger_decision *decision,
                         signet_ledger_decided_each *row, void *ctx, struct signet_error *err);
/* The same for one device; what stands in the way is the error. */
int signet_ledger_void(struct signet_ledger *ledger, const char *endpoint, const char *reason,
                       struct signet_error *err);
int signet_ledger_rework(struct signet_ledger *ledger, const char *endpoint,
                         struct signet_error *err);

/* What is to be removed at a server: devices that are void or got a newer edition. The newer one
 * does not come to the server before. */
struct signet_ledger_removal {
    int64_t device, token;
    char endpoint[SIGNET_ENDPOINT_SIZE];
    bool has_cert; /* the device had a certificate */
};
/* Removals of an order that nobody has in hand, at most max, by number, after the number *after (0
 * at first), which is moved on. They are leased, for signet_ledger_removed(). *count 0: that was
 * all. */
int signet_ledger_removals(struct signet_ledger *ledger, int64_t order, const char *server,
                           int64_t *after, struct signet_ledger_removal *removals, size_t max,
                           size_t *count, struct signet_error *err);
/* What became of them. outcomes[i].code SIGNET_OK: the server does not have it;
 * SIGNET_E_UNSUPPORTED: the message says what a person has to do at the server, and with that it
 * counts as removed; any other: it is still to be removed. One whose lease was lost is passed over.
 * One transaction. */
int signet_ledger_removed(struct signet_ledger *ledger, const char *server,
                          const struct signet_ledger_removal *removals, size_t count,
                          const struct signet_error *outcomes, struct signet_error *err);

/* Checks the chain of events of each station, and that orders and devices are what the events made
 * them; SIGNET_E_LEDGER names the first row that was changed, dropped or reordered. *head is
 * SHA-256 in hex over the last event of every station: written down elsewhere, it shows later that
 * no tail was cut off and no old copy put back. */
int signet_ledger_verify(struct signet_ledger *ledger, int64_t *events, char head[65],
                         struct signet_error *err);

/* What was kept elsewhere of a ledger. */
struct signet_ledger_trust {
    size_t size; /* sizeof(struct signet_ledger_trust): what a later version adds is then zero; 0:
                    this version */
    /* Keys of stations, NAME+8 hex digits+base64; with any, all events must be signed, but those of
     * the stations that are named. */
    const char *const *keys;
    const char *const *unsigned_stations;
    const char *const *checkpoints; /* old ones, as texts */
    size_t key_count, unsigned_count, checkpoint_count;
};
/* The same, and that what was signed by then is the beginning of what is there now: SIGNET_E_LEDGER
 * for a ledger that was rewritten, forked, cut, or put back. SIGNET_E_CRYPTO: an old checkpoint is
 * signed by none of the keys. */
int signet_ledger_verify_against(struct signet_ledger *ledger,
                                 const struct signet_ledger_trust *trust, int64_t *events,
                                 char head[65], struct signet_error *err);

/* What a station signed last: C2SP tlog-checkpoint. station: NULL when one alone signs
 * (SIGNET_E_USAGE: several do). old: NULL, or an older checkpoint; then it comes behind the proof
 * that the log only grew since, as C2SP's tlog-witness takes it. SIGNET_E_NOT_FOUND: nothing was
 * signed; SIGNET_E_LEDGER: the old one is not of this log, or the log was changed. */
int signet_ledger_checkpoint(struct signet_ledger *ledger, const char *station, const char *old,
                             struct signet_bytes *out, struct signet_error *err);
/* The public key in this file, as those who verify take it (NAME+8 hex digits+base64), for each
 * station that signed with it. Its name is that of the station's log: "signet/", the station, "/"
 * and 16 digits of its first event. SIGNET_E_NOT_FOUND: none did. */
int signet_ledger_keys(struct signet_ledger *ledger, const char *sign_file,
                       int (*row)(void *ctx, const char *station, const char *key,
                                  struct signet_error *err),
                       void *ctx, struct signet_error *err);

/* One event of a device, as its station hashed it, and C2SP's tlog-proof that it is in what the
 * station signed last; NULL: it does not sign. */
struct signet_ledger_proof {
    const char *station, *kind;
    int64_t seq;
    const void *event;
    size_t event_len;
    const char *proof;
};
typedef int signet_ledger_proof_each(void *ctx, const struct signet_ledger_proof *proof,
                                     struct signet_error *err);
/* Of all events of all editions of a name, station by station; signet_proof_check() and tools of
 * others check them. SIGNET_E_NOT_FOUND: there is no such device. */
int signet_ledger_proofs(struct signet_ledger *ledger, const char *endpoint,
                         signet_ledger_proof_each *row, void *ctx, struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
