/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

/* What people write; the door adds nothing to the public header. */

#include "base/base.h"

#include <signet/config.h>

#endif
