/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_VERSION_H
#define SIGNET_VERSION_H

/* The version of these headers, and of the library that runs: "MAJOR.MINOR.PATCH". Until 1.0 a new
 * MINOR may change the interface; option structs have a size, so that a later version can add
 * members.
 *
 * Threads: signet_version() may be called on any thread. */

#ifdef __cplusplus
extern "C" {
#endif

/* Of these headers. The build takes the project's version from here. */
#define SIGNET_VERSION_MAJOR 0
#define SIGNET_VERSION_MINOR 2
#define SIGNET_VERSION_PATCH 0
#define SIGNET_VERSION       "0.2.0"

/* Of the library that runs, "0.2.0"; static. */
const char *signet_version(void);

#ifdef __cplusplus
}
#endif
#endif
