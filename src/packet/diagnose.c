/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR as it is, in the diagnostic notation of RFC 8949 section 8. */
#include "packet/decode.h"
#include "packet/print.h"
#include "packet/reader.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

struct writer {
    struct reader in;
    struct buf *out;
    bool reveal;
    bool is_packet;        /* secrets holds the offsets of the values to hide */
    const size_t *secrets; /* rising */
    size_t secret_count;
};

static int put_item(struct writer *w, const struct item *item, unsigned depth, bool name,
                    struct signet_error *err);

/* In a packet only secrets are hidden; in other bytes any string may be one. */
static bool hidden(struct writer *w, const struct item *item, bool name)
{
    if (w->reveal)
        return false;
    if (!w->is_packet)
        return !name && item->kind >= ITEM_BYTES && item->kind <= ITEM_TEXT_START;
    while (w->secret_count && *w->secrets < item->at) {
        w->secrets++;
        w->secret_count--;
    }
    return w->secret_count && *w->secrets == item->at;
}

static int put_hidden(struct writer *w, const struct item *item, unsigned depth,
                      struct signet_error *err)
{
    size_t len = item->len;
    bool definite = item->kind == ITEM_BYTES || item->kind == ITEM_TEXT;
    int code = reader_skip(&w->in, item, depth, err);
    if (definite)
        buf_printf(w->out, "/ %zu bytes, hidden / ", len);
    else
        buf_text(w->out, "/ hidden / ");
    buf_text(w->out, item->kind == ITEM_BYTES || item->kind == ITEM_BYTES_START ? "h'...'" : "...");
    return code;
}

static void put_text(struct buf *out, const uint8_t *data, size_t len)
{
    buf_byte(out, '"');
    for (size_t i = 0; i < len; i++) {
        bool control = data[i] < 0x20 || data[i] == 0x7f;
        if (data[i] == '"' || data[i] == '\\')
            buf_printf(out, "\\%c", data[i]);
        else if (control)
            buf_printf(out, "\\u%04x", data[i]);
        else if (data[i] == 0xc2 && i + 1 < len && data[i + 1] < 0xa0)
            buf_printf(out, "\\u%04x", data[++i]);
        else
            buf_byte(out, data[i]);
    }
    buf_byte(out, '"');
}

static void put_string(struct buf *out, const struct item *item)
{
    char pair[3];
    if (item->kind == ITEM_TEXT && utf8_valid(item->bytes, item->len)) {
        put_text(out, item->bytes, item->len);
        return;
    }
    if (item->kind == ITEM_TEXT) /* the notation cannot write it */
        buf_text(out, "/ not UTF-8 / ");
    buf_text(out, "h'");
    for (size_t i = 0; i < item->len; i++) {
        hex_encode(item->bytes + i, 1, pair);
        buf_text(out, pair);
    }
    buf_byte(out, '\'');
}

static int put_pieces(struct writer *w, enum item_kind chunk, struct signet_error *err)
{
    buf_text(w->out, "(_ ");
    for (bool first = true;; first = false) {
        struct item item;
        int code = reader_next(&w->in, &item, err);
        if (code)
            return code;
        if (item.kind == ITEM_BREAK)
            break;
        if (item.kind != chunk)
            return error_set(err, SIGNET_E_SYNTAX, "byte %zu: %s among the pieces of %s", item.at,
                             item_name(item.kind), item_name(chunk));
        buf_text(w->out, first ? "" : ", ");
        put_string(w->out, &item);
    }
    buf_byte(w->out, ')');
    return SIGNET_OK;
}

/* Is the value that follows this key a name? */
static bool names_follow(const struct item *key)
{
    return (key->kind == ITEM_UNSIGNED && key->number == 0) ||
           (key->kind == ITEM_NEGATIVE && key->number == 1);
}

static int put_pair(struct writer *w, const struct item *key, unsigned depth,
                    struct signet_error *err)
{
    struct item value;
    int code = put_item(w, key, depth, true, err);
    if (!code)
        code = reader_next(&w->in, &value, err);
    if (code)
        return code;
    buf_text(w->out, ": ");
    return put_item(w, &value, depth, names_follow(key), err);
}

