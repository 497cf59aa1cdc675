/* SPDX-License-Identifier: Apache-2.0 */
#include "flasher/image.h"
#include "fuzz.h"

#include <stdlib.h>

struct sum {
    uint64_t bytes;
    uint32_t low, high;
};

static int add(void *ctx, uint32_t address, const uint8_t *data, size_t len,
               struct signet_error *err)
{
    struct sum *sum = ctx;

    (void)err;
    if (len == 0 || (uint64_t)address + len > 0x100000000)
        abort();
    if (sum->bytes == 0 || address < sum->low)
        sum->low = address;
    if (sum->bytes == 0 || address + (uint32_t)(len - 1) > sum->high)
        sum->high = address + (uint32_t)(len - 1);
    sum->bytes += len + (data[0] & data[len - 1] & 0); /* touches both ends */
    return SIGNET_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sum sum = {0};
    struct hex_sink sink = {add, &sum};
    struct signet_image image = {0};
    struct signet_error err = {0};

    if (hex_parse(&image, "fuzz.hex", data, size, &sink, &err) == SIGNET_OK) {
        if (image.size != sum.bytes || image.low != sum.low || image.high != sum.high ||
            (uint64_t)image.high - image.low + 1 < image.size)
            abort();
    } else if (err.msg[0] == '\0' || image.size != 0) {
        abort();
    }
    return 0;
}
