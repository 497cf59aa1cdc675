/* SPDX-License-Identifier: Apache-2.0 */
/* Text in the columns of a terminal, and words in large letters. */
#include "panel.h"

#include <locale.h>
#include <string.h>
#include <wchar.h>

/* Columns of a character do not depend on what the program's locale is. */
static int columns_of(wchar_t c)
{
    static locale_t utf8; /* the frames are drawn by one thread at a time */
    if (!utf8)
        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    int columns = utf8 ? wcwidth(c) : 1;
    if (utf8)
        uselocale(before);
    return columns < 0 ? 1 : columns;
}

/* Bytes of the character at text, which signet_text_plain() let through: valid UTF-8. */
static size_t next_character(const char *text, int *columns)
{
    unsigned char first = (unsigned char)*text;
    size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    wchar_t c = first < 0x80 ? first : first & (0xff >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80) { /* cut short */
            *columns = 1;
            return i;
        }
        c = (wchar_t)(c << 6 | ((unsigned char)text[i] & 0x3f));
    }
    *columns = columns_of(c);
    return len;
}

static int width_of(const char *plain)
{
    int width = 0, columns;
    while (*plain) {
        plain += next_character(plain, &columns);
        width += columns;
    }
    return width;
}

int panel_width(const char *text)
{
    return width_of(PLAIN(text));
}

/* At most width columns of it. */
static int put_some(FILE *to, const char *plain, int width)
{
    int used = 0, columns;
    while (*plain) {
        size_t len = next_character(plain, &columns);
        if (used + columns > width)
            break;
        fwrite(plain, 1, len, to);
        plain += len;
        used += columns;
    }
    return used;
}

void panel_put(FILE *to, const char *text, int width)
{
    const char *plain = PLAIN(text);
    int dots = width_of(plain) <= width || width < 3 ? 0 : 2;
    if (width <= 0)
        return;
    int used = put_some(to, plain, width - dots);
    fprintf(to, "%.*s%*s", dots, "..", width - dots - used, "");
}

/* Names differ at their ends. */
void panel_put_end(FILE *to, const char *text, int width)
{
    const char *plain = PLAIN(text);
    int left = width_of(plain), columns;
    if (left <= width || width < 3) {
        panel_put(to, text, width);
        return;
    }
    while (*plain && left > width - 2) {
        plain += next_character(plain, &columns);
        left -= columns;
    }
    fprintf(to, "..%s%*s", plain, width - 2 - left, "");
}

void panel_put_piece(FILE *to, const char **text, int width)
{
    const char *at = *text, *blank = NULL;
    int used = 0, columns = 0;
    while (*at == ' ')
        at++;
    const char *begin = at;
    while (*at) {
        size_t len = next_character(at, &columns);
        if (used + columns > width)
            break;
        blank = *at == ' ' ? at : blank;
        at += len;
        used += columns;
    }
    const char *end = *at && blank ? blank : at;
    char piece[1024];
    snprintf(piece, sizeof(piece), "%.*s", (int)(end - begin), begin);
    panel_put(to, piece, width);
    *text = end;
}

/* Rows of three pixels, from above. */
static const struct {
    char letter;
    unsigned char rows[5];
} font[] = {
    {'P', {7, 5, 7, 4, 4}}, {'A', {7, 5, 7, 5, 5}}, {'S', {7, 4, 7, 1, 7}}, {'F', {7, 4, 7, 4, 4}},
    {'I', {7, 2, 2, 2, 7}}, {'L', {4, 4, 4, 4, 7}}, {'M', {5, 7, 7, 5, 5}}, {'D', {6, 5, 5, 5, 6}},
    {'E', {7, 4, 7, 4, 7}}, {'T', {7, 2, 2, 2, 2}}, {'O', {7, 5, 5, 5, 7}},
};

static bool pixel(char letter, int row, int column)
{
    for (size_t i = 0; row < 5 && i < sizeof(font) / sizeof(font[0]); i++)
        if (font[i].letter == letter)
            return font[i].rows[row] >> (2 - column) & 1;
    return false;
}

int panel_letters_width(const char *word, int lines)
{
    int pixels = 4 * (int)strlen(word) - 1;
    return lines == 5 ? 2 * pixels : pixels;
}

void panel_put_letters(FILE *to, const char *word, int lines, int line)
{
    static const char *const halves[] = {" ", "\u2580", "\u2584", "\u2588"};
    for (const char *c = word; *c; c++)
        for (int column = 0; column < 3 + (c[1] != '\0'); column++) {
            bool gap = column == 3;
            int upper = !gap && pixel(*c, lines == 5 ? line : 2 * line, column);
            int lower = lines == 5 ? upper : !gap && pixel(*c, 2 * line + 1, column);
            for (int i = 0; i < (lines == 5 ? 2 : 1); i++)
                fputs(halves[upper + 2 * lower], to);
        }
}
