/* SPDX-License-Identifier: Apache-2.0 */

/* Labels of devices: what went to a printer, and what the printer says of it. */

#include "ledger/store.h"

#include <string.h>

static const char *const kinds[] = {NULL, "label-sent", "labelled"};

struct label_event {
    const char *endpoint, *detail;
    enum signet_ledger_label what;
};

/* In its newest edition, which is made. */
static int find_labelled(struct signet_ledger *l, const char *endpoint, int64_t *device,
                         struct signet_error *err)
{
    struct db_rows row;
    bool made = false;
    int rc =
        db_find(l->db, &row, err, "SELECT id, state FROM devices WHERE endpoint = $1 AND freed = 0",
                "s", endpoint);

    if (rc == SIGNET_OK) {
        *device = db_int(&row, 0);
        made = db_int(&row, 1) >= SIGNET_DEVICE_VERIFIED && db_int(&row, 1) <= SIGNET_DEVICE_DONE;
    }
    db_end(&row);
    if (rc == SIGNET_E_NOT_FOUND)
        return error_set(err, rc, "the ledger has no device '%s'",
                         text_shown(endpoint, strlen(endpoint), 80));
    return rc == SIGNET_OK && !made
               ? error_set(err, SIGNET_E_USAGE, "%s is not made: it gets no label", endpoint)
               : rc;
}

static int record_label(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct label_event *e = arg;
    int64_t device = 0;
    int rc = find_labelled(l, e->endpoint, &device, err);

    return rc == SIGNET_OK ? device_note(l, device, 0, kinds[e->what], e->detail, err) : rc;
}

int signet_ledger_label(struct signet_ledger *ledger, const char *endpoint,
                        enum signet_ledger_label what, const char *detail, struct signet_error *err)
{
    struct label_event e = {.endpoint = endpoint, .detail = detail ? detail : "", .what = what};

    if (!text_is_clean(endpoint) || !text_is_clean(e.detail) || what == SIGNET_LABEL_NONE)
        return error_set(err, SIGNET_E_USAGE, "what is said of a label is no event");
    return store_change(ledger, record_label, &e, err);
}

static int read_label(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct label_event *e = arg;
    struct db_rows row;
    int64_t device = 0;
    int rc = find_labelled(l, e->endpoint, &device, err);

    e->what = SIGNET_LABEL_NONE;
    if (rc != SIGNET_OK)
        return rc;
    rc = db_find(l->db, &row, err,
                 "SELECT kind FROM events WHERE device = $1"
                 " AND kind IN ('label-sent', 'labelled') ORDER BY n DESC LIMIT 1",
                 "i", device);
    if (rc == SIGNET_OK)
        e->what = strcmp(db_text(&row, 0), kinds[SIGNET_LABEL_SENT]) == 0 ? SIGNET_LABEL_SENT
                                                                          : SIGNET_LABEL_PRINTED;
    db_end(&row);
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

int signet_ledger_label_state(struct signet_ledger *ledger, const char *endpoint,
                              enum signet_ledger_label *state, struct signet_error *err)
{
    struct label_event e = {.endpoint = endpoint};
    int rc = store_read(ledger, read_label, &e, err);

    if (rc == SIGNET_OK)
        *state = e.what;
    return rc;
}
