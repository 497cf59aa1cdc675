/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

/* Servers, for the rooms that make devices. */

#include "lwm2m/lwm2m.h"

#include <signet/server.h>

/* account.c */
/* Role, mode and credentials of an account; pointers are into its tree. */
void device_take(struct signet_device *out, const struct signet_account *account);
/* Is the server told the credentials of this account, of devices like this one? */
bool server_serves(const struct signet_server *server, const struct signet_tree *tree,
                   const struct signet_account *account);

#endif
