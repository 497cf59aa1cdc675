/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SERVER_HTTP_H
#define SIM_SERVER_HTTP_H

#include "server.h"

enum { SIM_HTTP_MAX = (4 << 20) + 16384 }; /* of a request */

struct connection {
    struct sim_server *server;
    SSL *ssl;
    int fd;
    struct buf in;
};

void sim_nap(unsigned ms);
/* The head of the next request, with its empty line; the caller frees it. NULL: no more comes. */
char *sim_http_head(struct connection *c);
/* The value of a header, or NULL; head ends with an empty line. */
const char *sim_http_header(const char *head, const char *name, size_t *len);
/* One request with its body. */
bool sim_http_receive(struct connection *c, struct sim_request *request, const char *head);
/* more: further headers. cut: the body ends early; slow: byte by byte. False: the connection ends.
 */
bool sim_http_reply(struct connection *c, const struct sim_reply *reply, const char *more, bool cut,
                    bool slow);

#endif
