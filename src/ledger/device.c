/* SPDX-License-Identifier: Apache-2.0 */
/* Orders and devices: each change of state with its event. */
#include "ledger/lease.h"
#include "ledger/states.h"

#include <stdio.h>
#include <string.h>

/* orders */

struct order {
    const char *name, *hash;
    int64_t quota, id;
};

static int take_order(struct signet_ledger *l, struct order *o, const struct db_rows *row,
                      struct signet_error *err)
{
    char text[192];
    struct db_rows changed;

    o->id = db_int(row, 0);
    if (strcmp(db_text(row, 1), o->hash) != 0)
        return error_set(err, SIGNET_E_CONFLICT, "order %s was started with another order file",
                         o->name);
    if (db_int(row, 2) >= o->quota)
        return SIGNET_OK;
    snprintf(text, sizeof(text), "quota %lld", (long long)o->quota);
    int rc = db_find(l->db, &changed, err,
                     "UPDATE orders SET quota = $2, events = events + 1 WHERE id = $1"
                     " RETURNING " ORDER_ROW,
                     "ii", o->id, o->quota);
    if (rc == SIGNET_OK)
        rc = chain_append(l, &changed, ORDER_COLUMNS, "quota", text, err);
    db_end(&changed);
    return rc;
}

static int put_order(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct order *o = arg;
    struct db_rows row;
    int rc = db_find(l->db, &row, err,
                     "INSERT INTO orders(name, hash, quota, created) VALUES($1, $2, $3, $4)"
                     " ON CONFLICT DO NOTHING RETURNING " ORDER_ROW,
                     "ssii", o->name, o->hash, o->quota, l->db->now);

    if (rc == SIGNET_OK) {
        o->id = db_int(&row, 1);
        rc = chain_append(l, &row, ORDER_COLUMNS, "order", o->name, err);
        db_end(&row);
        return rc;
    }
    if (rc == SIGNET_E_NOT_FOUND)
        rc = db_find(l->db, &row, err,
                     "SELECT id, hash, quota FROM orders WHERE name = $1 /*+ FOR UPDATE */", "s",
                     o->name);
    if (rc == SIGNET_OK)
        rc = take_order(l, o, &row, err);
    db_end(&row);
    return rc;
}

int signet_ledger_order(struct signet_ledger *ledger, const char *name, const char *hash,
                        int64_t quota, int64_t *id, struct signet_error *err)
{
    static const struct change_kind kind = {.apply = put_order};
    struct order o = {.name = name, .hash = hash, .quota = quota};

    if (!name || !*name || !hash || quota < 1 || !text_is_clean(name) || !text_is_clean(hash))
        return error_set(err, SIGNET_E_USAGE, "an order needs a name, a hash and a quota");
    int rc = store_change(ledger, &kind, &o, err);
    if (rc == SIGNET_OK)
        *id = o.id;
    return rc;
}

/* changes of state */

struct advance {
    struct signet_lease *leases;
    size_t count, at;
    enum signet_device_state to;
    const struct signet_device_facts *facts;
};

static const struct signet_device_facts no_facts;

static const struct signet_device_facts *facts_of(const struct advance *a, size_t i)
{
    return a->facts ? &a->facts[i] : &no_facts;
}

static bool facts_are_clean(const struct signet_device_facts *f)
{
    return text_is_clean(f->hw_id) && text_is_clean(f->psk_identity) &&
           text_is_clean(f->psk_sha256) && text_is_clean(f->spki_sha256) &&
           text_is_clean(f->cert_issuer) && text_is_clean(f->cert_serial) &&
           text_is_clean(f->packet_sha256) && text_is_clean(f->image_sha256);
}

/* What a station may do; to set aside, to rework and to void are calls of their own. */
static bool may_advance(enum signet_device_state from, enum signet_device_state to)
{
    return from <= SIGNET_DEVICE_DONE && to <= SIGNET_DEVICE_DONE &&
           (from == to || state_may(from, to));
}

