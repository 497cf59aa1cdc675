/* SPDX-License-Identifier: Apache-2.0 */
/* Tools say why they failed somewhere in their output: before an advice, above what was called,
 * behind a time. */
#include "run.h"

#include <ctype.h>
#include <stdio.h>

enum { LINE_MAX_SHOWN = 120 + SECRET_BEHIND, LINES = 2, KEY_DIGITS = 32 };

static const char *const common[] = {"error",    "fatal",         "fail",      "cannot",
                                     "can't",    "couldn't",      "could not", "unable to",
                                     "no such ", "not found",     "denied",    "invalid",
                                     "unknown",  "not supported", "timed out", NULL};

/* Bytes of a colour, or of a character that boxes are drawn with. */
static size_t decoration(const char *at, size_t len)
{
    size_t n = 2;

    if (len >= 3 && at[0] == '\xe2' && (at[1] == '\x94' || at[1] == '\x95'))
        return 3;
    if (len < 3 || at[0] != '\033' || at[1] != '[')
        return 0;
    while (n < len && (isdigit((unsigned char)at[n]) || at[n] == ';'))
        n++;
    return n + (n < len);
}

/* Copies a line without decoration and blanks at its ends; false: there is no letter in it. */
static bool copy_line(const char *from, size_t len, char out[static LINE_MAX_SHOWN])
{
    size_t n = 0;
    bool letters = false;

    for (size_t i = 0, skip; i < len && n < LINE_MAX_SHOWN - 1; i += skip ? skip : 1) {
        skip = decoration(from + i, len - i);
        if (!skip && (n || !isspace((unsigned char)from[i]))) {
            letters = letters || isalpha((unsigned char)from[i]);
            out[n++] = from[i] ? from[i] : ' ';
        }
    }
    while (n && isspace((unsigned char)out[n - 1]))
        n--;
    out[n] = '\0';
    return letters;
}

/* Where the reason begins in a line; NULL: it has none. */
static const char *by_mark(const char *line, const char *const *marks)
{
    const char *at;

    for (; marks && *marks; marks++)
        if ((at = strstr(line, *marks)))
            return **marks == ' ' ? at + strlen(*marks) : at;
    return NULL;
}

static const char *by_word(const char *line)
{
    if (line[0] == '{' || strlen(line) < 10 || strcasestr(line, "0 error") ||
        strcasestr(line, "no error"))
        return NULL;
    for (size_t i = 0; common[i]; i++)
        if (strcasestr(line, common[i]))
            return line;
    return NULL;
}

struct reason {
    char text[LINES][LINE_MAX_SHOWN];
    size_t count;
};

/* The first one is what went wrong, the last one what came of it. */
static void reason_add(struct reason *r, const char *line)
{
    if (!*line || (r->count && strcmp(r->text[0], line) == 0))
        return;
    snprintf(r->text[r->count ? LINES - 1 : 0], LINE_MAX_SHOWN, "%s", line);
    r->count = r->count ? LINES : 1;
}

enum look { MARKS, WORDS, LAST };

/* A program in Python that broke says what it was in its last line. */
static void read_lines(struct reason *r, const struct buf *output, enum look look,
                       const char *const *marks)
{
    const char *text = (const char *)output->data, *end = text + output->len;
    char line[LINE_MAX_SHOWN], last[LINE_MAX_SHOWN] = "";
    bool broke = false;

    for (size_t len; text < end; text += len + 1) {
        for (len = 0; text + len < end && !char_in(text[len], "\r\n"); len++)
            ;
        if (!copy_line(text, len, line))
            continue;
        broke = broke || strstr(line, "Traceback (most recent call last)");
        if (look == MARKS && by_mark(line, marks))
            reason_add(r, by_mark(line, marks));
        else if (look == WORDS && by_word(line))
            reason_add(r, line);
        memcpy(last, line, sizeof(last));
    }
    if (r->count == 0 && (look == LAST || broke))
        reason_add(r, last);
}

void run_reason(const struct buf *output, const char *const *marks, char out[static REASON_SIZE])
{
    struct reason r = {0};
    size_t used = 0;

    for (int look = MARKS; r.count == 0 && look <= LAST && output->len; look++)
        read_lines(&r, output, (enum look)look, marks);
    out[0] = '\0';
    for (size_t i = 0; i < r.count && used < REASON_SIZE; i++) {
        text_mask_hex(r.text[i], KEY_DIGITS);
        used += (size_t)snprintf(out + used, REASON_SIZE - used, "%s%s", i ? "; " : "",
                                 text_shown(r.text[i], strlen(r.text[i]), 120));
    }
}
