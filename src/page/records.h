/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAGE_RECORDS_H
#define PAGE_RECORDS_H

/* The ledger as the page reads it: by one reader at a time, and what was read is shared for some
 * seconds, so that many viewers cost as much as one. */

#include "base/base.h"

#include <signet/ledger.h>

struct records;
int records_open(struct records **out, struct signet_error *err);
void records_close(struct records **records);
/* where: NULL: none */
int records_show(struct records *records, const char *where, struct signet_error *err);

typedef int records_make(struct signet_ledger *ledger, const void *ctx, struct buf *out,
                         struct signet_error *err);
/* Appends what make() writes, or wrote for the same key within so many seconds. SIGNET_E_NOT_FOUND:
 * there is no ledger. */
int records_get(struct records *records, const char *key, int seconds, records_make *make,
                const void *ctx, struct buf *out, struct signet_error *err);

#endif