static const char *name_of(int64_t state)
{
    const char *name = signet_device_state_name((enum signet_device_state)state);

    return name ? name : "?";
}

/* Why an advance fitted no row. */
static int say_why_not(struct signet_ledger *l, const struct signet_lease *lease,
                       enum signet_device_state to, struct signet_error *err)
{
    struct db_rows row;
    int rc = db_find(l->db, &row, err, "SELECT state, token FROM devices WHERE id = $1", "i",
                     lease->device);

    if (rc != SIGNET_OK && rc != SIGNET_E_NOT_FOUND)
        return rc;
    if (rc == SIGNET_E_NOT_FOUND || db_int(&row, 1) != lease->token ||
        db_int(&row, 0) >= SIGNET_DEVICE_DONE)
        rc = error_set(err, SIGNET_E_BUSY, "%s: this station no longer holds the device",
                       lease->endpoint);
    else if (db_int(&row, 0) != (int64_t)lease->state)
        rc = error_set(err, SIGNET_E_USAGE, "%s: no way from %s to %s", lease->endpoint,
                       name_of(db_int(&row, 0)), name_of(to));
    else
        rc = error_set(err, SIGNET_E_CONFLICT,
                       "%s: its credentials may be on another board already", lease->endpoint);
    db_end(&row);
    return rc;
}

static int advance_one(struct signet_ledger *l, const struct advance *a, struct signet_error *err)
{
    static const char sql[] =
        "UPDATE devices SET state = $4, exposed = CASE WHEN $4 >= {writing} THEN 1 ELSE exposed "
        "END,"
        " hw_id = COALESCE($5, hw_id), psk_identity = COALESCE($6, psk_identity),"
        " psk_sha256 = COALESCE($7, psk_sha256), spki_sha256 = COALESCE($8, spki_sha256),"
        " cert_issuer = COALESCE($9, cert_issuer), cert_serial = COALESCE($10, cert_serial),"
        " packet_sha256 = COALESCE($11, packet_sha256), image_sha256 = COALESCE($12, image_sha256),"
        " changed = $13, events = events + 1"
        " WHERE id = $1 AND token = $2 AND state = $3 AND state < {done}"
        " AND (exposed = 0 OR hw_id IS NULL OR hw_id = COALESCE($5, hw_id))";
    /* without facts, as most changes are */
    static const char bare[] = "UPDATE devices SET state = $4, exposed = CASE WHEN $4 >= {writing} "
                               "THEN 1 ELSE exposed END,"
                               " changed = $5, events = events + 1"
                               " WHERE id = $1 AND token = $2 AND state = $3 AND state < {done}";
    const struct signet_lease *lease = &a->leases[a->at];
    const struct signet_device_facts *f = facts_of(a, a->at);
    bool is_bare = !f->hw_id && !f->psk_identity && !f->psk_sha256 && !f->spki_sha256 &&
                   !f->cert_issuer && !f->cert_serial && !f->packet_sha256 && !f->image_sha256;
    int rc;

    if (!may_advance(lease->state, a->to))
        return error_set(err, SIGNET_E_USAGE, "%s: no way from %s to %s", lease->endpoint,
                         name_of(lease->state), name_of(a->to));
    if (is_bare)
        rc = db_change(l->db, err, bare, "iiiii", lease->device, lease->token,
                       (int64_t)lease->state, (int64_t)a->to, l->db->now);
    else
        rc = db_change(l->db, err, sql, "iiiissssssssi", lease->device, lease->token,
                       (int64_t)lease->state, (int64_t)a->to, f->hw_id, f->psk_identity,
                       f->psk_sha256, f->spki_sha256, f->cert_issuer, f->cert_serial,
                       f->packet_sha256, f->image_sha256, l->db->now);
    if (rc == SIGNET_OK)
        rc = device_event(l, lease->device, name_of(a->to),
                          f->note    ? f->note
                          : f->hw_id ? f->hw_id
                                     : "",
                          err);
    return rc == SIGNET_E_NOT_FOUND ? say_why_not(l, lease, a->to, err) : rc;
}

