/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/db.h"

#include <stdio.h>

enum { PAGE = 512 };

/* What stands in braces: a state, or a word of the database's own. */
static void expand_word(const struct db_ops *ops, const char *word, size_t len, struct buf *out)
{
    int state = state_of_word(word, len);

    if (state >= 0)
        buf_printf(out, "%d", state);
    for (const struct db_word *w = ops->words; w->word; w++)
        if (text_is(word, len, w->word))
            buf_text(out, w->text);
}

int db_expand(const struct db_ops *ops, const char *sql, struct buf *out, struct signet_error *err)
{
    for (size_t len; *sql; sql += len) {
        len = 1;
        if (*sql == '{') {
            len = strcspn(sql, "}") + 1;
            expand_word(ops, sql + 1, len - 2, out);
        } else if (ops->many_writers && strncmp(sql, "/*+", 3) == 0) {
            len = 3;
        } else if (ops->many_writers && strncmp(sql, "*/", 2) == 0) {
            len = 2;
        } else { /* elsewhere $1 would be a name, and no number */
            buf_byte(out, *sql == '$' && !ops->many_writers ? '?' : (uint8_t)*sql);
        }
    }
    return buf_check(out, err);
}

int db_statement(struct db *db, const char *sql, size_t *place, struct buf *text,
                 struct signet_error *err)
{
    for (*place = 0; *place < db->count; ++*place)
        if (db->statements[*place] == sql)
            return SIGNET_OK;
    if (list_room(db->statements, db->count, err) != SIGNET_OK)
        return SIGNET_E_NOMEM;
    db->statements[db->count] = sql;
    return db_expand(db->ops, sql, text, err);
}

static size_t take_params(struct db_param *params, const char *types, va_list *args)
{
    size_t n = 0;

    for (; types[n] && types[n] != ':'; n++) {
        params[n] = (struct db_param){.is_text = types[n] == 's'};
        if (params[n].is_text)
            params[n].text = va_arg(*args, const char *);
        else
            params[n].integer = va_arg(*args, int64_t);
    }
    return n;
}

static int db_begin(struct db *db, struct db_rows *rows, struct signet_error *err, const char *sql,
                    const struct db_param *params, size_t count)
{
    *rows = (struct db_rows){.db = db, .first = true};
    int rc = db->ops->query(db, rows, sql, params, count, err);
    if (rc != SIGNET_OK)
        db_end(rows);
    return rc;
}

int db_call(struct db *db, enum db_wants wants, struct db_rows *rows, struct signet_error *err,
            const char *sql, const char *types, ...)
{
    struct db_param params[DB_PARAMS];
    struct db_rows own = {0};
    va_list args;

    va_start(args, types);
    size_t count = take_params(params, types, &args);
    va_end(args);
    rows = rows ? rows : &own;
    int rc = db_begin(db, rows, err, sql, params, count);
    if (rc == SIGNET_OK && wants == DB_ROW)
        rc = db_step(rows, err);
    if (rc == SIGNET_OK && wants == DB_CHANGE && db->ops->changes(rows) == 0)
        rc = SIGNET_E_NOT_FOUND;
    if (rc != SIGNET_OK || rows == &own)
        db_end(rows);
    return rc;
}

static void give_columns(const struct db_rows *row, const char *types, va_list *args)
{
    for (int i = 0; types[i]; i++) {
        if (types[i] == 's') {
            char *text = va_arg(*args, char *);
            snprintf(text, va_arg(*args, size_t), "%s", db_text(row, i));
        } else {
            *va_arg(*args, int64_t *) = db_int(row, i);
        }
    }
}

int db_get(struct db *db, struct signet_error *err, const char *sql, const char *types, ...)
{
    struct db_param params[DB_PARAMS];
    struct db_rows row;
    va_list args;

    va_start(args, types);
    size_t count = take_params(params, types, &args);
    int rc = db_begin(db, &row, err, sql, params, count);
    if (rc == SIGNET_OK)
        rc = db_step(&row, err);
    if (rc == SIGNET_OK)
        give_columns(&row, types + count + 1, &args);
    va_end(args);
    db_end(&row);
    return rc;
}

int db_insert(struct db *db, const char *sql, const char *const *values, size_t count,
              struct signet_error *err)
{
    struct db_param params[DB_PARAMS];
    struct db_rows rows;

    for (size_t i = 0; i < count; i++)
        params[i] = (struct db_param){.is_text = true, .text = values[i]};
    int rc = db_begin(db, &rows, err, sql, params, count);
    db_end(&rows);
    return rc;
}

static int walk_page(struct db *db, const struct db_walk *w, struct db_param *params, size_t n,
                     int *count, struct signet_error *err)
{
    struct db_rows rows;
    int rc = db_begin(db, &rows, err, w->sql, params, n);

    for (*count = 0; rc == SIGNET_OK; ++*count) {
        int step = db_step(&rows, err);
        if (step == SIGNET_E_NOT_FOUND)
            break;
        for (int i = 0; step == SIGNET_OK && i < w->keys; i++)
            params[1 + i].integer = db_int(&rows, w->key + i);
        rc = step == SIGNET_OK ? w->row(w->ctx, &rows, err) : step;
    }
    db_end(&rows);
    return rc;
}

int db_walk(struct db *db, const struct db_walk *w, struct signet_error *err, const char *types,
            ...)
{
    struct db_param params[DB_PARAMS] = {
        {.integer = PAGE}, {.integer = INT64_MIN}, {.integer = INT64_MIN}};
    size_t given = w->keys ? 1 + (size_t)w->keys : 0;
    int count, rc;
    va_list args;

    va_start(args, types);
    given += take_params(params + given, types, &args);
    va_end(args);
    do
        rc = walk_page(db, w, params, given, &count, err);
    while (rc == SIGNET_OK && w->keys && count >= PAGE);
    return rc;
}
