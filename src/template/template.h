/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEMPLATE_TEMPLATE_H
#define TEMPLATE_TEMPLATE_H

/* Many devices from one template. The calls are <signet/units.h>'s. */

#include "base/base.h"

#include <signet/units.h>

struct vault;

struct vault *units_vault(const struct signet_units *units);
/* SHA-256 of the manifest in hex; "": there is none. */
const char *units_manifest_sha256(const struct signet_units *units);

#endif
