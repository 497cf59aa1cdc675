/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

/* The torture test links its own, which ends the process here. */
__attribute__((weak)) void failpoint(const char *name)
{
    (void)name;
}
