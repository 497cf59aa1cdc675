/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <pthread.h>
#include <time.h>

static struct timespec now(clockid_t id)
{
    struct timespec ts = {0};

    clock_gettime(id, &ts);
    return ts;
}

int64_t clock_ms(void)
{
    struct timespec ts = now(CLOCK_MONOTONIC);

    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void clock_cond(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

void clock_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until)
{
    const struct timespec at = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000L};

    if (until == INT64_MAX)
        pthread_cond_wait(cond, lock);
    else
        pthread_cond_timedwait(cond, lock, &at);
}

double clock_seconds(void)
{
    struct timespec ts = now(CLOCK_MONOTONIC);

    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int64_t clock_boot(void)
{
    return (int64_t)now(CLOCK_BOOTTIME).tv_sec;
}

int64_t clock_wall(void)
{
    return (int64_t)now(CLOCK_REALTIME).tv_sec;
}

void clock_format(int64_t wall, char out[static 24])
{
    time_t seconds = (time_t)wall;
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) || !strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &tm))
        strcpy(out, "unknown");
}
