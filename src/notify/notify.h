/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOTIFY_NOTIFY_H
#define NOTIFY_NOTIFY_H

/* Who hears of an order's events: webhooks, MQTT brokers, files. The station's chain of events is
 * the outbox: each target has a cursor in the work folder, and a thread and a connection to the
 * ledger of its own, so that it holds up nobody. */

#include "job/job.h"

#include <signet/order.h>
#include <signet/run.h>

struct notify_setup {
    struct job *job;
    const struct signet_order *order;
    const char *folder, *tag; /* the cursors: FOLDER/notify-TAG-NAME.cursor */
    bool patient; /* at the end, who takes events gets all of them, however long that takes */
    int seconds;  /* else so long; 0: 10 */
};

/* Keys, certificates and libraries are there; nobody is told anything. */
int notify_check(const struct signet_order *order, struct signet_error *err);
struct notify;
/* *out is NULL when the order has no target. */
int notify_begin(struct notify **out, const struct notify_setup *setup, struct signet_error *err);
/* Nothing more will be recorded: waits for the threads, and frees. */
void notify_end(struct notify **notify, struct signet_run_report *report);

#endif
