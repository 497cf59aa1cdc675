/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_STATUS_H
#define SIGNET_STATUS_H

/* The status of a run, for a panel or a page: its events, summed up.
 *
 * Units: seconds. Ownership: order must outlive the status; the texts that a call fills in are in
 * the caller's struct, names belong to the order. Errors: signet_status_new() returns
 * SIGNET_E_NOMEM.
 *
 * Threads: one thread at a time calls signet_status_add() (the observer of a run does); any thread
 * may read at the same time. */

#include <signet/bytes.h>
#include <signet/error.h>
#include <signet/event.h>
#include <signet/order.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum signet_slot_state {
    SIGNET_SLOT_EMPTY,
    SIGNET_SLOT_WORKING,
    SIGNET_SLOT_PASS,
    SIGNET_SLOT_FAIL,
    SIGNET_SLOT_MADE_BEFORE, /* by an earlier run: the board was left as it is */
    SIGNET_SLOT_CLOSED,
    SIGNET_SLOT_HALTED,  /* by a rule of the order, which reason says */
    SIGNET_SLOT_WAITING, /* for its programmer or port; reason says which, and who holds it */
};
enum { SIGNET_SLOT_STATES = SIGNET_SLOT_WAITING + 1 };
/* "made-before": of the event `slot`, of the control socket, of JSON and of metrics. */
const char *signet_slot_state_name(enum signet_slot_state state);

enum { SIGNET_PERSON_SIZE = 121 }; /* of an operator's or a shift's name */

struct signet_slot_status {
    const char *name; /* the order's */
    enum signet_slot_state state;
    char endpoint[SIGNET_ENDPOINT_SIZE]; /* "" while it is not known */
    char stage[16];                      /* that the board is in, or was in last; "" before */
    double part;                         /* of the way to verified, 0 .. 1 */
    double seconds;                      /* since the board came; how long the last one took */
    bool retried;                        /* the board had a second attempt */
    bool off;                            /* it begins no board until it is on again */
    char may[8];                         /* signet_run_retry(): "retry"; "rework"; "" */
    char reason[256];                    /* of FAIL, MADE_BEFORE, WAITING and HALTED */
    char hint[256];                      /* what to do about it; "": not known */
};

/* Who hears of events, in this run. */
struct signet_notify_status {
    const char *name; /* the order's */
    uint64_t told;    /* events; with those that were passed over, since it took none of several
                         tries */
    uint64_t waiting; /* events of this station that it does not have yet */
    char away[256];   /* why they wait; "": it was there, the last time */
};

/* Of the whole order, and of this run. */
struct signet_order_status {
    const char *name;
    char operator_name[SIGNET_PERSON_SIZE], shift[SIGNET_PERSON_SIZE]; /* "": not known */
    bool paused;                                                       /* no slot begins a board */
    bool stopping;                       /* somebody asked for the end */
    bool scans;                          /* its boards need codes of scanners */
    double seconds;                      /* since signet_status_new() */
    uint64_t made, quota;                /* devices of the order: verified or further */
    uint64_t made_before;                /* of made: before this run */
    uint64_t waiting;                    /* for servers or proof */
    uint64_t passed, failed, first_pass; /* boards of this run */
    const char *servers[SIGNET_ORDER_SERVERS];
    size_t server_count;
    struct signet_notify_status notify[SIGNET_ORDER_NOTIFY];
    size_t notify_count;
    double left; /* seconds that the rest will take at this rate; below 0: unknown */
};

/* What a warning or an error said that belongs to no slot, or to its hook; why a device was set
 * aside after its board passed, or without a board. */
struct signet_alarm {
    char text[256], hint[256];
    uint64_t count; /* how often it came */
    double seconds; /* since it came last */
};

enum { SIGNET_CYCLE_BOUNDS = 12, SIGNET_ALARMS = 8, SIGNET_STATUS_CODES = 32 };

/* Of this run. */
struct signet_figures {
    uint64_t cycles[SIGNET_CYCLE_BOUNDS + 1];  /* passed boards: [i] took more than the bound before
                                                  and at most bound i; the last ones longer */
    double cycle_seconds;                      /* of all passed boards */
    uint64_t errors[SIGNET_STATUS_CODES];      /* failed boards by signet_code */
    uint64_t retries, made_before;             /* boards */
    struct signet_alarm alarms[SIGNET_ALARMS]; /* the ones that came last */
    size_t alarm_count;
};
double signet_cycle_bound(size_t i); /* in seconds; i is below SIGNET_CYCLE_BOUNDS */

struct signet_status;

/* order outlives it. */
int signet_status_new(struct signet_status **out, const struct signet_order *order,
                      struct signet_error *err);
void signet_status_free(struct signet_status **status); /* sets *status to NULL */
void signet_status_add(struct signet_status *status, const struct signet_event *event);

size_t signet_status_slot_count(const struct signet_status *status);
/* i is below the count. */
void signet_status_slot(struct signet_status *status, size_t i, struct signet_slot_status *out);
void signet_status_order(struct signet_status *status, struct signet_order_status *out);
void signet_status_figures(struct signet_status *status, struct signet_figures *out);

/* Whether a board is tried again as a whole. A frame or request that is sent again is no such
 * event. */
bool signet_event_is_retry(const struct signet_event *event);

#ifdef __cplusplus
}
#endif
#endif
