/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_EVENT_H
#define SIGNET_EVENT_H

/* Events: what the library reports while it works. It never prints: the caller passes an observer
 * (or NULL) and decides what to show.
 *
 * Units: seconds; done and total in the unit of the stage. Ownership: everything that an event
 * points to is valid during the call only.
 *
 * Threads: an observer is called on the thread that does the work; during signet_run_make() and
 * signet_run_deliver() on threads of the run, but by one at a time. It must not call back into the
 * handle. */

#include <signet/error.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum signet_event_kind {
    SIGNET_EVENT_WARNING,     /* legal but suspicious; error says what, code is a refusal's or OK */
    SIGNET_EVENT_STAGE_BEGIN, /* stage starts */
    SIGNET_EVENT_PROGRESS,    /* done of total, in units of the stage (bytes, percent) */
    SIGNET_EVENT_STAGE_END,   /* stage ends after seconds; error is NULL when it went well */
    SIGNET_EVENT_RETRY,       /* an attempt failed with error and is made again */
    SIGNET_EVENT_SLOT,        /* run.h: a slot is in state stage */
    SIGNET_EVENT_TOTALS,      /* run.h: done of total */
    SIGNET_EVENT_LINE,        /* run.h: the line was paused, a slot is off, another operator ... */
    SIGNET_EVENT_ERROR, /* one of several errors; the call goes on to find more, and fails then */
};

struct signet_event {
    enum signet_event_kind kind;
    const char *stage;    /* "flash", "name", "credentials", "packet", "load", "register" ... */
    const char *board;    /* slot, port or serial number; NULL where there is none */
    const char *endpoint; /* endpoint name once known, else NULL */
    uint64_t done, total; /* PROGRESS, TOTALS; total 0 means unknown */
    double seconds;       /* STAGE_END only */
    const struct signet_error *error;
    const char *name; /* LINE: operator or shift, why a rework; TOTALS: who hears; else NULL */
    const char *may;  /* SLOT: "retry" or "rework" may be asked for with its board; else NULL */
};

struct signet_observer {
    void (*on_event)(void *ctx, const struct signet_event *event);
    void *ctx;
};

#ifdef __cplusplus
}
#endif
#endif
