/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: a station whose wall clock is SIGNET_CLOCK_AHEAD seconds ahead (below 0: behind).
 * Tests only; see fault/day. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long ahead(void)
{
    const char *text = getenv("SIGNET_CLOCK_AHEAD");

    return text ? strtol(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    long rc = syscall(SYS_clock_gettime, clock, out);

    if (rc == 0 && clock == CLOCK_REALTIME)
        out->tv_sec += ahead();
    return (int)rc;
}

time_t time(time_t *out)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
