/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_VERSION_H
#define SIGNET_VERSION_H

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
