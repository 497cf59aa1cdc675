/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CANCEL_H
#define SIGNET_CANCEL_H

#include <signet/error.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A way to stop blocking calls from another thread or a signal handler. Once fired it stays
 * fired. Calls that wait poll its descriptor and end with SIGNET_E_CANCELLED. */
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
