/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_CLIENT_TICKET_H
#define HTTP_CLIENT_TICKET_H

/* The header that says who we are, for all connections to one server; any thread may ask. */

#include "http_client/http_client.h"

struct ticket;

/* auth->ctx is kept. SIGNET_E_USAGE: the token has characters that no token has. */
int ticket_open(struct ticket **out, const struct http_auth *auth, struct signet_error *err);
void ticket_close(struct ticket **ticket);

/* Does the text hold the token, in any spelling? */
bool ticket_repeated(struct ticket *ticket, const char *text, size_t len);

bool ticket_renews(const struct ticket *ticket);

/* A copy of the header for the caller to wipe; empty when there is none. Logs in over http when
 * that has not been done, when the token is about to end, or when *login (0: nothing) names the
 * login that the server took back. *login is then the one in use. */
int ticket_take(struct ticket *ticket, struct http *http, unsigned *login, struct secret *header,
                struct signet_error *err);

#endif
