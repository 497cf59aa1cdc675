/* SPDX-License-Identifier: Apache-2.0 */

/* Another ledger's own rows and chains, brought into this one as they are, to be read: what was
 * made at a site without a network is known here, and its names, keys and boards are taken here. */

#include "ledger/copy.h"
#include "ledger/trust.h"

#include <stdio.h>
#include <stdlib.h>

struct import {
    struct copy copy; /* first: refused() is given it */
    struct signet_ledger_imported *out;
    const char *site; /* that was asked for; NULL: none */
    char at_site[SITE_MAX + 2];
    int64_t stations; /* that were there before */
    bool tells;       /* a conflict is to be explained */
    enum copy_table table;
    char *row[COPY_COLUMNS]; /* that was refused; NULL is SQL NULL */
};

/* A station of the other ledger. */
struct there {
    int64_t id, seq;
    char name[STATION_MAX + 1];
};

static void forget_row(struct import *m)
{
    for (size_t i = 0; i < COPY_COLUMNS; i++) {
        free(m->row[i]);
        m->row[i] = NULL;
    }
    m->tells = false;
}

static void keep_row(struct copy *c, enum copy_table table, const char *const *values,
                     size_t columns)
{
    struct import *m = (struct import *)c;

    forget_row(m);
    m->tells = true;
    m->table = table;
    for (size_t i = 0; i < columns; i++)
        m->row[i] = values[i] ? strdup(values[i]) : NULL;
}

/* A chain is known by its first event. */
static int know_chain(void *ctx, const struct db_rows *found, struct signet_error *err)
{
    struct import *m = ctx;
    char first[65], name[STATION_MAX + SITE_MAX + 2];
    int rc = db_get(m->copy.from->db, err, "SELECT hash FROM events WHERE station = $1 AND seq = 1",
                    "i:s", db_int(found, 0), first, sizeof(first));

    if (rc == SIGNET_OK) /* else it has no event yet */
        rc = db_get(m->copy.to->db, err,
                    "SELECT s.base, s.name FROM stations s JOIN events e ON e.station = s.id"
                    " AND e.seq = 1 WHERE e.hash = $1",
                    "s:is", first, &m->copy.base, name, sizeof(name));
    if (rc != SIGNET_OK)
        return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
    const char *at = strrchr(name, '@');
    if (m->copy.base && at)
        snprintf(m->at_site, sizeof(m->at_site), "%s", at);
    return m->copy.base
               ? SIGNET_OK
               : error_set_hint(err, SIGNET_E_CONFLICT, "name the ledger of the other site",
                                "it is a copy of this ledger, or began as one: both have "
                                "the chain of station %.120s",
                                name);
}

/* The next multiple; its site is called as was asked for, or by what it is known by. */
static int new_base(struct import *m, struct signet_error *err)
{
    char first[65] = "";
    int rc =
        db_get(m->copy.to->db, err, "SELECT COALESCE(max(base), 0) + " OWN_END_SQL " FROM stations",
               ":i", &m->copy.base);

    if (rc == SIGNET_OK)
        rc = ledger_identity(m->copy.from, first, err);
    snprintf(m->at_site, sizeof(m->at_site), "@%.*s", m->site ? SITE_MAX : 8,
             m->site ? m->site : first);
    return rc;
}

static int find_base(struct import *m, struct signet_error *err)
{
    const struct db_walk walk = {.sql = "SELECT id FROM stations WHERE id < " OWN_END_SQL
                                        " AND seq > 0",
                                 .row = know_chain,
                                 .ctx = m};
    m->copy.base = 0;
    int rc = db_walk(m->copy.from->db, &walk, err, "");
    m->out->again = m->copy.base != 0;
    if (rc == SIGNET_OK && !m->copy.base)
        rc = new_base(m, err);
    if (rc == SIGNET_OK && m->site && strcmp(m->site, m->at_site + 1) != 0)
        rc = error_set_hint(err, SIGNET_E_USAGE, "leave --site out, or give that name again",
                            "it was imported before as site %s", m->at_site + 1);
    m->copy.site = m->at_site;
    snprintf(m->out->site, sizeof(m->out->site), "%s", m->at_site + 1);
    return rc;
}

/* the chains */

static int refuse_old(const char *station, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_CONFLICT,
                          "import the newest; the one that is here already has more",
                          "it is an older copy of a ledger that was imported: station %s has fewer "
                          "events there",
                          station);
}

static int refuse_fork(const char *station, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_CONFLICT,
                          "an old copy of it was put back and worked on, there or before the last "
                          "import: see `signet ledger recover`",
                          "since the last import the chain of station %s took another course",
                          station);
}

