/* SPDX-License-Identifier: Apache-2.0 */

/* A name gets new credentials: the device that had it is retired, and a new row begins, with the
 * same name, order and unit of the quota. */

#include "ledger/mend.h"

#include <stdio.h>

/* A server that has the device, or may have it, is to lose it. One that refused it never had it. */
static int next_to_remove(struct signet_ledger *l, int64_t device, char *server, size_t size,
                          struct signet_error *err)
{
    return db_get(l->db, err,
                  "SELECT server FROM deliveries WHERE device = $1 AND state IN (0, 1)"
                  " AND server NOT IN (" LEDGER_NO_SERVERS ") ORDER BY server LIMIT 1",
                  "i:s", device, server, size);
}

int edition_remove(struct signet_ledger *l, int64_t device, struct signet_error *err)
{
    char server[256];
    int64_t now = 0;
    int rc = chain_time(l, &now, err);

    while (rc == SIGNET_OK &&
           (rc = next_to_remove(l, device, server, sizeof(server), err)) == SIGNET_OK) {
        rc =
            db_change(l->db, err,
                      "UPDATE deliveries SET state = 3, token = token + 1, lease_until = 0,"
                      " error = NULL, changed = $3, station = $4 WHERE device = $1 AND server = $2",
                      "isis", device, server, now, l->station);
        if (rc == SIGNET_OK)
            rc = device_note(l, device, 0, "remove", server, err);
    }
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

static int retire(struct signet_ledger *l, const struct mend *m, struct signet_error *err)
{
    struct buf detail = {0};
    int rc = db_run(l->db, err,
                    "UPDATE devices SET state = {retired}, freed = 1, token = token + 1,"
                    " lease_until = 0, changed = $2, events = events + 1 WHERE id = $1",
                    "ii", m->device, l->db->now);

    buf_printf(&detail, "edition %d follows%s%s", m->edition + 1, m->how->reason ? ": " : "",
               m->how->reason ? m->how->reason : "");
    if (rc == SIGNET_OK)
        rc = buf_check(&detail, err);
    if (rc == SIGNET_OK)
        rc = device_event(l, m->device, "retired", (const char *)detail.data, err);
    buf_free(&detail);
    return rc == SIGNET_OK ? edition_remove(l, m->device, err) : rc;
}

/* It was in no slot yet: what the ledger knows of a slot's last board stays as it is. */
int edition_make(struct signet_ledger *l, const struct mend *m, struct signet_error *err)
{
    char text[32];
    struct db_rows row = {0};
    int rc = retire(l, m, err);

    if (rc == SIGNET_OK)
        rc = db_find(l->db, &row, err,
                     "INSERT INTO devices(id, order_id, number, endpoint, station, slot, hw_id,"
                     " created, changed, lease_until) SELECT {next_device}, order_id, number,"
                     " endpoint, station, '', CAST($2 AS TEXT), CAST($3 AS {int}),"
                     " CAST($3 AS {int}), 0 FROM devices WHERE id = $1 RETURNING " DEVICE_ROW,
                     "isi", m->device, m->board[0] ? m->board : NULL, l->db->now);
    snprintf(text, sizeof(text), "edition %d", m->edition + 1);
    if (rc == SIGNET_OK)
        rc = chain_append(l, &row, ROW_COLUMNS, "reserved", text, err);
    db_end(&row);
    return rc;
}
