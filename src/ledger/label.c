/* SPDX-License-Identifier: Apache-2.0 */

/* Labels of devices: what went to a printer, and what the printer says of it. */

#include "ledger/store.h"

static const char *const kinds[] = {NULL, "label-sent", "labelled", "label-read", "label-refused"};

struct label_event {
    const char *endpoint, *detail;
    enum signet_ledger_label what;
};

/* In its newest edition, which is made. */
static int find_labelled(struct signet_ledger *l, const char *endpoint, int64_t *device,
                         struct signet_error *err)
{
    int64_t state = 0;
    int rc = db_get(l->db, err, "SELECT id, state FROM devices WHERE endpoint = $1 AND freed = 0",
                    "s:ii", endpoint, device, &state);

    if (rc == SIGNET_E_NOT_FOUND)
        return error_set(err, rc, "the ledger has no device '%s'",
                         text_shown(endpoint, strlen(endpoint), 80));
    return rc == SIGNET_OK && (state < SIGNET_DEVICE_VERIFIED || state > SIGNET_DEVICE_DONE)
               ? error_set_hint(err, SIGNET_E_USAGE, "its history says what became of it",
                                "%s is not made: it gets no label", endpoint)
               : rc;
}

static int last_state(struct signet_ledger *l, int64_t device, enum signet_ledger_label *state,
                      struct signet_error *err)
{
    struct db_rows row;
    int rc = db_find(l->db, &row, err,
                     "SELECT kind FROM events WHERE device = $1 AND kind IN"
                     " ('label-sent', 'labelled', 'label-read') ORDER BY n DESC LIMIT 1",
                     "i", device);

    *state = SIGNET_LABEL_NONE;
    for (int i = SIGNET_LABEL_SENT; rc == SIGNET_OK && i <= SIGNET_LABEL_READ; i++)
        if (strcmp(db_text(&row, 0), kinds[i]) == 0)
            *state = (enum signet_ledger_label)i;
    return db_done(&row, rc);
}

/* What is read must have been printed, and not been read since. */
static int check_read(enum signet_ledger_label state, const char *endpoint,
                      struct signet_error *err)
{
    switch (state) {
    case SIGNET_LABEL_NONE:
        return error_set_hint(err, SIGNET_E_CONFLICT,
                              "a label of an earlier edition has to be taken off",
                              "the label of %.150s is not printed yet", endpoint);
    case SIGNET_LABEL_SENT:
        return error_set_hint(err, SIGNET_E_CONFLICT,
                              "look for it: then confirm that it is there, or print it again",
                              "nobody knows whether the label of %.150s was printed", endpoint);
    case SIGNET_LABEL_READ:
        return error_set_hint(err, SIGNET_E_EXISTS, "a label is read once",
                              "the label of %.150s was read already", endpoint);
    case SIGNET_LABEL_PRINTED:
    case SIGNET_LABEL_REFUSED:
        break;
    }
    return SIGNET_OK;
}

/* As settle_one() of outbox.c, by whoever reads it. */
static int settle_read(struct signet_ledger *l, int64_t device, struct signet_error *err)
{
    int64_t now = 0;
    int rc = chain_time(l, &now, err);

    if (rc == SIGNET_OK)
        rc = db_run(l->db, err,
                    "INSERT INTO deliveries(device, server, station, changed, lease_until, state)"
                    " VALUES($1, '" SIGNET_LEDGER_SCANNER "', $2, $3, 0, 0)"
                    " ON CONFLICT(device, server) DO NOTHING",
                    "isi", device, l->station, now);
    if (rc == SIGNET_OK)
        rc = db_change(l->db, err,
                       "UPDATE deliveries SET state = 1, changed = $2, station = $3"
                       " WHERE device = $1 AND server = '" SIGNET_LEDGER_SCANNER "' AND state = 0",
                       "iis", device, now, l->station);
    if (rc == SIGNET_E_NOT_FOUND) /* a label that was printed again */
        return SIGNET_OK;
    return rc == SIGNET_OK ? device_note(l, device, 0, "delivered", SIGNET_LEDGER_SCANNER, err)
                           : rc;
}

