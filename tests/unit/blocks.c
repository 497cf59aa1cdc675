/* SPDX-License-Identifier: Apache-2.0 */
/* Linked into each unit test, each run of a corpus and signet_torture: memory that a room or the
 * test took and did not give back fails the test (begin.c, fault/starve). What libraries take is
 * not seen; who wraps an allocation himself calls block_kept() or block_again().
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf __vasprintf_chk free
 */
#include "unit/kept.h"

#include <execinfo.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* By address, in a table that is never more than half full. */
struct block {
    const void *memory;
    void *caller;
};
static struct {
    struct block *at;
    size_t room, count;
} blocks;
static pthread_mutex_t blocks_lock = PTHREAD_MUTEX_INITIALIZER;

static size_t place_of(const void *memory)
{
    return (size_t)(((uintptr_t)memory >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 20) &
           (blocks.room - 1);
}

static void put_block(struct block block)
{
    size_t i = place_of(block.memory);

    while (blocks.at[i].memory && blocks.at[i].memory != block.memory)
        i = (i + 1) & (blocks.room - 1);
    blocks.count += blocks.at[i].memory == NULL;
    blocks.at[i] = block;
}

static bool grow(void)
{
    struct block *old = blocks.at;
    size_t room = blocks.room, more = room ? room * 2 : 4096;
    void *at =
        mmap(NULL, more * sizeof(*old), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        return false;
    blocks.at = at;
    blocks.room = more;
    blocks.count = 0;
    for (size_t i = 0; i < room; i++)
        if (old[i].memory)
            put_block(old[i]);
    if (old)
        munmap(old, room * sizeof(*old));
    return true;
}

static void *keep(void *memory, void *caller)
{
    if (!memory)
        return NULL;
    pthread_mutex_lock(&blocks_lock);
    if (blocks.count * 2 < blocks.room || grow())
        put_block((struct block){memory, caller});
    pthread_mutex_unlock(&blocks_lock);
    return memory;
}

void *block_kept(void *memory)
{
    return keep(memory, __builtin_return_address(0));
}

/* Those behind it move up, so that each is found from its place on. The caller of the block. */
static void *take(const void *memory)
{
    void *caller = NULL;

    pthread_mutex_lock(&blocks_lock);
    size_t i = blocks.room && memory ? place_of(memory) : 0;
    while (blocks.room && memory && blocks.at[i].memory && blocks.at[i].memory != memory)
        i = (i + 1) & (blocks.room - 1);
    if (blocks.room && memory && blocks.at[i].memory) {
        caller = blocks.at[i].caller;
        blocks.at[i].memory = NULL;
        blocks.count--;
        for (i = (i + 1) & (blocks.room - 1); blocks.at[i].memory;
             i = (i + 1) & (blocks.room - 1)) {
            struct block block = blocks.at[i];

            blocks.at[i].memory = NULL;
            blocks.count--;
            put_block(block);
        }
    }
    pthread_mutex_unlock(&blocks_lock);
    return caller;
}

long blocks_tell(void)
{
    size_t told = 0;

    for (size_t i = 0; i < blocks.room && told < 5; i++)
        if (blocks.at[i].memory) {
            backtrace_symbols_fd(&blocks.at[i].caller, 1, STDERR_FILENO);
            told++;
        }
    return (long)blocks.count;
}

#define BLOCKS_WRAP(name, parameters, arguments)                                                   \
    void *__real_##name parameters;                                                                \
    void *__wrap_##name parameters;                                                                \
    __attribute__((weak)) void *__wrap_##name parameters                                           \
    {                                                                                              \
        return keep(__real_##name arguments, __builtin_return_address(0));                         \
    }
BLOCKS_WRAP(malloc, (size_t n), (n))
BLOCKS_WRAP(calloc, (size_t n, size_t size), (n, size))
BLOCKS_WRAP(strdup, (const char *s), (s))
BLOCKS_WRAP(strndup, (const char *s, size_t n), (s, n))

void block_freed(const void *memory)
{
    take(memory);
}

void *__real_realloc(void *p, size_t n);

/* The old one goes first: another thread may get its address at once. */
static void *again(void *p, size_t n, void *caller)
{
    void *before = take(p), *grown = __real_realloc(p, n);

    if (!grown && before)
        keep(p, before);
    return keep(grown, caller);
}

void *block_again(void *p, size_t n)
{
    return again(p, n, __builtin_return_address(0));
}

void *__wrap_realloc(void *p, size_t n);
__attribute__((weak)) void *__wrap_realloc(void *p, size_t n)
{
    return again(p, n, __builtin_return_address(0));
}

void *__wrap_reallocarray(void *p, size_t n, size_t size);
__attribute__((weak)) void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
    size_t all;

    return __builtin_mul_overflow(n, size, &all) ? NULL
                                                 : again(p, all, __builtin_return_address(0));
}

int __real_vasprintf(char **out, const char *format, va_list args);
int __wrap_vasprintf(char **out, const char *format, va_list args);
__attribute__((weak)) int __wrap_vasprintf(char **out, const char *format, va_list args)
{
    int len = __real_vasprintf(out, format, args);

    if (len >= 0)
        keep(*out, __builtin_return_address(0));
    return len;
}

/* The same, where the compiler looks after buffers (_FORTIFY_SOURCE). */
int __real___vasprintf_chk(char **out, int flag, const char *format, va_list args);
int __wrap___vasprintf_chk(char **out, int flag, const char *format, va_list args);
__attribute__((weak)) int __wrap___vasprintf_chk(char **out, int flag, const char *format,
                                                 va_list args)
{
    int len = __real___vasprintf_chk(out, flag, format, args);

    if (len >= 0)
        keep(*out, __builtin_return_address(0));
    return len;
}

void __real_free(void *memory);
void __wrap_free(void *memory);
__attribute__((weak)) void __wrap_free(void *memory)
{
    take(memory);
    __real_free(memory);
}
