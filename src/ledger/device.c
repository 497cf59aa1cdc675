/* SPDX-License-Identifier: Apache-2.0 */

/* Devices: each change of state with its event. */

#include "ledger/store.h"
#include <stdio.h>

struct advance {
    const struct signet_lease *leases;
    size_t count, at;
    enum signet_device_state to;
    const struct signet_device_facts *facts;
};

/* In the order of struct signet_device_facts. owner: who else has it, for those that belong to one
 * device only; ends: which device has it no more. */
#define OWNER "SELECT endpoint, station FROM devices WHERE id <> $2 AND "
enum ends { NEVER, FREED, ENDED };
static const struct {
    const char *name, *owner;
    enum ends ends;
} facts[] = {
    {"hw_id", OWNER "hw_id = $1 AND state < {void}", ENDED},
    {"psk_identity", OWNER "psk_identity = $1 AND freed = 0", FREED},
    {"psk_sha256", OWNER "substr(psk_sha256, 1, 20) = substr($1, 1, 20) AND psk_sha256 IS NOT NULL",
     NEVER},
    {"spki_sha256",
     OWNER "substr(spki_sha256, 1, 20) = substr($1, 1, 20) AND spki_sha256 IS NOT NULL", NEVER},
    {"cert_issuer", NULL, NEVER},
    {"cert_serial", OWNER "cert_serial = $1", NEVER},
    {"packet_sha256", NULL, NEVER},
    {"image_sha256", NULL, NEVER},
};
enum { FACTS = COUNT_OF(facts) };
_Static_assert(offsetof(struct signet_device_facts, note) == FACTS * sizeof(char *),
               "each fact has its row");

/* NULL: the device has none. */
static const char *fact(const struct advance *a, size_t device, size_t which)
{
    return a->facts ? ((const char *const *)(const void *)&a->facts[device])[which] : NULL;
}

/* What a station may do; to set aside, to rework and to void are calls of their own. */
static bool may_advance(enum signet_device_state from, enum signet_device_state to)
{
    return from <= SIGNET_DEVICE_DONE && to <= SIGNET_DEVICE_DONE &&
           (from == to || state_may(from, to));
}

static int no_way(const struct signet_lease *lease, enum signet_device_state from,
                  enum signet_device_state to, struct signet_error *err)
{
    return error_set(err, SIGNET_E_USAGE, "%s: no way from %s to %s", lease->endpoint,
                     signet_device_state_name(from), signet_device_state_name(to));
}

/* Why an advance fitted no row. */
static int explain_no_row(struct signet_ledger *l, const struct signet_lease *lease,
                          enum signet_device_state to, struct signet_error *err)
{
    int64_t state, token;
    int rc = db_get(l->db, err, "SELECT state, token FROM devices WHERE id = $1", "i:ii",
                    lease->device, &state, &token);

    if (rc != SIGNET_OK && rc != SIGNET_E_NOT_FOUND)
        return rc;
    if (rc == SIGNET_E_NOT_FOUND || token != lease->token || state >= SIGNET_DEVICE_DONE)
        return lease_lost(lease, err);
    if ((enum signet_device_state)state != lease->state)
        return no_way(lease, (enum signet_device_state)state, to, err);
    return error_set(err, SIGNET_E_CONFLICT, "%s: its credentials may be on another board already",
                     lease->endpoint);
}

/* 1 device, 2 token, 3 state, 4 next state, 5 now */
#define ADVANCE(facts)                                                                             \
    "UPDATE devices SET state = $4, exposed = CASE WHEN $4 >= {writing} THEN 1 ELSE exposed END,"  \
    " changed = $5, events = events + 1" facts                                                     \
    " WHERE id = $1 AND token = $2 AND state = $3 AND state < {done}"

static int update(struct signet_ledger *l, const struct advance *a, struct signet_error *err)
{
    static const char with_facts[] =
        ADVANCE(", hw_id = CASE WHEN $4 >= {writing} AND hw_id LIKE 'slot:%' THEN $6"
                " ELSE COALESCE($6, hw_id) END, psk_identity = COALESCE($7, psk_identity),"
                " psk_sha256 = COALESCE($8, psk_sha256), spki_sha256 = COALESCE($9, spki_sha256),"
                " cert_issuer = COALESCE($10, cert_issuer),"
                " cert_serial = COALESCE($11, cert_serial),"
                " packet_sha256 = COALESCE($12, packet_sha256),"
                " image_sha256 = COALESCE($13, image_sha256)") " AND (exposed = 0 OR hw_id IS NULL "
                                                               "OR hw_id = COALESCE($6, hw_id))";
    const struct signet_lease *lease = &a->leases[a->at];
    const char *values[FACTS];
    /* a slot that was named for one board is free again */
    bool any = a->to == SIGNET_DEVICE_WRITING && lease->state < SIGNET_DEVICE_WRITING;

    for (size_t i = 0; i < FACTS; i++)
        any = (values[i] = fact(a, a->at, i)) || any;
    return any ? db_change(l->db, err, with_facts, "iiiiissssssss", lease->device, lease->token,
                           (int64_t)lease->state, (int64_t)a->to, l->db->now, values[0], values[1],
                           values[2], values[3], values[4], values[5], values[6], values[7])
               /* most changes: an index whose columns stay is not touched */
               : db_change(l->db, err, ADVANCE(""), "iiiii", lease->device, lease->token,
                           (int64_t)lease->state, (int64_t)a->to, l->db->now);
}

