/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

/* The board was flashed already: programming checks the image and says that it is done. */
const struct flasher_ops none_ops = {
    .name = "none",
    .summary = "the board is flashed already",
    .formats = SIGNET_IMAGE_HEX | SIGNET_IMAGE_ELF | SIGNET_IMAGE_BIN,
};
