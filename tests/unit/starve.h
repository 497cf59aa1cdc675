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

#define STARVE_WRAP(name, parameters, arguments)                                                   \
    void *__real_##name parameters;                                                                \
    void *__wrap_##name parameters;                                                                \
    void *__wrap_##name parameters                                                                 \
    {                                                                                              \
        return starve_fails() ? NULL : block_kept(__real_##name arguments);                        \
    }
STARVE_WRAP(malloc, (size_t n), (n))
STARVE_WRAP(calloc, (size_t n, size_t size), (n, size))
STARVE_WRAP(strdup, (const char *s), (s))
STARVE_WRAP(strndup, (const char *s, size_t n), (s, n))

void *__wrap_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n)
{
    return starve_fails() ? NULL : block_again(p, n);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
    return starve_fails() ? NULL : block_again(p, n * size);
}

int __real_vasprintf(char **out, const char *format, va_list args);
int __wrap_vasprintf(char **out, const char *format, va_list args);
int __wrap_vasprintf(char **out, const char *format, va_list args)
{
    return starve_fails() ? -1 : __real_vasprintf(out, format, args);
}

int __real___vasprintf_chk(char **out, int flag, const char *format, va_list args);
int __wrap___vasprintf_chk(char **out, int flag, const char *format, va_list args);
int __wrap___vasprintf_chk(char **out, int flag, const char *format, va_list args)
{
    return starve_fails() ? -1 : __real___vasprintf_chk(out, flag, format, args);
}

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
