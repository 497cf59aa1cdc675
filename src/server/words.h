/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_WORDS_H
#define SERVER_WORDS_H

/* What servers say. */

#include "server/ops.h"

enum { WORDS_MAX = 160 };

/* A server's own words, safe to show: escaped, cut, long hex numbers masked (they may be a key),
 * and left out when they repeat the device's key or the token. device may be NULL. */
void words_show(const struct signet_server *server, const char *text, size_t len,
                const struct signet_device *device, char out[static WORDS_MAX]);

#endif