static int advance(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct advance *a = arg;
    int rc = SIGNET_OK;

    for (a->at = 0; rc == SIGNET_OK && a->at < a->count; a->at += rc == SIGNET_OK)
        rc = advance_one(l, a, err);
    return rc;
}

static const char *fact(const struct signet_device_facts *f, size_t i)
{
    const char *const values[] = {f->hw_id, f->psk_identity, f->psk_sha256, f->spki_sha256,
                                  f->cert_serial};

    return values[i];
}

/* Whose is the fact? Another device's of the ledger, or of the same call. */
static bool find_owner(struct signet_ledger *l, const struct advance *a, size_t which,
                       const char *sql, char owner[152])
{
    const char *value = fact(facts_of(a, a->at), which);
    struct db_rows row;

    if (!value)
        return false;
    if (db_find(l->db, &row, NULL, sql, "si", value, a->leases[a->at].device) == SIGNET_OK) {
        snprintf(owner, 152, "%s", db_text(&row, 0));
        db_end(&row);
        return true;
    }
    for (size_t i = 0; i < a->at; i++) {
        const char *other = fact(facts_of(a, i), which);
        if (other && strcmp(other, value) == 0) {
            memcpy(owner, a->leases[i].endpoint, 152);
            return true;
        }
    }
    return false;
}

/* Which of the facts is another device's, and whose. */
static void explain(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    static const struct {
        const char *what, *sql;
    } facts[] = {
        {"hw_id", "SELECT endpoint FROM devices WHERE hw_id = $1 AND id <> $2 AND state <> {void}"},
        {"psk_identity",
         "SELECT endpoint FROM devices WHERE psk_identity = $1 AND id <> $2 AND freed = 0"},
        {"psk_sha256",
         "SELECT endpoint FROM devices WHERE substr(psk_sha256, 1, 20) = substr($1, 1, 20)"
         " AND psk_sha256 IS NOT NULL AND id <> $2"},
        {"spki_sha256",
         "SELECT endpoint FROM devices WHERE substr(spki_sha256, 1, 20) = substr($1, 1, 20)"
         " AND spki_sha256 IS NOT NULL AND id <> $2"},
        {"cert_serial", "SELECT endpoint FROM devices WHERE cert_serial = $1 AND id <> $2"},
    };
    const struct advance *a = arg;
    char owner[152];

    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]) && a->at < a->count; i++)
        if (find_owner(l, a, i, facts[i].sql, owner)) {
            error_set(err, SIGNET_E_CONFLICT, "%s: its %s is in use by %s",
                      a->leases[a->at].endpoint, facts[i].what, owner);
            return;
        }
}

int signet_ledger_advance_many(struct signet_ledger *ledger, struct signet_lease *leases,
                               size_t count, enum signet_device_state state,
                               const struct signet_device_facts *facts, struct signet_error *err)
{
    static const struct change_kind kind = {.apply = advance, .explain = explain};
    struct advance a = {.leases = leases, .count = count, .to = state, .facts = facts};
    for (size_t i = 0; i < count; i++)
        if (!facts_are_clean(facts_of(&a, i)))
            return error_set(err, SIGNET_E_USAGE, "%s: a fact is not UTF-8", leases[i].endpoint);
    int rc = store_change(ledger, &kind, &a, err);

    for (size_t i = 0; rc == SIGNET_OK && i < count; i++)
        leases[i].state = state;
    return rc;
}

int signet_ledger_advance(struct signet_ledger *ledger, struct signet_lease *lease,
                          enum signet_device_state state, const struct signet_device_facts *facts,
                          struct signet_error *err)
{
    return signet_ledger_advance_many(ledger, lease, 1, state, facts, err);
}

