/* SPDX-License-Identifier: Apache-2.0 */
/* The set-up code. A scanner that acts as a keyboard sends keys, not characters: when scanner and
 * computer have different layouts, other characters come out. What came out names the two. */
#include "scan/scan.h"

#include <signet/run.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* These letters are at the same place in all of the layouts. */
#define BEGIN "SIGNETSETUP"
/* Here no layout has a dead key, which swallows what follows. */
#define JUDGED "yzqwam0123456789-_.:/;,!@#$%&*()<>?|\\"
#define REST   "\"'=+[]{}~^`"

/* What the key of an American keyboard gives elsewhere; keys that are not named give the same. */
static const struct layout {
    const char *name;
    struct {
        char us;
        const char *is;
    } keys[40];
} layouts[] = {
    {"German",
     {{'y', "z"},
      {'z', "y"},
      {'-', "ß"},
      {'_', "?"},
      {':', "Ö"},
      {'/', "-"},
      {';', "ö"},
      {'@', "\""},
      {'#', "§"},
      {'&', "/"},
      {'*', "("},
      {'(', ")"},
      {')', "="},
      {'<', ";"},
      {'>', ":"},
      {'?', "_"},
      {'|', "'"},
      {'\\', "#"}}},
    {"French", {{'q', "a"}, {'w', "z"}, {'a', "q"},  {'z', "w"}, {'m', ","}, {'0', "à"},
                {'1', "&"}, {'2', "é"}, {'3', "\""}, {'4', "'"}, {'5', "("}, {'6', "-"},
                {'7', "è"}, {'8', "_"}, {'9', "ç"},  {'-', ")"}, {'_', "°"}, {'.', ":"},
                {':', "M"}, {'/', "!"}, {';', "m"},  {',', ";"}, {'!', "1"}, {'@', "2"},
                {'#', "3"}, {'$', "4"}, {'%', "5"},  {'&', "7"}, {'*', "8"}, {'(', "9"},
                {')', "0"}, {'<', "."}, {'>', "/"},  {'?', "§"}, {'|', "µ"}, {'\\', "*"}}},
    {"British", {{'@', "\""}, {'#', "£"}, {'|', "~"}, {'\\', "#"}}},
    {"Spanish",
     {{'-', "'"},
      {'_', "?"},
      {'/', "-"},
      {'?', "_"},
      {';', "ñ"},
      {':', "Ñ"},
      {'@', "\""},
      {'#', "·"},
      {'&', "/"},
      {'*', "("},
      {'(', ")"},
      {')', "="},
      {'<', ";"},
      {'>', ":"},
      {'|', "Ç"},
      {'\\', "ç"}}},
    {"Italian",
     {{'-', "'"},
      {'_', "?"},
      {'/', "-"},
      {'?', "_"},
      {';', "ò"},
      {':', "ç"},
      {'@', "\""},
      {'#', "£"},
      {'&', "/"},
      {'*', "("},
      {'(', ")"},
      {')', "="},
      {'<', ";"},
      {'>', ":"},
      {'|', "§"},
      {'\\', "ù"}}},
    {"Swedish or Finnish",
     {{'-', "+"},
      {'_', "?"},
      {'/', "-"},
      {'?', "_"},
      {';', "ö"},
      {':', "Ö"},
      {'@', "\""},
      {'$', "¤"},
      {'&', "/"},
      {'*', "("},
      {'(', ")"},
      {')', "="},
      {'<', ";"},
      {'>', ":"},
      {'|', "*"},
      {'\\', "'"}}},
    {"Norwegian",
     {{'-', "+"},
      {'_', "?"},
      {'/', "-"},
      {'?', "_"},
      {';', "ø"},
      {':', "Ø"},
      {'@', "\""},
      {'$', "¤"},
      {'&', "/"},
      {'*', "("},
      {'(', ")"},
      {')', "="},
      {'<', ";"},
      {'>', ":"},
      {'|', "*"},
      {'\\', "'"}}},
    {"Danish",
     {{'-', "+"},
      {'_', "?"},
      {'/', "-"},
      {'?', "_"},
      {';', "æ"},
      {':', "Æ"},
      {'@', "\""},
      {'$', "¤"},
      {'&', "/"},
      {'*', "("},
      {'(', ")"},
      {')', "="},
      {'<', ";"},
      {'>', ":"},
      {'|', "*"},
      {'\\', "'"}}},
    {"Swiss German",
     {{'y', "z"}, {'z', "y"}, {'-', "'"},  {'_', "?"}, {'/', "-"}, {'?', "_"}, {';', "ö"},
      {':', "é"}, {'!', "+"}, {'@', "\""}, {'#', "*"}, {'$', "ç"}, {'&', "/"}, {'*', "("},
      {'(', ")"}, {')', "="}, {'<', ";"},  {'>', ":"}, {'|', "£"}, {'\\', "$"}}},
};
enum { LAYOUTS = sizeof(layouts) / sizeof(layouts[0]) };

