/* SPDX-License-Identifier: Apache-2.0 */
/* Files of "NAME VALUE" lines: a key that counts, a request for uses, a session, a grant. */
#include "tpm/private.h"

struct span {
    const char *at;
    size_t len;
};

/* The text up to the next line end; at: behind it. */
static bool line_take_line(struct span *rest, struct span *out)
{
    const char *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;

    if (!end)
        return false;
    *out = (struct span){rest->at, (size_t)(end - rest->at)};
    *rest = (struct span){end + 1, rest->len - out->len - 1};
    return true;
}

static bool line_take_text(struct span value, char *out, size_t size)
{
    if (value.len >= size || memchr(value.at, '\0', value.len))
        return false;
    memcpy(out, value.at, value.len);
    out[value.len] = '\0';
    return true;
}

/* As it is written: decimal, without a zero in front. */
static bool line_take_number(struct span value, size_t most, int64_t *out)
{
    uint64_t number = 0;

    if (value.len > 18 || (value.len > 1 && value.at[0] == '0'))
        return false;
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] < '0' || value.at[i] > '9')
            return false;
        number = 10 * number + (uint64_t)(value.at[i] - '0');
    }
    *out = (int64_t)number;
    return number <= most;
}

static bool line_take_index(struct span value, uint32_t *out)
{
    uint8_t bytes[4];

    if (value.len != 10 || memcmp(value.at, "0x", 2) != 0 ||
        hex_decode(value.at + 2, 8, bytes, sizeof(bytes)) != sizeof(bytes))
        return false;
    *out = get_32(bytes);
    return index_fits(*out);
}

static bool line_take_hex(struct span value, const struct line *line)
{
    ssize_t n = hex_decode(value.at, value.len, line->out, line->size);

    if (line->len)
        *line->len = n > 0 ? (size_t)n : 0;
    return line->len ? n > 0 : n == (ssize_t)line->size;
}

static bool line_take_value(struct span value, const struct line *line)
{
    switch (line->kind) {
    case LINE_TEXT:
        return line_take_text(value, line->out, line->size);
    case LINE_NUMBER:
        return line_take_number(value, line->size, line->out);
    case LINE_INDEX:
        return line_take_index(value, line->out);
    case LINE_HEX:
        return line_take_hex(value, line);
    }
    return false;
}

bool lines_read(const void *text, size_t len, const char *first, const struct line *lines,
                size_t count)
{
    struct span rest = {text, len}, line;

    if (first && (!line_take_line(&rest, &line) || !text_is(line.at, line.len, first)))
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(lines[i].name) + 1;

        if (!line_take_line(&rest, &line) || line.len <= n ||
            !text_is(line.at, n - 1, lines[i].name) || line.at[n - 1] != ' ' ||
            !line_take_value((struct span){line.at + n, line.len - n}, &lines[i]))
            return false;
    }
    return rest.len == 0;
}

void lines_put_hex(struct buf *b, const char *name, const uint8_t *data, size_t len)
{
    buf_printf(b, "%s ", name);
    buf_hex(b, data, len);
    buf_byte(b, '\n');
}
