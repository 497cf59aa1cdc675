/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CANCEL_H
#define SIGNET_CANCEL_H

/* A way to stop calls that wait, from another thread or from a signal handler.
 *
 * Ownership: the caller makes and frees it; it must outlive every handle and call that got it.
 * Errors: signet_cancel_new() returns SIGNET_E_IO; a call that was stopped returns
 * SIGNET_E_CANCELLED.
 *
 * Threads: fire and fired may be called on any thread, at the same time; free is for the last user.
 */

#include <signet/error.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Once fired it stays fired. Calls that wait poll its descriptor. */
struct signet_cancel;

int signet_cancel_new(struct signet_cancel **out, struct signet_error *err);
void signet_cancel_free(struct signet_cancel **cancel); /* sets *cancel to NULL */

/* Async-signal-safe. */
void signet_cancel_fire(struct signet_cancel *cancel);

/* NULL never fires. */
bool signet_cancel_fired(const struct signet_cancel *cancel);

#ifdef __cplusplus
}
#endif
#endif
