/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR as it is, in the diagnostic notation of RFC 8949 section 8. */
#include "packet/private.h"

#include <inttypes.h>
#include <math.h>
#include <signet/text.h>

struct writer {
    struct cbor_reader in;
    struct buf *out;
    bool reveal;
    bool is_packet;        /* secrets holds the offsets of the values to hide */
    const size_t *secrets; /* rising */
    size_t secret_count;
};

static int put_item(struct writer *w, const struct cbor_item *item, bool name,
                    struct signet_error *err);

/* In a packet only secrets are hidden; in other bytes any string may be one. */
static bool hidden(struct writer *w, const struct cbor_item *item, bool name)
{
    if (w->reveal)
        return false;
    if (!w->is_packet)
        return !name && item->kind >= CBOR_BYTES && item->kind <= CBOR_TEXT_START;
    while (w->secret_count && *w->secrets < item->at) {
        w->secrets++;
        w->secret_count--;
    }
    return w->secret_count && *w->secrets == item->at;
}

static int put_hidden(struct writer *w, const struct cbor_item *item, struct signet_error *err)
{
    size_t len = item->len;
    bool definite = item->kind == CBOR_BYTES || item->kind == CBOR_TEXT;
    int code = cbor_skip(&w->in, item, err);
    if (definite)
        buf_printf(w->out, "/ %zu bytes, hidden / ", len);
    else
        buf_text(w->out, "/ hidden / ");
    buf_text(w->out, item->kind == CBOR_BYTES || item->kind == CBOR_BYTES_START ? "h'...'" : "...");
    return code;
}

static void put_quoted(struct buf *out, const struct cbor_item *item)
{
    if (item->kind == CBOR_TEXT && utf8_valid(item->bytes, item->len)) {
        buf_json(out, item->bytes, item->len);
        return;
    }
    if (item->kind == CBOR_TEXT) /* the notation cannot write it */
        buf_text(out, "/ not UTF-8 / ");
    buf_text(out, "h'");
    buf_hex(out, item->bytes, item->len);
    buf_byte(out, '\'');
}

static int put_pieces(struct writer *w, const struct cbor_item *start, struct signet_error *err)
{
    buf_text(w->out, "(_ ");
    for (bool first = true;; first = false) {
        struct cbor_item piece;
        int code = cbor_piece_next(&w->in, start, &piece, err);
        if (code)
            return code;
        if (piece.kind == CBOR_BREAK)
            break;
        buf_text(w->out, first ? "" : ", ");
        put_quoted(w->out, &piece);
    }
    buf_byte(w->out, ')');
    return SIGNET_OK;
}

/* Is the value that follows this key a name? */
static bool names_follow(const struct cbor_item *key)
{
    return (key->kind == CBOR_UNSIGNED && key->number == 0) ||
           (key->kind == CBOR_NEGATIVE && key->number == 1);
}

static int put_pair(struct writer *w, const struct cbor_item *key, struct signet_error *err)
{
    struct cbor_item value;
    int code = put_item(w, key, true, err);
    if (!code)
        code = cbor_next(&w->in, &value, err);
    if (code)
        return code;
    buf_text(w->out, ": ");
    return put_item(w, &value, names_follow(key), err);
}

static int put_run(struct writer *w, struct cbor_run *run, bool map, struct signet_error *err)
{
    bool lines = w->in.depth == 0 && !map; /* each record has a line of its own */
    buf_printf(w->out, "%c%s", map ? '{' : '[', run->indefinite ? "_ " : "");
    for (bool first = true;; first = false) {
        struct cbor_item item;
        int code = cbor_run_next(&w->in, run, &item, err);
        if (code)
            return code;
        if (item.kind == CBOR_BREAK) {
            buf_printf(w->out, "%s%c", lines && !first ? "\n" : "", map ? '}' : ']');
            return SIGNET_OK;
        }
        buf_text(w->out, first ? "" : lines ? "," : ", ");
        buf_text(w->out, lines ? "\n  " : "");
        code = map ? put_pair(w, &item, err) : put_item(w, &item, false, err);
        if (!code)
            code = buf_check(w->out, err);
        if (code)
            return code;
    }
}

