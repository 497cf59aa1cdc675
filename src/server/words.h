/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_WORDS_H
#define SERVER_WORDS_H

/* Texts to and from servers. */

#include "server/server.h"

enum { WORDS_MAX = 160 };

/* A server's own words, safe to show: escaped, cut, long hex numbers masked (they may be a key),
 * and left out when they repeat the device's key. device may be NULL. */
void words_show(const char *text, size_t len, const struct signet_device *device,
                char out[static WORDS_MAX]);

/* Appends a JSON string as Python's json module writes it: everything outside ASCII as \uXXXX. */
void words_json(struct buf *out, const uint8_t *text, size_t len);

/* Appends it in hex, in base64. */
void words_hex(struct buf *out, const uint8_t *data, size_t len);
void words_base64(struct buf *out, const uint8_t *data, size_t len);

#endif
