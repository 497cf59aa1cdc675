/* SPDX-License-Identifier: Apache-2.0 */
/* Pre-shared keys that somebody typed, and that anyone guesses. Of random keys one in a million
 * looks so. */
#include "lwm2m/lwm2m.h"

#include <ctype.h>

/* Of Anjay's ptool. */
static bool is_anjays_sample(const uint8_t *key, size_t len)
{
    static const char sample[] = "3x@mpl3P5K53cr3tK3y";

    return len == sizeof(sample) - 1 && memcmp(key, sample, len) == 0;
}

bool psk_is_sample(const void *key, size_t len)
{
    /* of examples/configs/endpoint_cfg, with which one may play, but make no devices */
    static const uint8_t own[] = {0x8f, 0x1c, 0x6a, 0x52, 0xd0, 0x7b, 0x43, 0xe9,
                                  0x9a, 0x2e, 0x5d, 0x40, 0xc7, 0xb8, 0x13, 0x6f};

    return is_anjays_sample(key, len) || (len == sizeof(own) && memcmp(key, own, len) == 0);
}

/* 00 00 00 ..., 00 01 02 ..., 00 11 22 ... */
static bool has_one_step(const uint8_t *key, size_t len)
{
    size_t i = 2;

    while (i < len && (uint8_t)(key[i] - key[i - 1]) == (uint8_t)(key[1] - key[0]))
        i++;
    return len > 2 && i == len;
}

static unsigned hex_digit_of(const uint8_t *key, size_t i)
{
    return i % 2 ? key[i / 2] & 15u : key[i / 2] >> 4;
}

/* 01 23 45 67 89 ab cd ef 01 23 ... */
static bool has_digits_in_turn(const uint8_t *key, size_t len)
{
    size_t i = 2;

    while (i < 2 * len && ((hex_digit_of(key, i) - hex_digit_of(key, i - 1)) & 15u) ==
                              ((hex_digit_of(key, 1) - hex_digit_of(key, 0)) & 15u))
        i++;
    return len > 2 && i == 2 * len;
}

/* 12 34 56 78 90 12 ..., but no text: of 16 random bytes one in three million. */
static bool has_decimal_digits(const uint8_t *key, size_t len)
{
    size_t i = 0;
    bool text = true;

    for (; i < 2 * len && hex_digit_of(key, i) < 10; i++)
        text = text && isprint(key[i / 2]);
    return len >= 16 && i == 2 * len && !text;
}

static bool is_decimal_text(const uint8_t *key, size_t len)
{
    size_t i = 0;

    while (i < len && isdigit(key[i]))
        i++;
    return len > 2 && i == len;
}

/* de ad be ef de ad be ef ... */
static bool is_repeated_psk(const uint8_t *key, size_t len)
{
    for (size_t period = 1; period <= len / 2; period++)
        if (memcmp(key, key + period, len - period) == 0)
            return true;
    return false;
}

const char *psk_doubt(const void *key, size_t len)
{
    static const struct {
        bool (*found)(const uint8_t *key, size_t len);
        const char *doubt;
    } kinds[] = {
        {is_anjays_sample, "is the sample that everyone knows"},
        {has_one_step, "has bytes that anyone guesses: each is as far from the one before it"},
        {has_digits_in_turn, "has hex digits that anyone guesses: they come in their turn"},
        {is_decimal_text, "is text of decimal digits alone, which anyone guesses sooner"},
        {has_decimal_digits, "has decimal digits alone, as a placeholder has, or a number that "
                             "was read as hex digits"},
        {is_repeated_psk, "has the same bytes again and again"},
    };

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (kinds[i].found(key, len))
            return kinds[i].doubt;
    return NULL;
}

bool psk_counts_up(const void *key, const void *before, size_t len)
{
    const uint8_t *a = key, *b = before;

    return len > 4 && memcmp(a, b, len) != 0 &&
           (memcmp(a, b, len - 2) == 0 || memcmp(a + 2, b + 2, len - 2) == 0);
}
