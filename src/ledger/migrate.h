/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_MIGRATE_H
#define LEDGER_MIGRATE_H

#include "ledger/store.h"

/* Makes the tables of an empty database, or brings an older ledger to the schema that this program
 * works with, in one transaction; refuses a newer one. */
int ledger_migrate(struct signet_ledger *ledger, enum db_open how, struct signet_error *err);
/* The SQL of all schemas up to this one, as this database takes it. */
int ledger_schema(const struct db_ops *ops, int64_t version, struct buf *sql,
                  struct signet_error *err);

#endif
