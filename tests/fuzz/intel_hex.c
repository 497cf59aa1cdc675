/* SPDX-License-Identifier: Apache-2.0 */
#include "flasher/ops.h"
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signet_image image = {0};
    struct signet_error err = {0};

    if (hex_parse(&image, "fuzz.hex", data, size, &err) == SIGNET_OK) {
        if (image.size == 0 || (uint64_t)image.high - image.low + 1 < image.size)
            abort();
    } else if (err.msg[0] == '\0' || image.size != 0) {
        abort();
    }
    return 0;
}