const char *signet_scan_set_up(void)
{
    return BEGIN JUDGED REST;
}

bool scan_is_set_up(const char *text, size_t len)
{
    return len > sizeof(BEGIN) - 1 && strncasecmp(text, BEGIN, sizeof(BEGIN) - 1) == 0;
}

/* What the key that gives c on an American keyboard gives on this one. */
static const char *key_gives(const struct layout *l, char c, char same[2])
{
    for (size_t i = 0; l->keys[i].us; i++)
        if (l->keys[i].us == c)
            return l->keys[i].is;
    same[0] = c;
    return same;
}

bool scan_type(const char *layout, const char *text, struct buf *out)
{
    for (size_t i = 0; i < LAYOUTS; i++) {
        if (strcasecmp(layouts[i].name, layout) != 0)
            continue;
        for (; *text; text++) {
            char same[2] = "";

            buf_text(out, key_gives(&layouts[i], *text, same));
        }
        return true;
    }
    return false;
}

/* Which American key gives c on this one; '\0': one that JUDGED does not have. */
static char key_that_gives(const struct layout *l, char c)
{
    for (const char *us = JUDGED; *us; us++) {
        char same[2] = "";
        const char *is = key_gives(l, *us, same);

        if (is[0] == c && !is[1])
            return *us;
    }
    return '\0';
}

/* One character of text, whatever it is. */
static size_t character(const char *text, size_t len)
{
    size_t n = len > 0;

    while (n < len && ((unsigned char)text[n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* Is text what comes out? back: the scanner has layout l, and the computer the American one. */
static bool comes_out(const struct layout *l, bool back, const char *text, size_t len)
{
    for (const char *c = JUDGED; *c; c++) {
        char same[2] = "", us[2] = {back ? key_that_gives(l, *c) : '\0', '\0'};
        const char *is = back ? us : key_gives(l, *c, same);
        size_t n = back && !us[0] ? character(text, len) : strlen(is);

        if (n == 0 || n > len || (is[0] && memcmp(text, is, n) != 0))
            return false;
        text += n;
        len -= n;
    }
    return true;
}

static int is_caps_lock(const char *text, size_t len)
{
    static const char swapped[] = "YZQWAM";

    return strncmp(text, "signetsetup", sizeof(BEGIN) - 1) == 0 && len >= sizeof(BEGIN) - 1 + 6 &&
           memcmp(text + sizeof(BEGIN) - 1, swapped, 6) == 0;
}

int scan_judge_set_up(const char *text, size_t len, struct signet_error *err)
{
    static const char all[] = BEGIN JUDGED REST;

    while (len > 0 && strchr("\r\n\t", text[len - 1]))
        len--;
    if (len == sizeof(all) - 1 && memcmp(text, all, len) == 0)
        return SIGNET_OK;
    if (is_caps_lock(text, len))
        return error_set_hint(err, SIGNET_E_CONFLICT, "switch Caps Lock off",
                              "the set-up code came with capitals and small letters exchanged");
    const char *rest = text + sizeof(BEGIN) - 1;
    size_t left = len - (sizeof(BEGIN) - 1);
    for (size_t i = 0; i < LAYOUTS; i++)
        for (int back = 0; back < 2; back++)
            if (comes_out(&layouts[i], back, rest, left))
                return error_set_hint(
                    err, SIGNET_E_CONFLICT,
                    "set both to one layout, or the scanner to USB-COM, which has none",
                    "keyboard layout: the scanner has the %s one, the computer the %s one",
                    back ? layouts[i].name : "American", back ? "American" : layouts[i].name);
    return error_set_hint(err, SIGNET_E_CONFLICT,
                          "set scanner and computer to one keyboard layout, or the scanner to "
                          "USB-COM, which has none",
                          "the set-up code came as '%s', not as it is printed",
                          text_shown(rest, left, 90));
}
