/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrap: locked_alloc
 */
#include "base/base.h"
#include "unit/kept.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const uint8_t key[16] = {0xfb, 0xff, 0x20, 0x6b, 0x00, 0x9f, 0xf0, 0x11,
                                0x3e, 0xc4, 0x5a, 0x80, 0x7d, 0x0a, 0xe7, 0x91};
static const char token[] = "eyJ0b2tlbiI6-Qx_7h.Zk93";
enum { MANY = 1500 };
static struct live live, lives[MANY];
static struct secret secret;
static bool no_memory;

/* A test that fails leaves nothing in the list of the process: the next one would hang. */
static int forget(void **state)
{
    (void)state;
    no_memory = false;
    for (size_t i = 0; i < MANY; i++)
        live_end(&lives[i]);
    live_end(&live);
    secret_wipe(&secret);
    return 0;
}

/* The text as it is masked. */
static const char *masked(const char *text, size_t len)
{
    static char out[32768];

    assert_true(len < sizeof(out));
    memcpy(out, text, len);
    out[len] = '\0';
    secret_mask(out, len);
    return out;
}

void *__real_locked_alloc(size_t size);
void *__wrap_locked_alloc(size_t size);

void *__wrap_locked_alloc(size_t size)
{
    void *memory = no_memory ? NULL : __real_locked_alloc(size);

    kept_blocks += memory != NULL;
    return memory;
}

/* Nothing but stars between "begin <" and "> end". */
static void hidden_within(const char *text, size_t len, const char *what)
{
    char whole[4096];
    int used = snprintf(whole, sizeof(whole), "begin <");

    memcpy(whole + used, text, len);
    memcpy(whole + used + len, "> end", 6);
    const char *out = masked(whole, (size_t)used + len + 5);
    assert_memory_equal(out, "begin <", 7);
    assert_memory_equal(out + used + len, "> end", 5);
    size_t stars = 0;
    for (size_t i = 0; i < len; i++)
        stars += out[(size_t)used + i] == '*';
    if (stars + 6 < len) /* a prefix or a bracket may stay */
        fail_msg("%s: %s became %s", what, whole, out);
}

static void hidden_and_backwards(struct buf *text, const char *what)
{
    hidden_within((char *)text->data, text->len, what);
    for (size_t i = 0; i < text->len / 2; i++) {
        uint8_t c = text->data[i];
        text->data[i] = text->data[text->len - 1 - i];
        text->data[text->len - 1 - i] = c;
    }
    hidden_within((char *)text->data, text->len, what);
    buf_free(text);
}

#define EACH(text, data, len, fmt)                                                                 \
    do {                                                                                           \
        for (size_t each_i = 0; each_i < (len); each_i++)                                          \
            buf_printf((text), (fmt), (data)[each_i]);                                             \
    } while (0)
#define HIDDEN(fmt)                                                                                \
    do {                                                                                           \
        EACH(&text, data, len, fmt);                                                               \
        hidden_within((char *)text.data, text.len, fmt);                                           \
        buf_free(&text);                                                                           \
    } while (0)

static void numbers_hide_nothing(const uint8_t *data, size_t len)
{
    struct buf text = {0};

    HIDDEN("%02x");
    HIDDEN("%02X");
    HIDDEN("%02x:");
    HIDDEN("%02X ");
    HIDDEN("%02x-");
    HIDDEN("%02x\n");
    HIDDEN("%02x . ");
    HIDDEN("0x%02x, ");
    HIDDEN("0x%x, ");
    HIDDEN("\\x%02x");
    HIDDEN("%%%02X");
    HIDDEN("%%25%02X"); /* twice escaped */
    HIDDEN("\\u%04x");
    HIDDEN("&#x%x;");
    HIDDEN("&#%u;");
    HIDDEN("%u, ");
    HIDDEN("%03o ");
    HIDDEN("\\%03o");
    EACH(&text, data, len, "%02x");
    hidden_and_backwards(&text, "hex, backwards");
    for (size_t i = 0; i < len; i++)
        buf_printf(&text, "%d, ", (int8_t)data[i]);
    hidden_within((char *)text.data, text.len, "Java's bytes");
    buf_free(&text);
}

