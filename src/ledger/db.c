/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/db.h"

#include <string.h>

/* What stands in braces: a state, or a word of the database's own. */
static int expand_word(const struct db_ops *ops, const char *word, size_t len, struct buf *out,
                       struct signet_error *err)
{
    int state = state_of_word(word, len);

    if (state >= 0) {
        buf_printf(out, "%d", state);
        return SIGNET_OK;
    }
    for (const struct db_word *w = ops->words; w->word; w++)
        if (strlen(w->word) == len && memcmp(w->word, word, len) == 0) {
            buf_text(out, w->text);
            return SIGNET_OK;
        }
    return error_set(err, SIGNET_E_USAGE, "a statement of the ledger has the unknown word '%.*s'",
                     (int)len, word);
}

int db_expand(const struct db_ops *ops, const char *sql, struct buf *out, struct signet_error *err)
{
    int rc = SIGNET_OK;

    while (*sql && rc == SIGNET_OK) {
        if (*sql == '{') {
            size_t len = strcspn(++sql, "}");
            rc = expand_word(ops, sql, len, out, err);
            sql += len + (sql[len] == '}');
        } else if (ops->many_writers && strncmp(sql, "/*+", 3) == 0) {
            sql += 3;
        } else if (ops->many_writers && strncmp(sql, "*/", 2) == 0) {
            sql += 2;
        } else if (!ops->many_writers && *sql == '$') { /* where $1 would be a name */
            buf_byte(out, '?');
            sql++;
        } else {
            buf_byte(out, (uint8_t)*sql++);
        }
    }
    return rc == SIGNET_OK ? buf_check(out, err) : rc;
}

int db_statement(struct db *db, const char *sql, size_t *place, struct buf *text,
                 struct signet_error *err)
{
    for (*place = 0; *place < db->count; ++*place)
        if (db->statements[*place] == sql)
            return SIGNET_OK;
    if (db->count == DB_STATEMENTS)
        return error_set(err, SIGNET_E_LIMIT, "the ledger has more than %d statements",
                         DB_STATEMENTS);
    db->statements[db->count] = sql;
    return db_expand(db->ops, sql, text, err);
}

static int db_begin(struct db *db, struct db_rows *rows, struct signet_error *err, const char *sql,
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
    int rc = db_begin(db, rows, err, sql, types, args);
    va_end(args);
    return rc;
}

int db_run(struct db *db, struct signet_error *err, const char *sql, const char *types, ...)
{
    struct db_rows rows;
    va_list args;

    va_start(args, types);
    int rc = db_begin(db, &rows, err, sql, types, args);
    va_end(args);
    db_end(&rows);
    return rc;
}

int db_change(struct db *db, struct signet_error *err, const char *sql, const char *types, ...)
{
    struct db_rows rows;
    va_list args;

    va_start(args, types);
    int rc = db_begin(db, &rows, err, sql, types, args);
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
    int rc = db_begin(db, rows, err, sql, types, args);
    va_end(args);
    if (rc == SIGNET_OK)
        rc = db_step(rows, err);
    if (rc != SIGNET_OK)
        db_end(rows);
    return rc;
}
