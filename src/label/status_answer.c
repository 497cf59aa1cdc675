/* SPDX-License-Identifier: Apache-2.0 */
/* What a printer answers to ~HS. */
#include "label/private.h"

#include <stdlib.h>

enum { STX = 2, ETX = 3, STRINGS = 3, NUMBERS = 12 };

/* Numbers with commas, at least `least` of them, all digits. */
static bool read_numbers(const char *text, size_t len, size_t least, unsigned numbers[NUMBERS])
{
    size_t count = 0;

    for (size_t at = 0; at <= len && count < NUMBERS; count++) {
        size_t digits = 0;

        while (at + digits < len && text[at + digits] >= '0' && text[at + digits] <= '9')
            digits++;
        if (digits == 0 || digits > 8 || (at + digits < len && text[at + digits] != ','))
            return false;
        numbers[count] = (unsigned)strtoul(text + at, NULL, 10);
        at += digits + 1;
    }
    return count >= least;
}

static bool take_string(size_t which, const char *text, size_t len, struct printer_status *out)
{
    static const size_t least[STRINGS] = {12, 11, 2};
    unsigned n[NUMBERS] = {0};

    if (!read_numbers(text, len, least[which], n))
        return false;
    if (which == 0) {
        out->paper_out = n[1];
        out->paused = n[2];
        out->formats = n[4];
        out->buffer_full = n[5];
        out->partial = n[7];
        out->corrupt = n[9];
        out->cold = n[10];
        out->hot = n[11];
    } else if (which == 1) {
        out->head_up = n[2];
        out->ribbon_out = n[3];
        out->taking = n[7];
        out->labels = n[8];
    }
    return true;
}

int status_parse(const char *text, size_t len, struct printer_status *out)
{
    size_t at = 0;

    *out = (struct printer_status){0};
    for (size_t which = 0; which < STRINGS; which++) {
        while (at < len && char_in(text[at], "\r\n"))
            at++;
        if (at == len)
            return 0;
        if (text[at] != STX)
            return -1;
        const char *end = memchr(text + at, ETX, len - at);
        if (!end)
            return len - at < STATUS_MAX / 4 ? 0 : -1;
        if (!take_string(which, text + at + 1, (size_t)(end - text) - at - 1, out))
            return -1;
        at = (size_t)(end - text) + 1;
    }
    return 1;
}

int status_ready(const struct printer_status *s, struct signet_error *err)
{
    const struct {
        bool is;
        const char *what, *hint;
    } rows[] = {
        {s->corrupt, "its memory was lost", "switch it off and on"},
        {s->paper_out, "it has no paper", "put in labels"},
        {s->ribbon_out, "it has no ribbon", "put in ribbon"},
        {s->head_up, "its head is up", "close the printer"},
        {s->paused, "it is paused", "press its pause key"},
        {s->buffer_full, "its buffer is full", "switch it off and on, when it does not print"},
        {s->hot, "it is too hot", "let it cool down"},
        {s->cold, "it is too cold", "let it warm up"},
        {s->taking, "it waits until the last label is taken", "take the label"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].is)
            return error_set_hint(err, SIGNET_E_BUSY, rows[i].hint,
                                  "the printer does not print: %s", rows[i].what);
    return SIGNET_OK;
}

bool status_idle(const struct printer_status *s)
{
    return s->formats == 0 && s->labels == 0 && !s->partial;
}
