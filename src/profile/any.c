/* SPDX-License-Identifier: Apache-2.0 */
/* What every client takes. Anjay reads a packet most strictly: what it refuses is warned of. */
#include "profile/private.h"

const struct signet_profile profile_any = {
    .name = "any",
    .warns = &profile_anjay,
    .modes = 0x1d,
    .tls = {.checks_pinned_name = true,
            .checks_pinned_dates = true,
            .checks_dates = true,
            .usages = 0xf,
            .sni = true,
            .by_resource_16 = true,
            .rsa_least = 2048,
            .rsa_most = 4096,
            .ec_keys = true},
};