/* What was imported before must be the beginning of what is there now. */
static int check_beginning(struct import *m, const struct there *s, int64_t known, const char *hash,
                           struct signet_error *err)
{
    char there[65];

    if (known > s->seq)
        return refuse_old(s->name, err);
    int rc =
        db_get(m->copy.from->db, err, "SELECT hash FROM events WHERE station = $1 AND seq = $2",
               "ii:s", s->id, known, there, sizeof(there));
    if (rc == SIGNET_E_NOT_FOUND || (rc == SIGNET_OK && strcmp(there, hash) != 0))
        rc = refuse_fork(s->name, err);
    return rc;
}

/* Devices with new events come anew, with all that became of them. */
static int forget_changed(struct import *m, int64_t station, int64_t known,
                          struct signet_error *err)
{
    struct db *db = m->copy.to->db;
    int rc = db_run(db, err,
                    "DELETE FROM deliveries WHERE device IN (SELECT device FROM events"
                    " WHERE station = $1 AND seq > $2)",
                    "ii", station, known);

    if (rc == SIGNET_OK)
        rc = db_run(db, err,
                    "DELETE FROM devices WHERE id IN (SELECT device FROM events"
                    " WHERE station = $1 AND seq > $2)",
                    "ii", station, known);
    return rc;
}

static int bring_chain(void *ctx, const struct db_rows *found, struct signet_error *err)
{
    struct import *m = ctx;
    struct there s = {.id = db_int(found, 0), .seq = db_int(found, 1)};
    const int64_t here = s.id + m->copy.base;
    int64_t known = 0;
    struct db_rows row;

    snprintf(s.name, sizeof(s.name), "%s", db_text(found, 2));
    int rc = db_find(m->copy.to->db, &row, err, "SELECT seq, hash FROM stations WHERE id = $1", "i",
                     here);
    if (rc == SIGNET_OK) {
        m->stations++;
        known = db_int(&row, 0);
        rc = check_beginning(m, &s, known, db_text(&row, 1), err);
        db_end(&row);
    }
    if (rc == SIGNET_E_NOT_FOUND) /* a new station */
        rc = SIGNET_OK;
    if (rc == SIGNET_OK && s.seq > known)
        rc = copy_events(&m->copy, s.id, known, err);
    if (rc == SIGNET_OK && s.seq > known && m->out->again)
        rc = forget_changed(m, here, known, err);
    return rc;
}

/* A station that is not there any more. */
static int check_stations(struct import *m, struct signet_error *err)
{
    int64_t here = 0;
    int rc = db_get(m->copy.to->db, err, "SELECT count(*) FROM stations WHERE base = $1", "i:i",
                    m->copy.base, &here);

    if (rc == SIGNET_OK && here > m->stations)
        rc = error_set_hint(err, SIGNET_E_CONFLICT,
                            "import the newest; the one that is here already has more",
                            "it is an older copy of a ledger that was imported: a station is "
                            "missing there");
    return rc;
}

static int bring_chains(struct import *m, struct signet_error *err)
{
    const struct db_walk walk = {.sql = "SELECT id, seq, name FROM stations WHERE id < " OWN_END_SQL
                                        " AND seq > 0 ORDER BY id",
                                 .row = bring_chain,
                                 .ctx = m};

    m->stations = 0;
    int rc = db_walk(m->copy.from->db, &walk, err, "");
    return rc == SIGNET_OK ? check_stations(m, err) : rc;
}

/* the rest */

static int record_import(struct import *m, struct signet_error *err)
{
    char text[240], here[65];
    int rc = site_head(m->copy.to, m->copy.site, here, err);

    if (rc != SIGNET_OK)
        return rc;
    snprintf(text, sizeof(text), "%s: %lld events, head %s, here %s", m->out->site,
             (long long)m->out->all_events, m->out->head, here);
    return ledger_event(m->copy.to, "imported", text, err);
}

static int bring(struct signet_ledger *to, void *arg, struct signet_error *err)
{
    struct import *m = arg;
    int rc = db_run(to->db, err, "{alone}", "");

    memset(m->copy.rows, 0, sizeof(m->copy.rows));
    if (rc == SIGNET_OK)
        rc = find_base(m, err);
    if (rc == SIGNET_OK)
        rc = bring_chains(m, err);
    if (rc != SIGNET_OK || m->copy.rows[COPY_EVENTS] == 0) /* nothing happened there since */
        return rc;
    failpoint("import-events");
    for (int t = COPY_ORDERS; rc == SIGNET_OK && t < COPY_TABLES; t++)
        rc = copy_table(&m->copy, (enum copy_table)t, err);
    failpoint("import-rows");
    return rc == SIGNET_OK ? record_import(m, err) : rc;
}

