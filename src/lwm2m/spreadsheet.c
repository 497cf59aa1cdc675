/* SPDX-License-Identifier: Apache-2.0 */
/* What spreadsheets and databases make of a value, and what they have where there is none. */
#include "lwm2m/lwm2m.h"

#include <ctype.h>
#include <stdlib.h>

#define DIGITS "0123456789"

/* NULL, nan, Total, or 123.0 */
static bool is_no_value(const char *cell)
{
    static const char *const words[] = {"null",   "none",   "nan",   "undefined", "N-A", "n/a",
                                        "-",      "true",   "false", "total",     "sum", "summe",
                                        "gesamt", "totale", "suma",  "somme"};
    size_t len = strlen(cell);

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcasecmp(cell, words[i]) == 0)
            return true;
    return !*cell || *cell == '#' ||
           (len > 2 && strcmp(cell + len - 2, ".0") == 0 && strspn(cell, DIGITS) == len - 2);
}

bool cell_is_rounded(const char *cell)
{
    size_t whole = strspn(cell, DIGITS ".,"), sign = whole + 1;

    return whole && toupper((unsigned char)cell[whole]) == 'E' && cell[sign] == '+' &&
           cell[sign + 1] && !cell[sign + 1 + strspn(cell + sign + 1, DIGITS)];
}

/* The next of a date's parts: a number, or -1 for a month's name; -2 is neither. */
static int date_part(const char **at)
{
    static const char months[] = "jan feb mar apr may jun jul aug sep oct nov dec mrz mai okt dez";
    size_t digits = strspn(*at, DIGITS);
    char word[4] = "";
    int part = digits && digits <= 4 ? atoi(*at) : -2;

    if (!digits)
        for (size_t i = 0; i < 3 && isalpha((unsigned char)(*at)[i]); i++)
            word[i] = (char)tolower((unsigned char)(*at)[i]);
    if (strlen(word) == 3 && strstr(months, word))
        part = -1;
    *at += digits ? digits : strlen(word);
    return part;
}

/* 02-Jan, Jan-24, 2-Jan-24, 2024-01-02, 2.1.2024, 1/2/2024 */
static bool is_date(const char *cell)
{
    int parts[3] = {0}, count = 0, named = 0;
    char sign = 0;

    for (bool more = true; more; cell += more) {
        if (count == 3 || (parts[count] = date_part(&cell)) == -2 ||
            (*cell && (!char_in(*cell, "-./") || (sign && *cell != sign))))
            return false;
        named += parts[count++] == -1;
        sign = *cell ? *cell : sign;
        more = *cell;
    }
    bool year = parts[0] > 31 || parts[2] > 31,
         day = parts[0] > 31 ? parts[2] <= 31 : parts[0] <= 31;
    if (named)
        return named == 1 && count > 1;
    return count == 3 && year && day && parts[0] && parts[1] && parts[2] &&
           (parts[1] <= 12 || (sign == '/' && parts[0] <= 12 && parts[1] <= 31)) &&
           parts[0] + parts[2] > 1970;
}

const char *cell_doubt(const char *cell)
{
    return cell_is_rounded(cell) ? "ends in a number that a spreadsheet has rounded"
           : is_no_value(cell) ? "ends in what a table has for no value, for a sum or for a number"
           : is_date(cell)     ? "ends in a date, which spreadsheets make of numbers with hyphens"
                               : NULL;
}
