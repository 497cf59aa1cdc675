/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_DELIVERY_H
#define DELIVERY_DELIVERY_H

/* From verified to done, for devices of boards and of files alike: each server gets what it does
 * not have, then the device is proved, its secret ends, and it is done. What waits is taken from
 * the ledger, so that a crash leaves nothing to remember. What each event means for a device stands
 * in docs/SPEC.md, "Delivery". */

#include "job/job.h"
#include "label/label.h"
#include "vault/vault.h"

#include <signet/order.h>
#include <signet/run.h>

struct delivery_setup {
    struct job *job;
    struct vault *vault;
    const struct signet_order *order;     /* its servers' names, and what it says of the proof */
    struct signet_server *const *servers; /* open; each is used by one thread */
    struct signet_server *const *seen_by; /* the same servers, to be asked by the proof */
    const struct signet_profile *profile; /* of the order's devices */
    const struct label *label;            /* the order's; NULL: it has none */
    struct signet_delivery_report *report;
    bool once;   /* at the end, no server is tried a second time */
    bool watch;  /* at the end, labels that are to be scanned back are waited for without end */
    int seconds; /* at the end, how long servers that are unreachable are tried; 0: 10; how long
                    the next label is waited for; 0: DELIVERY_READ_SECONDS */
};
enum { DELIVERY_READ_SECONDS = 60 };

/* Does anything follow after verified, so that the packet is still needed? */
bool delivery_follows(const struct signet_order *order);

/* Starts a thread for each server, and one that proves and finishes. The report is complete at the
 * end. */
struct delivery;
int delivery_begin(struct delivery **out, const struct delivery_setup *setup,
                   struct signet_error *err);
/* A device became verified. */
void delivery_notify(struct delivery *delivery);
/* A slot that waits for the label of its device. */
enum label_wait_state {
    LABEL_WAITS,
    LABEL_PRINTED,
    LABEL_DOUBTFUL /* nobody knows whether it was printed: a person has to look */
};
struct label_wait {
    char endpoint[SIGNET_ENDPOINT_SIZE];
    enum label_wait_state state; /* with the job's lock, whose changes tell of it; */
    struct signet_error why;     /* what it waits for; SIGNET_OK: its turn */
    struct label_wait *next;
};
void delivery_watch_label(struct delivery *delivery, struct label_wait *wait);
void delivery_leave_label(struct delivery *delivery, struct label_wait *wait);
/* A batch of which devices were left out: its seal is wiped when no device needs it. */
int delivery_review_seal(struct delivery *delivery, uint64_t number, struct signet_error *err);
/* No more devices will: waits for the threads, and frees. */
int delivery_end(struct delivery **delivery, struct signet_error *err);

/* proof.c: one device, with exactly the credentials of its packet, and with the word of the servers
 * where they can tell. Of setup: order, seen_by, and the job's stop. */
struct device;
int proof_of_device(const struct delivery_setup *setup, const struct device *device,
                    struct signet_error *err);

#endif
