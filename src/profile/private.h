/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROFILE_PRIVATE_H
#define PROFILE_PRIVATE_H

#include "profile/profile.h"

/* One file each. */
extern const struct signet_profile profile_any, profile_anjay, profile_zephyr, profile_wakaama;

#endif
