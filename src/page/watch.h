/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAGE_WATCH_H
#define PAGE_WATCH_H

/* A run as viewers see it: looked at a few times a second while there are any. Each viewer has the
 * number of the last change that it was told; it gets what changed since, whole slots, so that one
 * that reads slowly misses what came between and nothing else. */

#include "base/base.h"

#include <signet/control.h>

struct watch;
int watch_open(struct watch **out, struct signet_error *err);
void watch_close(struct watch **watch);
/* Viewers are sent away, and no new ones come. */
void watch_end(struct watch *watch);
int watch_show(struct watch *watch, const char *work, const char *order, struct signet_error *err);
/* Says command to the run that is shown, as signet_control_ask(). */
int watch_ask(struct watch *watch, const char *command, const char *argument,
              struct signet_control_view *view, struct signet_error *err);

enum { VIEWERS_MAX = 40 };
struct viewer {
    uint64_t told; /* 0: nothing */
};
/* last: the id of the last message that a viewer had, "EPOCH-NUMBER", or NULL. False: there are
 * enough viewers. */
bool watch_join(struct watch *watch, struct viewer *viewer, const char *last);
void watch_leave(struct watch *watch);
/* A message of the stream, which all viewers that want the same share. */
struct message {
    size_t refs, len;
    char text[];
};
/* Waits until clock_ms() is `until`, or a change; *out is a message then, else NULL. False: the
 * page is closed, or there is no memory: the viewer comes again. */
bool watch_next(struct watch *watch, struct viewer *viewer, int64_t until, struct message **out);
void watch_drop(struct watch *watch, struct message **message); /* sets *message to NULL */

#endif
