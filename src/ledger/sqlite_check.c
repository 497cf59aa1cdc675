/* SPDX-License-Identifier: Apache-2.0 */

/* Is the file a ledger's, and whole? */
#include "ledger/sqlite_call.h"

/* Pages, indexes and types, which no event answers for. */
static int check_pages(sqlite3 *db, struct signet_error *err)
{
    char found[201];
    int rc = sqlite_text(db, "PRAGMA integrity_check(1)", found, sizeof(found), err);

    return rc == SIGNET_OK && strcmp(found, "ok") != 0
               ? error_set_hint(err, SIGNET_E_LEDGER, SQLITE_DAMAGED,
                                "the file is damaged: its pages do not fit together: %.160s",
                                sqlite3_db_filename(db, "main"))
               : rc;
}

/* Tables, indexes and triggers of both, to their last byte and type; what ANALYZE left is
 * nobody's. */
static int prepare_objects(sqlite3 *handle, bool tables, sqlite3_stmt **out,
                           struct signet_error *err)
{
    static const char objects[] =
        "SELECT type || ' ' || name || char(10) || tbl_name || ' ' || (rootpage > 0) ||"
        " typeof(type) || typeof(name) || typeof(tbl_name) || typeof(rootpage) || typeof(sql) ||"
        " hex(COALESCE(sql, '')) FROM sqlite_schema"
        " WHERE COALESCE(sql, '') NOT IN ('CREATE TABLE sqlite_stat1(tbl,idx,stat)',"
        " 'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)')"
        " AND (?1 = 0 OR type IN ('table', 'view'))"
        " ORDER BY name";

    return sqlite3_prepare_v2(handle, objects, -1, out, NULL) == SQLITE_OK &&
                   sqlite3_bind_int(*out, 1, tables) == SQLITE_OK
               ? SIGNET_OK
               : sqlite_failed(handle, err);
}

/* "": that was all; NULL: an error. */
static const char *next_object(sqlite3_stmt *stmt)
{
    int step = sqlite3_step(stmt);

    return step == SQLITE_ROW    ? (const char *)sqlite3_column_text(stmt, 0)
           : step == SQLITE_DONE ? ""
                                 : NULL;
}

static int compare_objects(sqlite3_stmt *is, sqlite3_stmt *should, struct signet_error *err)
{
    for (;;) {
        const char *a = next_object(is), *b = next_object(should);
        if (!a || !b)
            return sqlite_failed(sqlite3_db_handle(a ? should : is), err);
        if (strcmp(a, b) != 0) {
            const char *at = *b ? b : a;
            return error_set(err, SIGNET_E_LEDGER,
                             "a table, index or trigger was dropped, added or changed, at %.*s",
                             (int)strcspn(at, "\n"), at);
        }
        if (!*a)
            return SIGNET_OK;
    }
}

static int check_objects(sqlite3 *db, const char *schema, bool tables, struct signet_error *err)
{
    sqlite3 *fresh = NULL;
    sqlite3_stmt *is = NULL, *should = NULL;
    int rc = sqlite3_open(":memory:", &fresh) == SQLITE_OK ? SIGNET_OK : error_nomem(err);

    if (rc == SIGNET_OK)
        rc = sqlite_run(fresh, schema, err);
    if (rc == SIGNET_OK)
        rc = prepare_objects(fresh, tables, &should, err);
    if (rc == SIGNET_OK)
        rc = prepare_objects(db, tables, &is, err);
    if (rc == SIGNET_OK)
        rc = compare_objects(is, should, err);
    sqlite3_finalize(is);
    sqlite3_finalize(should);
    sqlite3_close(fresh);
    return rc;
}

int sqlite_check_handle(sqlite3 *db, const char *schema, bool first, struct signet_error *err)
{
    int rc = check_objects(db, schema, first, err);

    return rc == SIGNET_OK && first ? check_pages(db, err) : rc;
}
