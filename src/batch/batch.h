/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BATCH_BATCH_H
#define BATCH_BATCH_H

/* Devices without boards, by the hundred thousand: packets into a folder or a file, for whoever
 * loads them into boards, and what servers must know of them into another file. Each device is in
 * the output exactly once. */

#include "delivery/delivery.h"
#include "job/job.h"
#include "template/template.h"
#include "vault/vault.h"

#include <signet/order.h>
#include <signet/run.h>

struct batch_setup {
    struct job *job; /* order 0: the order never ran */
    const struct signet_order *order;
    struct source *source;
    struct vault *vault;
    const char *sign_file; /* the station's key that signs the manifests of sealed batches */
    bool dry_run;          /* changes nothing */
};

/* Opens the output, which must be as it was left. SIGNET_E_IO, SIGNET_E_EXISTS: there is something
 * of that name which this order did not write; SIGNET_E_CONFLICT: the file is not as it was left.
 */
struct batch_run;
int batch_open(struct batch_run **out, const struct batch_setup *setup, struct signet_error *err);
/* Version 0.1 began its records, which have one account of each device only. */
bool batch_has_one_account(const struct batch_run *run);
/* Until the order is used up, or the job is stopped. *report is complete also after an error. */
int batch_run(struct batch_run *run, struct delivery *delivery, struct signet_batch_report *report,
              struct signet_error *err);
void batch_close(struct batch_run **run); /* sets *run to NULL */

#endif
