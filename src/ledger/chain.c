/* SPDX-License-Identifier: Apache-2.0 */

/* The chain of events: each carries the SHA-256 of the one before it, of the same station, and that
 * of the row that it leaves behind. */
#include "ledger/store.h"

#include <signet/version.h>
#include <stdio.h>

bool text_is_clean(const char *text)
{
    return !text || utf8_valid((const uint8_t *)text, strlen(text));
}

const char *text_clean(const char *text, struct buf *room)
{
    if (text_is_clean(text))
        return text ? text : "";
    buf_reset(room);
    text_escape(room, (const uint8_t *)text, strlen(text));
    return room->failed ? "?" : (const char *)room->data;
}

/* A standby that took over in the middle of a run may lack what this run was told is on disk. */
int chain_check(const struct signet_ledger *l, int64_t seq, const char *hash,
                struct signet_error *err)
{
    const struct head *kept = &l->kept;

    if (seq > kept->seq || (seq == kept->seq && strcmp(hash, kept->hash) == 0))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_LEDGER,
                          "the database server that has it must be the ledger's again; if it is "
                          "lost, what it knew of can be kept from being given out again",
                          "the ledger went back: event %lld of station %s, which it had recorded, "
                          "is not in it any more",
                          (long long)kept->seq, l->station);
}

/* The head is read once a transaction, and kept from other processes of this station until its
 * end. */
static int know_head(struct signet_ledger *l, struct signet_error *err)
{
    struct db_rows row;

    if (l->head.known)
        return SIGNET_OK;
    int rc = db_find(l->db, &row, err,
                     "SELECT id, seq, time, hash, tree, checkpoint FROM stations WHERE name = $1"
                     " /*+ FOR UPDATE */",
                     "s", l->station);
    if (rc == SIGNET_E_NOT_FOUND)
        rc = db_find(l->db, &row, err,
                     "INSERT INTO stations(id, name) VALUES({next_station}, $1)"
                     " ON CONFLICT(name) DO UPDATE SET seq = stations.seq"
                     " RETURNING id, seq, time, hash, tree, checkpoint",
                     "s", l->station);
    if (rc != SIGNET_OK)
        return rc;
    if (db_int(&row, 0) >= OWN_END) {
        db_end(&row);
        return error_set_hint(
            err, SIGNET_E_CONFLICT, "a station that works with this ledger needs a name of its own",
            "the station's name %s is one of a ledger that was imported", l->station);
    }
    l->head =
        (struct head){.station = db_int(&row, 0), .seq = db_int(&row, 1), .time = db_int(&row, 2)};
    snprintf(l->head.hash, sizeof(l->head.hash), "%s", db_text(&row, 3));
    rc = chain_check(l, l->head.seq, l->head.hash, err);
    if (rc == SIGNET_OK)
        rc = sign_begin(l, db_text(&row, 4), db_text(&row, 5), err);
    db_end(&row);
    l->head.known = rc == SIGNET_OK;
    return rc;
}

/* A clock that jumps back does not make time run back in the ledger. */
int chain_time(struct signet_ledger *l, int64_t *time, struct signet_error *err)
{
    int rc = know_head(l, err);

    *time = l->db->now > l->head.time ? l->db->now : l->head.time;
    return rc;
}

int chain_insert(struct signet_ledger *l, const struct chain_event *e, const char *hash,
                 struct signet_error *err)
{
    return db_run(l->db, err,
                  "INSERT INTO events(station, seq, device, n, time, kind, detail, operator,"
                  " tool, row_sha256, hash) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                  "iiiiissssss", e->station, e->seq, e->device, e->n, e->time, e->kind, e->detail,
                  e->operator_name, e->tool, e->row, hash);
}

static int insert_event(struct signet_ledger *l, const struct chain_event *e,
                        struct signet_error *err)
{
    char hash[65];
    uint8_t leaf[TLOG_HASH];
    int rc = chain_hash(l, e->seq == 1 ? l->station : l->head.hash, e, hash,
                        l->sign_file ? leaf : NULL, err);