static void put_float(struct buf *out, double value)
{
    char text[SIGNET_NUMBER_SIZE];
    signet_text_number(value, text);
    if (isfinite(value))
        buf_text(out, text);
    else
        buf_text(out, isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
}

static int put_tagged(struct writer *w, const struct cbor_item *item, struct signet_error *err)
{
    struct cbor_item inner;
    int code = cbor_enter(&w->in, item->at, err);
    if (!code)
        code = cbor_next(&w->in, &inner, err);
    if (code)
        return code;
    buf_printf(w->out, "%" PRIu64 "(", item->number);
    code = put_item(w, &inner, false, err);
    cbor_leave(&w->in);
    buf_byte(w->out, ')');
    return code;
}

static int put_simple(struct writer *w, const struct cbor_item *item, struct signet_error *err)
{
    switch (item->kind) {
    case CBOR_UNSIGNED:
        buf_printf(w->out, "%" PRIu64, item->number);
        break;
    case CBOR_NEGATIVE: /* -1 - n: the least of them needs 65 bits */
        if (item->number == UINT64_MAX)
            buf_text(w->out, "-18446744073709551616");
        else
            buf_printf(w->out, "-%" PRIu64, item->number + 1);
        break;
    case CBOR_FLOAT:
        put_float(w->out, item->real);
        break;
    case CBOR_BOOLEAN:
        buf_text(w->out, item->boolean ? "true" : "false");
        break;
    case CBOR_NULL:
    case CBOR_UNDEFINED:
        buf_text(w->out, cbor_kind_name(item->kind));
        break;
    case CBOR_TEXT:
    case CBOR_BYTES:
        put_quoted(w->out, item);
        break;
    case CBOR_BREAK:
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: a break where nothing is open", item->at);
    case CBOR_BYTES_START: /* put_item() has taken them */
    case CBOR_TEXT_START:
    case CBOR_ARRAY:
    case CBOR_ARRAY_START:
    case CBOR_MAP:
    case CBOR_MAP_START:
    case CBOR_TAG:
        break;
    }
    return SIGNET_OK;
}

static int put_item(struct writer *w, const struct cbor_item *item, bool name,
                    struct signet_error *err)
{
    struct cbor_run run;
    if (hidden(w, item, name))
        return put_hidden(w, item, err);
    if (cbor_run_begin(&run, item, false))
        return put_run(w, &run, false, err);
    if (cbor_run_begin(&run, item, true))
        return put_run(w, &run, true, err);
    if (item->kind == CBOR_TAG)
        return put_tagged(w, item, err);
    if (item->kind == CBOR_TEXT_START || item->kind == CBOR_BYTES_START)
        return put_pieces(w, item, err);
    return put_simple(w, item, err);
}

int signet_packet_diagnose(const uint8_t *data, size_t len, const struct signet_objects *objects,
                           unsigned flags, struct signet_bytes *out, struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    struct buf secrets = {0}, text = {0};
    struct writer w = {
        .in = {.data = data, .len = len}, .out = &text, .reveal = flags & SIGNET_PACKET_REVEAL};
    w.is_packet = packet_read(data, len, objects, &tree, &secrets, NULL) == SIGNET_OK;
    w.secrets = (const size_t *)(const void *)secrets.data;
    w.secret_count = secrets.len / sizeof(size_t);
    struct cbor_item item;
    int code = cbor_next(&w.in, &item, err);
    if (!code)
        code = put_item(&w, &item, false, err);
    if (!code)
        code = cbor_end(&w.in, err);
    buf_byte(&text, '\n');
    code = buf_end(&text, code, out, err);
    buf_free(&secrets);
    signet_tree_free(&tree);
    return code;
}
