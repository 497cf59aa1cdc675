/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

/* The board was flashed already: programming checks the image and says that it is done. */
static int none_program(struct signet_flasher *f, const char *path,
                        const struct signet_image *image, enum signet_erase erase,
                        struct signet_error *err)
{
    (void)f;
    (void)path;
    (void)image;
    (void)erase;
    (void)err;
    return SIGNET_OK;
}

const struct flasher_ops none_ops = {
    .name = "none",
    .summary = "the board is flashed already",
    .formats = SIGNET_IMAGE_HEX | SIGNET_IMAGE_ELF | SIGNET_IMAGE_BIN,
    .program = none_program,
};
