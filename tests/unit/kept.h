/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_KEPT_H
#define TESTS_UNIT_KEPT_H

/* Blocks of memory for secrets that the program has. One that is left at its end is a secret that
 * nobody wiped: the test fails (begin.c). A test that wraps locked_alloc() or locked_free() itself
 * counts here. */
#include <stdatomic.h>

extern atomic_long kept_blocks;

#endif
