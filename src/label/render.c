/* SPDX-License-Identifier: Apache-2.0 */
/* The label of one device. */
#include "label/private.h"

enum { ZPL_MAX = 64 * 1024, QR_MAX = 1663 /* bytes at level Q */ };

static bool is_plain(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           char_in(c, " .:/-+=@,");
}

/* Bar codes have commands of their own in their data, such as > in Code 128. */
static int check_printable(const struct label_template *t, const struct part *part,
                           const struct buf *value, struct signet_error *err)
{
    int rc = text_check("value", value->data, value->len, err);

    for (size_t i = 0; rc == SIGNET_OK && i < value->len; i++) {
        unsigned char c = value->data[i];

        if (c >= 0x80 && t->ascii)
            rc = error_set_hint(err, SIGNET_E_MEANING,
                                "take ^CI out of the template, or write ^CI28",
                                "the value is not ASCII, and the template's ^CI is not 28");
        if (part->field == SIGNET_LABEL_BAR && !is_plain(c))
            rc = error_set_hint(err, SIGNET_E_MEANING, "a QR code takes any text: {qr:...}",
                                "the value has a character that a bar code may take as a command");
    }
    return rc;
}

static void put_escaped(const struct part *part, const struct buf *value, struct buf *out)
{
    for (size_t i = 0; i < value->len; i++) {
        unsigned char c = value->data[i];

        if (is_plain(c) && c != (unsigned char)part->hex)
            buf_byte(out, c);
        else
            buf_printf(out, "%c%02X", part->hex, c);
        if (c == '\\' && part->wraps) /* \& would be the end of a line */
            buf_printf(out, "%c5C", part->hex);
    }
}

static int put_values(const struct label_template *t, const struct part *part,
                      const struct placeholder_values *values, struct buf *out,
                      struct signet_error *err)
{
    struct buf value = {.max = ZPL_MAX};
    int rc = pieces_expand(&part->pieces, values, &value, NULL, err);

    if (rc == SIGNET_OK)
        rc = check_printable(t, part, &value, err);
    if (rc == SIGNET_OK)
        put_escaped(part, &value, out);
    buf_free(&value);
    return error_pass(rc, err, "%s", t->path);
}

static int hex_value(const char *digits, size_t len)
{
    uint8_t byte;

    return len >= 2 && hex_decode(digits, 2, &byte, 1) == 1 ? byte : -1;
}

/* The data of a field as the printer takes them. */
static void decode_field(const struct part *part, const char *data, size_t len, struct buf *out)
{
    const char *comma = part->field == SIGNET_LABEL_QR && len ? memchr(data, ',', len) : NULL;
    size_t at = comma ? (size_t)(comma - data) + 1 : 0;

    while (at < len) {
        int byte = part->hex && data[at] == part->hex ? hex_value(data + at + 1, len - at - 1) : -1;

        buf_byte(out, byte >= 0 ? (uint8_t)byte : (uint8_t)data[at]);
        at += byte >= 0 ? 3 : 1;
    }
}

/* Data of a QR code: level, A for any text, comma. Others may have marks of their own in the text.
 */
static bool is_plain_code(const struct part *part, const char *data, size_t len,
                          const struct buf *text)
{
    if (part->code == 'Q')
        return len > 3 && data[1] == 'A' && data[2] == ',';
    for (size_t i = 0; i < text->len; i++)
        if (!is_plain(text->data[i]))
            return false;
    return part->code && text->len > 0;
}

static int end_field(const struct label_template *t, const struct part *part, const struct buf *zpl,
                     size_t begin, const struct label_visitor *visitor, struct signet_error *err)
{
    struct buf text = {.max = ZPL_MAX};

    if (zpl->failed)
        return buf_check(zpl, err);
    decode_field(part, (const char *)zpl->data + begin, zpl->len - begin, &text);
    int rc = buf_check(&text, err);
    if (rc == SIGNET_OK && part->field == SIGNET_LABEL_QR && text.len > QR_MAX)
        rc = error_set(err, SIGNET_E_LIMIT, "%s: a QR code of %zu bytes: it has at most %d",
                       t->path, text.len, QR_MAX);
    if (rc == SIGNET_OK && visitor && visitor->code &&
        is_plain_code(part, (const char *)zpl->data + begin, zpl->len - begin, &text))
        rc = visitor->code(visitor->ctx, (size_t)(part - t->parts), (const char *)text.data,
                           text.len, err);
    if (rc == SIGNET_OK && visitor && visitor->field)
        rc = visitor->field(visitor->ctx, part->field, text.data ? (const char *)text.data : "",
                            text.len, err);
    buf_free(&text);
    return rc;
}

static int render_label(const struct label_template *t, const struct placeholder_values *values,
                        const struct label_visitor *visitor, struct buf *out,
                        struct signet_error *err)
{
    size_t begin = 0;
    int rc = SIGNET_OK;

    out->max = ZPL_MAX;
    for (size_t i = 0; rc == SIGNET_OK && i < t->count; i++) {
        const struct part *part = &t->parts[i];

        switch (part->kind) {
        case PART_ZPL:
            buf_append(out, t->zpl.data + part->from, part->len);
            break;
        case PART_VALUES:
            rc = put_values(t, part, values, out, err);
            break;
        case PART_BEGIN:
            begin = out->len;
            break;
        case PART_END:
            rc = end_field(t, part, out, begin, visitor, err);
            break;
        }
    }
    return rc == SIGNET_OK ? buf_check(out, err) : rc;
}

int label_zpl(const struct label_template *label, const struct placeholder_values *values,
              struct buf *out, struct signet_error *err)
{
    return render_label(label, values, NULL, out, err);
}

int label_fields(const struct label_template *label, const struct placeholder_values *values,
                 const struct label_visitor *visitor, struct signet_error *err)
{
    struct buf zpl = {0};
    int rc = render_label(label, values, visitor, &zpl, err);

    buf_free(&zpl);
    return rc;
}
