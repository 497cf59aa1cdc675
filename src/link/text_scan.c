/* SPDX-License-Identifier: Apache-2.0 */
#include "link/link.h"

enum { PLAIN, ESCAPE, CONTROL, STRING, STRING_ESCAPE };

void text_scan_expect(struct text_scan *scan, const char *const *texts, size_t count)
{
    scan->texts = texts;
    scan->count = count;
    scan->which = count;
}

/* ECMA-48: ESC [ parameters final; ESC ] string BEL or ESC \; ESC one more. */
static int next_escape(int escape, uint8_t c)
{
    switch (escape) {
    case ESCAPE:
        return c == '['                 ? CONTROL
               : char_in(c, "]P_^")     ? STRING
               : c >= 0x20 && c <= 0x2f ? ESCAPE
                                        : PLAIN;
    case CONTROL:
        return c >= 0x40 ? PLAIN : CONTROL;
    case STRING:
        return c == 0x1b ? STRING_ESCAPE : c == 0x07 || c == '\n' ? PLAIN : STRING;
    case STRING_ESCAPE:
        return c == '\\' ? PLAIN : STRING;
    default:
        return c == 0x1b ? ESCAPE : PLAIN;
    }
}

/* True: c belongs to a code. */
static bool skip_escape(struct text_scan *scan, uint8_t c)
{
    bool inside = scan->escape != PLAIN;

    if (scan->escape == CONTROL && (c < 0x20 || c == 0x7f)) {
        scan->escape = PLAIN; /* broken off by noise: a line end must not be lost */
        return false;
    }
    scan->escape = next_escape(scan->escape, c);
    return inside || scan->escape != PLAIN;
}

void text_scan_end(struct text_scan *scan)
{
    if (scan->len && scan->on_line) {
        scan->line[scan->len] = '\0';
        scan->on_line(scan->ctx, scan->line, scan->len);
    }
    scan->len = 0;
}

static size_t longest(const struct text_scan *scan)
{
    size_t max = 0;

    for (size_t i = 0; i < scan->count; i++)
        if (strlen(scan->texts[i]) > max)
            max = strlen(scan->texts[i]);
    return max < TEXT_LINE_MAX ? max : TEXT_LINE_MAX - 1;
}

/* A line that is too long is handed over in parts; its tail stays, so that a text over the cut is
 * still found. */
static void cut_line(struct text_scan *scan)
{
    size_t keep = longest(scan);
    char tail[TEXT_LINE_MAX];

    memcpy(tail, scan->line + scan->len - keep, keep);
    text_scan_end(scan);
    memcpy(scan->line, tail, keep);
    scan->len = keep;
}

static bool found(struct text_scan *scan)
{
    for (size_t i = 0; i < scan->count; i++) {
        size_t n = strlen(scan->texts[i]);

        if (n && n <= scan->len && memcmp(scan->line + scan->len - n, scan->texts[i], n) == 0) {
            scan->which = i;
            return true;
        }
    }
    return false;
}

size_t text_scan_feed(struct text_scan *scan, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t c = data[i];

        if (skip_escape(scan, c))
            continue;
        if (c == '\n' || c == '\r') {
            text_scan_end(scan);
            continue;
        }
        if (c == '\b' && scan->len)
            scan->len--;
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            continue;
        if (scan->len == TEXT_LINE_MAX)
            cut_line(scan);
        scan->line[scan->len++] = (char)c;
        if (scan->which == scan->count && found(scan))
            return i + 1;
    }
    return len;
}
