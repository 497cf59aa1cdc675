/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_CLOCK_H
#define TESTS_FUZZ_CLOCK_H

/* A clock of a target's own, for one that wraps clock_ms and cancel_sleep_until: each look takes a
 * tenth of a second, and a sleep no time. */
#include "base/base.h"

int64_t __wrap_clock_ms(void);
int __wrap_cancel_sleep_until(const struct signet_cancel *cancel, int64_t until,
                              struct signet_error *err);

static int64_t now;

int64_t __wrap_clock_ms(void)
{
    return now += 100;
}

int __wrap_cancel_sleep_until(const struct signet_cancel *cancel, int64_t until,
                              struct signet_error *err)
{
    (void)cancel, (void)err;
    now = until > now ? until : now;
    return SIGNET_OK;
}

#endif
