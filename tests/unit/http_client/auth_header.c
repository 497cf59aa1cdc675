/* SPDX-License-Identifier: Apache-2.0 */
/* When a login is made, and when its token is used again.
 * wrap: clock_ms
 */
#include "http_client/auth_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int64_t __wrap_clock_ms(void);
static int64_t now_ms;

int64_t __wrap_clock_ms(void)
{
    return now_ms;
}

struct service {
    const char *token;
    int64_t seconds;
    int rc;
    unsigned logins;
};

static int log_in(const void *ctx, struct http *http, struct secret *token, int64_t *seconds,
                  struct signet_error *err)
{
    struct service *s = (struct service *)(uintptr_t)ctx;

    (void)http;
    s->logins++;
    *seconds = s->seconds;
    if (s->rc)
        return error_set(err, (enum signet_code)s->rc, "said the server");
    return secret_set(token, s->token, strlen(s->token), err);
}

static struct auth_header *open_for(struct service *s)
{
    const struct http_auth auth = {.login = log_in, .ctx = s, .prefix = "X-Auth: "};
    struct auth_header *auth_header = NULL;

    now_ms = 1000000;
    assert_int_equal(auth_header_open(&auth_header, &auth, NULL), SIGNET_OK);
    assert_true(auth_header_renews(auth_header));
    return auth_header;
}

static void tokens_without_a_login(void **state)
{
    static const char *const bad[] = {"a b", "a\nb", "\x7f", "\xc3\xa9", " "};
    struct auth_header *auth_header = NULL;
    struct secret header = {0};
    struct signet_error err;
    unsigned login = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct http_auth auth = {.token = bad[i], .token_len = strlen(bad[i])};
        assert_int_equal(auth_header_open(&auth_header, &auth, &err), SIGNET_E_USAGE);
        assert_null(auth_header);
    }
    const struct http_auth good = {.token = "!~", .token_len = 2};
    assert_int_equal(auth_header_open(&auth_header, &good, &err), SIGNET_OK);
    assert_false(auth_header_renews(auth_header));
    assert_int_equal(auth_header_take(auth_header, NULL, &login, &header, &err), SIGNET_OK);
    assert_string_equal((char *)header.data, "Authorization: Bearer !~");
    auth_header_close(&auth_header);
    assert_int_equal(auth_header_open(&auth_header, NULL, &err),
                     SIGNET_OK); /* nobody in particular */
    assert_int_equal(auth_header_take(auth_header, NULL, &login, &header, &err), SIGNET_OK);
    assert_null(header.data);
    auth_header_close(&auth_header);
    auth_header_close(&auth_header);
}

static void take(struct auth_header *auth_header, unsigned *login)
{
    struct secret header = {0};

    assert_int_equal(auth_header_take(auth_header, NULL, login, &header, NULL), SIGNET_OK);
    assert_string_equal((char *)header.data, "X-Auth: t");
    secret_wipe(&header);
}

static void one_login_serves_until_its_end(void **state)
{
    static const struct {
        int64_t seconds, lasts_ms; /* of a login, as it is told and as it is used */
    } rows[] = {
        {600, 540000}, {120, 60000}, {119, 59500}, {60, 30000}, {1, 500},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct service s = {.token = "t", .seconds = rows[i].seconds};
        struct auth_header *auth_header = open_for(&s);
        unsigned login = 0;

        take(auth_header, &login);
        login = 0;
        now_ms += rows[i].lasts_ms - 1;
        take(auth_header, &login);
        assert_int_equal(s.logins, 1);
        login = 0;
        now_ms += 1;
        take(auth_header, &login);
        assert_int_equal(s.logins, 2);
        auth_header_close(&auth_header);
    }
}

static void no_end_or_a_far_one(void **state)
{
    static const int64_t seconds[] = {0, -5, INT64_MAX};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct service s = {.token = "t", .seconds = seconds[i]};
        struct auth_header *auth_header = open_for(&s);
        unsigned login = 0;

        take(auth_header, &login);
        login = 0;
        now_ms += (int64_t)29 * 86400 * 1000;
        take(auth_header, &login);
        assert_int_equal(s.logins, 1);
        auth_header_close(&auth_header);
    }
}

/* A 401 names the login that was taken back: another thread may have renewed it since. */
static void a_login_that_was_taken_back(void **state)
{
    struct service s = {.token = "t"};
    struct auth_header *auth_header = open_for(&s);
    unsigned mine = 0, others;

    (void)state;
    take(auth_header, &mine);
    assert_int_equal(mine, 1);
    others = mine;
    take(auth_header, &mine);
    assert_int_equal(s.logins, 2);
    assert_int_equal(mine, 2);
    take(auth_header, &others);
    assert_int_equal(s.logins, 2);
    assert_int_equal(others, 2);
    auth_header_close(&auth_header);
}

static void failed_logins(void **state)
{
    struct service s = {.token = ""};
    struct auth_header *auth_header = open_for(&s);
    struct secret header = {0};
    struct signet_error err;
    unsigned login = 0;

    (void)state;
    assert_int_equal(auth_header_take(auth_header, NULL, &login, &header, &err), SIGNET_E_SERVER);
    assert_string_equal(err.msg, "logging in: the server's login brought no token");
    s.token = "a\nb";
    assert_int_equal(auth_header_take(auth_header, NULL, &login, &header, &err), SIGNET_E_USAGE);
    s.rc = SIGNET_E_AUTH;
    assert_int_equal(auth_header_take(auth_header, NULL, &login, &header, &err), SIGNET_E_AUTH);
    assert_string_equal(err.msg, "logging in: said the server");
    assert_null(header.data);
    assert_int_equal(login, 0);
    s = (struct service){.token = "t"};
    take(auth_header, &login);
    assert_int_equal(login, 1);
    auth_header_close(&auth_header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_without_a_login), cmocka_unit_test(one_login_serves_until_its_end),
        cmocka_unit_test(no_end_or_a_far_one),    cmocka_unit_test(a_login_that_was_taken_back),
        cmocka_unit_test(failed_logins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
