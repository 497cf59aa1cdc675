/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_PRIVATE_H
#define RUN_PRIVATE_H

#include "job/job.h"
#include "label/label.h"
#include "line/line.h"
#include "template/template.h"
#include "tpm/tpm.h"
#include "vault/vault.h"

#include <signet/authority.h>
#include <signet/order.h>
#include <signet/run.h>
#include <signet/server.h>
#include <signet/status.h>
#include <stdatomic.h>

struct signet_run {
    const struct signet_order *order;
    struct signet_run_options options;
    enum signet_ledger_age age;             /* of the ledger, by what the work folder remembers */
    struct job job;                         /* job.ledger is the run's */
    struct signet_observer observer;        /* one caller at a time */
    struct signet_observer status_observer; /* of the job: the status, then the caller */
    struct signet_status *status;
    struct line_changes changes;
    struct line_scans *scans; /* of the slots; NULL: nothing is scanned */
    struct run_scan *scan;    /* NULL: the order has none */
    struct control *control;  /* NULL: none */
    atomic_bool stop_asked;
    const struct signet_profile *profile;
    struct signet_authority *authority; /* NULL: certificates sign themselves */
    struct source *source;
    struct label *label; /* NULL: the order has none */
    struct vault *vault;
    bool is_signed; /* the order is, by an owner that the station knows */
    bool counts;    /* the TPM counts what the station remembers of its ledgers */
    struct tpm_count count;
    uint64_t count_value; /* when the run began */
    bool accepted;        /* that the station was put back */
    int64_t counted;      /* clock_boot() then */
    char *sign_file;      /* beside the vault's key */
    struct signet_server *servers[SIGNET_ORDER_SERVERS];
    struct signet_server *seen_by[SIGNET_ORDER_SERVERS]; /* the same; connections of the proof */
};

/* begin.c: may it change something? SIGNET_E_USAGE */
int run_check_works(const struct signet_run *run, struct signet_error *err);

/* ledger.c: opens it, and the order in it */
int run_open_ledger(struct signet_run *run, struct signet_error *err);
/* What the ledger has of the order of that name. */
struct run_order {
    const char *name;
    int64_t quota, issued; /* quota 0: there is none */
};
int run_find_order(const struct signet_run *run, struct run_order *found, struct signet_error *err);

/* signed_order.c: where the station knows owners, an order that is worked on must be signed by one
 * of them, and as it was then. SIGNET_E_CRYPTO. */
int run_check_signature(struct signet_run *run, struct signet_error *err);
/* allowance.c: what the station made of a signed order with other ledgers counts, too; and what it
 * remembers is not older than the TPM's count. SIGNET_E_QUOTA, SIGNET_E_CONFLICT. */
int run_begin_allowance(struct signet_run *run, struct signet_error *err);
int run_end_allowance(struct signet_run *run, struct signet_error *err);

/* tpm_count.c: the TPM's count, where there is one, against the line with its number.
 * SIGNET_E_CONFLICT: the station was put back. writes: what is put into lines then is written, and
 * counted. */
struct run_count {
    struct tpm_count of;
    uint64_t known, value; /* by the line, and the TPM's */
    bool accepted;         /* that they differ */
};
int run_count_check(struct signet_run *run, struct run_count *count, bool writes, struct buf *lines,
                    struct signet_error *err);
/* It is recorded that a person accepts it. */
int run_accept(struct signet_run *run, const char *what, struct signet_error *err);
void run_count_put(const struct signet_run *run, struct run_count *count, struct buf *lines);

/* begin.c: what is told when the order begins. run_check_clock(): the ledger is open. run_begin():
 * the order is in it; makes: the begin is recorded, else it is only looked. */
int run_check_clock(struct signet_run *run, struct signet_error *err);
int run_begin(struct signet_run *run, bool makes, struct signet_error *err);
/* The station key is the one whose runs the ledger knows as counted, if it knows any: then
 * run->counts. SIGNET_E_CONFLICT */
int run_check_key(struct signet_run *run, struct signet_error *err);

/* report.c: after all threads; begin: clock_seconds(). The ledger keeps the report. */
int run_report(struct signet_run *run, double begin, struct signet_run_report *report,
               struct signet_error *err);

/* ledger_memory.c: the ledger against what the work folder remembers. SIGNET_E_CONFLICT: it is
 * another one, or an old copy; or it is gone. */
int run_check_ledger(struct signet_run *run, struct signet_error *err);
int run_ledger_gone(struct signet_run *run, struct signet_error *err);

/* authority.c: opens it, where the order has one; what hash and signature of the order have of it
 */
int run_open_authority(struct signet_run *run, struct signet_error *err);
int run_authority_text(const struct signet_order *order, struct buf *text,
                       struct signet_error *err);

/* line_changes.c: the order's slot of that name. SIGNET_E_NOT_FOUND. */
int run_find_slot(const struct signet_run *run, const char *name, size_t *slot,
                  struct signet_error *err);
/* names that the order or a person gave */
int run_check_names(const struct signet_run *run, struct signet_error *err);
/* The shift that the run begins in is an event of the order. */
int run_begin_shift(struct signet_run *run, struct signet_error *err);

/* control.c: the socket in the work folder, whose lock the run has. One that cannot be made is
 * warned of. */
void run_open_control(struct signet_run *run);
void run_close_control(struct signet_run *run);

/* scan_slot.c: codes of scanners. Those on ports are read between begin and end. */
int run_open_scan(struct signet_run *run, struct signet_error *err);
void run_close_scan(struct signet_run *run);
int run_begin_scan(struct signet_run *run, struct signet_error *err);
void run_end_scan(struct signet_run *run);
uint64_t run_refused_scans(struct signet_run *run);
/* label.c: opens the order's labels, where it has some, and tries each */
int run_open_label(struct signet_run *run, struct signet_error *err);

/* servers.c */
int run_open_servers(struct signet_run *run, struct signet_error *err);
void run_close_servers(struct signet_run *run);
/* Whether every server would take a device that is not made yet, or, without one, can be reached
 * with its token; ctx is a struct signet_run. */
int run_ask_servers(void *ctx, const struct signet_device *device, struct signet_error *err);

/* template.c: the template as devices get it, and what a source of one device needs; freed also
 * after an error. */
struct run_model {
    struct signet_tree *tree;
    struct signet_cert_info cert;
    struct source_options options;
};
int run_model_load(const struct signet_run *run, const struct signet_observer *observer,
                   struct run_model *model, struct signet_error *err);
/* The names of the order's devices. */
void run_model_names(const struct signet_order *order, struct run_model *model);
void run_model_free(struct run_model *model);

/* golden.c: before the order makes devices, the name of its golden board is nobody's. A product
 * that has it is warned of. */
int run_keep_golden(struct signet_run *run, struct signet_error *err);

/* slot_claims.c: the slots of the order are this run's alone, at this station. SIGNET_E_BUSY. */
int run_claim_slots(struct signet_run *run, struct signet_error *err);

/* receivers.c: every credential that is made is told to somebody, or the order is refused.
 * one_account: the records have one account of each device only. */
int run_check_receivers(const struct signet_run *run, bool one_account, struct signet_error *err);

#endif