static void base64_at(const uint8_t *data, size_t len, size_t before, bool url)
{
    struct buf bytes = {0}, text = {0};

    for (size_t i = 0; i < before; i++)
        buf_byte(&bytes, (uint8_t)(0x41 + i));
    buf_append(&bytes, data, len);
    buf_base64(&text, bytes.data, bytes.len);
    for (size_t i = 0; url && i < text.len; i++)
        text.data[i] = text.data[i] == '+' ? '-' : text.data[i] == '/' ? '_' : text.data[i];
    hidden_and_backwards(&text, "base64");
    buf_free(&bytes);
}

static void hidden_in_every_spelling(const uint8_t *data, size_t len)
{
    struct buf text = {0}, twice = {0};

    numbers_hide_nothing(data, len);
    for (size_t before = 0; before < 4; before++) {
        base64_at(data, len, before, false);
        base64_at(data, len, before, true);
    }
    buf_append(&text, data, len);
    hidden_and_backwards(&text, "raw");
    for (size_t i = 0; i < len; i++)
        buf_byte(&text, data[len - 1 - i]);
    buf_base64(&twice, text.data, text.len);
    hidden_and_backwards(&twice, "base64 of what is backwards");
    buf_free(&text);
    buf_hex(&text, data, len);
    buf_base64(&twice, text.data, text.len);
    hidden_and_backwards(&twice, "base64 of hex");
    buf_free(&text);
    buf_base64(&text, data, len);
    for (size_t i = 0; i < text.len; i++)
        buf_printf(&twice, char_in(text.data[i], "+/=") ? "%%%02X" : "%c", text.data[i]);
    hidden_and_backwards(&twice, "base64 in a URL");
    for (size_t i = 0; i < len; i++)
        buf_printf(&twice, i % 3 == 0 ? "&#%u;" : i % 3 == 1 ? "&#x%x;" : "%c", data[i]);
    hidden_within((char *)twice.data, twice.len, "raw, some of it as entities");
    buf_free(&twice);
    buf_free(&text);
}

/* Letters in front, which a decoder takes for digits as well, and the text: stars, but for so many
 * bytes of it that do not spell the secret. Frees the text. */
static void hidden_behind(size_t letters, struct buf *text, size_t others, const char *what)
{
    char whole[4096];
    size_t stars = 0;

    memcpy(whole, "abcdabcd", letters);
    memcpy(whole + letters, text->data, text->len);
    const char *out = masked(whole, letters + text->len);
    assert_memory_equal(out, whole, letters);
    for (size_t i = 0; i < text->len; i++)
        stars += out[letters + i] == '*';
    if (stars + others < text->len)
        fail_msg("%s behind %zu letters: %.*s became %s", what, letters, (int)text->len,
                 (const char *)text->data, out);
    buf_free(text);
}

