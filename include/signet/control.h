/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CONTROL_H
#define SIGNET_CONTROL_H

/* A run that is under way in another process: what it does, and what people at the line change of
 * it. A run has a socket in the work folder of its order; its user and root may use it.
 * docs/SPEC.md, "The control socket", has what goes over it.
 *
 * Units: seconds. Ownership: signet_control_view_free() frees what a call filled in. Errors: see
 * each call.
 *
 * Threads: the functions may be called on any thread. */

#include <signet/bytes.h>
#include <signet/error.h>
#include <signet/status.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As signet_status_order() and signet_status_slot() have it there; names belong to the view. */
struct signet_control_view {
    struct signet_order_status order;
    struct signet_slot_status *slots;
    size_t slot_count;
    struct signet_figures figures;
    void *owned;
};
void signet_control_view_free(struct signet_control_view *view); /* {0} afterwards */
/* As `signet line status --json` prints it, without the line end. The caller frees *out. */
int signet_control_view_json(const struct signet_control_view *view, struct signet_bytes *out,
                             struct signet_error *err);

/* command: "status", "pause", "resume", "off" and "on" (argument: a slot), "operator" and "shift"
 * (argument: the name), "scan" (argument: SLOT|CODE, or |CODE), "retry" (argument: a slot),
 * "rework" (argument: SLOT|REASON), "stop"; argument: else NULL. work: the order's work folder;
 * order: its name, or NULL: the only run of the folder. *view (may be NULL) is how things stand
 * after it. SIGNET_E_NOT_FOUND: no such run is at work there, or it has no such slot;
 * SIGNET_E_BUSY: it does not answer; SIGNET_E_USAGE, also when the folder has several runs; else as
 * the run's own call. */
int signet_control_ask(const char *work, const char *order, const char *command,
                       const char *argument, struct signet_control_view *view,
                       struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
