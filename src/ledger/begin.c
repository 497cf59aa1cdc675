/* SPDX-License-Identifier: Apache-2.0 */

/* Where a run of an order begins: two stations with one name are told from each other by their work
 * folders. */
#include "ledger/store.h"

struct beginning {
    int64_t order;
    const char *folder;
    struct signet_ledger_begun *before;
};

/* Not further back than some hundred thousand events: an order that a version without such events
 * began has none at all. */
static int find_last(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct beginning *b = arg;

    *b->before = (struct signet_ledger_begun){0};
    int rc = db_get(l->db, err,
                    "SELECT detail, time FROM events WHERE device = $1 AND kind = 'begin'"
                    " AND $2 = (SELECT name FROM stations WHERE id = station)"
                    " AND n > (SELECT events - 200000 FROM orders WHERE id = $3)"
                    " ORDER BY n DESC LIMIT 1",
                    "isi:si", -b->order, l->station, b->order, b->before->folder,
                    sizeof(b->before->folder), &b->before->time);
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

static int record_begin(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct beginning *b = arg;
    int rc = find_last(l, arg, err);

    return rc == SIGNET_OK ? order_event(l, b->order, "begin", b->folder, err) : rc;
}

int signet_ledger_begin(struct signet_ledger *ledger, int64_t order, const char *folder,
                        struct signet_ledger_begun *before, struct signet_error *err)
{
    struct beginning b = {.order = order, .folder = folder, .before = before};

    return folder ? store_change(ledger, record_begin, &b, err)
                  : store_read(ledger, find_last, &b, err);
}
