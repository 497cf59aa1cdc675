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
    if (!live->back)
        return;
    pthread_mutex_lock(&mutex);
    *live->back = live->next;
    if (live->next)
        live->next->back = live->back;
    pthread_mutex_unlock(&mutex);
    *live = (struct live){0};
}

const struct live *live_lock(void)
{
    pthread_mutex_lock(&mutex);
    return first_live;
}

void live_unlock(void)
{
    pthread_mutex_unlock(&mutex);
}
