/* SPDX-License-Identifier: Apache-2.0 */
#include "profile/private.h"

int signet_profile_open(const struct signet_profile **out, const char *name,
                        struct signet_error *err)
{
    if (name && strpbrk(name, "/."))
        return profile_load(out, name, err);
    *out = profile_builtin(name ? name : profile_any.name, err);
    return *out ? SIGNET_OK : SIGNET_E_USAGE;
}

void signet_profile_close(const struct signet_profile **profile)
{
    if (*profile)
        profile_free((*profile)->owned);
    *profile = NULL;
}
