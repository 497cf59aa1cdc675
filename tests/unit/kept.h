/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_KEPT_H
#define TESTS_UNIT_KEPT_H

/* Blocks of memory for secrets that the program has. One that is left at its end is a secret that
 * nobody wiped: the test fails (begin.c). A test that wraps locked_alloc() or locked_free() itself
 * counts here. */
#include <stdatomic.h>
#include <stddef.h>

extern atomic_long kept_blocks;

/* blocks.c: memory of any kind, likewise. Who wraps malloc() or such himself passes on what he
 * returns, has block_again() in place of realloc(), and calls block_freed() before free(). */
void *block_kept(void *memory);
void *block_again(void *memory, size_t size);
void block_freed(const void *memory);
/* So many were not given back; the callers of the first ones go to stderr. */
long blocks_tell(void);

#endif
