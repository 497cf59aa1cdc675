/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LINE_LINE_H
#define LINE_LINE_H

/* Boards, many at a time, each in a slot: from blank to verified. */

#include "delivery/delivery.h"
#include "job/job.h"
#include "template/template.h"
#include "vault/vault.h"

#include <signet/order.h>
#include <signet/run.h>

/* gate.c: what keeps slots from beginning a board. Its user has the lock of the job. */
struct line_gate {
    bool paused;
    bool off[SIGNET_ORDER_SLOTS];
    unsigned on[SIGNET_ORDER_SLOTS]; /* how often it was put in: what a rule stopped begins anew */
};

struct line_setup {
    struct job *job;
    const struct signet_order *order;
    struct source *source;
    struct vault *vault;
    struct delivery *delivery;
    bool watch; /* slots wait for boards without end */
    const struct line_gate *gate;
    struct signet_boards *boards; /* NULL: no run is before or after this one */
    int wait_seconds;             /* not watch: how long a slot waits for its next board; 0: 5 */
};

/* Pauses all slots, or lets them go on; true: that is a change. */
bool line_pause(struct job *job, struct line_gate *gate, bool paused);
/* Takes a slot of the order out, or puts it in again, also one that a rule stopped; likewise. */
bool line_slot(struct job *job, struct line_gate *gate, size_t slot, bool off);

/* Options, images and tools of each slot, and the hooks; no board is touched. */
int line_check(const struct signet_order *order, const struct signet_observer *observer,
               struct signet_error *err);
/* Until the order is used up, no slot has work left, or the job is stopped. */
int line_run(const struct line_setup *setup, struct signet_line_report *report,
             struct signet_error *err);

#endif
