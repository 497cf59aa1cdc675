/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RUN_H
#define SIGNET_RUN_H

/* A work order at work: on boards, many at a time, each in a slot; or, without a board, on packets
 * that are written to a folder or a file. Each device goes reserved -> keyed -> writing -> written
 * -> verified -> registered -> done. Every state is on disk before the effect that it announces: a
 * run may end at any moment, by kill -9 or a power cut, and the next one resumes it. docs/SPEC.md,
 * "Delivery", has what a run does about each error.
 *
 * Units: seconds. Ownership: order, and what options point to, outlive the run;
 * signet_run_report_free() frees a report, also after an error. Errors: what stopped the run. That
 * a device failed or waits is in the report, not an error.
 *
 * Threads: one handle is for one thread at a time. A run starts threads of its own and ends them
 * before its calls return; signet_cancel_fire() stops it from any thread, and the people at the
 * line change it from any thread. */

#include <signet/bytes.h>
#include <signet/cancel.h>
#include <signet/error.h>
#include <signet/event.h>
#include <signet/ledger_copy.h>
#include <signet/order.h>
#include <signet/status.h>
#include <signet/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct signet_run;

/* Which boards stand in the slots. Given to runs that follow each other in one process: a board
 * that one made, or failed to make, and that is still there is no new board to the next. */
struct signet_boards;
int signet_boards_new(struct signet_boards **out, struct signet_error *err);
void signet_boards_free(struct signet_boards **boards); /* sets *boards to NULL */

struct signet_run_options {
    size_t size; /* sizeof(struct signet_run_options): what a later version adds is then zero; 0:
                    this version */
    bool watch;  /* slots may be empty, and wait for boards without end */
    int wait_seconds;   /* not watch: how long a slot waits for its next board; 0: 5 */
    int sync_seconds;   /* at the end, how long servers that are unreachable are tried; 0: 10 */
    bool deliver_only;  /* for signet_run_deliver(): boards and slots are not looked at */
    bool ask_servers;   /* reach and token of each are tried */
    bool dry_run;       /* all is checked; nothing is made (SIGNET_E_USAGE), and nothing comes into
                           the ledger */
    bool recover;       /* for signet_run_recover(), with deliver_only; dry_run: it is only shown */
    const char *reason; /* recover: why it is accepted that the whole station was put back, which
                           its TPM shows; NULL: it is not */
    struct signet_boards *boards;           /* of a run before or after this one; NULL: none */
    const struct signet_observer *observer; /* called by one thread at a time; may be NULL */
    const struct signet_cancel *cancel;     /* may be NULL */
    /* As in struct signet_authority_options: for the order's authority, and the station key. */
    int (*ask)(void *ctx, const char *what, struct signet_bytes *secret, struct signet_error *err);
    void *ask_ctx;
};

/* The order's template, with the definitions of objects that the order names. */
int signet_run_template(const struct signet_order *order, struct signet_tree **out,
                        struct signet_error *err);

/* Opens and checks everything that the order names; no board is touched. order, and what options
 * point to, outlive the run. A name that another order has is warned of. SIGNET_E_CONFLICT: the
 * order was begun with another template or other names, more devices than the quota are begun, or
 * an output is not as it was left; SIGNET_E_BUSY: another run uses the work folder. */
int signet_run_open(struct signet_run **out, const struct signet_order *order,
                    const struct signet_run_options *options, struct signet_error *err);
void signet_run_close(struct signet_run **run); /* sets *run to NULL */

/* Endpoint of device number index, from 0. SIGNET_E_NOT_FOUND: there is none; SIGNET_E_UNSUPPORTED:
 * endpoints are the boards' names. */
int signet_run_name(struct signet_run *run, int64_t index, char endpoint[SIGNET_ENDPOINT_SIZE],
                    struct signet_error *err);

struct signet_slot_report {
    const char *name; /* the order's */
    uint64_t passed, failed, first_pass;
};

