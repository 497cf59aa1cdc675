/* SPDX-License-Identifier: Apache-2.0 */
/* A server's words are shown, a key in them is not. */
#include "server/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct signet_server server; /* without a token */

static void shown_as(const char *text, const struct signet_device *device, const char *want)
{
    char out[WORDS_MAX];

    words_show(&server, text, strlen(text), device, out);
    if (strcmp(out, want) != 0)
        fail_msg("'%s' is shown as '%s'", text, out);
}

static void a_key_is_not_shown(void **state)
{
    static const char hidden[] = "(the server's words repeat a secret and are not shown)";
    const struct signet_device device = {.psk = (const uint8_t *)"a key\xab\xcd", .psk_len = 7};

    (void)state;
    shown_as("bad key 61206b6579abcd", &device, hidden);
    shown_as("bad key 61206B6579aBCD", &device, hidden); /* in any case */
    shown_as("bad a key\xab\xcd!", &device, hidden);
    shown_as("bad a key", &device, "bad a key");
    shown_as("61206b6579abcd", NULL, "61206b6579abcd");
    shown_as("key 0123456789abcdef.", NULL, "key ****************."); /* may be one */
    shown_as("key 0123456789ABCDEF0", NULL, "key *****************");
    shown_as("no 0123456789abcde", NULL, "no 0123456789abcde");
    shown_as("0123456789abcdef and 0123456789abcdef", NULL,
             "**************** and ****************");
}

static void words_are_escaped_and_cut(void **state)
{
    char longer[WORDS_MAX * 2], out[WORDS_MAX];

    (void)state;
    shown_as("a\x1b[31m\r\n", NULL, "a\\x1b[31m\\x0d\\x0a");
    shown_as("", NULL, "");
    memset(longer, 'z', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    words_show(&server, longer, strlen(longer), NULL, out);
    assert_int_equal(strlen(out), WORDS_MAX - 1);
    words_show(&server, "a\0b", 3, NULL, out);
    assert_string_equal(out, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_key_is_not_shown),
                                       cmocka_unit_test(words_are_escaped_and_cut)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
