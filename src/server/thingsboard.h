/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_THINGSBOARD_H
#define SERVER_THINGSBOARD_H

/* Between the files of ThingsBoard. */

#include "server/answer.h"

/* thingsboard_credentials.c: the JSON in the string, as the device needs it */
void thingsboard_put_credentials(struct buf *out, const struct signet_device *device);
/* What of the credentials there is not as we want it; NULL: all is. */
const char *thingsboard_difference(const json_t *there, const struct signet_device *device);
/* The device with its bootstrap account; false: it has none. */
bool thingsboard_bootstrap(const struct signet_device *device, struct signet_device *out);
/* ThingsBoard's bootstrap server writes both accounts into the device again, so that it must have
 * their secrets: of an account with a certificate that would be the private key. */
int thingsboard_fits(const struct signet_server *server, const struct signet_device *device,
                     struct signet_error *err);
/* As in struct server_ops: the bootstrap account's credentials go there too. */
bool thingsboard_serves(const struct signet_server *server, const struct signet_account *chosen,
                        const struct signet_account *account);

#endif