/* Boards, in this run. */
struct signet_line_report {
    uint64_t passed;      /* boards verified */
    uint64_t failed;      /* boards set aside */
    uint64_t first_pass;  /* of passed: without a retry */
    uint64_t locked;      /* boards whose debug port was locked */
    uint64_t made_before; /* boards that an earlier run made; they were left as they are */
    uint64_t retries;
    uint64_t refused_scans;   /* codes that were unknown, repeated, malformed, or came at the wrong
                                 time */
    struct signet_error rule; /* of the order, that stopped the line; SIGNET_OK: none */
    double per_hour;          /* passed boards, from the first one's begin to the last one's end */
    struct signet_slot_report *slots;
    size_t slot_count;
};

struct signet_output_report {
    uint64_t bytes;  /* 0 with a folder */
    char sha256[65]; /* of them */
};

/* Packets without boards, in this run. */
struct signet_batch_report {
    uint64_t made;      /* devices written */
    uint64_t failed;    /* devices set aside */
    uint64_t elsewhere; /* half made at another station, which is not at work on them */
    struct signet_output_report packets, records; /* whole, as they are now */
};

struct signet_server_report {
    const char *name;             /* the order's */
    uint64_t registered, refused; /* in this run */
    int64_t waiting;              /* devices of the order that it does not have yet */
    struct signet_error away; /* why devices wait for it; SIGNET_OK: none had to, the last time */
    bool stopped;     /* it refuses every device, as `away` says: the delivery to it stopped */
    uint64_t removed; /* in this run */
    uint64_t by_hand; /* in this run: a person has to remove them */
    int64_t removing; /* devices of the order that it still has to lose */
    struct signet_error to_do;     /* what a person has to do for the first of them */
    struct signet_error unremoved; /* why one could not be removed; SIGNET_OK: all could */
};

/* From verified to done, in this run. */
struct signet_delivery_report {
    uint64_t done;
    uint64_t proved;
    uint64_t refused; /* devices set aside by a server, or by their proof */
    struct signet_server_report *servers;
    size_t server_count;
    struct signet_error unproved; /* why the last proof had no answer; SIGNET_OK: it had one */
};

/* Who hears of events, in this run. */
struct signet_notify_report {
    const char *name; /* the order's */
    uint64_t told,
        refused; /* events; refused: it took none of several tries, and they were passed over */
    uint64_t waiting;         /* events of this station that it does not have yet */
    struct signet_error away; /* why they wait; SIGNET_OK: it was there, the last time */
};

struct signet_stage_report {
    const char *name; /* "flash", "load" ...; static */
    uint64_t count;
    double median, p95; /* seconds, within 2 % */
};

/* Devices of the order that another station has in hand now. They are in states, too. */
struct signet_elsewhere_report {
    char station[128];
    int64_t begun;   /* their credentials never left that station */
    int64_t exposed; /* their credentials may be on a board, or in its files */
    int64_t waiting; /* for servers or proof */
};

enum { SIGNET_RUN_CODES = 32, SIGNET_RUN_STAGES = 11 };

/* What is left of the order, in devices. */
struct signet_run_left {
    int64_t open;     /* to be made, */
    int64_t exposed;  /* half made, */
    int64_t waiting;  /* for servers or proof: by this station */
    int64_t in_work;  /* at other stations now */
    int64_t removing; /* to be removed at a server; each server counts */
};

struct signet_run_report {
    double seconds;
    int64_t quota;
    int64_t states[SIGNET_DEVICE_STATES]; /* of the whole order, at the end: devices by state */
    struct signet_elsewhere_report *elsewhere; /* by station */
    size_t elsewhere_count;
    struct signet_run_left left;
    /* Devices of the order that wait to be made again, when boards were left as made before: those
     * boards may be theirs. The first ones, by name. */
    int64_t reworked;
    char (*reworked_names)[SIGNET_ENDPOINT_SIZE];
    size_t reworked_name_count;
    bool finished; /* the run was not stopped, and nothing is left that this station could do or
                    * that a person has to look at */
    struct signet_line_report line;
    struct signet_batch_report batch;
    struct signet_delivery_report delivery;
    struct signet_notify_report notify[SIGNET_ORDER_NOTIFY];
    size_t notify_count;
    struct signet_stage_report stages[SIGNET_RUN_STAGES];
    size_t stage_count;
    uint64_t errors[SIGNET_RUN_CODES];              /* failed attempts by signet_code */
    char checkpoint[SIGNET_LEDGER_CHECKPOINT_SIZE]; /* what the station signed last, after all this
                                                     */
};
void signet_run_report_free(struct signet_run_report *report); /* {0} afterwards */
/* The report as one JSON object; the ledger keeps the same of each run (signet_ledger_runs()). The
 * caller frees *out. */
