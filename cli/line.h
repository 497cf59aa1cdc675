/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LINE_H
#define CLI_LINE_H

#include "cli.h"

/* What a slot's state is called where a person reads it: "PASS" (line.c). */
const char *line_state_word(enum signet_slot_state state);

#endif
