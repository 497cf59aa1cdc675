/* SPDX-License-Identifier: Apache-2.0 */

/* Calls of SQLite, and what its errors mean for a ledger. */
#include "ledger/sqlite_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sqlite_failed(sqlite3 *db, struct signet_error *err)
{
    int code = sqlite3_errcode(db), why = sqlite3_extended_errcode(db);
    int sys = sqlite3_system_errno(db);
    int rc;

    if (why == SQLITE_CONSTRAINT_UNIQUE || why == SQLITE_CONSTRAINT_PRIMARYKEY)
        return error_set(err, SIGNET_E_CONFLICT, "%s", sqlite3_errmsg(db));
    switch (code) {
    case SQLITE_NOMEM:
        return error_nomem(err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        rc = error_set(err, SIGNET_E_IO, "the ledger is locked by another process");
        error_hint(err, "end it, or wait; nothing is lost");
        break;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        rc = error_set(err, SIGNET_E_IO, "the ledger's disk: %s%s%s", sqlite3_errmsg(db),
                       sys ? ": " : "", sys ? strerror(sys) : "");
        error_hint(err, "%s",
                   code == SQLITE_FULL || code == SQLITE_IOERR
                       ? "free or repair the disk; what was recorded before is kept"
                       : "this user must be able to write the file and its folder");
        break;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        rc = error_set(err, SIGNET_E_LEDGER, "this is no ledger, or it is damaged: %s",
                       sqlite3_errmsg(db));
        error_hint(err, "keep the file as it is, and put back the last copy; events are in it");
        break;
    default:
        rc = error_set(err, SIGNET_E_LEDGER, "the ledger: %s", sqlite3_errmsg(db));
    }
    if (err)
        err->sys = sys;
    return rc;
}

int sqlite_run(sqlite3 *db, const char *sql, struct signet_error *err)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? SIGNET_OK
                                                                : sqlite_failed(db, err);
}

int sqlite_text(sqlite3 *db, const char *sql, char *out, size_t size, struct signet_error *err)
{
    sqlite3_stmt *stmt = NULL;
    const char *text = NULL;
    int rc = SIGNET_OK;

    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW)
        rc = sqlite_failed(db, err);
    else if (!(text = (const char *)sqlite3_column_text(stmt, 0)))
        rc = error_nomem(err);
    else
        snprintf(out, size, "%s", text);
    sqlite3_finalize(stmt);
    return rc;
}

int sqlite_number(sqlite3 *db, const char *sql, int64_t *out, struct signet_error *err)
{
    char text[24];
    int rc = sqlite_text(db, sql, text, sizeof(text), err);

    if (rc == SIGNET_OK)
        *out = strtoll(text, NULL, 10);
    return rc;
}
