/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FACTORY_OUTBOX_H
#define FACTORY_OUTBOX_H

/* What happens to a device after its board: it is brought to each server, then proved, then its
 * secret ends. Every step takes what waits for it out of the ledger, so that a crash anywhere
 * leaves nothing to remember. */

#include "slots.h"

/* What one walk over everything that waits came to. */
struct round {
    uint64_t moved;           /* devices that went a step on, or were set aside */
    struct signet_error away; /* why it ended early; SIGNET_OK: nothing waits any more */
};

/* The server or the network, not the device. */
bool is_away(int rc, const struct signet_error *err);
/* Tells of a device that is past its slot. */
void outbox_tell(struct line *line, enum signet_event_kind kind, enum job_stage stage,
                 double seconds, const char *endpoint, const struct signet_error *why);
/* Counts and tells a device that is set aside. */
void outbox_refused(struct line *line, enum job_stage stage, const char *endpoint,
                    const struct signet_error *why);

/* deliver.c: one server. A round brings it what it does not have. */
struct courier;
int courier_open(struct courier **out, struct line *line, size_t server, struct signet_error *err);
void courier_close(struct courier **courier);
int courier_round(struct courier *courier, struct round *round, struct signet_error *err);
/* How many devices the server does not have yet. */
int courier_waiting(struct courier *courier, int64_t *count, struct signet_error *err);

/* settle.c: what all servers have is proved, wiped and done. */
int settle_round(struct line *line, struct round *round, struct signet_error *err);

#endif
