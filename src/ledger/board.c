/* SPDX-License-Identifier: Apache-2.0 */

/* Boards, as events of their order: also one whose device nobody came to know. */

#include "ledger/store.h"

enum { MESSAGE_MAX = 300 };
#define WAITS_FOR_SLOT "slot:"

struct request {
    int64_t order;
    struct signet_ledger_board *board;
    struct buf detail;
    const struct signet_lease *lease; /* NULL: none */
    enum signet_device_state to;
    const struct signet_device_facts *facts;
};

static void put_seconds(struct buf *b, const char *key, double seconds)
{
    buf_json_put(b, J_REAL(key, (double)(int64_t)(seconds * 1000 + 0.5) / 1000));
}

/* A message is cut between two letters. */
static void put_reason(struct buf *b, const struct signet_error *why)
{
    char text[MESSAGE_MAX + 1];
    size_t len = strnlen(why->msg, MESSAGE_MAX);

    while (len > 0 && ((unsigned char)why->msg[len] & 0xc0) == 0x80)
        len--;
    memcpy(text, why->msg, len);
    text[len] = '\0';
    buf_json_put(b, J_GIVEN("code", signet_code_name(why->code)), J_GIVEN("message", text));
}

static void put_board_stages(struct buf *b, const struct signet_ledger_board *board)
{
    if (board->stage_count == 0)
        return;
    buf_json_open(b, "stages", '{');
    for (size_t i = 0; i < board->stage_count; i++)
        put_seconds(b, board->stages[i], board->stage_seconds[i]);
    buf_byte(b, '}');
}

static void put_board(struct buf *b, const struct signet_ledger_board *board)
{
    buf_byte(b, '{');
    buf_json_put(b, J_GIVEN("slot", board->slot), J_GIVEN("verdict", board->verdict),
                 J_GIVEN("endpoint", board->endpoint), J_GIVEN("hw_id", board->hw_id),
                 J_COUNT("edition", board->edition));
    put_seconds(b, "seconds", board->seconds);
    buf_json_put(b, J_INT("retries", board->retries),
                 J_BOOL("first_pass", strcmp(board->verdict, "pass") == 0 && board->retries == 0),
                 J_GIVEN("shift", board->shift));
    if (board->why)
        put_reason(b, board->why);
    put_board_stages(b, board);
    buf_byte(b, '}');
}

static int let_any(struct signet_ledger *l, int64_t device, const char *place,
                   struct signet_error *err)
{
    int rc = db_run(l->db, err,
                    "UPDATE devices SET hw_id = NULL, changed = $2, events = events + 1"
                    " WHERE id = $1",
                    "ii", device, l->db->now);

    return rc == SIGNET_OK ? device_event(l, device, "any-board", place, err) : rc;
}

/* An edition that waits for the next board in this slot: another board was that one. Left as it is,
 * it would let the board be erased that was finished just now. */
