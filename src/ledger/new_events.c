/* SPDX-License-Identifier: Apache-2.0 */

/* The events of an order that this station recorded, for whoever is told of them: the chain is
 * their outbox. A transaction holds the station's head, so that its numbers come in order. */

#include "ledger/store.h"

#include <jansson.h>

struct news {
    int64_t order, after, last; /* last: all up to it was looked at */
    size_t max, count;
    signet_ledger_news_each *row;
    void *ctx;
    bool begun;
};

/* An order that was begun late has nothing in what the station did before. */
static int find_news_begin(struct signet_ledger *l, struct news *n, struct signet_error *err)
{
    int rc = db_get(l->db, err,
                    "SELECT COALESCE(MIN(seq), 1) FROM events WHERE device = $1 AND $2 ="
                    " (SELECT name FROM stations WHERE id = station)",
                    "is:i", -n->order, l->station, &n->after);

    if (rc == SIGNET_OK)
        n->after--;
    return rc;
}

static int find_news_end(struct signet_ledger *l, struct news *n, struct signet_error *err)
{
    n->last = n->after;
    int rc =
        db_get(l->db, err, "SELECT seq FROM stations WHERE name = $1", "s:i", l->station, &n->last);

    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

static const char *json_word(const json_t *object, const char *key, const char *otherwise)
{
    const char *word = json_string_value(json_object_get(object, key));

    return word ? word : otherwise;
}

/* What a receiver asks for first: of a board what became of it, of a run whether the order is done.
 */
static const char *news_word(const char *kind, const json_t *detail)
{
    if (strcmp(kind, "board") == 0)
        return json_word(detail, "verdict", kind);
    if (strcmp(kind, "run") == 0)
        return json_is_true(json_object_get(detail, "finished")) ? "finished" : "ended";
    return kind;
}

static int give_news(struct news *n, const struct db_rows *row, struct signet_error *err)
{
    const char *kind = db_text(row, 2), *text = db_text(row, 3);
    json_t *detail = text[0] == '{' ? json_loads(text, 0, NULL) : NULL;
    int64_t edition = db_int(row, 10);
    const struct signet_ledger_news news = {
        .seq = db_int(row, 0),
        .time = db_int(row, 1),
        .event = news_word(kind, detail),
        .detail = text,
        .detail_is_json = detail != NULL,
        .operator_name = db_text(row, 4),
        .tool = db_text(row, 5),
        .hash = db_text(row, 6),
        .endpoint = json_word(detail, "endpoint", db_text(row, 7)),
        .slot = json_word(detail, "slot", db_text(row, 8)),
        .hw_id = json_word(detail, "hw_id", db_text(row, 9)),
        .edition =
            (int)(edition ? edition : json_integer_value(json_object_get(detail, "edition"))),
    };
    int rc = n->row(n->ctx, &news, err);

    n->count++;
    n->after = news.seq;
    json_decref(detail);
    return rc;
}

static int walk_news(struct signet_ledger *l, struct news *n, struct signet_error *err)
{
    struct db_rows row;
    int rc = db_query(l->db, &row, err,
                      "SELECT e.seq, e.time, e.kind, e.detail, e.operator, e.tool, e.hash,"
                      " COALESCE(d.endpoint, ''), COALESCE(d.slot, ''), COALESCE(d.hw_id, ''),"
                      " CASE WHEN d.id IS NULL THEN 0 ELSE " EDITION " END"
                      " FROM events e JOIN stations s ON s.id = e.station LEFT JOIN devices d"
                      " ON d.id = e.device WHERE s.name = $1 AND e.seq > $2 AND (e.device = $3"
                      " OR d.order_id = $4) ORDER BY e.seq LIMIT $5",
                      "siiii", l->station, n->after, -n->order, n->order, (int64_t)n->max);

    while (rc == SIGNET_OK && (rc = db_step(&row, err)) == SIGNET_OK)
        rc = give_news(n, &row, err);
    return db_done(&row, rc);
}

static int read_news(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct news *n = arg;

    if (n->begun) /* rows went to the caller already */
        return error_set(err, SIGNET_E_LEDGER, "the ledger's server went away while it was read");
    int rc = n->after ? SIGNET_OK : find_news_begin(l, n, err);
    if (rc == SIGNET_OK)
        rc = find_news_end(l, n, err);
    n->begun = rc == SIGNET_OK;
    return rc == SIGNET_OK ? walk_news(l, n, err) : rc;
}

int signet_ledger_news(struct signet_ledger *ledger, int64_t order, int64_t *after, size_t max,
                       signet_ledger_news_each *row, void *ctx, struct signet_error *err)
{
    struct news n = {.order = order, .after = *after, .max = max, .row = row, .ctx = ctx};
    int rc = store_read(ledger, read_news, &n, err);

    if (rc == SIGNET_OK)
        *after = n.count == max || n.after > n.last ? n.after : n.last;
    return rc;
}
