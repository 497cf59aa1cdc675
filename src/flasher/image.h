/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLASHER_IMAGE_H
#define FLASHER_IMAGE_H

#include "flasher.h"

#define IMAGE_MAX ((size_t)64 * 1024 * 1024)

/* Intel HEX (Intel's "Hexadecimal Object File Format Specification", rev. A, 1988): records 00 to
 * 05. sink (may be NULL) gets the data in file order. name is for messages. */
struct hex_sink {
    int (*data)(void *ctx, uint32_t address, const uint8_t *data, size_t len,
                struct signet_error *err);
    void *ctx;
};
int hex_parse(struct signet_image *out, const char *name, const uint8_t *text, size_t len,
              const struct hex_sink *sink, struct signet_error *err);

#endif
