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
        seen(&image.low, sizeof(image.low));
        seen(&image.high, sizeof(image.high));
        seen(&image.size, sizeof(image.size));
    } else if (image.size != 0) {
        abort();
    } else {
        require_error(&err);
    }
    return 0;
}
