/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_STATES_H
#define LEDGER_STATES_H

#include "ledger/ledger.h"

/* Whether one change may bring a device from a state to another (or leave it where it is). */
bool state_may(enum signet_device_state from, enum signet_device_state to);
/* The state of this name; -1: none. */
int state_of_word(const char *word, size_t len);

#endif