static int advance_one(struct signet_ledger *l, const struct advance *a, struct signet_error *err)
{
    const struct signet_lease *lease = &a->leases[a->at];
    const char *note = a->facts ? a->facts[a->at].note : NULL;

    if (!may_advance(lease->state, a->to))
        return no_way(lease, lease->state, a->to, err);
    int rc = update(l, a, err);
    if (rc == SIGNET_E_NOT_FOUND)
        return explain_no_row(l, lease, a->to, err);
    return rc == SIGNET_OK ? device_event(l, lease->device, signet_device_state_name(a->to),
                                          note ? note : fact(a, a->at, 0), err)
                           : rc;
}

int device_advance(struct signet_ledger *l, const struct signet_lease *lease,
                   enum signet_device_state to, const struct signet_device_facts *given,
                   struct signet_error *err)
{
    return advance_one(l, &(struct advance){.leases = lease, .count = 1, .to = to, .facts = given},
                       err);
}

static int advance(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct advance *a = arg;
    int rc = SIGNET_OK;

    for (a->at = 0; rc == SIGNET_OK && a->at < a->count; a->at += rc == SIGNET_OK)
        rc = advance_one(l, a, err);
    return rc;
}

static int ask_owner(struct signet_ledger *l, const char *sql, const char *value, int64_t device,
                     struct device_owner *owner, struct signet_error *err)
{
    return db_get(l->db, err, sql, "si:ss", value, device, owner->endpoint, sizeof(owner->endpoint),
                  owner->station, sizeof(owner->station));
}

int device_find_owner(struct signet_ledger *l, int64_t device, const char *endpoint,
                      const char *const *given, bool freed, bool ended, struct device_owner *owner,
                      struct signet_error *err)
{
    int rc = SIGNET_E_NOT_FOUND;

    owner->fact = NULL;
    if (!freed)
        rc = ask_owner(l, OWNER "endpoint = $1 AND freed = 0", endpoint, device, owner, err);
    for (size_t i = 0; i < FACTS && rc == SIGNET_E_NOT_FOUND; i++) {
        bool kept = facts[i].ends == FREED ? !freed : facts[i].ends == ENDED ? !ended : true;
        if (!given[i] || !facts[i].owner || !kept)
            continue;
        rc = ask_owner(l, facts[i].owner, given[i], device, owner, err);
        owner->fact = facts[i].name;
    }
    return rc;
}

/* Whose is the fact? Another device's of the ledger, or of the same call. */
static int find_owner(struct signet_ledger *l, const struct advance *a, size_t which,
                      char owner[SIGNET_ENDPOINT_SIZE], struct signet_error *err)
{
    const char *value = fact(a, a->at, which);
    struct device_owner found = {0};

    if (!value || !facts[which].owner)
        return SIGNET_E_NOT_FOUND;
    int rc = ask_owner(l, facts[which].owner, value, a->leases[a->at].device, &found, err);
    if (rc == SIGNET_OK)
        memcpy(owner, found.endpoint, sizeof(found.endpoint));
    for (size_t i = 0; rc == SIGNET_E_NOT_FOUND && i < a->at; i++) {
        const char *other = fact(a, i, which);
        if (other && strcmp(other, value) == 0) {
            memcpy(owner, a->leases[i].endpoint, SIGNET_ENDPOINT_SIZE);
            rc = SIGNET_OK;
        }
    }
    return rc;
}

/* SIGNET_E_CONFLICT: which of the facts is another device's, and whose. */
static int explain_conflict(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct advance *a = arg;
    char owner[SIGNET_ENDPOINT_SIZE];
    int rc = SIGNET_E_NOT_FOUND;

    for (size_t i = 0; i < FACTS && rc == SIGNET_E_NOT_FOUND; i++) {
        rc = find_owner(l, a, i, owner, err);
        if (rc == SIGNET_OK)
            return error_set(err, SIGNET_E_CONFLICT, "%s: its %s is in use by %s",
                             a->leases[a->at].endpoint, facts[i].name, owner);
    }
    return rc;
}

