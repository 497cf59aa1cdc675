/* SPDX-License-Identifier: Apache-2.0 */
/* Text for other programs: JSON strings, CSV cells, numbers. */
#include "base/base.h"

#include <math.h>
#include <signet/text.h>
#include <stdio.h>
#include <stdlib.h>

/* What may not stand in a JSON string as it is. */
static void json_escape(struct buf *out, uint32_t code)
{
    if (code == '"' || code == '\\')
        buf_printf(out, "\\%c", (int)code);
    else if (code == '\n' || code == '\r' || code == '\t')
        buf_text(out, code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t");
    else if (code > 0xffff)
        buf_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
    else
        buf_printf(out, "\\u%04x", code);
}

static bool json_as_it_is(uint8_t c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

void buf_json(struct buf *out, const void *text, size_t len)
{
    const uint8_t *at = text;

    buf_byte(out, '"');
    while (len) {
        size_t n = 0;

        while (n < len && json_as_it_is(at[n]))
            n++;
        buf_append(out, at, n);
        if (n < len) {
            uint32_t code;
            size_t width = utf8_decode(at + n, len - n, &code);

            json_escape(out, width ? code : 0xfffd);
            n += width ? width : 1;
        }
        at += n;
        len -= n;
    }
    buf_byte(out, '"');
}

int signet_text_json(const void *text, size_t len, struct signet_bytes *out,
                     struct signet_error *err)
{
    struct buf json = {0};

    buf_json(&json, text, len);
    return buf_take(&json, out, err);
}

/* Would a spreadsheet take it for a formula? Some take the wide forms of the characters as well. */
static bool csv_formula(const void *text, size_t len)
{
    uint32_t code = 0;

    if (len)
        utf8_decode(text, len, &code);
    code = code > 0xff00 && code < 0xff5f ? code - 0xfee0 : code;
    return code < 0x80 && char_in((int)code, "=+-@\t\r");
}

int csv_check(const char *what, const void *text, size_t len, struct signet_error *err)
{
    int rc = text_check(what, text, len, err);

    if (rc != SIGNET_OK || !csv_formula(text, len))
        return rc;
    return error_set_hint(err, SIGNET_E_MEANING, "give it another first character, or write ndjson",
                          "the %s begins as a formula does in a spreadsheet", what);
}

void csv_cell(struct buf *out, char delimiter, const void *text, size_t len)
{
    const uint8_t *at = text, *end = at + len, *quote;
    bool quoted = false;

    for (size_t i = 0; i < len; i++) /* others may part cells elsewhere, before a formula */
        quoted = quoted || at[i] == delimiter || char_in(at[i], "\"\n\r") ||
                 (char_in(at[i], ",;\t") && csv_formula(at + i + 1, len - i - 1));
    if (quoted)
        buf_byte(out, '"');
    while (quoted && (quote = memchr(at, '"', (size_t)(end - at)))) {
        buf_append(out, at, (size_t)(quote - at) + 1);
        buf_byte(out, '"');
        at = quote + 1;
    }
    buf_append(out, at, (size_t)(end - at));
    if (quoted)
        buf_byte(out, '"');
}

int signet_text_csv(const char *text, struct signet_bytes *out, struct signet_error *err)
{
    struct buf plain = {0}, cell = {0};

    if (csv_formula(text, strlen(text)))
        buf_byte(&plain, '\'');
    text_plain(&plain, (const uint8_t *)text, strlen(text));
    csv_cell(&cell, ',', plain.data, plain.len);
    buf_fail_with(&cell, &plain);
    buf_free(&plain);
    return buf_take(&cell, out, err);
}

/* The fewest decimal digits that read back as value; the first is worth 10^exponent. */
static size_t shortest_digits(double value, char digits[static 20], int *exponent)
{
    char text[48];
    size_t count = 0;

    for (int more = 0; more < 17; more++) {
        snprintf(text, sizeof(text), "%.*e", more, value);
        if (strtod(text, NULL) == value)
            break;
    }
    for (const char *c = text; *c != 'e'; c++)
        if (*c >= '0' && *c <= '9') /* between them is the locale's decimal point */
            digits[count++] = *c;
    *exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    return count;
}

/* As a person writes numbers, and Python: 30.0, 0.0001, 1e-05, 1e+16. */
void signet_text_number(double value, char out[SIGNET_NUMBER_SIZE])
{
    char digits[20] = "";
    int exponent;

    if (!isfinite(value)) {
        strcpy(out, isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
        return;
    }
    if (signbit(value))
        *out++ = '-';
    int count = (int)shortest_digits(fabs(value), digits, &exponent);
    if (exponent < -4 || exponent > 15)
        snprintf(out, SIGNET_NUMBER_SIZE - 1, "%c%s%.*se%+03d", digits[0], count > 1 ? "." : "",
                 count - 1, digits + 1, exponent);
    else if (exponent < 0)
        snprintf(out, SIGNET_NUMBER_SIZE - 1, "0.%.*s%.*s", -1 - exponent, "000", count, digits);
    else if (count <= exponent + 1)
        snprintf(out, SIGNET_NUMBER_SIZE - 1, "%.*s%.*s.0", count, digits, exponent + 1 - count,
                 "000000000000000");
    else
        snprintf(out, SIGNET_NUMBER_SIZE - 1, "%.*s.%.*s", exponent + 1, digits,
                 count - exponent - 1, digits + exponent + 1);
}
