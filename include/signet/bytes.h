/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BYTES_H
#define SIGNET_BYTES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that the library hands over: the caller owns them and frees them with
 * signet_bytes_free(). Text has a terminating zero that len does not count. They may be a key, so
 * freeing wipes. Initialise to {NULL, 0}. */
struct signet_bytes {
    uint8_t *data;
    size_t len;
};

/* Wipes and frees; *b is empty afterwards. NULL and empty are fine. */
void signet_bytes_free(struct signet_bytes *b);

#ifdef __cplusplus
}
#endif
#endif
