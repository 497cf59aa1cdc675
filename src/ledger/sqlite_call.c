/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/sqlite_call.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* What goes wrong with a ledger; the last row is all else. */
static const struct {
    int code;
    enum signet_code means;
    const char *text, *hint;
} failures[] = {
#define LOCKED "end it, or wait; nothing is lost"
#define BROKEN "free or repair the disk; what was recorded before is kept"
#define RIGHTS                                                                                     \
    "this user must be able to read the file; to change it, also to write it and its folder"
    {SQLITE_BUSY, SIGNET_E_IO, "the ledger is locked by another process", LOCKED},
    {SQLITE_FULL, SIGNET_E_IO, "the ledger's disk is full", BROKEN},
    {SQLITE_IOERR, SIGNET_E_IO, "the ledger's disk cannot be read or written", BROKEN},
    {SQLITE_READONLY, SIGNET_E_IO, "the ledger cannot be written", RIGHTS},
    {SQLITE_CANTOPEN, SIGNET_E_IO, "the ledger cannot be opened", RIGHTS},
    {SQLITE_PERM, SIGNET_E_IO, "the ledger cannot be opened", RIGHTS},
    {SQLITE_NOTADB, SIGNET_E_LEDGER, "this is no ledger, or it is damaged",
     "is it the file that was meant? If it is, " SQLITE_DAMAGED},
    {SQLITE_CORRUPT, SIGNET_E_LEDGER, "the ledger is damaged", SQLITE_DAMAGED},
    {0, SIGNET_E_LEDGER, "the ledger's database refused it: ", ""},
};

int sqlite_failed(sqlite3 *db, struct signet_error *err)
{
    int code = sqlite3_errcode(db), why = sqlite3_extended_errcode(db);
    int sys = sqlite3_system_errno(db);
    size_t i = 0;

    if (code == SQLITE_NOMEM)
        return error_nomem(err);
    if (why == SQLITE_CONSTRAINT_UNIQUE || why == SQLITE_CONSTRAINT_PRIMARYKEY)
        return error_set(err, SIGNET_E_CONFLICT, "%s", sqlite3_errmsg(db));
    while (failures[i].code && failures[i].code != code)
        i++;
    /* ENOENT: of a second try to open it, for reading alone */
    bool disk = failures[i].means == SIGNET_E_IO && code != SQLITE_BUSY && sys && sys != ENOENT;
    const char *file = disk || code == SQLITE_FULL || code == SQLITE_BUSY ||
                               code == SQLITE_READONLY || code == SQLITE_CORRUPT
                           ? sqlite3_db_filename(db, "main")
                           : NULL;
    error_sys(err, failures[i].means, disk ? sys : 0, "%s%s%.160s", failures[i].text,
              file && *file      ? ": "
              : failures[i].code ? ""
                                 : sqlite3_errmsg(db),
              file && *file ? file : "");
    file = sqlite3_db_filename(db, "main");
    error_hint(err, "%s",
               code != SQLITE_BUSY && file && *file && access(file, W_OK) != 0 && errno == EROFS
                   ? "its file system is mounted for reading alone: mount it for writing too"
               : disk && sys == EFBIG
                   ? "raise the limit on the size of files that this shell or service has"
                   : failures[i].hint);
    return error_code(failures[i].means);
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