static int put_run(struct writer *w, struct run *run, bool map, unsigned depth,
                   struct signet_error *err)
{
    bool lines = depth == 1 && !map; /* each record has a line of its own */
    buf_printf(w->out, "%c%s", map ? '{' : '[', run->indefinite ? "_ " : "");
    for (bool first = true;; first = false) {
        struct item item;
        bool more;
        int code = run_next(&w->in, run, &more, &item, err);
        if (code)
            return code;
        if (!more) {
            buf_printf(w->out, "%s%c", lines && !first ? "\n" : "", map ? '}' : ']');
            return SIGNET_OK;
        }
        buf_text(w->out, first ? "" : lines ? "," : ", ");
        buf_text(w->out, lines ? "\n  " : "");
        code = map ? put_pair(w, &item, depth, err) : put_item(w, &item, depth, false, err);
        if (!code)
            code = buf_check(w->out, err);
        if (code)
            return code;
    }
}

static void put_number(struct buf *out, double value)
{
    char text[40];
    number_text(value, text);
    if (isfinite(value))
        buf_text(out, text);
    else
        buf_text(out, isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
}

static int put_tagged(struct writer *w, const struct item *item, unsigned depth,
                      struct signet_error *err)
{
    struct item inner;
    int code = reader_next(&w->in, &inner, err);
    if (code)
        return code;
    buf_printf(w->out, "%" PRIu64 "(", item->number);
    code = put_item(w, &inner, depth + 1, false, err);
    buf_byte(w->out, ')');
    return code;
}

static int put_simple(struct writer *w, const struct item *item, struct signet_error *err)
{
    switch (item->kind) {
    case ITEM_UNSIGNED:
        buf_printf(w->out, "%" PRIu64, item->number);
        break;
    case ITEM_NEGATIVE: /* -1 - n: the least of them needs 65 bits */
        if (item->number == UINT64_MAX)
            buf_text(w->out, "-18446744073709551616");
        else
            buf_printf(w->out, "-%" PRIu64, item->number + 1);
        break;
    case ITEM_FLOAT:
        put_number(w->out, item->real);
        break;
    case ITEM_BOOLEAN:
        buf_text(w->out, item->boolean ? "true" : "false");
        break;
    case ITEM_NULL:
        buf_text(w->out, "null");
        break;
    case ITEM_UNDEFINED:
        buf_text(w->out, "undefined");
        break;
    case ITEM_TEXT:
    case ITEM_BYTES:
        put_string(w->out, item);
        break;
    default:
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: a break where nothing is open", item->at);
    }
    return SIGNET_OK;
}

static int put_item(struct writer *w, const struct item *item, unsigned depth, bool name,
                    struct signet_error *err)
{
    struct run run;
    if (depth >= READER_DEPTH_MAX)
        return error_set(err, SIGNET_E_LIMIT, "byte %zu: nested more than %d deep", item->at,
                         READER_DEPTH_MAX);
    if (hidden(w, item, name))
        return put_hidden(w, item, depth, err);
    if (run_begin(&run, item, false))
        return put_run(w, &run, false, depth + 1, err);
    if (run_begin(&run, item, true))
        return put_run(w, &run, true, depth + 1, err);
    if (item->kind == ITEM_TAG)
        return put_tagged(w, item, depth, err);
    if (item->kind == ITEM_TEXT_START || item->kind == ITEM_BYTES_START)
        return put_pieces(w, item->kind == ITEM_TEXT_START ? ITEM_TEXT : ITEM_BYTES, err);
    return put_simple(w, item, err);
}

static int diagnose(struct writer *w, struct signet_error *err)
{
    struct item item;
    int code = reader_next(&w->in, &item, err);
    if (!code)
        code = put_item(w, &item, 0, false, err);
    if (!code && w->in.at != w->in.len)
        code = error_set(err, SIGNET_E_SYNTAX, "byte %zu: %zu bytes follow the packet", w->in.at,
                         w->in.len - w->in.at);
    buf_byte(w->out, '\n');
    return code;
}

int signet_packet_diagnose(const uint8_t *data, size_t len, unsigned flags,
                           struct signet_bytes *out, struct signet_error *err)
{
    struct signet_tree *tree = NULL;
    struct buf secrets = {0}, text = {0};
    struct writer w = {.in = {data, len, 0}, .out = &text, .reveal = flags & SIGNET_PACKET_REVEAL};
    w.is_packet = packet_read(data, len, &tree, &secrets, NULL) == SIGNET_OK;
    w.secrets = (const size_t *)(const void *)secrets.data;
    w.secret_count = secrets.len / sizeof(size_t);
    int code = diagnose(&w, err);
    if (!code)
        code = buf_take(&text, out, err);
    buf_free(&text);
    buf_free(&secrets);
    signet_tree_free(&tree);
    return code;
}
