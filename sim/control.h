/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

/* Control sockets of what is simulated, whose client sim_control() is, and links to its ports. */

#include "base/base.h"

int control_open(const char *path, int *fd, struct signet_error *err); /* one left over goes */
/* Writes an answer, "ok" or "error ...", without a line end. */
typedef void control_obey(void *ctx, const char *request, char *answer, size_t cap);
void control_serve(int listener, control_obey *obey, void *ctx); /* one request */
int make_link(const char *path, const char *link, struct signet_error *err);

#endif