/* what goes wrong */

struct trouble {
    const struct signet_lease *lease;
    const struct signet_error *why;
    const char *kind, *detail;
};

static int note(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct trouble *t = arg;
    int rc = db_change(l->db, err,
                       "UPDATE devices SET changed = $3, events = events + 1"
                       " WHERE id = $1 AND token = $2",
                       "iii", t->lease->device, t->lease->token, l->db->now);

    if (rc == SIGNET_OK)
        rc = device_event(l, t->lease->device, t->kind, t->detail, err);
    return rc == SIGNET_E_NOT_FOUND
               ? error_set(err, SIGNET_E_BUSY, "%s: this station no longer holds the device",
                           t->lease->endpoint)
               : rc;
}

int signet_ledger_note(struct signet_ledger *ledger, const struct signet_lease *lease,
                       const char *kind, const char *detail, struct signet_error *err)
{
    /* what only the ledger itself may say */
    static const char *const own[] = {"order",   "quota",  "resumed", "delivered",
                                      "refused", "rework", "migrated"};
    static const struct change_kind change = {.apply = note};
    bool is_own = !kind || !*kind || !text_is_clean(kind);
    for (size_t i = 0; !is_own && i < sizeof(own) / sizeof(own[0]); i++)
        is_own = strcmp(kind, own[i]) == 0;
    if (is_own || state_of_word(kind, strlen(kind)) >= 0)
        return error_set(err, SIGNET_E_USAGE, "a note needs a word of its own, not '%s'",
                         kind ? kind : "");
    struct trouble t = {.lease = lease, .kind = kind, .detail = detail};

    return store_change(ledger, &change, &t, err);
}

int device_set_aside(struct signet_ledger *l, int64_t device, const struct signet_error *why,
                     const char *detail, struct signet_error *err)
{
    struct buf room = {0};
    int rc = db_change(l->db, err,
                       "UPDATE devices SET failed_from = state, state = {failed}, lease_until = 0,"
                       " token = token + 1, error_code = $2, error = $3, changed = $4,"
                       " events = events + 1 WHERE id = $1 AND state < {done}",
                       "iisi", device, (int64_t)why->code, text_clean(why->msg, &room), l->db->now);

    buf_free(&room);
    return rc == SIGNET_OK ? device_event(l, device, "failed", detail, err) : rc;
}

static int fail(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct trouble *t = arg;
    struct db_rows row;
    int rc = db_find(l->db, &row, err,
                     "SELECT id FROM devices WHERE id = $1 AND token = $2 /*+ FOR UPDATE */", "ii",
                     t->lease->device, t->lease->token);

    db_end(&row);
    if (rc == SIGNET_OK)
        rc = device_set_aside(l, t->lease->device, t->why, t->why->msg, err);
    return rc == SIGNET_E_NOT_FOUND
               ? error_set(err, SIGNET_E_BUSY, "%s: this station no longer holds the device",
                           t->lease->endpoint)
               : rc;
}

static int set_aside(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct trouble *t = arg;

    return device_set_aside(l, t->lease->device, t->why, t->why->msg, err);
}

int signet_ledger_set_aside(struct signet_ledger *ledger, const struct signet_lease *lease,
                            const struct signet_error *why, struct signet_error *err)
{
    static const struct change_kind kind = {.apply = set_aside};
    struct trouble t = {.lease = lease, .why = why};

    return store_change(ledger, &kind, &t, err);
}

int signet_ledger_fail(struct signet_ledger *ledger, struct signet_lease *lease,
                       const struct signet_error *why, struct signet_error *err)
{
    static const struct change_kind change = {.apply = fail};
    struct trouble t = {.lease = lease, .why = why};
    int rc = store_change(ledger, &change, &t, err);

    if (rc == SIGNET_OK)
        lease->state = SIGNET_DEVICE_FAILED;
    return rc;
}
