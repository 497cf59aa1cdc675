/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_HISTORY_H
#define LEDGER_HISTORY_H

#include "ledger/store.h"

/* For verify: each state of each device came from one that may lead there. */
int check_histories(struct signet_ledger *ledger, struct signet_error *err);

#endif