int signet_run_report_json(const struct signet_order *order, const struct signet_run_report *report,
                           struct signet_bytes *out, struct signet_error *err);

/* Makes the devices of the order, until it is used up, no slot has work left, or cancel fires.
 * Events besides the ones of a single device:
 *   SIGNET_EVENT_SLOT      board is a slot's name; stage is "empty", "working", "waiting" (for its
 *                          programmer or port: error says which, and who holds it), "pass",
 *                          "fail" (with error), "made-before" (by an earlier run, and left
 *                          as it is; error says how that was seen), "stopped", "halted" (by a
 *                          rule of the order; error says which) or "closed"; may: what
 *                          a person may ask for with its board
 *   SIGNET_EVENT_RETRY     stage "device": a board's attempt failed with error, and is made
 *                          again
 *   SIGNET_EVENT_TOTALS    stage "order": done of total devices are made; stage "servers":
 *                          total devices wait for their registration or proof; stage "notify":
 *                          done of total events are told to name; with error, why it is away
 *   SIGNET_EVENT_PROGRESS  stage "mint": done of total devices of the order are written
 *   SIGNET_EVENT_WARNING   a server is unreachable; or refuses every device; or devices became void
 *                          meanwhile, or another station took them over: the others continue
 * SIGNET_OK also when devices failed or wait: the report says so. An error is what stopped the run,
 * such as a full disk; the report is complete then too. */
int signet_run_make(struct signet_run *run, struct signet_run_report *report,
                    struct signet_error *err);

/* The people at the line. These calls may come from any thread between open and close, also while
 * signet_run_make() works; whatever they change is an event for the observer, too:
 *   SIGNET_EVENT_LINE      stage is "paused", "resumed", "stopping"; with a slot as board, "off" or
 *                          "on"; "operator" or "shift" with the new name; "scanned" with a slot,
 *                          and the name of the device that its next board becomes; "carrier" with
 *                          its name; "set-up-code": the keyboard layout is right; "retry" and
 *                          "rework" with a slot, and the reason of a rework as name;
 *                          "label-read" with a slot, if any, and the device as name
 * The control socket (signet/control.h) calls the same functions. */

/* Boards that are in work are finished; no other is begun, and no port or programmer is touched,
 * until it goes on. Servers get their devices meanwhile. SIGNET_E_UNSUPPORTED: an order without
 * boards. */
int signet_run_pause(struct signet_run *run, bool paused, struct signet_error *err);
/* The same for one slot, by its name. SIGNET_E_NOT_FOUND. */
int signet_run_slot(struct signet_run *run, const char *slot, bool off, struct signet_error *err);
/* The board that failed in the slot is begun once more where it stands. SIGNET_E_NOT_FOUND: no such
 * slot; SIGNET_E_CONFLICT: it did not fail, is gone, or its device was set aside, so that an
 * attempt alone is of no use. */
int signet_run_retry(struct signet_run *run, const char *slot, struct signet_error *err);
/* The device of the board that came to its end in the slot is made again on this board, which is
 * erased: a finished one gets another edition, one that was set aside another attempt
 * (SIGNET_LEDGER_REWORK). Nothing changes until the slot begins the board; when it is taken out
 * before, nothing does. SIGNET_E_USAGE: no reason, or more than 255 bytes; SIGNET_E_UNSUPPORTED:
 * the order erases no boards; SIGNET_E_NOT_FOUND: no such slot, or nobody knows which device it is;
 * SIGNET_E_CONFLICT: the board is gone, or what the ledger says of its device. */
int signet_run_rework(struct signet_run *run, const char *slot, const char *reason,
                      struct signet_error *err);