int signet_ledger_advance_many(struct signet_ledger *ledger, struct signet_lease *leases,
                               size_t count, enum signet_device_state state,
                               const struct signet_device_facts *given, struct signet_error *err)
{
    struct advance a = {.leases = leases, .count = count, .to = state, .facts = given};
    struct signet_error better = {0};

    for (size_t i = 0; i < count * FACTS; i++)
        if (!text_is_clean(fact(&a, i / FACTS, i % FACTS)))
            return error_set(err, SIGNET_E_USAGE, "%s: a fact is not UTF-8",
                             leases[i / FACTS].endpoint);
    int rc = store_change(ledger, advance, &a, err);
    if (rc == SIGNET_E_CONFLICT && err &&
        store_read(ledger, explain_conflict, &a, &better) == SIGNET_E_CONFLICT)
        *err = better;
    for (size_t i = 0; rc == SIGNET_OK && i < count; i++)
        leases[i].state = state;
    return rc;
}

int signet_ledger_advance(struct signet_ledger *ledger, struct signet_lease *lease,
                          enum signet_device_state state, const struct signet_device_facts *given,
                          struct signet_error *err)
{
    return signet_ledger_advance_many(ledger, lease, 1, state, given, err);
}

/* what goes wrong */

struct trouble {
    const struct signet_lease *lease;
    int64_t token; /* of who may say so; 0: anybody */
    const struct signet_error *why;
    const char *kind, *detail;
};

int device_note(struct signet_ledger *l, int64_t device, int64_t token, const char *kind,
                const char *detail, struct signet_error *err)
{
    int rc = db_change(l->db, err,
                       "UPDATE devices SET changed = $3, events = events + 1"
                       " WHERE id = $1 AND (token = $2 OR $2 = 0)",
                       "iii", device, token, l->db->now);

    return rc == SIGNET_OK ? device_event(l, device, kind, detail, err) : rc;
}

static int note(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct trouble *t = arg;
    int rc = device_note(l, t->lease->device, t->lease->token, t->kind, t->detail, err);

    return rc == SIGNET_E_NOT_FOUND ? lease_lost(t->lease, err) : rc;
}

bool note_kind_valid(const char *kind)
{
    /* what only the ledger itself may say */
    static const char *const own[] = {
        "order",    "quota",     "resumed",    "delivered", "refused",    "rework",
        "migrated", "remove",    "removed",    "board",     "run",        "operator",
        "shift",    "for-board", "begin",      "erased",    "imported",   "archived",
        "passed",   "any-board", "label-sent", "labelled",  "label-read", "label-refused"};
    bool refused = !*kind || !text_is_clean(kind) || state_of_word(kind, strlen(kind)) >= 0;

    for (size_t i = 0; i < COUNT_OF(own); i++)
        refused = refused || strcmp(kind, own[i]) == 0;
    return !refused;
}

int signet_ledger_note(struct signet_ledger *ledger, const struct signet_lease *lease,
                       const char *kind, const char *detail, struct signet_error *err)
{
    struct trouble t = {.lease = lease, .kind = kind ? kind : "", .detail = detail};

    if (!note_kind_valid(t.kind))
        return error_set(err, SIGNET_E_USAGE, "a note needs a word of its own, not '%s'", t.kind);
    return store_change(ledger, note, &t, err);
}

int device_set_aside(struct signet_ledger *l, int64_t device, int64_t token,
                     const struct signet_error *why, const char *detail, struct signet_error *err)
{
    struct buf room = {0};
    int rc = db_change(l->db, err,
                       "UPDATE devices SET failed_from = state, state = {failed}, lease_until = 0,"
                       " token = token + 1, error_code = $2, error = $3, changed = $4,"
                       " events = events + 1"
                       " WHERE id = $1 AND state < {done} AND (token = $5 OR $5 = 0)",
                       "iisii", device, (int64_t)why->code, text_clean(why->msg, &room), l->db->now,
                       token);

    buf_free(&room);
    return rc == SIGNET_OK ? device_event(l, device, "failed", detail, err) : rc;
}

static int set_aside(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct trouble *t = arg;
    int rc = device_set_aside(l, t->lease->device, t->token, t->why, t->why->msg, err);

    if (rc == SIGNET_E_NOT_FOUND)
        rc = t->token ? lease_lost(t->lease, err)
                      : error_set(err, rc, "device '%s' is at its end already", t->lease->endpoint);
    return rc;
}

int signet_ledger_set_aside(struct signet_ledger *ledger, const struct signet_lease *lease,
                            const struct signet_error *why, struct signet_error *err)
{
    struct trouble t = {.lease = lease, .why = why};

    return store_change(ledger, set_aside, &t, err);
}

int signet_ledger_fail(struct signet_ledger *ledger, struct signet_lease *lease,
                       const struct signet_error *why, struct signet_error *err)
{
    struct trouble t = {.lease = lease, .token = lease->token, .why = why};
    int rc = store_change(ledger, set_aside, &t, err);

    if (rc == SIGNET_OK)
        lease->state = SIGNET_DEVICE_FAILED;
    return rc;
}
