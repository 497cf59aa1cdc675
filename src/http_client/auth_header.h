/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_CLIENT_AUTH_HEADER_H
#define HTTP_CLIENT_AUTH_HEADER_H

/* The header that says who we are, for all connections to one server; any thread may ask. */

#include "http_client/http_client.h"

struct auth_header;

/* auth->ctx is kept. SIGNET_E_USAGE: the token has characters that no token has. */
int auth_header_open(struct auth_header **out, const struct http_auth *auth,
                     struct signet_error *err);
void auth_header_close(struct auth_header **auth_header);

bool auth_header_renews(const struct auth_header *auth_header);

/* A copy of the header for the caller to wipe; empty when there is none. Logs in over http when
 * that has not been done, when the token is about to end, or when *login (0: nothing) names the
 * login that the server took back. *login is then the one in use. */
int auth_header_take(struct auth_header *auth_header, struct http *http, unsigned *login,
                     struct secret *header, struct signet_error *err);

#endif
