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

/* replay.c alone has them. */
__attribute__((weak)) void replay_refused(const struct signet_error *err);
__attribute__((weak)) void replay_seen(const void *data, size_t len);

/* A refusal has a reason, of printable text. */
static inline void require_error(const struct signet_error *err)
{
    require(err->code != SIGNET_OK && err->msg[0]);
    for (const char *c = err->msg; *c; c++)
        require((unsigned char)*c >= 0x20 && *c != 0x7f);
    if (replay_refused)
        replay_refused(err);
}

/* What became of the input, where that is the same each time. */
static inline void seen(const void *data, size_t len)
{
    if (replay_seen && len)
        replay_seen(data, len);
}

#endif
