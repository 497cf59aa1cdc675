/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_FIGURES_H
#define RUN_FIGURES_H

/* What a monitoring system asks of a run, and its alarms; the status holds its lock. */

#include <signet/status.h>

struct status_figures {
    struct signet_figures now;
    double came[SIGNET_ALARMS]; /* clock_seconds() */
};

void figures_add_board(struct status_figures *f, enum signet_slot_state state, double seconds,
                       const struct signet_error *why);
void figures_add_event(struct status_figures *f, const struct signet_event *event);
void figures_read(const struct status_figures *f, struct signet_figures *out);

#endif
