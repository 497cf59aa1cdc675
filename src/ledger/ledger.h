/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

/* The ledger's door: everything it offers is public. */
#include <signet/ledger.h>

#endif