static void buf_base32(struct buf *out, const uint8_t *data, size_t len)
{
    for (size_t bit = 0; bit < 8 * len; bit += 5) {
        unsigned digit = 0;

        for (size_t i = bit; i < bit + 5; i++)
            digit = digit << 1 | (i < 8 * len ? (unsigned)data[i / 8] >> (7 - i % 8) & 1U : 0U);
        buf_byte(out, (uint8_t) "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[digit]);
    }
}

static void digits_at_each_offset(const uint8_t *data, size_t len)
{
    struct buf text = {0}, inner = {0};

    for (size_t letters = 0; letters < 8; letters++) {
        buf_hex(&text, data, len);
        hidden_behind(letters, &text, 0, "hex");
        buf_base64(&text, data, len);
        hidden_behind(letters, &text, 2, "base64");
        buf_base32(&text, data, len);
        hidden_behind(letters, &text, 0, "base32");
        for (int hex = 0; hex < 2; hex++) {
            buf_append(&inner, "abcdabcd", letters);
            (hex ? buf_hex : buf_base64)(&inner, data, len);
            buf_base64(&text, inner.data, inner.len);
            buf_free(&inner);
            hidden_behind(0, &text, 6 + letters * 4 / 3, hex ? "hex in base64" : "base64 twice");
        }
    }
}

static void letters_apart(const uint8_t *data, size_t len)
{
    struct buf text = {0};

    EACH(&text, data, len, "%c ");
    hidden_and_backwards(&text, "with blanks");
    for (size_t i = 0; i < len; i++)
        buf_append(&text, (const uint8_t[]){data[i], 0}, 2);
    hidden_behind(0, &text, 1, "in UTF-16");
    for (size_t i = 0; i < len; i++)
        buf_printf(&text, i % 5 == 4 ? "%c\r\n  " : "%c", data[i]);
    hidden_behind(0, &text, 4, "in lines");
}

static void are_hidden_in_every_spelling(void **state)
{
    (void)state;
    live_begin(&lives[0], key, sizeof(key));
    live_begin(&lives[1], token, strlen(token));
    hidden_in_every_spelling(key, sizeof(key));
    hidden_in_every_spelling((const uint8_t *)token, strlen(token));
    digits_at_each_offset(key, sizeof(key));
    digits_at_each_offset((const uint8_t *)token, strlen(token));
    letters_apart((const uint8_t *)token, strlen(token));
    live_end(&lives[0]);
    live_end(&lives[1]);
}

static void what_is_no_secret_stays(void **state)
{
    static const char text[] = "reading 'x': 0123456789abcdef is wrong, fbff206b009f and 251, 255";
    static const uint8_t short_one[] = "abc";
    (void)state;
    live_begin(&lives[0], key, sizeof(key));
    live_begin(&lives[1], short_one, 3);
    assert_string_equal(masked(text, strlen(text)), text);
    live_end(&lives[0]);
    live_end(&lives[1]);
    live_end(&lives[1]);
    assert_string_equal(masked("FBFF206B009FF0113EC45A807D0AE791", 32),
                        "FBFF206B009FF0113EC45A807D0AE791"); /* it is gone */
}

static void half_of_it_is_hidden_too(void **state)
{
    (void)state;
    live_begin(&live, key, sizeof(key));
    assert_string_equal(masked("a 3ec45a807d0ae791.", 19), "a ****************.");
    assert_string_equal(masked("a FB:FF:20:6B:00:9F:F0:11.", 26), "a ***********************.");
    live_end(&live);
    live_begin(&live, "4711", 4); /* a PIN, whole */
    assert_string_equal(masked("the PIN 4711 is wrong, not 471", 30),
                        "the PIN **** is wrong, not 471");
    assert_string_equal(masked("4711", 4), "****"); /* a text that is nothing else */
    assert_string_equal(masked("471", 3), "471");
    live_end(&live);
}

/* So many bytes in a row of a secret are hidden wherever they are in it; one less is no secret. */
static void every_row_of(const uint8_t *data, size_t len, size_t row)
{
    live_begin(&live, data, len);
    for (size_t at = 0; at + row <= len; at++) {
        struct buf text = {0};

        EACH(&text, data + at, row, "%02x");
        assert_int_equal(strspn(masked((char *)text.data, text.len), "*"), text.len);
        assert_memory_equal(masked((char *)text.data, text.len - 2), text.data, text.len - 2);
        buf_free(&text);
    }
    live_end(&live);
}

static void rows_as_long_as_a_part_of_a_secret(void **state)
{
    static const uint8_t lens[][2] = {{4, 4},  {7, 7},   {8, 8},   {15, 8},  {16, 8},
                                      {17, 8}, {24, 12}, {31, 15}, {32, 16}, {64, 16}};
    static uint8_t data[64];

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 151 + 128);
    for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++)
        every_row_of(data, lens[i][0], lens[i][1]);
}

static void at_each_place_of_a_long_text(void **state)
{
    char text[6000];
    (void)state;
    live_begin(&live, key, sizeof(key));
    for (size_t at = 1000; at < 5000; at += at % 1024 < 896 ? 97 : 3) { /* and where chunks end */
        memset(text, 'z', sizeof(text));
        hex_encode(key, sizeof(key), text + at);
        text[at + 32] = 'z';
        const char *out = masked(text, sizeof(text));
        assert_int_equal(strspn(out, "z"), at);
        assert_int_equal(strspn(out + at, "*"), 32);
        assert_int_equal(strspn(out + at + 32, "z"), sizeof(text) - at - 32);
    }
    live_end(&live);
}

