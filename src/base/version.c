/* SPDX-License-Identifier: Apache-2.0 */
#include <signet/version.h>

const char *signet_version(void)
{
    return SIGNET_VERSION;
}
