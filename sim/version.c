/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

const char *sim_version(void)
{
    return SIGNET_VERSION;
}