/* An event of the order in the ledger; later events carry the name: 1 to 120 bytes of UTF-8,
 * and not only spaces (SIGNET_E_USAGE). */
int signet_run_operator(struct signet_run *run, const char *name, struct signet_error *err);
int signet_run_shift(struct signet_run *run, const char *name, struct signet_error *err);
/* What a scanner read, or a person typed: the code of a device, for the next board of the slot, or
 * of the label of the board in it (`scan_back`), or what else the order's `scan` knows. slot NULL:
 * the one whose code came before by this call, else the only one that waits for a code. text may be
 * anything, also no text. A code that is refused changes nothing; it is a SIGNET_EVENT_WARNING with
 * the stage "scan", too, and counted in the report. SIGNET_E_SYNTAX: malformed; SIGNET_E_NOT_FOUND:
 * nobody has it, or there is no such slot; SIGNET_E_EXISTS, SIGNET_E_CONFLICT: it was used, or the
 * keyboard layout is wrong, or not now; SIGNET_E_BUSY: not now; SIGNET_E_UNSUPPORTED: the order has
 * neither. */
int signet_run_scan(struct signet_run *run, const char *slot, const char *text, size_t len,
                    struct signet_error *err);
bool signet_run_has_scan(const struct signet_run *run); /* boards or labels are scanned */
/* The text of the set-up code: when a scanner reads it, signet_run_scan() judges the layout. */
const char *signet_scan_set_up(void);
/* As the caller's cancel; but what waits for a server or a programmer ends on the caller's only, so
 * an observer that sees "stopping" fires it. */
void signet_run_stop(struct signet_run *run);
bool signet_run_stopped(const struct signet_run *run); /* signet_run_stop() was called */
/* Summed up from all events so far; it lives as long as the run. */
struct signet_status *signet_run_status(struct signet_run *run);

/* Registers and proves what waits as verified, and makes nothing. Each server is tried once.
 * SIGNET_OK also when one is unreachable: the report says so. */
int signet_run_deliver(struct signet_run *run, struct signet_run_report *report,
                       struct signet_error *err);

/* The order's golden board, end to end: it is erased, gets new credentials under the name that is
 * kept for it (in the ledger: void, in the order "golden", whose event "golden" says how the check
 * ended), is registered at the servers that can remove devices, proved where the order says so, and
 * removed again. No product gets the name, and no quota and no yield counts the board. The run was
 * opened with dry_run. SIGNET_E_WRONG_BOARD: another board is in the slot, and was erased;
 * SIGNET_E_CONFLICT: the name is a product's; else what failed, with its stage in front. */
struct signet_golden {
    char hw_id[SIGNET_ENDPOINT_SIZE]; /* of the board in the slot, "" */
    unsigned servers;                 /* that had it */
    bool proved;
    double seconds;
};
int signet_run_golden(struct signet_run *run, struct signet_golden *report,
                      struct signet_error *err);

/* After an old copy of the ledger was put back, or the ledger was lost: no run of the order goes on
 * until what may have been given out since is void (signet_ledger_expose()). At each station of the
 * order, before any of them makes devices again. */
struct signet_run_lost {
    char endpoint[SIGNET_ENDPOINT_SIZE];
    int state;   /* that the ledger has; -1: it does not know the device */
    bool sealed; /* its credentials are in the work folder: it was in work */
};
typedef int signet_run_lost_row(void *ctx, const struct signet_run_lost *lost,
                                struct signet_error *err);
struct signet_run_recovery {
    enum signet_ledger_age age; /* SIGNET_LEDGER_SAME: nothing is to be done */
    int64_t names;              /* that the ledger does not know */
    int64_t devices;            /* of the ledger, whose credentials may be on boards */
    int64_t
        unnamed;   /* units that were taken by boards with names of their own: nobody knows which */
    bool accepted; /* that the station was put back */
};
/* row: for each of names and devices; it must not call the run. */
int signet_run_recover(struct signet_run *run, signet_run_lost_row *row, void *ctx,
                       struct signet_run_recovery *found, struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
