/* SPDX-License-Identifier: Apache-2.0 */

/* Are the tables in PostgreSQL those of the schema? Its catalogue prints definitions in its own
 * words: they are looked for in the schema's SQL, both without spaces, brackets and capitals. */
#include "ledger/postgres_connection.h"

#include <stdio.h>
#include <string.h>

#define BARE(text) "lower(replace(replace(replace(" text ", ' ', ''), '(', ''), ')', ''))"
#define OURS       "('orders', 'devices', 'deliveries', 'stations', 'events')"
/* How full its pages are is for whoever keeps the database. */
#define INDEX                                                                                      \
    "regexp_replace(replace(pg_get_indexdef(c.oid, 0, true), ' USING btree', ''),"                 \
    " ' WITH [(](fillfactor|deduplicate_items)=[^)]*[)]', '')"
#define IN_SCHEMA(definition)                                                                      \
    "position(" BARE(definition) " || ';' IN " BARE("CAST($1 AS TEXT)") ") > 0"

/* Each finds what is not as the schema, $1, makes it, and names it. */
static const char *const strange[] = {
    /* a view, rows that some do not see, rows that a statement adds or takes away */
    "SELECT 'table ' || t.relname FROM pg_class t WHERE t.relname IN " OURS
    " AND pg_table_is_visible(t.oid) AND $1 <> '' AND (t.relkind <> 'r' OR t.relpersistence <> 'p'"
    " OR t.relrowsecurity OR EXISTS(SELECT 1 FROM pg_rewrite r WHERE r.ev_class = t.oid)"
    " OR EXISTS(SELECT 1 FROM pg_inherits i WHERE t.oid IN (i.inhparent, i.inhrelid))) LIMIT 1",
    "SELECT 'index ' || c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " JOIN pg_class t ON t.oid = i.indrelid WHERE t.relname IN " OURS
    " AND pg_table_is_visible(t.oid) AND (position('INDEX ' || c.relname || ' ' IN $1) > 0"
    " AND NOT " IN_SCHEMA(INDEX) ") LIMIT 1",
    /* roles.sql has one of its own, which refuses events */
    "SELECT 'trigger ' || g.tgname FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid"
    " JOIN pg_proc f ON f.oid = g.tgfoid WHERE t.relname IN " OURS
    " AND pg_table_is_visible(t.oid) AND NOT g.tgisinternal AND NOT (g.tgenabled = 'O' AND"
    " (g.tgname = 'events_of_supervisors' AND t.relname = 'events' AND g.tgtype = 7"
    " AND f.proname = 'signet_events_of_supervisors'"
    " OR position('$$' || f.prosrc || '$$' IN $1) > 0 AND f.proconfig IS NULL"
    " AND " IN_SCHEMA("replace(pg_get_triggerdef(g.oid, true), 'DELETE OR UPDATE',"
                      " 'UPDATE OR DELETE')") ")) LIMIT 1",
    "SELECT 'constraint of ' || w.name || ', ' || w.def FROM (VALUES('orders', 'p', 'id'),"
    " ('orders', 'u', 'name'), ('orders', 'c', 'issued<=quota'), ('devices', 'p', 'id'),"
    " ('devices', 'f', 'order_idreferencesordersid'), ('deliveries', 'p', 'device,server'),"
    " ('deliveries', 'f', 'devicereferencesdevicesid'), ('stations', 'p', 'id'),"
    " ('stations', 'u', 'name'), ('events', 'p', 'station,seq')) w(name, type, def)"
    " WHERE $1 <> '' AND NOT EXISTS(SELECT 1 FROM pg_constraint c JOIN pg_class t"
    " ON t.oid = c.conrelid WHERE t.relname = w.name AND pg_table_is_visible(t.oid)"
    " AND c.contype = w.type AND c.convalidated"
    " AND position(w.def IN " BARE("pg_get_constraintdef(c.oid, true)") ") > 0) LIMIT 1",
};

static int check_strange(struct db *db, const char *schema, struct signet_error *err)
{
    int rc = SIGNET_E_NOT_FOUND;

    for (size_t i = 0; rc == SIGNET_E_NOT_FOUND && i < COUNT_OF(strange); i++) {
        struct db_rows row;

        rc = db_find(db, &row, err, strange[i], "s", schema);
        if (rc == SIGNET_OK)
            rc = error_set(err, SIGNET_E_LEDGER, "the %s is not as the schema makes it",
                           db_text(&row, 0));
        db_end(&row);
    }
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

/* An index or a trigger whose name stands at name. */
static int check_object(struct db *db, const char *name, bool index, bool unique,
                        struct signet_error *err)
{
    static const char indexes[] =
        "SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = $1"
        " AND i.indisvalid AND i.indisunique = ($2 <> 0) AND pg_table_is_visible(i.indrelid)";
    static const char triggers[] = "SELECT 1 FROM pg_trigger WHERE tgname = $1"
                                   " AND tgenabled = 'O' AND pg_table_is_visible(tgrelid)";
    char text[64];
    struct db_rows row;

    snprintf(text, sizeof(text), "%.*s", (int)strcspn(name, " "), name);
    int rc = index ? db_find(db, &row, err, indexes, "si", text, (int64_t)unique)
                   : db_find(db, &row, err, triggers, "s", text);
    if (rc == SIGNET_E_NOT_FOUND)
        rc = error_set(err, SIGNET_E_LEDGER, "the %s %s was dropped, changed or disabled",
                       index ? "index" : "trigger", text);
    db_end(&row);
    return rc;
}

/* What is there by its definition, and what should be there by its name. */
int postgres_check(struct db *db, const char *schema, bool first, struct signet_error *err)
{
    static const char *const made[] = {"CREATE INDEX ", "CREATE UNIQUE INDEX ", "CREATE TRIGGER "};
    int rc = first ? SIGNET_OK : check_strange(db, schema, err);

    for (size_t i = 0; !first && i < COUNT_OF(made); i++)
        for (const char *at = schema; rc == SIGNET_OK && (at = strstr(at, made[i]));) {
            at += strlen(made[i]);
            rc = check_object(db, at, i < 2, i == 1, err);
        }
    return rc;
}
