/* SPDX-License-Identifier: Apache-2.0 */

/* What a person decides about a device: void and rework. */

#include "ledger/mend.h"

#include <stdio.h>

/* Its order is locked first, as everywhere. */
static int lock_device(struct signet_ledger *l, const struct mend *m, struct signet_error *err)
{
    int rc = db_run(l->db, err,
                    "UPDATE orders SET issued = issued WHERE id = (SELECT order_id FROM devices"
                    " WHERE id = $1)",
                    "i", m->device);

    return rc == SIGNET_OK
               ? db_get(l->db, err, "SELECT id FROM devices WHERE id = $1 /*+ FOR UPDATE */",
                        "i:", m->device)
               : rc;
}

/* The device, as it is now. With its sealed credentials lost, a device that servers have not taken
 * needs others. */
static int find_device(struct signet_ledger *l, struct mend *m, struct signet_error *err)
{
    int64_t exposed, state, at_servers, edition;
    int rc = m->how->preview ? SIGNET_OK : lock_device(l, m, err);

    if (rc == SIGNET_OK)
        rc = db_get(
            l->db, err,
            "SELECT d.order_id, d.number, d.exposed, d.state, CASE WHEN d.failed_from >="
            " {verified} AND d.error_code <> $2 THEN 1 ELSE 0 END, d.endpoint, d.hw_id, o.name, 1 +"
            " (SELECT count(*) FROM devices x WHERE x.endpoint = d.endpoint AND x.freed = 1"
            " AND x.state = {retired}), " STATION_OF_D " FROM devices d JOIN orders o"
            " ON o.id = d.order_id WHERE d.id = $1 AND d.freed = 0",
            "ii:iiiiisssis", m->device, (int64_t)SIGNET_E_SEAL, &m->order, &m->number, &exposed,
            &state, &at_servers, m->endpoint, sizeof(m->endpoint), m->hw_id, sizeof(m->hw_id),
            m->order_name, sizeof(m->order_name), &edition, m->station, sizeof(m->station));
    if (rc != SIGNET_OK)
        return rc;
    m->exposed = exposed != 0;
    m->state = (enum signet_device_state)state;
    m->at_servers = at_servers != 0;
    m->edition = (int)edition;
    return SIGNET_OK;
}

static int find_servers(struct signet_ledger *l, struct mend *m, struct signet_error *err)
{
    struct db_rows row;
    size_t used = 0;
    int rc = db_query(l->db, &row, err,
                      "SELECT server FROM deliveries WHERE device = $1 AND state = 1"
                      " AND server NOT IN (" LEDGER_NO_SERVERS ") ORDER BY server",
                      "i", m->device);

    m->servers[0] = '\0';
    while (rc == SIGNET_OK && (rc = db_step(&row, err)) == SIGNET_OK)
        if (used < sizeof(m->servers))
            used += (size_t)snprintf(m->servers + used, sizeof(m->servers) - used, "%s%s",
                                     used ? ", " : "", db_text(&row, 0));
    return db_done(&row, rc);
}

/* 1 device, 2 now, 3 this station */
#define HELD(lease) "NOT " LEASE_ENDED(lease, "$2")
static const char holders[] =
    "SELECT station, 'slot ' || slot, lease_until FROM devices WHERE id = $1 AND state < {done}"
    " AND station <> $3 AND " HELD("lease_until") " UNION ALL SELECT station, 'server ' || server,"
                                                  " lease_until FROM deliveries WHERE device = $1 "
                                                  "AND state = 0 AND station <> $3 AND " HELD(
                                                      "lease_until") " LIMIT 1";

/* Another station works on it now. */
static int find_holder(struct signet_ledger *l, struct mend *m, struct signet_error *err)
{
    struct db_rows row;
    char until[24];
    int rc = db_find(l->db, &row, err, holders, "iis", m->device, l->db->now, l->station);

    if (rc == SIGNET_OK) {
        clock_format(db_int(&row, 2), until);
        error_set_hint(&m->why, SIGNET_E_BUSY, "wait until then, or force it",
                       "%s is in the hands of station %s (%s) until %s", m->endpoint,
                       db_text(&row, 0), db_text(&row, 1), until);
    }
    return db_done(&row, rc);
}

static void judge_void(struct mend *m)
{
    if (m->state == SIGNET_DEVICE_VOID && !(m->how->remove && m->servers[0]))
        error_set_hint(&m->why, SIGNET_E_EXISTS,
                       "nothing is left to do; its history says why it is", "%s is void already%s",
                       m->endpoint, m->how->remove ? ", and at no server" : "");
}

static void judge_rework(struct mend *m)
{
    bool ended = m->state == SIGNET_DEVICE_DONE || m->state == SIGNET_DEVICE_VOID;

    /* a server has what nobody can tell the others any more */
    bool torn = m->state == SIGNET_DEVICE_FAILED && !m->at_servers && m->servers[0];

    m->renews = m->exposed && (ended || torn || m->how->new_edition);
    m->binds = m->how->board && m->state <= SIGNET_DEVICE_KEYED && !m->exposed;
    if (m->how->board && !m->renews && !m->binds)
        error_set(&m->why, SIGNET_E_USAGE, "%s gets no new edition, for which a board is chosen",
                  m->endpoint);
    else if (m->renews || m->binds || m->state == SIGNET_DEVICE_FAILED)
        return;
    else if (!m->exposed)
        error_set(&m->why, SIGNET_E_USAGE, "%s is %s: the next run of its order makes it",
                  m->endpoint, signet_device_state_name(m->state));
    else
        error_set_hint(
            &m->why, SIGNET_E_USAGE, "run its order; where its board is lost, begin a new edition",
            "%s is %s, and not at its end", m->endpoint, signet_device_state_name(m->state));
}

