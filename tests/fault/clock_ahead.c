/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: a station whose wall clock is SIGNET_CLOCK_AHEAD seconds ahead (below 0: behind),
 * or whose clock of the time since boot goes SIGNET_BOOT_STEP seconds further each time that it is
 * looked at. Tests only; see fault/day, fault/put_back. */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long seconds_of(const char *name)
{
    const char *text = getenv(name);

    return text ? strtol(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    long rc = syscall(SYS_clock_gettime, clock, out);

    static atomic_long boot;

    if (rc == 0 && clock == CLOCK_REALTIME)
        out->tv_sec += seconds_of("SIGNET_CLOCK_AHEAD");
    if (rc == 0 && clock == CLOCK_BOOTTIME)
        out->tv_sec += atomic_fetch_add(&boot, seconds_of("SIGNET_BOOT_STEP"));
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
