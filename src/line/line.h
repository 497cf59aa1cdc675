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

struct slot;
enum { LINE_REASON_SIZE = 256 };

/* What people change from outside: what keeps slots from beginning a board. Its user has the lock
 * of the job. */
struct line_changes {
    bool paused;
    bool off[SIGNET_ORDER_SLOTS];
    unsigned on[SIGNET_ORDER_SLOTS]; /* how often it was put in: what a rule stopped begins anew */
    struct slot *ended[SIGNET_ORDER_SLOTS]; /* retry.c: its board came to its end, and is there */
};

/* scan.c: what a scanner gave the slots. Its user has the lock of the job. */
struct line_scan {
    bool ready;                          /* a code is there for the next board, */
    bool waits;                          /* or a board is, and waits for its code, */
    bool at_work;                        /* or the board of this code is being made */
    char endpoint[SIGNET_ENDPOINT_SIZE]; /* the device of the code */
    char code[132], carrier[132];
    char label[SIGNET_ENDPOINT_SIZE]; /* the device whose label is waited for, "": none; */
    bool label_read;                  /* it was read */
};
struct line_scans {
    char carrier[132]; /* the one scanned last */
    struct line_scan slots[SIGNET_ORDER_SLOTS];
};

struct line_setup {
    struct job *job;
    const struct signet_order *order;
    struct source *source;
    struct vault *vault;
    struct delivery *delivery;
    bool watch; /* slots wait for boards without end */
    struct line_changes *changes;
    struct line_scans *scans;     /* NULL: nothing is scanned, neither boards nor labels */
    struct signet_boards *boards; /* NULL: no run is before or after this one */
    int wait_seconds;             /* not watch: how long a slot waits for its next board; 0: 5 */
    int read_seconds;             /* not watch: how long a slot waits for its label to be read */
};

/* Pauses all slots, or lets them go on; true: that is a change. */
bool line_pause(struct job *job, struct line_changes *changes, bool paused);
/* Takes a slot of the order out, or puts it in again, also one that a rule stopped; likewise. */
bool line_slot(struct job *job, struct line_changes *changes, size_t slot, bool off);

/* The board that came to its end in the slot is begun once more where it stands, as
 * signet_run_retry(); with a reason, as signet_run_rework(). */
int line_again(struct job *job, const struct line_changes *changes,
               const struct signet_order *order, size_t slot, const char *reason,
               struct signet_error *err);

/* The next board of the slot becomes this device; code: as it was read. SIGNET_E_BUSY,
 * SIGNET_E_CONFLICT: not now. */
int line_scan(struct job *job, struct line_scans *scans, const struct signet_order *order,
              size_t slot, const char *endpoint, const char *code, struct signet_error *err);
/* The slot's code is taken back. */
void line_scan_drop(struct job *job, struct line_scans *scans, size_t slot);
/* A code was refused: the order's hook. where: its slot, or one with the name "". */
void line_scan_refused(const struct line_setup *setup, const struct signet_slot *where,
                       const struct signet_error *why);

/* Options, images and tools of each slot, and the hooks; no board is touched. */
int line_check(const struct signet_order *order, const struct signet_observer *observer,
               struct signet_error *err);
/* Until the order is used up, no slot has work left, or the job is stopped. */
int line_run(const struct line_setup *setup, struct signet_line_report *report,
             struct signet_error *err);

#endif
