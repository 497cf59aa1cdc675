/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PROFILE_H
#define SIGNET_PROFILE_H

/* Device profiles: what the LwM2M client of a firmware takes. A profile has the objects and
 * resources of the client, its integer widths and string lengths, and the limits of its TLS stack.
 * signet_device_check() and signet_prove() decide by the profile of the tree.
 *
 * Units: bytes. Ownership: a tree only points to its profile, which must outlive it; the built-in
 * ones always do. Errors: SIGNET_E_USAGE for a name that is no profile; SIGNET_E_SYNTAX and
 * SIGNET_E_MEANING for a file. Standard: none.
 *
 * Threads: a profile does not change once it is open, and may be read on any. */

#include <signet/error.h>
#include <signet/tree.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct signet_profile;

/* A built-in profile by its name ("anjay-3", "zephyr", "wakaama", "any"), or one of a file: what
 * has a '/' or a '.' in it is a path. NULL: "any". The caller closes it. */
int signet_profile_open(const struct signet_profile **out, const char *name,
                        struct signet_error *err);
void signet_profile_close(const struct signet_profile **profile); /* sets *profile to NULL */

/* Name of built-in profile i, or NULL past the end. */
const char *signet_profile_builtin(size_t i);
const char *signet_profile_name(const struct signet_profile *profile);

/* The profile of the device that the tree is for; NULL: "any", which is what every client takes,
 * with warnings where only some do. A copy of the tree has the same. */
void signet_tree_set_profile(struct signet_tree *tree, const struct signet_profile *profile);
const struct signet_profile *signet_tree_profile(const struct signet_tree *tree);

#ifdef __cplusplus
}
#endif
#endif
