/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_LINE_H
#define SIGNET_LINE_H

/* A whole line: many boards at a time, each in a slot of its own, until an order is used up.
 *
 * Each device goes reserved -> keyed -> writing -> written -> verified -> registered -> done; every
 * state is on disk before the effect that it announces, so that a run may end at any moment, by
 * kill -9 or by the mains, and the next one goes on where it was. A slot brings its board to
 * verified and takes the next one; servers, proof and the wiping of secrets come after it. */

#include <signet/board.h>
#include <signet/bytes.h>
#include <signet/cancel.h>
#include <signet/error.h>
#include <signet/event.h>
#include <signet/ledger.h>
#include <signet/server.h>

#ifdef __cplusplus
extern "C" {
#endif

enum signet_slot_kind {
    SIGNET_SLOT_PORT,   /* path of a serial port, or tcp:HOST:PORT */
    SIGNET_SLOT_SERIAL, /* serial number of a programmer or of a USB port */
    SIGNET_SLOT_HUB,    /* "1-4.2", a socket of a hub: whatever is plugged in there */
};

struct signet_line_slot {
    const char *name; /* what people call it, "1"; no two the same */
    enum signet_slot_kind kind;
    const char *where;
    const char *serial; /* of its programmer, with a port; NULL: none */
};

/* One device with its credentials. */
struct signet_line_unit {
    struct signet_bytes packet;       /* holds the secret */
    struct signet_device device;      /* for the servers; its pointers belong to handle */
    struct signet_device_facts facts; /* likewise; hw_id is left NULL */
    void *handle;
};

/* Where devices come from. All are called on several threads at once. */
struct signet_line_units {
    void *ctx;
    /* Endpoint of device number index, from 0, of the manifest or of the pattern; any index may be
     * asked for, rising ones are fast. SIGNET_E_NOT_FOUND: that was all. NULL: endpoints are the
     * boards' names. */
    int (*name)(void *ctx, int64_t index, char endpoint[152], struct signet_error *err);
    /* New credentials. index: of the name, or -1 when it is not known, such as for a board's own
     * name. SIGNET_E_NOT_FOUND: no such device in the manifest. */
    int (*make)(void *ctx, const char *endpoint, int64_t index, struct signet_line_unit *out,
                struct signet_error *err);
    /* Keeps the secret over a crash, sealed; on disk when this returns. */
    int (*seal)(void *ctx, const struct signet_line_unit *unit, struct signet_error *err);
    /* What was sealed. SIGNET_E_NOT_FOUND: nothing was. */
    int (*open)(void *ctx, const char *endpoint, struct signet_line_unit *out,
                struct signet_error *err);
    /* Ends what was sealed; nothing there is no error. */
    int (*wipe)(void *ctx, const char *endpoint, struct signet_error *err);
    void (*free)(void *ctx, struct signet_line_unit *unit);
};

struct signet_line {
    struct signet_ledger *ledger;
    int64_t order; /* of signet_ledger_order() */
    int64_t quota;
    const char *recipe;                       /* of signet_recipe_name() */
    const struct signet_board_options *board; /* for all slots; port, serial and endpoint are set */
    const struct signet_line_slot *slots;
    size_t slot_count;
    const struct signet_line_units *units;
    struct signet_server *const *servers; /* open; each is used on one thread of the line only */
    const char *const *server_names; /* as many, all different: the ledger knows them by these */
    size_t server_count;
    /* Proof of life of a device that all servers have; may be NULL. On one thread of the line, one
     * device at a time. SIGNET_E_NET, SIGNET_E_TIMEOUT, SIGNET_E_AUTH: it could not be asked, and
     * is later; any other error sets the device aside. */
    int (*prove)(void *ctx, const struct signet_line_unit *unit, struct signet_cancel *cancel,
                 struct signet_error *err);
    void *prove_ctx;
    /* Commands, argument vectors that end with NULL, for lamps and label printers: {slot},
     * {endpoint}, {result} ("pass", "fail") and {error} (the code's word) are replaced. No shell,
     * no secret; ended after 10 s. NULL: none. */
    const char *const *on_pass, *const *on_fail;
    int retries;      /* of one board, after its first attempt */
    bool watch;       /* slots may be empty, and wait for boards without end */
    int wait_seconds; /* not watch: how long a slot waits for the next board; 0: 5 */
    int sync_seconds; /* at the end, how long the servers are tried; 0: 10 */
    const struct signet_observer *observer; /* called by one thread at a time */
    const struct signet_cancel *cancel;
};

#define SIGNET_LINE_CODES 32

struct signet_line_stage {
    const char *name; /* "flash", "load" ...; static */
    uint64_t count;
    double median, p95; /* seconds, within 2 % */
};

struct signet_line_slot_report {
    const char *name; /* the caller's */
    uint64_t passed, failed, first_pass;
};

struct signet_line_server_report {
    const char *name;             /* the caller's */
    uint64_t registered, refused; /* in this run */
    int64_t waiting;              /* devices of the order that it does not have yet */
    struct signet_error away;     /* why it could not be asked the last time; SIGNET_OK: it could */
};

/* What came of it. */
struct signet_line_report {
    double seconds;
    uint64_t passed;     /* boards verified in this run */
    uint64_t failed;     /* boards set aside in this run */
    uint64_t first_pass; /* of passed: without a retry */
    uint64_t proved;
    uint64_t refused; /* set aside after their board had passed: by a server, or by their proof */
    uint64_t retries;
    double
        per_hour; /* passed boards per hour, from the first board's begin to the last one's end */
    uint64_t errors[SIGNET_LINE_CODES]; /* failed attempts by signet_code */
    struct signet_line_stage stages[8];
    size_t stage_count;
    struct signet_line_slot_report *slots; /* slot_count */
    size_t slot_count;
    struct signet_line_server_report *servers; /* server_count */
    size_t server_count;
    struct signet_error unproved; /* why a proof could not be had the last time */
    /* Of the whole order, at the end: devices per state. */
    int64_t states[SIGNET_DEVICE_STATES];
    int64_t quota;
};
void signet_line_report_free(struct signet_line_report *report); /* {0} afterwards */

/* Runs until the order is used up, no slot has work left, or cancel fires. Events besides the ones
 * of a single device:
 *   SIGNET_EVENT_SLOT    board is a slot's name; stage is "empty", "working", "pass", "fail" (with
 *                        error) or "closed"
 *   SIGNET_EVENT_RETRY   stage "device": a board's attempt failed with error, and is made again
 *   SIGNET_EVENT_TOTALS  stage "order": done of total devices are made; stage "servers": total
 *                        devices wait for their registration
 * SIGNET_OK also when boards failed: the report says so. An error is what stopped the line, such as
 * a full disk; the report is complete then too. */
int signet_line_run(const struct signet_line *line, struct signet_line_report *report,
                    struct signet_error *err);

/* Registers and proves what waits as verified, and nothing else: line needs ledger, order, quota,
 * units, servers, prove, observer and cancel. Each server is tried once. SIGNET_E_NET,
 * SIGNET_E_TIMEOUT, SIGNET_E_AUTH: one is away; the others were tried, and the report is complete.
 * signet_line_report_free() also after an error. */
int signet_line_sync(const struct signet_line *line, struct signet_line_report *report,
                     struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