static int record_label(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct label_event *e = arg;
    enum signet_ledger_label state;
    int64_t device = 0;
    int rc = find_labelled(l, e->endpoint, &device, err);

    if (rc == SIGNET_E_USAGE && e->what == SIGNET_LABEL_READ)
        return error_set_hint(err, SIGNET_E_CONFLICT, "take that label off",
                              "%.150s is not made: its label is an old one", e->endpoint);
    if (rc == SIGNET_OK && e->what == SIGNET_LABEL_READ) {
        rc = last_state(l, device, &state, err);
        if (rc == SIGNET_OK)
            rc = check_read(state, e->endpoint, err);
    }
    if (rc == SIGNET_OK)
        rc = device_note(l, device, 0, kinds[e->what], e->detail, err);
    return rc == SIGNET_OK && e->what == SIGNET_LABEL_READ ? settle_read(l, device, err) : rc;
}

int signet_ledger_label(struct signet_ledger *ledger, const char *endpoint,
                        enum signet_ledger_label what, const char *detail, struct signet_error *err)
{
    struct label_event e = {.endpoint = endpoint, .detail = detail ? detail : "", .what = what};

    if (what == SIGNET_LABEL_NONE)
        return error_set(err, SIGNET_E_USAGE, "what is said of a label is no event");
    if (!text_is_clean(endpoint) || !text_is_clean(e.detail))
        return error_set(err, SIGNET_E_USAGE, "%s is not UTF-8",
                         text_is_clean(endpoint) ? "the reason" : "the name");
    return store_change(ledger, record_label, &e, err);
}

static int read_state(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct label_event *e = arg;
    int64_t device = 0;
    int rc = find_labelled(l, e->endpoint, &device, err);

    return rc == SIGNET_OK ? last_state(l, device, &e->what, err) : rc;
}

int signet_ledger_label_state(struct signet_ledger *ledger, const char *endpoint,
                              enum signet_ledger_label *state, struct signet_error *err)
{
    struct label_event e = {.endpoint = endpoint};
    int rc = store_read(ledger, read_state, &e, err);

    if (rc == SIGNET_OK)
        *state = e.what;
    return rc;
}

struct unread {
    int64_t order;
    struct signet_ledger_unread *out;
};

static int find_unread(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct unread *u = arg;

    *u->out = (struct signet_ledger_unread){0};
    int rc = db_get(l->db, err,
                    "SELECT d.endpoint, COALESCE(d.slot, '') FROM devices d JOIN deliveries p ON"
                    " p.device = d.id AND p.server = '" SIGNET_LEDGER_LABEL "' AND p.state = 1"
                    " LEFT JOIN deliveries v ON v.device = d.id AND v.server = $3"
                    " WHERE d.order_id = $1 AND d.state = {verified}"
                    " AND (v.device IS NULL OR v.state = 0) AND d.station = $2"
                    " ORDER BY d.id LIMIT 1",
                    "iss:ss", u->order, l->station, SIGNET_LEDGER_SCANNER, u->out->endpoint,
                    sizeof(u->out->endpoint), u->out->slot, sizeof(u->out->slot));
    if (rc != SIGNET_OK && rc != SIGNET_E_NOT_FOUND)
        return rc;
    return db_get(l->db, err,
                  "SELECT count(*) FROM devices d JOIN deliveries v ON v.device = d.id"
                  " WHERE d.order_id = $1 AND d.station = $2 AND v.server = $3 AND v.state = 1",
                  "iss:i", u->order, l->station, SIGNET_LEDGER_SCANNER, &u->out->read);
}

int signet_ledger_label_unread(struct signet_ledger *ledger, int64_t order,
                               struct signet_ledger_unread *out, struct signet_error *err)
{
    struct unread u = {order, out};

    return store_read(ledger, find_unread, &u, err);
}
