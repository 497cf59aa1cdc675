/* SPDX-License-Identifier: Apache-2.0 */
/* Is a clock possible? A board computer without a battery starts in 1970. */
#include "base/base.h"

#include <stdio.h>

enum { YEARS_MOST = 30, YEAR = 31556952 };

int clock_check_at(int64_t now, const char *whose, struct signet_error *err)
{
    const int64_t built = SIGNET_BUILT; /* src/base/CMakeLists.txt */
    char hint[64], is[24], since[24];

    if (now >= built && now - built < (int64_t)YEARS_MOST * YEAR)
        return SIGNET_OK;
    clock_format(now, is);
    clock_format(built, since);
    snprintf(hint, sizeof(hint), "set %s clock", whose);
    return error_set_hint(err, SIGNET_E_IO, hint,
                          "%s clock is wrong: it is %s, %s Signet was built (%s)", whose, is,
                          now < built ? "before" : "decades after", since);
}

int clock_check(struct signet_error *err)
{
    return clock_check_at(clock_wall(), "this machine's", err);
}
