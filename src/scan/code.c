/* SPDX-License-Identifier: Apache-2.0 */
/* What a code is, by the rules of the order. */
#include "scan/scan.h"

/* "]C1": the AIM identifier that some scanners put in front. */
static const char *without_symbology(const char *text)
{
    bool is_one = text[0] == ']' && text[1] >= 'A' && text[1] <= 'z' && text[2] >= '0' &&
                  text[2] <= '9' && text[3];

    return is_one ? text + 3 : text;
}

/* # a digit, @ a capital letter, ? any of both; others stand for themselves. */
static bool fits_pattern(const char *pattern, const char *text)
{
    for (; *pattern && *text; pattern++, text++) {
        bool digit = *text >= '0' && *text <= '9', letter = *text >= 'A' && *text <= 'Z';
        bool fits = *pattern == '#'   ? digit
                    : *pattern == '@' ? letter
                    : *pattern == '?' ? digit || letter
                                      : *pattern == *text;
        if (!fits)
            return false;
    }
    return !*pattern && !*text;
}

/* Text behind prefix; NULL: it begins otherwise, or there is no such rule, or nothing behind it. */
static const char *behind(const char *prefix, const char *text)
{
    size_t len = prefix ? strlen(prefix) : 0;

    return len && strncmp(text, prefix, len) == 0 && text[len] ? text + len : NULL;
}

int scan_check_device(const struct signet_scan *rules, struct scan_code *code,
                      struct signet_error *err)
{
    const char *whole = code->text;
    const char *text = rules->prefix ? behind(rules->prefix, whole) : whole;

    if (!text)
        return error_set_hint(err, SIGNET_E_SYNTAX, "scan the code of the device",
                              "'%s' does not begin with '%s'", text_shown(whole, strlen(whole), 60),
                              rules->prefix);
    if (rules->pattern && !fits_pattern(rules->pattern, text))
        return error_set_hint(err, SIGNET_E_SYNTAX,
                              "scan the code of the device; the set-up code shows whether the "
                              "scanner's keyboard layout is right",
                              "'%s' does not fit the pattern %s of the order",
                              text_shown(text, strlen(text), 60), rules->pattern);
    if (rules->check && !scan_check_digit(rules->check, text))
        return error_set_hint(err, SIGNET_E_SYNTAX, "scan it again, or look at the printed digits",
                              "the check digit (%s) of '%s' is wrong", rules->check,
                              text_shown(text, strlen(text), 60));
    memmove(code->text, text, strlen(text) + 1);
    return SIGNET_OK;
}

/* Printable ASCII, or UTF-8; a copy with its end. */
static int clean(const char *text, size_t len, char out[SCAN_CODE_MAX + 1],
                 struct signet_error *err)
{
    while (len > 0 && char_in(text[len - 1], "\r\n\t "))
        len--;
    if (len == 0)
        return error_set(err, SIGNET_E_SYNTAX, "the code is empty");
    if (len > SCAN_CODE_MAX)
        return error_set(err, SIGNET_E_SYNTAX, "the code has %zu bytes: at most %d are possible",
                         len, SCAN_CODE_MAX);
    memcpy(out, text, len);
    out[len] = '\0';
    struct signet_error why = {0};
    return text_check("code", text, len, &why) == SIGNET_OK
               ? SIGNET_OK
               : error_set(err, SIGNET_E_SYNTAX, "%s", why.msg);
}

int scan_check_row(const void *rules, const char *text, size_t len, struct signet_error *err)
{
    struct signet_scan bare = *(const struct signet_scan *)rules;
    struct scan_code code = {0};
    int rc = clean(text, len, code.text, err);

    bare.prefix = NULL;
    if (rc == SIGNET_OK)
        rc = scan_check_device(&bare, &code, err);
    if (rc != SIGNET_OK)
        error_hint(err, "correct the row: no scanner could read this code here");
    return rc;
}

int scan_read(const struct signet_scan *rules, const char *text, size_t len, struct scan_code *out,
              struct signet_error *err)
{
    const struct {
        const char *prefix;
        enum scan_kind kind;
    } kinds[] = {{rules->slot_prefix, SCAN_SLOT},
                 {rules->operator_prefix, SCAN_OPERATOR},
                 {rules->carrier_prefix, SCAN_CARRIER}};
    char whole[SCAN_CODE_MAX + 1];
    const char *rest = NULL;

    if (scan_is_set_up(text, len)) {
        out->kind = SCAN_SET_UP;
        return scan_judge_set_up(text, len, err);
    }
    int rc = clean(text, len, whole, err);
    if (rc != SIGNET_OK)
        return rc;
    const char *code = without_symbology(whole);
    out->kind = SCAN_DEVICE;
    for (size_t i = 0; !rest && i < COUNT_OF(kinds); i++)
        if ((rest = behind(kinds[i].prefix, code)))
            out->kind = kinds[i].kind;
    if (!rest)
        rest = code;
    memcpy(out->text, rest, strlen(rest) + 1);
    return SIGNET_OK;
}
