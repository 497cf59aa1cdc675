/* SPDX-License-Identifier: Apache-2.0 */

/* What a server said of devices last: a run knows how the one before it ended. */
#include "ledger/store.h"

struct answers {
    const char *server;
    int (*row)(void *, const char *, const char *, struct signet_error *);
    void *ctx;
};

/* Events that are looked at: of one station, from its last one back. */
#define ANSWERS_EVENTS "500"

/* A refusal is "SERVER: words"; SIGNET_OK also for what another server said. */
static int give_answer(const struct answers *a, const struct db_rows *row, struct signet_error *err)
{
    const char *detail = db_text(row, 1);
    size_t len = strlen(a->server);

    if (strncmp(detail, a->server, len) != 0)
        return SIGNET_OK;
    if (strcmp(db_text(row, 0), "delivered") == 0)
        return detail[len] ? SIGNET_OK : a->row(a->ctx, db_text(row, 2), NULL, err);
    return strncmp(detail + len, ": ", 2) == 0
               ? a->row(a->ctx, db_text(row, 2), detail + len + 2, err)
               : SIGNET_OK;
}

static int walk_answers(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct db_rows row;
    int rc = db_query(l->db, &row, err,
                      "SELECT e.kind, e.detail, d.endpoint FROM stations s JOIN events e"
                      " ON e.station = s.id AND e.seq > s.seq - " ANSWERS_EVENTS
                      " JOIN devices d ON d.id = e.device WHERE s.name = $1"
                      " AND e.kind IN ('delivered', 'failed', 'refused') ORDER BY e.seq DESC",
                      "s", l->station);

    while (rc == SIGNET_OK && (rc = db_step(&row, err)) == SIGNET_OK)
        rc = give_answer(arg, &row, err);
    return db_done(&row, rc);
}

int signet_ledger_answers(struct signet_ledger *ledger, const char *server,
                          int (*row)(void *ctx, const char *endpoint, const char *words,
                                     struct signet_error *err),
                          void *ctx, struct signet_error *err)
{
    struct answers a = {.server = server, .row = row, .ctx = ctx};

    return store_read(ledger, walk_answers, &a, err);
}
