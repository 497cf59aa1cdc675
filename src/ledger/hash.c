/* SPDX-License-Identifier: Apache-2.0 */

/* The hashes of rows and events (docs/SPEC.md, "The ledger"). */
#include "ledger/store.h"
#include "pki/pki.h"

/* Decimal digits and what follows them; printf would be half of the work of an event. */
static void chain_number(struct buf *b, int64_t value, char end)
{
    char text[24];
    size_t at = sizeof(text);
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    text[--at] = end;
    do
        text[--at] = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0)
        text[--at] = '-';
    buf_append(b, text + at, sizeof(text) - at);
}

static void chain_text(struct buf *b, const char *text)
{
    size_t len = strlen(text);

    chain_number(b, (int64_t)len, ':');
    buf_append(b, text, len);
}

/* Of what stands behind the first `skip` bytes. */
static int hash_of(struct buf *b, size_t skip, char out[65], struct signet_error *err)
{
    int rc = buf_check(b, err);

    if (rc == SIGNET_OK)
        rc = signet_bytes_sha256(b->data + skip, b->len - skip, out, err);
    b->len = 0; /* nothing secret */
    if (b->failed)
        buf_free(b); /* the next event may find memory again */
    return rc;
}

/* Each value with its length in front, so that no two rows have the same bytes; NULL is "-". */
int row_hash(struct signet_ledger *l, const struct db_rows *row, int columns, char out[65],
             struct signet_error *err)
{
    for (int i = 0; i < columns; i++) {
        const char *value = db_null(row, i);
        if (value)
            chain_text(&l->scratch, value);
        else
            buf_byte(&l->scratch, '-');
    }
    return hash_of(&l->scratch, 0, out, err);
}

struct chain_event chain_event_of(const struct db_rows *row, int64_t station, int64_t base)
{
    return (struct chain_event){.station = chain_own(station, base),
                                .seq = db_int(row, 0),
                                .device = chain_own(db_int(row, 1), base),
                                .n = db_int(row, 2),
                                .time = db_int(row, 3),
                                .kind = db_text(row, 4),
                                .detail = db_text(row, 5),
                                .operator_name = db_text(row, 6),
                                .tool = db_text(row, 7),
                                .row = db_text(row, 8)};
}

void chain_print(const char *previous, const struct chain_event *e, struct buf *b)
{
    chain_text(b, previous);
    chain_number(b, e->station, ',');
    chain_number(b, e->seq, ',');
    chain_number(b, e->device, ',');
    chain_number(b, e->n, ',');
    chain_number(b, e->time, ',');
    chain_text(b, e->kind);
    chain_text(b, e->detail);
    chain_text(b, e->operator_name);
    chain_text(b, e->tool);
    chain_text(b, e->row);
}

int chain_hash(struct signet_ledger *l, const char *previous, const struct chain_event *e,
               char out[65], uint8_t leaf[TLOG_HASH], struct signet_error *err)
{
    int rc = SIGNET_OK;

    buf_byte(&l->scratch, 0); /* the tree wants a byte in front of the same bytes */
    chain_print(previous, e, &l->scratch);
    if (leaf && !l->scratch.failed)
        rc = tlog_leaf(l->scratch.data, l->scratch.len, leaf, err);
    if (rc != SIGNET_OK) {
        l->scratch.len = 0;
        return rc;
    }
    return hash_of(&l->scratch, 1, out, err);
}
