/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

/* What all fuzz targets need. */
#include <signet/error.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool good)
{
    if (!good)
        abort();
}

/* A refusal has a reason, of printable text. */
static inline void require_error(const struct signet_error *err)
{
    require(err->code != SIGNET_OK && err->msg[0]);
    for (const char *c = err->msg; *c; c++)
        require((unsigned char)*c >= 0x20 && *c != 0x7f);
}

#endif
