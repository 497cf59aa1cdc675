/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger_open.h"

#include <inttypes.h>
#include <pwd.h>
#include <time.h>
#include <unistd.h>

static int ledger_open(struct signet_ledger **out, const char *where, bool read_only,
                       struct signet_error *err)
{
    char station[80] = "office", host[65] = "";
    const struct passwd *user = getpwuid(geteuid());
    const struct signet_ledger_options options = {.station = station,
                                                  .operator_name = user ? user->pw_name : NULL,
                                                  .must_exist = true,
                                                  .read_only = read_only};

    if (gethostname(host, sizeof(host) - 1) == 0)
        snprintf(station, sizeof(station), "office@%s", host);
    return signet_ledger_open(out, where, &options, err);
}

int ledger_open_to_read(struct signet_ledger **out, const char *where, struct signet_error *err)
{
    return ledger_open(out, where, true, err);
}

int ledger_open_to_change(struct signet_ledger **out, const char *where, struct signet_error *err)
{
    return ledger_open(out, where, false, err);
}

const char *ledger_time(int64_t seconds, char out[static 24])
{
    time_t t = (time_t)seconds;
    struct tm tm;

    if (!gmtime_r(&t, &tm) || !strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &tm))
        snprintf(out, 24, "%" PRId64, seconds);
    return out;
}
