/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided before anything is sent: URLs, tokens, how long to wait. */
#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int open_with(const char *url, const char *token, bool allow_http)
{
    const struct http_options options = {.url = url, .allow_http = allow_http};
    const struct http_auth auth = {.token = token, .token_len = strlen(token)};
    struct http *http = NULL;
    struct signet_error err = {0};
    int rc = http_open(&http, &options, &auth, NULL, NULL, &err);

    assert_true(!rc || err.msg[0]);
    assert_null(strstr(err.msg, "secret")); /* neither user info of a URL nor a token is shown */
    assert_null(strstr(err.hint, "secret"));
    http_close(&http);
    return rc;
}

static void test_urls(void **state)
{
    static const char *const good[] = {"https://h", "HTTPS://h.example", "https://127.0.0.1/",
                                       "https://[::1]"};
    static const char *const bad[] = {"",
                                      "h",
                                      "https://",
                                      "https:///",
                                      "ftp://h",
                                      "http://h",
                                      "https://user:secret@h",
                                      "https://h/path",
                                      "https://h?token=secret",
                                      "https://h\r\nX: y",
                                      "https://h#f",
                                      " https://h",
                                      "file:///etc/passwd"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(open_with(good[i], "t", false), SIGNET_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(open_with(bad[i], "t", false), SIGNET_E_USAGE);
    assert_int_equal(open_with("http://h", "t", true), SIGNET_OK);
}

static void test_tokens(void **state)
{
    static const char *const bad[] = {"secret token", "secret\r\nX-Evil: 1", "secret\n",
                                      "secret\x7f", "secr\xc3\xa9t"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(open_with("https://h", bad[i], false), SIGNET_E_USAGE);
}

static void test_retry_after(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"0", 0},
        {" 7 ", 7000},
        {"120", 120000},
        {"121", 120000},
        {"99999999999999999999999", 120000},
        {"-1", -1},
        {"1.5", -1},
        {"5 soon", -1},
        {"", -1},
        {"   ", -1},
        {"Wed, 21 Oct 2015 07:28:00 GMT", 10000}, /* 10 s after now, which is below */
        {"Wed, 21 Oct 2015 07:27:00 GMT", 0},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 120000},
        {"not a date at all", -1},
        {"Wed, 21 Oct 2015 07:28:00 GMT Wed, 21 Oct 2015 07:28:00 GMT Wed, 21 Oct", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(http_retry_after(cases[i].text, strlen(cases[i].text), 1445412470),
                         cases[i].ms);
}

static void test_encode(void **state)
{
    struct buf out = {0};

    (void)state;
    http_encode(&out, "urn:dev:os:1 /?#&%~\xc3\xa9");
    buf_byte(&out, 0);
    assert_string_equal((char *)out.data, "urn%3Adev%3Aos%3A1%20%2F%3F%23%26%25~%C3%A9");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_encode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
