/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for what may be a secret: one range of addresses that core dumps leave out, locked as it
 * is used, as far as RLIMIT_MEMLOCK allows. Small blocks share chunks, each chunk for one size and
 * one shard; threads have a shard each, while there are no more than SHARDS. What finds no room
 * comes from malloc. */
#include "base/base.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    CHUNK = 32 * 1024,
    CHUNKS = 2048,
    LOCKED_MAX = 512, /* chunks: 16 MiB */
    SHARDS = 4,
    LEAST = 32,
    CLASSES = 9,
    LARGEST = LEAST << (CLASSES - 1) /* of blocks that share a chunk */
};

struct chunk {
    struct chunk *next, *before; /* of its step and shard, while it has room */
    void *free;                  /* the first of a list */
    uint32_t fresh, used, size, shard;
    max_align_t blocks[];
};

static struct shard {
    pthread_mutex_t lock;
    struct chunk *with_room[CLASSES];
} shards[SHARDS] = {{PTHREAD_MUTEX_INITIALIZER, {0}},
                    {PTHREAD_MUTEX_INITIALIZER, {0}},
                    {PTHREAD_MUTEX_INITIALIZER, {0}},
                    {PTHREAD_MUTEX_INITIALIZER, {0}}};

static struct {
    pthread_mutex_t lock;
    uint16_t length[CHUNKS]; /* of the run that begins there */
    bool taken[CHUNKS], locked[CHUNKS];
    size_t locked_count, from; /* nothing is free before */
} range = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint8_t *_Atomic base; /* a block of malloc() may be freed while the range is reserved */
static atomic_bool unlocked;
static atomic_uint threads;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void reserve_range(void)
{
    size_t len = (size_t)CHUNKS * CHUNK;
    uint8_t *at = mmap(NULL, len + CHUNK, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (at == MAP_FAILED)
        return;
    at += (CHUNK - (uintptr_t)at % CHUNK) % CHUNK;
    madvise(at, len, MADV_DONTDUMP);
    base = at;
}

static size_t find_run(size_t count)
{
    size_t free = 0;

    for (size_t i = range.from; i < CHUNKS; i++) {
        free = range.taken[i] ? 0 : free + 1;
        if (free == count)
            return i + 1 - count;
    }
    return CHUNKS;
}

/* Pages that nobody touches take no memory; older kernels, and valgrind, lock them all at once. */
static bool lock_pages(void *run, size_t len)
{
    return mlock2(run, len, MLOCK_ONFAULT) == 0 ||
           ((errno == ENOSYS || errno == EINVAL) && mlock(run, len) == 0);
}

static void lock_run(size_t at, size_t count)
{
    if (range.locked_count + count <= LOCKED_MAX && lock_pages(base + at * CHUNK, count * CHUNK)) {
        range.locked[at] = true;
        range.locked_count += count;
    } else {
        unlocked = true;
    }
}

/* NULL: no such run is free. */
static void *run_take(size_t count)
{
    uint8_t *run = NULL;

    pthread_once(&once, reserve_range);
    pthread_mutex_lock(&range.lock);
    size_t at = base ? find_run(count) : CHUNKS;
    if (at < CHUNKS) {
        memset(range.taken + at, true, count);
        range.length[at] = (uint16_t)count;
        range.from = at == range.from ? at + count : range.from;
        lock_run(at, count);
        run = base + at * CHUNK;
    }
    pthread_mutex_unlock(&range.lock);
    return run;
}

static void run_give(void *run)
{
    size_t at = (size_t)((uint8_t *)run - base) / CHUNK;

    pthread_mutex_lock(&range.lock);
    size_t count = range.length[at];
    if (range.locked[at]) {
        munlock(run, count * CHUNK);
        range.locked[at] = false;
        range.locked_count -= count;
    }
    madvise(run, count * CHUNK, MADV_DONTNEED);
    memset(range.taken + at, false, count);
    range.from = at < range.from ? at : range.from;
    pthread_mutex_unlock(&range.lock);
}

static void leave_list(struct shard *s, size_t step, struct chunk *c)
{
    if (c->before)
        c->before->next = c->next;
    else
        s->with_room[step] = c->next;
    if (c->next)
        c->next->before = c->before;
    c->next = c->before = NULL;
}

static void join_list(struct shard *s, size_t step, struct chunk *c)
{
    c->before = NULL;
    c->next = s->with_room[step];
    if (c->next)
        c->next->before = c;
    s->with_room[step] = c;
}

static size_t step_of(size_t size)
{
    size_t step = 0;

    while ((size_t)LEAST << step < size)
        step++;
    return step;
}

static bool is_full(const struct chunk *c)
{
    return !c->free && c->fresh + c->size > CHUNK - sizeof(*c);
}

static void *take_block(struct chunk *c)
{
    void *block = c->free;

    if (block) {
        memcpy(&c->free, block, sizeof(c->free));
        memset(block, 0, sizeof(c->free));
    } else {
        block = (uint8_t *)c->blocks + c->fresh;
        c->fresh += c->size;
    }
    c->used++;
    return block;
}

static struct shard *own_shard(uint32_t *number)
{
    static _Thread_local uint32_t own; /* 1 and on; 0: none yet */

    if (!own)
        own = 1 + threads++ % SHARDS;
    *number = own - 1;
    return &shards[own - 1];
}

static void *small_block(size_t size)
{
    uint32_t number;
    struct shard *s = own_shard(&number);
    size_t step = step_of(size);
    void *block = NULL;

    pthread_mutex_lock(&s->lock);
    struct chunk *c = s->with_room[step];
    if (!c && (c = run_take(1))) {
        *c = (struct chunk){.size = (uint32_t)LEAST << step, .shard = number};
        join_list(s, step, c);
    }
    if (c) {
        block = take_block(c);
        if (is_full(c))
            leave_list(s, step, c);
    }
    pthread_mutex_unlock(&s->lock);
    return block;
}

static void give_block(void *block)
{
    struct chunk *c = (void *)((uint8_t *)block - ((uintptr_t)block - (uintptr_t)base) % CHUNK);
    struct shard *s = &shards[c->shard];
    size_t step = step_of(c->size);

    pthread_mutex_lock(&s->lock);
    if (is_full(c))
        join_list(s, step, c);
    memcpy(block, &c->free, sizeof(c->free));
    c->free = block;
    c->used--;
    bool empty = !c->used && (c->next || c->before); /* one stays */
    if (empty)
        leave_list(s, step, c);
    pthread_mutex_unlock(&s->lock);
    if (empty)
        run_give(c);
}

#ifdef __has_feature
#define HAS(feature) __has_feature(feature)
#else
#define HAS(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS(address_sanitizer) || HAS(memory_sanitizer)
enum { PLAIN_MALLOC = 1 }; /* whose mistakes they find */
#else
enum { PLAIN_MALLOC = 0 };
#endif

static bool is_ours(const void *memory)
{
    const uint8_t *first = base;

    return first && (const uint8_t *)memory >= first &&
           (const uint8_t *)memory < first + (size_t)CHUNKS * CHUNK;
}

void *locked_alloc(size_t size)
{
    void *memory = NULL;

    if (!PLAIN_MALLOC && size <= LARGEST)
        memory = small_block(size);
    else if (!PLAIN_MALLOC && size <= (size_t)CHUNKS * CHUNK)
        memory = run_take((size + CHUNK - 1) / CHUNK);
    if (memory)
        return memory;
    unlocked = unlocked || !PLAIN_MALLOC; /* which is for tests, and no reason to warn */
    return malloc(size);
}

/* A block never begins where its chunk does, since the head stands there; a run does. */
void locked_free(void *memory)
{
    if (!is_ours(memory))
        free(memory);
    else if (((uintptr_t)memory - (uintptr_t)base) % CHUNK)
        give_block(memory);
    else
        run_give(memory);
}

bool signet_secrets_locked(void)
{
    return !unlocked;
}
