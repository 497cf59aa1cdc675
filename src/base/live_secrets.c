/* SPDX-License-Identifier: Apache-2.0 */
/* Which secrets live. */
#include "base/base.h"

#include <pthread.h>

/* Secrets are in many handles, and a text may repeat any of them: the one state that all share. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct live *first_live;

void live_begin(struct live *live, const void *data, size_t len)
{
    *live = (struct live){.data = data, .len = len};
    if (len < LIVE_MIN)
        return;
    pthread_mutex_lock(&mutex);
    live->next = first_live;
    live->back = &first_live;
    if (live->next)
        live->next->back = &live->next;
    first_live = live;
    pthread_mutex_unlock(&mutex);
}

void live_end(struct live *live)
{
    if (live->len < LIVE_MIN) /* not its back, which others change */
        return;
    pthread_mutex_lock(&mutex);
    *live->back = live->next;
    if (live->next)
        live->next->back = live->back;
    pthread_mutex_unlock(&mutex);
    *live = (struct live){0};
}

static size_t copy_size(void)
{
    size_t size = 0;

    for (const struct live *s = first_live; s; s = s->next)
        size += sizeof(*s) + s->len;
    return size;
}

static void live_copy_all(struct live *copy)
{
    size_t count = 0;

    for (const struct live *s = first_live; s; s = s->next)
        count++;
    uint8_t *data = (uint8_t *)(copy + count);
    for (const struct live *s = first_live; s; s = s->next, copy++) {
        memcpy(data, s->data, s->len);
        *copy = (struct live){.data = data, .len = s->len, .next = s->next ? copy + 1 : NULL};
        data += s->len;
    }
}

const struct live *live_look(struct live_copy *copy)
{
    *copy = (struct live_copy){0};
    pthread_mutex_lock(&mutex);
    if (first_live)
        copy->all = locked_alloc(copy->size = copy_size());
    if (first_live && !copy->all)
        return first_live; /* no memory: nobody else changes it */
    if (copy->all)
        live_copy_all(copy->all);
    pthread_mutex_unlock(&mutex);
    return copy->all;
}

void live_looked(const struct live *lives, struct live_copy *copy)
{
    if (copy->all) {
        explicit_bzero(copy->all, copy->size);
        locked_free(copy->all);
    } else if (lives) {
        pthread_mutex_unlock(&mutex);
    }
}
