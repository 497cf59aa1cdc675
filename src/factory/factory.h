/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FACTORY_FACTORY_H
#define FACTORY_FACTORY_H

/* The story of one device. The calls are <signet/factory.h>'s. */

#include "base/base.h"

#include <signet/factory.h>

#endif
