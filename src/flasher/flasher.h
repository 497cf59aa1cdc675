/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLASHER_FLASHER_H
#define FLASHER_FLASHER_H

#include "base/base.h"

#include <signet/flasher.h>

/* True when text is 1 to 63 letters and digits: what may stand in the argument vector of a tool. */
bool flasher_serial_valid(const char *text);

#endif