/* A number ends where the text does, whatever a longer part of it left behind there. */
static void a_number_at_the_end_of_a_long_text(void **state)
{
    char text[3000];
    struct buf numbers = {0};

    (void)state;
    live_begin(&live, key, sizeof(key));
    EACH(&numbers, key, sizeof(key), ", %u");
    memset(text, '7', sizeof(text));
    memcpy(text + sizeof(text) - numbers.len, numbers.data, numbers.len);
    const char *out = masked(text, sizeof(text));
    assert_int_equal(strspn(out + sizeof(text) - numbers.len + 2, "*"), numbers.len - 2);
    live_end(&live);
    buf_free(&numbers);
}

/* Likewise what is too short to be a part of a secret. */
static void a_part_at_the_end_of_a_long_text(void **state)
{
    static const char *const parts[] = {"abcdefg", "abcd efg"};
    char text[3000];

    (void)state;
    live_begin(&live, "abcdefghijklmnop", 16);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        memset(text, 'h', sizeof(text));
        memcpy(text + sizeof(text) - strlen(parts[i]), parts[i], strlen(parts[i]));
        assert_memory_equal(masked(text, sizeof(text)), text, sizeof(text));
    }
    live_end(&live);
}

static void long_ones_and_many_are_found(void **state)
{
    static uint8_t long_one[10240], keys[MANY][16];
    struct buf text = {0};
    const char *out;

    (void)state;
    random_bytes(long_one, sizeof(long_one), NULL);
    random_bytes(keys, sizeof(keys), NULL);
    live_begin(&live, long_one, sizeof(long_one));
    for (size_t at = 0; at + 16 <= sizeof(long_one); at += 1278) { /* parts of it, in many turns */
        buf_hex(&text, long_one + at, 16);
        hidden_behind(0, &text, 0, "a part of a long secret");
    }
    buf_base64(&text, long_one, sizeof(long_one));
    out = masked((char *)text.data, text.len);
    assert_true(strspn(out, "*") >= text.len - 2);
    buf_free(&text);
    live_end(&live);
    for (size_t i = 0; i < MANY; i++)
        live_begin(&lives[i], keys[i], 16);
    for (size_t i = 0; i < MANY; i += i < 1400 ? 100 : 33) {
        buf_hex(&text, keys[i], 16);
        hidden_behind(0, &text, 0, "one of many");
    }
    for (size_t i = 0; i < MANY; i++)
        live_end(&lives[i]);
}

static void without_memory_as_well(void **state)
{
    (void)state;
    live_begin(&live, key, sizeof(key));
    no_memory = true;
    const char *out = masked("a FBFF206B009FF0113EC45A807D0AE791.", 35);
    no_memory = false;
    assert_string_equal(out, "a ********************************.");
    live_begin(&lives[0], token, strlen(token)); /* nobody waits for the list */
    live_end(&lives[0]);
    live_end(&live);
}