    if (rc == SIGNET_OK)
        rc = chain_insert(l, e, hash, err);
    if (rc == SIGNET_E_CONFLICT)
        rc = error_set(err, SIGNET_E_LEDGER, "the chain of events has another end than its head");
    if (rc == SIGNET_OK && l->sign_file)
        rc = sign_event(l, hash, leaf, err);
    if (rc != SIGNET_OK)
        return rc;
    l->head.seq = e->seq;
    l->head.time = e->time;
    l->head.moved = true;
    memcpy(l->head.hash, hash, sizeof(hash));
    return SIGNET_OK;
}

int chain_refuse(const char *name, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_CONFLICT,
                          "do it with the ledger that it came from, then import that one again",
                          "%s came here with an import, and is not changed here", name);
}

/* Two logs that begin in one second with the same order have to have two names. */
static int chain_tool(const struct signet_ledger *l, char tool[static sizeof(SIGNET_VERSION) + 17],
                      struct signet_error *err)
{
    uint8_t bytes[8];

    memcpy(tool, SIGNET_VERSION, sizeof(SIGNET_VERSION));
    if (!l->sign_file || l->head.seq > 0)
        return SIGNET_OK;
    int rc = random_bytes(bytes, sizeof(bytes), err);
    tool[sizeof(SIGNET_VERSION) - 1] = '+';
    hex_encode(bytes, sizeof(bytes), tool + sizeof(SIGNET_VERSION));
    return rc;
}

int chain_append(struct signet_ledger *l, const struct db_rows *row, int columns, const char *kind,
                 const char *detail, struct signet_error *err)
{
    struct buf room = {0};
    char row_is[65], operator_name[PERSON_MAX + 1], tool[sizeof(SIGNET_VERSION) + 17];
    int64_t time = 0;

    if (db_int(row, 0) >= OWN_END || db_int(row, 0) <= -OWN_END)
        return chain_refuse(db_text(row, columns == ORDER_COLUMNS ? ORDER_NAME : ROW_ENDPOINT),
                            err);
    int rc = row_hash(l, row, columns, row_is, err);

    pthread_mutex_lock(&l->lock);
    memcpy(operator_name, l->operator_name, sizeof(operator_name));
    pthread_mutex_unlock(&l->lock);

    if (rc == SIGNET_OK)
        rc = chain_time(l, &time, err);
    if (rc == SIGNET_OK)
        rc = chain_tool(l, tool, err);
    if (rc != SIGNET_OK)
        return rc;
    const struct chain_event e = {.station = l->head.station,
                                  .seq = l->head.seq + 1,
                                  .device = db_int(row, 0),
                                  .n = db_int(row, columns - 1),
                                  .time = time,
                                  .kind = kind,
                                  .detail = text_clean(detail, &room),
                                  .operator_name = operator_name,
                                  .tool = tool,
                                  .row = row_is};
    rc = insert_event(l, &e, err);
    buf_free(&room);
    return rc;
}

int chain_flush(struct signet_ledger *l, struct signet_error *err)
{
    struct buf tree = {0};

    if (!l->head.moved)
        return SIGNET_OK;
    if (!l->sign_file)
        return db_run(l->db, err,
                      "UPDATE stations SET seq = $2, time = $3, hash = $4 WHERE id = $1", "iiis",
                      l->head.station, l->head.seq, l->head.time, l->head.hash);
    int rc = sign_end(l, &tree, err);
    if (rc == SIGNET_OK)
        rc = db_run(l->db, err,
                    "UPDATE stations SET seq = $2, time = $3, hash = $4, tree = $5,"
                    " checkpoint = $6 WHERE id = $1",
                    "iiisss", l->head.station, l->head.seq, l->head.time, l->head.hash,
                    (const char *)tree.data, l->head.log.checkpoint);
    buf_free(&tree);
    return rc;
}
