/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LINE_PRIVATE_H
#define LINE_PRIVATE_H

#include "line/line.h"

/* What a slot looks like from outside: a board that goes leaves a trace, however soon the next one
 * comes. */
struct presence {
    bool there;
    char path[128];
    char serial[128]; /* of its USB device; "" when it has none. Only known of the board taken */
    uint64_t device, inode;
    int64_t changed; /* ns */
};

/* What the rules of an order count, of a slot or of the line. */
struct tally {
    int64_t failed;                        /* in a row */
    size_t boards;                         /* that ended */
    bool passed[SIGNET_ORDER_RULE_BOARDS]; /* the last ones: board n is at n % min_yield.boards */
};

/* retry.c: the last board, begun once more because a person asked for it. Between two boards: with
 * the job's lock. */
struct again {
    const char *may; /* what may be asked for: "retry", "rework" or NULL */
    bool asked;
    char endpoint[SIGNET_ENDPOINT_SIZE]; /* of a rework: the device that the board is, "": none, */
    char hw_id[SIGNET_ENDPOINT_SIZE];    /* what the board was called when it came to its end, */
    char reason[LINE_REASON_SIZE];       /* and why; "": the ledger has it */
    int edition;                         /* that the device gets */
};

struct slot {
    struct line *line;
    const struct signet_slot *order; /* what the order says of it */
    struct signet_slot_report *report;
    pthread_t thread;
    struct signet_observer observer; /* says which slot and which device it is */
    struct signet_lease lease;       /* device 0: none */
    enum signet_device_state last;   /* of the device that was in it before this run; VOID: none */
    int64_t renew_at;                /* clock_ms() */
    struct line_scan scanned; /* of the board in work, or of the last one; endpoint "": none */
    bool scan_told;           /* its lamp says that it waits for a code */
    bool code_told;           /* its lamp says that a code waits for a board */
    char endpoint[SIGNET_ENDPOINT_SIZE]; /* of the last board's device, "" */
    uint64_t made_before;                /* boards that an earlier run made */
    const char *verdict; /* of the last board: "pass", "fail" or "made-before", as the ledger has
                            it; NULL: none, it was interrupted or no device was left for it */
    char hw_id[SIGNET_ENDPOINT_SIZE]; /* of the last board, "" */
    const char *stage;                /* that it was in last; static */
    int edition;                      /* of its device; 0: none */
    double seconds;                   /* that it took */
    struct tally tally;
    struct signet_error halted;  /* the rule that stopped it; SIGNET_OK: none */
    unsigned on;                 /* of the changes, when that was */
    bool absent;                 /* the last board was none: programmer or port are not there */
    int64_t absent_since;        /* clock_ms(); 0: it is not */
    struct signet_error missing; /* what its lamp says that it waits for; SIGNET_OK: nothing */
    bool held;                   /* its lamp says who holds its port */
    unsigned retries;            /* attempts of the last board after the first */
    bool short_of_units;         /* its board waits: boards in other slots may need all units */
    bool gone;                   /* the board that was there last was missed */
    int64_t seen_at;             /* clock_ms(), when that board was there last */
    struct presence presence;    /* of the board that is being worked on, or was last */
    bool needs_rework;           /* the last board's device is set aside, or made: an attempt
                                    alone is of no use */
    struct again again;
};

struct line {
    const struct line_setup *setup;
    struct job *job; /* its lock is for what follows, too */
    struct signet_line_report *report;
    double first, last; /* clock_seconds() of the first board's begin, of the last one's end */
    size_t open_slots;
    size_t halted_slots; /* of them, by a rule of the order */
    size_t off_slots;    /* of them, that are held */
    struct tally tally;
    struct signet_error ended; /* by a rule of the order: no board is begun any more */
    size_t boards;             /* that are being worked on: each may need a unit of the quota */
};

/* Its place in what the line's setup has for each slot. */
static inline size_t slot_index(const struct slot *slot)
{
    return (size_t)(slot->order - slot->line->setup->order->slots);
}

/* presence.c */
/* Nobody takes a board out and puts it in again so fast; a port that comes and goes does. */
enum { BACK_MS = 2000, POLL_MS = 100 };
int presence_look(const struct slot *slot, struct presence *out, struct signet_error *err);
bool presence_same(const struct presence *a, const struct presence *b);
void presence_identify(struct presence *presence); /* fills in the serial number */
/* The board of before, that its port came back so soon? */
bool presence_is_back(const struct presence *now, const struct presence *before, int64_t gone_ms);
/* Without touching the port: is the last board still there, or did it go? */
void presence_watch(struct slot *slot);
/* The board that is there now, of which now is known that it is the last one. */
void presence_keep(struct slot *slot, const struct presence *now);
/* Is there a board that is not the last one? */
bool presence_new(struct slot *slot, struct presence *now);

