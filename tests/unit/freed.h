/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_FREED_H
#define TESTS_UNIT_FREED_H

/* What memory held when it was freed: a secret is wiped before. The test says ` * wrap:
 * locked_free` in its first lines. */
#include "base/base.h"
#include "unit/kept.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

void __real_locked_free(void *memory);
void __wrap_locked_free(void *memory);

static const void *freed_memory; /* to look at when it goes */
static size_t freed_len;
static bool freed_seen, freed_clean;

void __wrap_locked_free(void *memory)
{
    const uint8_t *bytes = memory;

    /* a secret has a head in front of its bytes */
    if (memory && (memory == freed_memory || bytes + sizeof(struct live) == freed_memory)) {
        bytes = freed_memory;
        freed_memory = NULL;
        freed_seen = true;
        freed_clean = true;
        for (size_t i = 0; i < freed_len; i++)
            freed_clean = freed_clean && !bytes[i];
    }
    kept_blocks -= memory != NULL;
    __real_locked_free(memory);
}

static inline void freed_watch(const void *memory, size_t len)
{
    freed_memory = memory;
    freed_len = len;
    freed_seen = freed_clean = false;
}

/* It was freed since, and held zeros. */
static inline bool freed_wiped(void)
{
    return freed_seen && freed_clean;
}

#endif
