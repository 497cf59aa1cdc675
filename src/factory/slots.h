/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FACTORY_SLOTS_H
#define FACTORY_SLOTS_H

/* Inside a running line: what its slots, its outbox and its main thread share. */

#include "factory/factory.h"
#include "job/job.h"

#include <pthread.h>
#include <signet/line.h>

/* What a slot looks like from outside: a board that goes leaves a trace, however soon the next one
 * comes. */
struct presence {
    bool there;
    char path[128];
    uint64_t device, inode;
    int64_t changed; /* ns */
};

struct slot {
    struct line *line;
    const struct signet_line_slot *job;
    struct signet_line_slot_report *report;
    pthread_t thread;
    bool started;
    struct signet_observer observer; /* says which slot and which device it is */
    struct signet_lease lease;       /* device 0: none */
    int64_t renew_at;                /* clock_ms() */
    struct presence presence;        /* of the board that is being worked on, or was last */
};

struct line {
    const struct signet_line *job;
    struct signet_cancel *stop; /* of all threads of this line */
    pthread_mutex_t telling;    /* the observer has one caller at a time */
    pthread_mutex_t lock;       /* of what follows */
    pthread_cond_t changed;
    struct signet_line_report report;
    struct cycle_time cycles[STAGES];
    double first, last; /* clock_seconds() of the first board's begin, of the last one's end */
    struct signet_error fatal;
    size_t open_slots;
    size_t open_couriers; /* threads that bring devices to a server */
    size_t open_runners;  /* these, and the one for proof and end */
    bool used_up;         /* no device can be reserved any more */
    bool finished;        /* and none is unfinished */
    bool closing;         /* no slot will verify another device */
    int64_t end_at;       /* clock_ms(): how long servers are tried then */
    unsigned verified;    /* changes whenever there is something new for the servers */
    unsigned delivered;   /* and here for what comes after them */
};

/* line.c */
void line_tell(struct line *line, const struct signet_event *event);
/* Stops everything: the ledger cannot be written, or the like. The first reason counts. */
void line_stop(struct line *line, const struct signet_error *why);
bool line_stopped(struct line *line);
/* Asks the ledger how far the order is, and tells. */
int line_count(struct line *line, struct signet_error *err);
/* One more duration of a stage, for the report. */
void line_cycle(struct line *line, enum job_stage stage, double seconds);
/* Begin and end of a stage, measured and told. Begin returns the time for the end, end the seconds
 * that it took. */
double stage_begin(struct slot *slot, enum job_stage stage);
double stage_end(struct slot *slot, enum job_stage stage, double begin, int rc,
                 const struct signet_error *err);

/* presence.c */
int presence_look(const struct slot *slot, struct presence *out, struct signet_error *err);
bool presence_same(const struct presence *a, const struct presence *b);

/* slot.c: the thread of one slot */
void *slot_run(void *slot);

/* device.c: one board, from blank to verified. SIGNET_OK; SIGNET_E_QUOTA: the order has no device
 * for it; SIGNET_E_CANCELLED; anything else: it was set aside, and *err says why. *again: attempts
 * after the first. look: ask before erasing whether it holds credentials. */
int device_run(struct slot *slot, bool look, unsigned *again, char endpoint[static 152],
               struct signet_error *err);

/* outbox.c: what comes after the slots. Begin starts a thread for each server, and one for proof
 * and end; finish waits for them. */
struct outbox;
int outbox_begin(struct outbox **out, struct line *line, struct signet_error *err);
void outbox_finish(struct outbox **outbox);
/* Everything that waits, once, on the caller's thread. *away: the first that could not be asked. */
int outbox_once(struct line *line, struct signet_error *away, struct signet_error *err);

/* hook.c */
void hook_run(struct slot *slot, const char *endpoint, const struct signet_error *why);

#endif