/* What is cut, is masked before. */
static void texts_and_errors_go_through(void **state)
{
    struct signet_error err = {0};
    struct buf out = {0};
    char hex[33], long_text[500];

    (void)state;
    hex_encode(key, sizeof(key), hex);
    assert_int_equal(secret_set(&secret, key, sizeof(key), NULL), SIGNET_OK);
    error_set(&err, SIGNET_E_IO, "it says %s", hex);
    assert_non_null(strstr(err.msg, hex)); /* not told yet that it is one */
    secret_live(&secret);
    secret_live(&secret);
    error_set(&err, SIGNET_E_IO, "it says %s", hex);
    error_prefix(&err, "for %s", hex);
    error_hint(&err, "try %s", hex);
    assert_string_equal(err.msg, "for ********************************: it says "
                                 "********************************");
    assert_string_equal(err.hint, "try ********************************");
    memset(long_text, 'z', sizeof(long_text));
    snprintf(long_text + 376, sizeof(long_text) - 376, "%s", hex); /* the message ends in it */
    error_set(&err, SIGNET_E_IO, "%s", long_text);
    assert_string_equal(err.msg + 376, "*******");
    snprintf(long_text, sizeof(long_text), "abc%s", hex);
    assert_string_equal(text_shown(long_text, strlen(long_text), 5), "abc**");
    text_escape(&out, (const uint8_t *)long_text, strlen(long_text));
    assert_string_equal((char *)out.data, "abc********************************");
    buf_reset(&out);
    text_escape_value(&out, (const uint8_t *)hex, 32); /* to be shown */
    assert_string_equal((char *)out.data, hex);
    buf_free(&out);
    secret_wipe(&secret);
    error_set(&err, SIGNET_E_IO, "it says %s", hex);
    assert_non_null(strstr(err.msg, hex));
}

static void *come_and_go(void *ctx)
{
    char text[] = "nothing of them is in here";

    for (int i = 0; i < 2000; i++) {
        struct live own;

        live_begin(&own, ctx, 16);
        if (i % 100 == 0)
            secret_mask(text, strlen(text));
        live_end(&own);
    }
    return NULL;
}

static void threads_come_and_go(void **state)
{
    uint8_t keys[4][16];
    pthread_t threads[4];
    struct signet_error err = {0};

    (void)state;
    random_bytes(keys, sizeof(keys), NULL);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, keys[i]), 0);
    for (int i = 0; i < 50; i++)
        error_set(&err, SIGNET_E_IO, "a message of %d", i);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_string_equal(masked("FBFF206B009FF0113EC45A807D0AE791", 32),
                        "FBFF206B009FF0113EC45A807D0AE791");
}

/* The time it takes to look for a secret in a text that is all of it. */
static clock_t time_of(uint8_t *data, size_t len)
{
    clock_t begin = clock();

    live_begin(&live, data, len);
    const char *out = masked((const char *)data, len);
    live_end(&live);
    assert_int_equal(strspn(out, "*"), len);
    return clock() - begin;
}

/* Each place of such a text may be the begin of any place of the secret. */
static void a_secret_that_repeats_itself(void **state)
{
    static uint8_t varied[20000], same[sizeof(varied)];
    static const char seam[] = "aaaaaaaabcdefghi", less[] = "<aaaaaaaaaaaaaaa>";
    (void)state;

    srand(1);
    for (size_t i = 0; i < sizeof(varied); i++)
        varied[i] = (uint8_t)(33 + rand() % 90);
    memset(same, 'a', sizeof(same));
    clock_t first = time_of(varied, sizeof(varied)), second = time_of(same, sizeof(same));
    assert_true(second < 20 * first + CLOCKS_PER_SEC / 10);
    memcpy(same + 10000, "bcdefghij", 9);
    live_begin(&live, same, sizeof(same));
    assert_string_equal(masked(seam, strlen(seam)), "****************");
    assert_string_equal(masked(less, strlen(less)), less); /* 15 in a row are no part of it */
    live_end(&live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(are_hidden_in_every_spelling, forget),
        cmocka_unit_test_teardown(what_is_no_secret_stays, forget),
        cmocka_unit_test_teardown(half_of_it_is_hidden_too, forget),
        cmocka_unit_test_teardown(rows_as_long_as_a_part_of_a_secret, forget),
        cmocka_unit_test_teardown(at_each_place_of_a_long_text, forget),
        cmocka_unit_test_teardown(a_number_at_the_end_of_a_long_text, forget),
        cmocka_unit_test_teardown(a_part_at_the_end_of_a_long_text, forget),
        cmocka_unit_test_teardown(long_ones_and_many_are_found, forget),
        cmocka_unit_test_teardown(without_memory_as_well, forget),
        cmocka_unit_test_teardown(texts_and_errors_go_through, forget),
        cmocka_unit_test_teardown(threads_come_and_go, forget),
        cmocka_unit_test_teardown(a_secret_that_repeats_itself, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
