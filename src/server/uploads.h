/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_UPLOADS_H
#define SERVER_UPLOADS_H

/* Certificates that a person must give to the server, since its API does not take them. */

#include "server/ops.h"

/* Puts the certificate of a device that the server has now into the folder, and a line into the
 * list there. Nothing to do: SIGNET_OK. May be called by several threads. */
int uploads_add(const struct signet_server *server, const struct signet_device *device,
                struct signet_error *err);

#endif
