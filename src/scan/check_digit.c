/* SPDX-License-Identifier: Apache-2.0 */
/* Check digits: Luhn (IMEI, ICCID), GTIN and EAN, and the pure systems of ISO 7064. */
#include "scan/scan.h"

const char *const scan_checks[] = {"luhn", "gtin", "mod11-2", "mod37-2", "mod97-10", NULL};

static bool all_digits(const char *text, size_t len)
{
    return len > 1 && strspn(text, "0123456789") == len;
}

static bool luhn(const char *text, size_t len)
{
    unsigned sum = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned)(text[len - 1 - i] - '0') << (i & 1);

        sum += digit > 9 ? digit - 9 : digit;
    }
    return all_digits(text, len) && sum % 10 == 0;
}

/* GTIN-8, -12 (UPC), -13 (EAN) and -14 have one rule, from the right. */
static bool gtin(const char *text, size_t len)
{
    unsigned sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += (unsigned)(text[len - 1 - i] - '0') * (i & 1 ? 3 : 1);
    return all_digits(text, len) && (len == 8 || (len >= 12 && len <= 14)) && sum % 10 == 0;
}

/* The value of a character in ISO 7064; -1: it has none. last: the check character, which may be
 * the extra one. */
static int character_value(char c, bool letters, char extra, unsigned extra_value)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (letters && c >= 'A' && c <= 'Z')
        return c - 'A' + 10;
    return extra && c == extra ? (int)extra_value : -1;
}

static bool iso7064(const char *text, size_t len, unsigned modulus, unsigned radix, char extra)
{
    bool letters = modulus != 11;
    unsigned sum = 0;

    for (size_t i = 0; i < len; i++) {
        int value = character_value(text[i], letters, i + 1 == len ? extra : '\0', modulus - 1);

        if (value < 0)
            return false;
        if (modulus == 97 && value > 9) /* a letter is two digits */
            sum = (sum * 100 + (unsigned)value) % modulus;
        else
            sum = (sum * radix + (unsigned)value) % modulus;
    }
    return len > 1 && sum == 1;
}

bool scan_check_digit(const char *name, const char *text)
{
    size_t len = strlen(text);

    if (strcmp(name, "luhn") == 0)
        return luhn(text, len);
    if (strcmp(name, "gtin") == 0)
        return gtin(text, len);
    if (strcmp(name, "mod11-2") == 0)
        return iso7064(text, len, 11, 2, 'X');
    if (strcmp(name, "mod37-2") == 0)
        return iso7064(text, len, 37, 2, '*');
    return strcmp(name, "mod97-10") == 0 && iso7064(text, len, 97, 10, '\0');
}
