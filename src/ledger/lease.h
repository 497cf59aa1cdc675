/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_LEASE_H
#define LEDGER_LEASE_H

#include "ledger/store.h"

/* lease.c: from a row of a device to the right to work on it */

/* Columns of a device that a lease is made of, for SELECT. */
#define LEASE_COLUMNS "id, token, number, attempt, state, endpoint"
/* No lease is longer than a day: one that seems to be was given by a clock that was ahead, and has
 * ended too. Taking over too early is safe: the token fences off who had it. */
enum { LEASE_MAX = 86400 };
#define LEASE_ENDED(until, now) "(" until " < " now " OR " until " > " now " + 86400)"
void lease_read(const struct db_rows *row, struct signet_lease *lease);

/* The rows that are left of a query, behind the *count leases that are there, at most max. */
int lease_collect(struct db_rows *rows, struct signet_lease *leases, size_t max, size_t *count,
                  struct signet_error *err);

/* Takes over a device whose row is locked: a new token, this station, this slot (NULL: as it was),
 * and where kind is given, an event. */
int lease_take(struct signet_ledger *ledger, struct signet_lease *lease, const char *slot,
               const char *kind, struct signet_error *err);

/* The event of a device that was just changed, with events + 1. */
int device_event(struct signet_ledger *ledger, int64_t device, const char *kind, const char *detail,
                 struct signet_error *err);

/* device.c: sets aside a device, whoever works on it; detail is for its event. */
int device_set_aside(struct signet_ledger *ledger, int64_t device, const struct signet_error *why,
                     const char *detail, struct signet_error *err);

#endif
