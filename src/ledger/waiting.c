/* SPDX-License-Identifier: Apache-2.0 */

/* What waits for a server, at whatever station. */

#include "ledger/store.h"

struct at_server {
    const char *order, *server;
    int64_t count;
};

static int count_at_server(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct at_server *a = arg;
    return db_get(l->db, err,
                  "SELECT count(*) FROM devices d LEFT JOIN deliveries v ON v.device = d.id"
                  " AND v.server = $2 WHERE d.order_id = (SELECT id FROM orders WHERE name = $1)"
                  " AND d.state = {verified} AND (v.device IS NULL OR v.state = 0)",
                  "ss:i", a->order, a->server, &a->count);
}

int signet_ledger_at_server(struct signet_ledger *ledger, const char *order, const char *server,
                            int64_t *count, struct signet_error *err)
{
    struct at_server a = {.order = order, .server = server};
    int rc = store_read(ledger, count_at_server, &a, err);

    if (rc == SIGNET_OK)
        *count = a.count;
    return rc;
}