static int end_wait(struct signet_ledger *l, const char *slot, struct signet_error *err)
{
    struct buf place = {0};
    int64_t device = 0;

    buf_printf(&place, WAITS_FOR_SLOT "%s/%s", l->station, slot);
    int rc = buf_check(&place, err);
    if (rc == SIGNET_OK)
        rc = db_get(l->db, err, "SELECT id FROM devices WHERE hw_id = $1 AND state < {void}", "s:i",
                    (const char *)place.data, &device);
    if (rc == SIGNET_OK)
        rc = let_any(l, device, (const char *)place.data, err);
    buf_free(&place);
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

static int slot_used(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct signet_lease *lease = arg;
    char place[SIGNET_ENDPOINT_SIZE];
    int rc = db_get(l->db, err,
                    "SELECT COALESCE(hw_id, '') FROM devices WHERE id = $1 AND token = $2"
                    " /*+ FOR UPDATE */",
                    "ii:s", lease->device, lease->token, place, sizeof(place));

    if (rc != SIGNET_OK)
        return rc == SIGNET_E_NOT_FOUND ? lease_lost(lease, err) : rc;
    return strncmp(place, WAITS_FOR_SLOT, strlen(WAITS_FOR_SLOT)) == 0
               ? let_any(l, lease->device, place, err)
               : rc;
}

int signet_ledger_slot_used(struct signet_ledger *ledger, const struct signet_lease *lease,
                            struct signet_error *err)
{
    struct signet_lease held = *lease;

    return store_change(ledger, slot_used, &held, err);
}

static int change_device(struct signet_ledger *l, const struct request *r, struct signet_error *err)
{
    if (!r->lease)
        return SIGNET_OK;
    if (r->to == SIGNET_DEVICE_FAILED) {
        int rc = device_set_aside(l, r->lease->device, r->lease->token, r->board->why,
                                  r->board->why->msg, err);
        return rc == SIGNET_E_NOT_FOUND ? lease_lost(r->lease, err) : rc;
    }
    int rc = SIGNET_OK;
    if (r->to == SIGNET_DEVICE_VERIFIED) {
        rc = device_advance(l, r->lease, r->to, r->facts, err);
        rc = rc == SIGNET_OK ? end_wait(l, r->board->slot, err) : rc;
    }
    return rc == SIGNET_OK ? lease_release(l, r->lease, err) : rc;
}

/* One more than were retired before it. */
static int find_edition(struct signet_ledger *l, const struct request *r, struct signet_error *err)
{
    int64_t edition = 0;

    r->board->edition = 0;
    if (!r->lease)
        return SIGNET_OK;
    int rc = db_get(l->db, err,
                    "SELECT count(*) + 1 FROM devices WHERE endpoint = $1 AND freed = 1"
                    " AND state = {retired} AND id < $2",
                    "si:i", r->lease->endpoint, r->lease->device, &edition);
    r->board->edition = (int)edition;
    return rc;
}

static int record_end(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct request *r = arg;
    int rc = find_edition(l, r, err);

    buf_reset(&r->detail);
    put_board(&r->detail, r->board);
    if (rc == SIGNET_OK)
        rc = buf_check(&r->detail, err);
    if (rc == SIGNET_OK)
        rc = order_event(l, r->order, "board", (const char *)r->detail.data, err);
    if (rc == SIGNET_OK && r->board->stop)
        rc = order_event(l, r->order, "stop", r->board->stop, err);
    return rc == SIGNET_OK ? change_device(l, r, err) : rc;
}

int signet_ledger_board(struct signet_ledger *ledger, int64_t order,
                        struct signet_ledger_board *board, struct signet_lease *lease,
                        enum signet_device_state to, const struct signet_device_facts *facts,
                        struct signet_error *err)
{
    struct signet_lease *held = lease && lease->device ? lease : NULL;
    struct request r = {.order = order, .board = board, .lease = held, .to = to, .facts = facts};

    if (!board->slot || !board->verdict || (held && to == SIGNET_DEVICE_FAILED && !board->why))
        return error_set(err, SIGNET_E_USAGE, "a board has a slot and a verdict, a FAIL a reason");
    int rc = store_change(ledger, record_end, &r, err);
    if (rc == SIGNET_OK && held && (to == SIGNET_DEVICE_VERIFIED || to == SIGNET_DEVICE_FAILED))
        held->state = to;
    buf_free(&r.detail);
    return rc;
}

struct erased {
    const char *endpoint, *hw_id, *detail;
};

/* A finished device that the board is, by serial number or name. SIGNET_E_NOT_FOUND: none. */
static int find_finished(struct signet_ledger *l, const struct erased *e, int64_t *device,
                         struct signet_error *err)
{
    int64_t state = 0;
    int rc = db_get(l->db, err,
                    "SELECT id, state FROM devices WHERE hw_id = $1 AND state < {void}"
                    " AND hw_id IS NOT NULL AND hw_id <> ''",
                    "s:ii", e->hw_id, device, &state);

    if (rc == SIGNET_E_NOT_FOUND)
        rc = db_get(l->db, err, "SELECT id, state FROM devices WHERE endpoint = $1 AND freed = 0",
                    "s:ii", e->endpoint, device, &state);
    if (rc != SIGNET_OK)
        return rc;
    return state >= SIGNET_DEVICE_VERIFIED && state <= SIGNET_DEVICE_DONE ? SIGNET_OK
                                                                          : SIGNET_E_NOT_FOUND;
}

/* Of a device that was brought from another ledger there is no event here: it is nobody's. */
static int note_imported(struct signet_ledger *l, int64_t device, const struct erased *e,
                         struct signet_error *err)
{
    struct buf detail = {0};
    struct db_rows row;
    int rc = db_find(l->db, &row, err, "SELECT endpoint FROM devices WHERE id = $1", "i", device);

    if (rc == SIGNET_OK)
        buf_printf(&detail, "%s %s", db_text(&row, 0), e->detail);
    db_end(&row);
    if (rc == SIGNET_OK)
        rc = buf_check(&detail, err);
    if (rc == SIGNET_OK)
        rc = ledger_event(l, "erased", (const char *)detail.data, err);
    buf_free(&detail);
    return rc;
}

static int record_erased(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    const struct erased *e = arg;
    int64_t device = 0;
    int rc = find_finished(l, e, &device, err);

    if (rc == SIGNET_OK)
        rc = device < OWN_END ? device_note(l, device, 0, "erased", e->detail, err)
                              : note_imported(l, device, e, err);
    return rc == SIGNET_E_NOT_FOUND ? error_set(err, rc, "no finished device is on that board")
                                    : rc;
}

int signet_ledger_erased(struct signet_ledger *ledger, const char *endpoint, const char *hw_id,
                         const char *detail, struct signet_error *err)
{
    struct erased e = {.endpoint = endpoint ? endpoint : "",
                       .hw_id = hw_id ? hw_id : "",
                       .detail = detail ? detail : ""};

    if (!text_is_clean(e.endpoint) || !text_is_clean(e.hw_id) || !text_is_clean(e.detail))
        return error_set(err, SIGNET_E_USAGE, "what a board is called is not UTF-8");
    return store_change(ledger, record_erased, &e, err);
}