static int count_other(struct import *m, struct signet_error *err)
{
    return db_get(
        m->copy.from->db, err,
        "SELECT (SELECT count(*) FROM stations WHERE id >= " OWN_END_SQL "),"
        " (SELECT count(*) FROM stations WHERE id < " OWN_END_SQL " AND seq > 0),"
        " count(*), CAST(COALESCE(sum(issued), 0) AS {int}) FROM orders WHERE id < " OWN_END_SQL,
        ":iiii", &m->out->passed_over, &m->out->stations, &m->out->orders, &m->out->devices);
}

/* What was verified is what is brought: one view of it. */
static int read_other(struct signet_ledger *from, void *arg, struct signet_error *err)
{
    struct import *m = arg;

    int rc = verify_ledger(from, &m->out->all_events, m->out->head, err);
    if (rc != SIGNET_OK)
        return error_pass(rc, err, "the ledger that is to be imported does not verify");
    rc = count_other(m, err);
    return rc == SIGNET_OK ? store_change(m->copy.to, bring, m, err) : rc;
}

/* why not */

static int explain_name(const struct import *m, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_CONFLICT,
                          "nothing was imported; give the site another name",
                          "there is %s %s already",
                          m->table == COPY_ORDERS ? "an order" : "a station", m->row[COPY_NAME]);
}

static int explain_device(struct signet_ledger *l, const struct import *m, struct signet_error *err)
{
    struct device_owner owner = {0};
    const int64_t id = strtoll(m->row[COPY_ID], NULL, 10);
    bool freed = m->row[COPY_FREED][0] != '0';
    bool ended = strtol(m->row[COPY_STATE], NULL, 10) >= SIGNET_DEVICE_VOID;
    int rc = device_find_owner(l, id, m->row[COPY_ENDPOINT],
                               (const char *const *)&m->row[COPY_FACTS], freed, ended, &owner, err);

    if (rc != SIGNET_OK)
        return rc;
    if (!owner.fact)
        return error_set_hint(err, SIGNET_E_CONFLICT,
                              "sites need ranges of names that exclude each other; nothing was "
                              "imported",
                              "both ledgers have a device %.150s: of station %.80s there, of "
                              "station %.80s here",
                              m->row[COPY_ENDPOINT], m->row[COPY_STATION], owner.station);
    return error_set_hint(err, SIGNET_E_CONFLICT,
                          "nothing was imported; where one board was made twice, void one of the "
                          "two with its ledger",
                          "%.110s (station %.40s, there) and %.110s (station %.40s, here) have one "
                          "%s",
                          m->row[COPY_ENDPOINT], m->row[COPY_STATION], owner.endpoint,
                          owner.station, owner.fact);
}

static int explain(struct signet_ledger *to, void *arg, struct signet_error *err)
{
    const struct import *m = arg;

    return m->table == COPY_DEVICES ? explain_device(to, m, err) : explain_name(m, err);
}

static bool site_is_valid(const char *site)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = strlen(site);

    return len > 0 && len <= SITE_MAX && strspn(site, letters) == len;
}

int signet_ledger_import(struct signet_ledger *ledger, struct signet_ledger *from, const char *site,
                         const struct signet_cancel *cancel, struct signet_ledger_imported *out,
                         struct signet_error *err)
{
    struct signet_ledger_imported made = {0};
    struct import m = {.copy = {.from = from, .to = ledger, .cancel = cancel, .refused = keep_row},
                       .out = &made,
                       .site = site};
    struct signet_error better = {0};
    if (site && !site_is_valid(site))
        return error_set_hint(
            err, SIGNET_E_USAGE, "such as: plant-2",
            "'%s' is no name of a site: it has at most %d letters, digits and . _ -",
            text_shown(site, strlen(site), 60), SITE_MAX);
    int rc = copy_check_schema(from, ledger, err);

    if (rc == SIGNET_OK)
        rc = store_read_once(from, read_other, &m, err);
    if (rc == SIGNET_E_CONFLICT && m.tells && err &&
        store_read(ledger, explain, &m, &better) == SIGNET_E_CONFLICT)
        *err = better;
    forget_row(&m);
    if (rc != SIGNET_OK)
        return rc;

    made.events = m.copy.rows[COPY_EVENTS];
    *out = made;
    return SIGNET_OK;
}
