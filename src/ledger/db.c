/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/db.h"

static int query(struct db *db, struct db_rows *rows, struct signet_error *err, const char *sql,
                 const char *types, va_list args)
{
    struct db_param params[DB_PARAMS];
    size_t n = 0;

    for (; n < DB_PARAMS && types[n]; n++) {
        params[n] = (struct db_param){.is_text = types[n] == 's'};
        if (params[n].is_text)
            params[n].text = va_arg(args, const char *);
        else
            params[n].integer = va_arg(args, int64_t);
    }
    *rows = (struct db_rows){.db = db, .first = true};
    int rc = db->ops->query(db, rows, sql, params, n, err);
    if (rc != SIGNET_OK)
        db_end(rows);
    return rc;
}

int db_query(struct db *db, struct db_rows *rows, struct signet_error *err, const char *sql,
             const char *types, ...)
{
    va_list args;

    va_start(args, types);
    int rc = query(db, rows, err, sql, types, args);
    va_end(args);
    return rc;
}

int db_run(struct db *db, struct signet_error *err, const char *sql, const char *types, ...)
{
    struct db_rows rows;
    va_list args;

    va_start(args, types);
    int rc = query(db, &rows, err, sql, types, args);
    va_end(args);
    while (rc == SIGNET_OK)
        rc = db_step(&rows, err);
    db_end(&rows);
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

int db_change(struct db *db, struct signet_error *err, const char *sql, const char *types, ...)
{
    struct db_rows rows;
    va_list args;

    va_start(args, types);
    int rc = query(db, &rows, err, sql, types, args);
    va_end(args);
    if (rc == SIGNET_OK && db->ops->changes(&rows) == 0)
        rc = SIGNET_E_NOT_FOUND;
    db_end(&rows);
    return rc;
}

int db_find(struct db *db, struct db_rows *rows, struct signet_error *err, const char *sql,
            const char *types, ...)
{
    va_list args;

    va_start(args, types);
    int rc = query(db, rows, err, sql, types, args);
    va_end(args);
    if (rc == SIGNET_OK)
        rc = db_step(rows, err);
    if (rc != SIGNET_OK)
        db_end(rows);
    return rc;
}
