/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROFILE_PRIVATE_H
#define PROFILE_PRIVATE_H

#include "profile/profile.h"

/* Of a name; NULL: there is none, and *err says which there are. */
const struct signet_profile *profile_builtin(const char *name, struct signet_error *err);

/* file.c: a profile of one's own, and its end: what `owned` of it is */
int profile_load(const struct signet_profile **out, const char *path, struct signet_error *err);
void profile_free(void *owned);

/* One file each. */
extern const struct signet_profile profile_any, profile_anjay, profile_zephyr, profile_wakaama;

#endif