/* mark.c: the port of the board that gets credentials now, kept over a kill. Is the board that is
 * in the slot the one that got some last? Then endpoint says whose. False: no, or nobody can tell.
 */
int mark_write(const struct slot *slot, struct signet_error *err);
bool mark_fits(const struct slot *slot, char endpoint[static SIGNET_ENDPOINT_SIZE]);

/* retry.c: the board that came to its end may be begun once more, until it leaves, or the slot
 * does. */
void again_offer(struct slot *slot);
void again_leave(struct slot *slot);
bool again_asked(const struct slot *slot); /* a person wants it */
/* With the job's lock: a board is begun, this one or another. A rework brings its own unit of the
 * quota. */
void again_take(struct slot *slot);
bool again_has_unit(const struct slot *slot);

/* pause.c: with the job's lock */
bool slot_is_held(const struct slot *slot);
/* Waits while it is shut, and watches the board that stands in the slot. SIGNET_E_NOT_FOUND: nobody
 * else is at work, and no board is waited for. */
int slot_wait_held(struct slot *slot, bool *waited, struct signet_error *err);

/* next_board.c: until a board comes that is not the one that was there last; fresh: any will do.
 * SIGNET_E_NOT_FOUND: none came; SIGNET_E_QUOTA, SIGNET_E_CANCELLED: no more are wanted. SIGNET_OK:
 * it may need a unit of the quota, until let_board_go(). */
int wait_for_board(struct slot *slot, bool fresh, struct signet_error *err);
void let_board_go(struct line *line);

/* presence.c: where the slot is, for people */
const char *presence_place(const struct slot *slot, char out[static 160]);

/* boards.c: the board that the run before left in the slot, so that it is no new one; false: none
 * is known. The same for the next run: a board that came to its end, and is still there. */
bool boards_recall(struct slot *slot);
void boards_keep(const struct slot *slot);

/* label.c: the board is verified: it stays in its slot until its label is printed, or nobody can
 * print it now. SIGNET_OK: it is, or the order has none; else *why says what is with it. */
int slot_label(struct slot *slot, struct signet_error *why);

/* lamp.c: what a slot shows */
void slot_lamp(struct slot *slot, const char *state, const char *endpoint,
               const struct signet_error *why);

/* slot.c: the thread of one slot */
void *slot_run(void *slot);

/* board.c: one board, from blank to verified. SIGNET_OK; SIGNET_E_QUOTA: the order has no device
 * for it; SIGNET_E_PROVISIONED: it holds credentials, and was left as it is; SIGNET_E_CANCELLED;
 * slot->absent: there was no board, *err says what is missing;
 * anything else: it was set aside, and *err says why. last: what the ledger says of the slot's last
 * device, of a board that may still be there; SIGNET_DEVICE_VOID: of none. */
int board_run(struct slot *slot, enum signet_device_state last, struct signet_error *err);
/* Is what was absent there by now? SIGNET_E_NOT_FOUND: it is not. */
int board_plugged(struct slot *slot, struct signet_error *err);

/* stop_rules.c: a slot that was stopped and is put in again counts anew. With the job's lock. */
void rules_resume(struct slot *slot);
/* Counts a board that passed or failed. True: a rule stops the slot (slot->halted) or the
 * line (line->ended) by it, and *event says so, as signet_ledger_board() takes it. */
bool rules_count(struct slot *slot, bool passed, struct buf *event);
/* With the job's lock: the slot begins no board any more. */
bool rules_stop(const struct slot *slot);

/* scan.c. A new board waits for its code, or is not there. */
bool slot_scan_waits(struct slot *slot, bool there);
bool slot_scan_is_ready(const struct slot *slot); /* a code waits for its board */
void slot_scan_ask(struct slot *slot);            /* the lamp says that the board waits, */
void slot_scan_show(struct slot *slot);           /* or that the code does */
/* With the job's lock: a board is begun, with the slot's code; false: there is none. */
bool slot_scan_take(struct slot *slot);
void slot_scan_end(struct slot *slot); /* that board is over */

/* hook.c: one run of a command of the order; it gets what is known of the slot's board, as words
 * and as JSON. */
enum { HOOK_MS = 10000 };
struct hook_call {
    const char *const *argv;
    const struct signet_error *why; /* NULL, or the reason of a verdict */
    int timeout_ms;
    const struct signet_cancel *cancel;
    struct buf *output; /* what it wrote; NULL: it is dropped */
    int status;         /* its exit status */
};
int hook_call(struct slot *slot, struct hook_call *call, struct signet_error *err);
/* For slot->verdict; why: NULL, or the reason */
void hook_run(struct slot *slot, const struct signet_error *why);

/* reworked.c: the slot's lease for a device that is to be made again, and that this board is: by
 * its serial number, or since a person named the slot. SIGNET_E_PROVISIONED, with *err as it was:
 * none.
 */
int reworked_claim(struct slot *slot, const char *serial, struct signet_error *err);

#endif
