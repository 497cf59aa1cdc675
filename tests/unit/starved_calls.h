/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_STARVED_CALLS_H
#define TESTS_UNIT_STARVED_CALLS_H

/* The calls that take memory, each of which fails when starve_fails() says so. Who includes this
 * has that function, and wraps locked_alloc() himself. */
#include "unit/kept.h"

#include <stdarg.h>

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
    size_t all;

    return starve_fails() || __builtin_mul_overflow(n, size, &all) ? NULL : block_again(p, all);
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

#endif
