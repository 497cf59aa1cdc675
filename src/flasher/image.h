/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLASHER_IMAGE_H
#define FLASHER_IMAGE_H

#include "flasher.h"

#define IMAGE_MAX ((size_t)64 * 1024 * 1024)

/* Intel HEX (Intel's "Hexadecimal Object File Format Specification", rev. A, 1988): records 00 to
 * 05. name is for messages. */
int hex_parse(struct signet_image *out, const char *name, const uint8_t *text, size_t len,
              struct signet_error *err);

#endif