/* The one that is asked for; else, where no other device has it by now, the one that holds the
 * edition before. */
static int choose_board(struct signet_ledger *l, struct mend *m, struct signet_error *err)
{
    const char *asked = m->how->board;
    struct db_rows row;

    snprintf(m->board, sizeof(m->board), "%s", asked ? asked : m->how->new_edition ? "" : m->hw_id);
    int rc = db_find(l->db, &row, err,
                     "SELECT endpoint FROM devices WHERE hw_id = $1 AND state < {void}"
                     " AND id <> $2",
                     "si", m->board, m->device);
    if (rc == SIGNET_OK && asked)
        error_set(&m->why, SIGNET_E_CONFLICT, "%s: the board %s is that of %s", m->endpoint, asked,
                  db_text(&row, 0));
    if (rc == SIGNET_OK)
        m->board[0] = '\0';
    return db_done(&row, rc);
}

/* Only the station that it came from has its secret, its servers and its chain. */
static int judge_imported(struct mend *m)
{
    char name[SIGNET_ENDPOINT_SIZE + sizeof(m->station) + 16];

    snprintf(name, sizeof(name), "%s, of station %s,", m->endpoint, m->station);
    chain_refuse(name, &m->why);
    return SIGNET_OK;
}

static int judge(struct signet_ledger *l, struct mend *m, struct signet_error *err)
{
    if (m->device >= OWN_END)
        return judge_imported(m);
    int rc = find_servers(l, m, err);

    if (rc == SIGNET_OK && !m->how->force)
        rc = find_holder(l, m, err);
    if (rc != SIGNET_OK || m->why.code != SIGNET_OK)
        return rc;
    if (m->how->what == SIGNET_LEDGER_VOID)
        judge_void(m);
    else
        judge_rework(m);
    return (m->renews || m->binds) && m->why.code == SIGNET_OK ? choose_board(l, m, err)
                                                               : SIGNET_OK;
}

static int make_void(struct signet_ledger *l, const struct mend *m, struct signet_error *err)
{
    const char *reason = m->how->reason;
    int rc = SIGNET_OK;

    if (m->state != SIGNET_DEVICE_VOID) {
        rc = db_run(l->db, err,
                    "UPDATE devices SET state = {void}, token = token + 1, lease_until = 0,"
                    " freed = 1 - exposed, error = $2, changed = $3, events = events + 1"
                    " WHERE id = $1",
                    "isi", m->device, reason, l->db->now);
        if (rc == SIGNET_OK)
            rc = device_event(l, m->device, "void", reason, err);
    }
    if (rc == SIGNET_OK && !m->exposed) /* the name is there again, at its number */
        rc = db_run(l->db, err,
                    "UPDATE orders SET issued = issued - 1, cursor = CASE WHEN $2 < 0 THEN 0"
                    " WHEN $2 < cursor THEN $2 ELSE cursor END WHERE id = $1",
                    "ii", m->order, m->number);
    return rc == SIGNET_OK && m->how->remove ? edition_remove(l, m->device, err) : rc;
}

static int try_again(struct signet_ledger *l, const struct mend *m, struct signet_error *err)
{
    int64_t at_servers = m->at_servers;
    int rc =
        db_run(l->db, err,
               "UPDATE devices SET state = $2, attempt = attempt + 1, lease_until = 0,"
               " failed_from = NULL, changed = $3, events = events + 1"
               " WHERE id = $1",
               "iii", m->device,
               (int64_t)(at_servers ? SIGNET_DEVICE_VERIFIED : SIGNET_DEVICE_RESERVED), l->db->now);

    if (rc == SIGNET_OK)
        rc = device_event(l, m->device, "rework", m->how->reason, err);
    if (rc == SIGNET_OK)
        rc = db_run(l->db, err,
                    "UPDATE deliveries SET state = 0, lease_until = 0, error = NULL"
                    " WHERE device = $1 AND (state = 2 OR $2 = 0)",
                    "ii", m->device, at_servers);
    return rc;
}

static int bind_board(struct signet_ledger *l, const struct mend *m, struct signet_error *err)
{
    int rc =
        db_run(l->db, err,
               "UPDATE devices SET hw_id = $2, changed = $3, events = events + 1 WHERE id = $1",
               "isi", m->device, m->board[0] ? m->board : NULL, l->db->now);

    return rc == SIGNET_OK ? device_event(l, m->device, "for-board", m->board, err) : rc;
}

int mend_device(struct signet_ledger *l, struct mend *m, struct signet_error *err)
{
    int rc = find_device(l, m, err);

    if (rc == SIGNET_OK)
        rc = judge(l, m, err);
    if (rc == SIGNET_E_NOT_FOUND) { /* it was there a moment ago */
        error_set(&m->why, rc, "the ledger has no such device any more");
        return SIGNET_OK;
    }
    if (rc != SIGNET_OK || m->why.code != SIGNET_OK || m->how->preview)
        return rc;
    if (m->how->what == SIGNET_LEDGER_VOID)
        return make_void(l, m, err);
    return m->renews  ? edition_make(l, m, err)
           : m->binds ? bind_board(l, m, err)
                      : try_again(l, m, err);
}
