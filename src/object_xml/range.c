/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges as people write them in definitions. */
#include "object_xml/object_xml.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static const char *past_blank(const char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    return p;
}

/* p behind the word, whatever its case and whatever blanks stand before it; else NULL. */
static const char *past_word(const char *p, const char *word)
{
    p = past_blank(p);
    return strncasecmp(p, word, strlen(word)) == 0 ? p + strlen(word) : NULL;
}

static const char *past_any(const char *p, const char *const *words)
{
    const char *end = NULL;

    for (; !end && *words; words++)
        end = past_word(p, *words);
    return end;
}

/* p behind a decimal number, which goes to out. */
static const char *past_number(const char *p, struct buf *out)
{
    const char *start = p = past_blank(p);

    p += *p == '-' || *p == '+';
    if (!isdigit((unsigned char)*p))
        return NULL;
    while (isdigit((unsigned char)*p))
        p++;
    if (p[0] == '.' && isdigit((unsigned char)p[1]))
        for (p++; isdigit((unsigned char)*p); p++) {
        }
    start += *start == '+';
    buf_append(out, start, (size_t)(p - start));
    return p;
}

/* "-30..-120" is meant the other way round. */
static void put_in_order(struct buf *out, size_t from, size_t to)
{
    char low[64], high[64];

    if (out->failed || to - from >= sizeof(low) + 2 || out->len - to >= sizeof(high))
        return;
    snprintf(high, sizeof(high), "%.*s", (int)(to - from - 2), (char *)out->data + from);
    snprintf(low, sizeof(low), "%s", (char *)out->data + to);
    if (strtod(low, NULL) >= strtod(high, NULL))
        return;
    out->len = from;
    buf_printf(out, "%s..%s", low, high);
}

/* "0..100", "0-100", "0 to 100", "7", "3: a word for it". NULL: not understood. */
static const char *past_span(const char *p, struct buf *out)
{
    static const char *const to[] = {"...", "..", "\xe2\x80\x93", "-", "to ", NULL};
    size_t from = out->len;
    const char *high, *end = past_number(p, out);

    if (!end)
        return NULL;
    p = past_any(end, to);
    size_t len = out->len;
    buf_text(out, "..");
    high = p ? past_number(p, out) : NULL;
    if (high) {
        put_in_order(out, from, len + 2);
        return high;
    }
    if (out->failed) /* its bytes are gone */
        return NULL;
    out->len = len;
    out->data[len] = '\0';
    if (past_word(end, ":")) /* a word for the value, to the end of the line */
        return end + strcspn(end, "\n,;");
    return p ? NULL : end;
}

/* "2 bytes", "8 bit" of an integer: how far it goes; false: it is no width. */
static bool past_width(const char *text, char out[static RANGE_TEXT_MAX])
{
    static const char *const bits[] = {"bits", "bit", "-bits", "-bit", NULL};
    static const char *const bytes[] = {"bytes", "byte", NULL};
    char *end;
    long n = strtol(text, &end, 10);
    bool in_bytes = past_any(end, bytes);

    if (end == text || n < 1 || (!in_bytes && !past_any(end, bits)))
        return false;
    if (n > (in_bytes ? 8 : 64)) /* no integer of a packet goes that far */
        return true;
    n *= in_bytes ? 8 : 1;
    snprintf(out, RANGE_TEXT_MAX, "0..%llu", n == 64 ? ~0ULL : (1ULL << n) - 1);
    return true;
}

/* A list of spans, whatever stands between them. */
static bool read_spans(const char *p, struct buf *out)
{
    static const char *const between[] = {",", ";", "or ", "/", "|", "-", NULL};
    static const char *const units[] = {"bytes", "byte", "octets", "characters", "chars", NULL};
    const char *next;

    for (p = past_blank(p); *p; p = past_blank(p)) {
        if (out->len)
            buf_byte(out, ',');
        p = past_span(p, out);
        if (!p)
            return false;
        next = past_any(p, units);
        p = next ? next : p;
        next = past_any(p, between);
        if (!next && *past_blank(p) && !strchr(p, '\n'))
            return false;
        p = next ? next : p;
    }
    return out->len && !out->failed;
}

void object_xml_range(const char *text, enum signet_type type, char out[static RANGE_TEXT_MAX])
{
    bool numbers = type == SIGNET_TYPE_INTEGER || type == SIGNET_TYPE_UNSIGNED,
         bytes = type_has_bytes(type);
    char inner[RANGE_TEXT_MAX] = "";
    struct buf spans = {.max = RANGE_TEXT_MAX - 8};
    size_t len = strlen(text);

    out[0] = '\0';
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']' && len < sizeof(inner)) {
        size_t low = strcspn(text, ":]"); /* [1:4] */

        snprintf(inner, sizeof(inner), "%.*s%s%.*s", (int)low - 1, text + 1,
                 text[low] == ':' ? ".." : "", text[low] == ':' ? (int)(len - low - 2) : 0,
                 text + low + 1);
        text = inner;
    }
    if ((!numbers && !bytes && type != SIGNET_TYPE_FLOAT) || (numbers && past_width(text, out)))
        return;
    if (read_spans(text, &spans) && range_valid((const char *)spans.data))
        /* One number alone is the most: bytes, or a value. */
        snprintf(out, RANGE_TEXT_MAX, "%s%s",
                 strpbrk((const char *)spans.data, ".,-") || type == SIGNET_TYPE_FLOAT ? "" : "0..",
                 (const char *)spans.data);
    buf_free(&spans);
}
