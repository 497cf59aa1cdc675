/* SPDX-License-Identifier: Apache-2.0 */
/* The set-up code. A scanner that acts as a keyboard sends keys, not characters: when scanner and
 * computer have different layouts, other characters come out. What came out names the two. */
#include "scan/scan.h"

#include <signet/run.h>

/* These letters are at the same place in all of the layouts. */
#define BEGIN "SIGNETSETUP"
/* Here no layout has a dead key, which swallows what follows. */
#define JUDGED "yzqwam0123456789-_.:/;,!@#$%&*()<>?|\\"
#define REST   "\"'=+[]{}~^`"

/* What the keys of JUDGED give elsewhere. */
static const struct layout {
    const char *name, *gives;
} layouts[] = {
    {"German", "zyqwam0123456789ß?.Ö-ö,!\"§$%/()=;:_'#"},
    {"French", "ywazq,à&é\"'(-è_ç)°:M!m;123457890./§µ*"},
    {"British", "yzqwam0123456789-_.:/;,!\"£$%&*()<>?~#"},
    {"Spanish", "yzqwam0123456789'?.Ñ-ñ,!\"·$%/()=;:_Çç"},
    {"Italian", "yzqwam0123456789'?.ç-ò,!\"£$%/()=;:_§ù"},
    {"Swedish or Finnish", "yzqwam0123456789+?.Ö-ö,!\"#¤%/()=;:_*'"},
    {"Norwegian", "yzqwam0123456789+?.Ø-ø,!\"#¤%/()=;:_*'"},
    {"Danish", "yzqwam0123456789+?.Æ-æ,!\"#¤%/()=;:_*'"},
    {"Swiss German", "zyqwam0123456789'?.é-ö,+\"*ç%/()=;:_£$"},
};
enum { LAYOUTS = COUNT_OF(layouts) };

const char *signet_scan_set_up(void)
{
    return BEGIN JUDGED REST;
}

bool scan_is_set_up(const char *text, size_t len)
{
    return len > sizeof(BEGIN) - 1 && strncasecmp(text, BEGIN, sizeof(BEGIN) - 1) == 0;
}

/* One character of text, whatever it is. */
static size_t character(const char *text, size_t len)
{
    size_t n = len > 0;

    while (n < len && ((unsigned char)text[n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* What key number n of JUDGED gives. */
static const char *key_gives(const struct layout *l, size_t n, size_t *len)
{
    const char *c = l->gives;

    for (*len = character(c, strlen(c)); n > 0; n--) {
        c += *len;
        *len = character(c, strlen(c));
    }
    return c;
}

bool scan_type(const char *layout, const char *text, struct buf *out)
{
    const struct layout *l = NULL;

    for (size_t i = 0; i < LAYOUTS && !l; i++)
        l = strcasecmp(layouts[i].name, layout) == 0 ? &layouts[i] : NULL;
    for (; l && *text; text++) {
        const char *key = strchr(JUDGED, *text);
        size_t len = 1;
        const char *is = key ? key_gives(l, (size_t)(key - JUDGED), &len) : text;

        buf_append(out, is, len);
    }
    return l;
}

/* Which key of JUDGED gives c on this one; '\0': none. */
static char key_that_gives(const struct layout *l, char c)
{
    for (size_t i = 0; i < sizeof(JUDGED) - 1; i++) {
        size_t len;
        const char *is = key_gives(l, i, &len);

        if (len == 1 && is[0] == c)
            return JUDGED[i];
    }
    return '\0';
}

/* The computer has layout l, and the scanner the American one. */
static bool came_by(const struct layout *l, const char *text, size_t len)
{
    size_t n = strlen(l->gives);

    return len >= n && memcmp(text, l->gives, n) == 0;
}

/* The scanner has layout l, and the computer the American one: what comes of a key that the scanner
 * does not have is unknown. */
static bool was_sent_by(const struct layout *l, const char *text, size_t len)
{
    for (const char *c = JUDGED; *c; c++) {
        char us = key_that_gives(l, *c);
        size_t n = us ? 1 : character(text, len);

        if (n == 0 || n > len || (us && *text != us))
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

    while (len > 0 && char_in(text[len - 1], "\r\n\t"))
        len--;
    if (len == sizeof(all) - 1 && memcmp(text, all, len) == 0)
        return SIGNET_OK;
    if (is_caps_lock(text, len))
        return error_set_hint(err, SIGNET_E_CONFLICT, "switch Caps Lock off",
                              "the set-up code came with capitals and small letters exchanged");
    const char *rest = text + sizeof(BEGIN) - 1;
    size_t left = len - (sizeof(BEGIN) - 1);
    for (size_t i = 0; i < LAYOUTS; i++) {
        bool came = came_by(&layouts[i], rest, left);

        if (came || was_sent_by(&layouts[i], rest, left))
            return error_set_hint(
                err, SIGNET_E_CONFLICT,
                "set both to one layout, or the scanner to USB-COM, which has none",
                "keyboard layout: the scanner has the %s one, the computer the %s one",
                came ? "American" : layouts[i].name, came ? layouts[i].name : "American");
    }
    return error_set_hint(err, SIGNET_E_CONFLICT,
                          "set scanner and computer to one keyboard layout, or the scanner to "
                          "USB-COM, which has none",
                          "the set-up code came as '%s', not as it is printed",
                          text_shown(rest, left, 90));
}
