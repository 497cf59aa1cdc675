/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_EVENT_H
#define SIGNET_EVENT_H

#include <signet/error.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the library tells while it works. It never prints: the caller passes an observer (or NULL)
 * and decides what to show. Everything an event points to is valid during the call only. The
 * observer is called on the thread that does the work; it must not call back into the handle. */

enum signet_event_kind {
    SIGNET_EVENT_WARNING,     /* legal but suspicious; error says what, code is a refusal's or OK */
    SIGNET_EVENT_STAGE_BEGIN, /* stage starts */
    SIGNET_EVENT_PROGRESS,    /* done of total, in units of the stage (bytes, percent) */
    SIGNET_EVENT_STAGE_END,   /* stage ends after seconds; error is NULL when it went well */
    SIGNET_EVENT_RETRY,       /* an attempt failed with error and is made again */
    SIGNET_EVENT_SLOT,        /* line.h: a slot is in state stage */
    SIGNET_EVENT_TOTALS,      /* line.h: done of total */
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
};

struct signet_observer {
    void (*on_event)(void *ctx, const struct signet_event *event);
    void *ctx;
};

#ifdef __cplusplus
}
#endif
#endif
