/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_READ_BACK_H
#define RUN_READ_BACK_H

#include "label/label.h"

/* read_back.c: the code of a label, as scan_read() gives it. */
struct label_read {
    struct signet_ledger *ledger;
    const struct signet_order *order;
    const struct label *label;
    const char *code;
    const char *slot;                    /* that it was read at; NULL: at none */
    const char *expected;                /* whose label is waited for there; NULL: nobody's */
    bool unrecorded;                     /* a refusal is no event of the device */
    const char *detail;                  /* of the event "label-read" */
    char endpoint[SIGNET_ENDPOINT_SIZE]; /* out: whose label it is */
};
/* The label is the one that was printed for its device, and was read where it should be: the ledger
 * has it. SIGNET_E_CONFLICT: another one, in another place, or not printed; SIGNET_E_EXISTS: it was
 * read; SIGNET_E_NOT_FOUND: the order has no such label. */
int run_read_label(struct label_read *read, struct signet_error *err);
/* Is it on the label of a device that is verified, and not done? */
int run_find_label(struct label_read *read, bool *found, struct signet_error *err);

#endif
