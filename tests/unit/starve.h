/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_STARVE_H
#define TESTS_UNIT_STARVE_H

/* Each allocation of a call fails in turn: it alone, and it with all that follow. The test says
 *  * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc
 * in its first lines, and includes this after cmocka.h. */
#include "unit/kept.h"

#include <signet/error.h>
#include <stdbool.h>
#include <stddef.h>

/* Of this thread: a simulator on another has its memory. */
static _Thread_local struct {
    long calls, at; /* the one that fails; 0: none does */
    bool rest;      /* and all after it */
} starve;

static bool starve_fails(void)
{
    return starve.at && (++starve.calls == starve.at || (starve.rest && starve.calls > starve.at));
}

#include "unit/starved_calls.h"

void *__real_locked_alloc(size_t n);
void *__wrap_locked_alloc(size_t n);

void *__wrap_locked_alloc(size_t n)
{
    void *memory = starve_fails() ? NULL : __real_locked_alloc(n);

    kept_blocks += memory != NULL;
    return memory;
}

/* `call` does all of it and frees what it got: it says that there was no memory, or succeeds all
 * the same. Sanitizers see what it leaves. */
static void starve_each(int (*call)(struct signet_error *err))
{
    long failed = 0;

    for (int rest = 0; rest < 2; rest++) {
        long n = 0;
        int rc;

        do {
            struct signet_error err = {0};

            starve.calls = 0;
            starve.rest = rest;
            starve.at = ++n;
            rc = call(&err);
            starve.at = 0;
            if (rc != SIGNET_OK && (rc != SIGNET_E_NOMEM || err.code != SIGNET_E_NOMEM))
                fail_msg("allocation %ld%s: %d, %d: %s", n, rest ? " and on" : "", rc,
                         (int)err.code, err.msg);
            failed += rc != SIGNET_OK;
        } while (starve.calls >= n);
        assert_int_equal(rc, SIGNET_OK);
    }
    assert_true(failed > 1);
}

#endif
