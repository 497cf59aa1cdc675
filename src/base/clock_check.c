/* SPDX-License-Identifier: Apache-2.0 */
/* Is the station's clock possible? A board computer without a battery starts in 1970. */
#include "base/base.h"

enum { YEARS_MOST = 30, YEAR = 31556952 };

int clock_check(struct signet_error *err)
{
    const int64_t built = SIGNET_BUILT; /* src/base/CMakeLists.txt */
    int64_t now = clock_wall();
    char is[24], since[24];

    if (now >= built && now - built < (int64_t)YEARS_MOST * YEAR)
        return SIGNET_OK;
    clock_format(now, is);
    clock_format(built, since);
    return error_set_hint(err, SIGNET_E_IO, "set this machine's clock",
                          "this machine's clock is wrong: it is %s, %s Signet was built (%s)", is,
                          now < built ? "before" : "decades after", since);
}
