/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOARD_BOARD_H
#define BOARD_BOARD_H

#include "base/base.h"

#include <signet/board.h>

#endif
