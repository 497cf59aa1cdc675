/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_CONTROL_H
#define RUN_CONTROL_H

/* What both ends of the control socket share (control_text.c). A request is one line, "COMMAND
 * ARGUMENT"; the answer is "ok" and the status, or "error NUMBER", each a line, "KEY VALUE". */

#include "base/base.h"

#include <signet/control.h>
#include <sys/un.h>

/* control-TAG.sock: 16 hex digits of the SHA-256 of the order's name */
#define CONTROL_NAME "control-%s.sock"
enum { CONTROL_NAME_SIZE = 32, CONTROL_REQUEST_MAX = 512, CONTROL_ANSWER_MAX = 1024 * 1024 };

/* The address of the socket in a folder that is open as this descriptor, whatever its path's
 * length. */
struct sockaddr_un control_address(int folder, const char *name);

/* status.c: the state of this name; SIGNET_SLOT_STATES: none */
int control_state(const char *name);
void control_put_status(struct buf *out, struct signet_status *status);
void control_put_error(struct buf *out, const struct signet_error *why);
/* text, with a zero at its end, is changed. Returns the error that it tells, or SIGNET_OK. */
int control_read_answer(char *text, struct signet_control_view *view, struct signet_error *err);

#endif
