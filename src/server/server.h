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

/* For whom what is written is sealed, and who signs it. Texts and observer outlive the server. */
struct server_seal {
    const char *const *to; /* files of certificates */
    size_t to_count;
    const char *order, *station, *sign_file;
    const struct signet_observer *observer;
};
/* open.c: is it one that writes a file? Only such a one is sealed. */
bool server_writes_file(const struct signet_server *server);
int server_seal(struct signet_server *server, const struct server_seal *how,
                struct signet_error *err);

#endif
