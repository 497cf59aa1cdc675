/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_SQLITE_CALL_H
#define LEDGER_SQLITE_CALL_H

#include "ledger/db.h"

#include <sqlite3.h>

#define SQLITE_DAMAGED "keep the file as it is, and put back the last copy; events are in it"

/* The error of the last call. */
int sqlite_failed(sqlite3 *db, struct signet_error *err);
/* Statements without answers. */
int sqlite_run(sqlite3 *db, const char *sql, struct signet_error *err);
/* A statement whose answer is one value. */
int sqlite_text(sqlite3 *db, const char *sql, char *out, size_t size, struct signet_error *err);

/* sqlite_check.c: the schema as it is, and as these statements make it. first: the tables alone,
 * and the file's pages: then a query comes to its end. */
int sqlite_check_handle(sqlite3 *db, const char *schema, bool first, struct signet_error *err);

#endif
