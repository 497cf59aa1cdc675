/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided before anything is sent: URLs, tokens, how long to wait; and which answers of a
 * server on loopback are answers. TLS is in tests/unit/server/batch.c.
 * wrap: wipe malloc calloc realloc strdup locked_alloc
 */
#include "http_client/private.h"
#include "unit/kept.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

void __real_wipe(void *data, size_t len);
void __wrap_wipe(void *data, size_t len);
static size_t headers_wiped;

void __wrap_wipe(void *data, size_t len)
{
    headers_wiped += len == 29 && memcmp(data, "Authorization: Bearer a-token", 29) == 0;
    __real_wipe(data, len);
}

static _Thread_local long allocations, fails_at; /* the Nth of this thread; 0: none */

static bool fails(void)
{
    return ++allocations == fails_at;
}

#define WRAP(type, name, parameters, arguments)                                                    \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return fails() ? NULL : __real_##name arguments;                                           \
    }
WRAP(void *, malloc, (size_t n), (n))
WRAP(void *, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, (void *p, size_t n), (p, n))
WRAP(char *, strdup, (const char *s), (s))

void *__real_locked_alloc(size_t n);
void *__wrap_locked_alloc(size_t n);

void *__wrap_locked_alloc(size_t n)
{
    void *memory = fails() ? NULL : __real_locked_alloc(n);

    kept_blocks += memory != NULL;
    return memory;
}

static int open_with(const char *url, const char *token, bool allow_http, struct signet_error *err)
{
    const struct http_options options = {.url = url, .allow_http = allow_http};
    const struct http_auth auth = {.token = token, .token_len = strlen(token)};
    struct http *http = NULL;

    *err = (struct signet_error){0};
    int rc = http_open(&http, &options, &auth, NULL, NULL, err);
    assert_true(!rc || err->msg[0]);
    assert_null(strstr(err->msg, "secret")); /* neither user info of a URL nor a token is shown */
    assert_null(strstr(err->hint, "secret"));
    http_close(&http);
    return rc;
}

static void test_urls(void **state)
{
    static const char *const good[] = {"https://h", "HTTPS://h.example", "https://127.0.0.1/",
                                       "https://[::1]"};
    static const struct {
        const char *url, *words;
    } bad[] = {
        {NULL, "no url"},
        {"", "no url"},
        {"h", "must begin with https://"},
        {"ftp://h", "must begin with https://"},
        {" https://h", "must begin with https://"},
        {"file:///etc/passwd", "must begin with https://"},
        {"https://", "no host"},
        {"https:///", "no host"},
        {"http://h", "in clear"},
        {"https://user:secret@h", "https://HOST and no more"},
        {"https://h/path", "https://HOST and no more"},
        {"https://h?token=secret", "https://HOST and no more"},
        {"https://h\r\nX: y", "https://HOST and no more"},
        {"https://h#f", "https://HOST and no more"},
        {"https://h#", "https://HOST and no more"},
    };
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(open_with(good[i], "t", false, &err), SIGNET_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (open_with(bad[i].url, "t", false, &err) != SIGNET_E_USAGE ||
            !strstr(err.msg, bad[i].words))
            fail_msg("%s: %s", bad[i].url, err.msg);
    assert_int_equal(open_with("http://h", "t", true, &err), SIGNET_OK);
}

static void a_port_stands_in_one_place(void **state)
{
    static const struct {
        const char *url;
        uint16_t port;
        const char *base, *words; /* one of them */
    } rows[] = {
        {"https://h", 443, "https://h:443", NULL},
        {"https://h/", 65535, "https://h:65535", NULL},
        {"https://h:1", 0, "https://h:1", NULL},
        {"https://h:65535//", 0, "https://h:65535", NULL},
        {"https://h:80/", 80, "https://h:80", NULL},
        {"https://[::1]", 80, "https://[::1]:80", NULL},
        {"http://127.0.0.1:80", 0, "http://127.0.0.1:80", NULL},
        {"https://h:0/", 0, NULL, "the server's url has the port 0"},
        {"https://h:65536//", 0, NULL, "the server's url has the port 65536"},
        {"https://h:65536", 443, NULL, "the server's url has the port 65536"},
        {"https://h:80/", 443, NULL, "the url has port 80, and port is 443"},
        {"https://h:", 443, NULL, "the server's url has a colon and no port"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct http_options options = {
            .url = rows[i].url, .port = rows[i].port, .allow_http = true};
        struct signet_error err = {0};
        char *base = NULL;
        bool https = false;
        int rc = url_base(&options, &base, &https, &err);

        if (rc != (rows[i].base ? SIGNET_OK : SIGNET_E_USAGE))
            fail_msg("%s: %s", rows[i].url, rc ? err.msg : base);
        assert_string_equal(rows[i].base ? base : err.msg,
                            rows[i].base ? rows[i].base : rows[i].words);
        assert_int_equal(https || rc, rows[i].url[4] == 's' || rc);
        free(base);
    }
}

static void test_tokens(void **state)
{
    static const char *const bad[] = {"secret token", "secret\r\nX-Evil: 1", "secret\n",
                                      "secret\x7f", "secr\xc3\xa9t"};

    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(open_with("https://h", bad[i], false, &err), SIGNET_E_USAGE);
        assert_non_null(strstr(err.msg, "no token has"));
    }
}

static void test_retry_after(void **state)
{
    static const struct {
        const char *text, *date;
        int64_t ms;
    } cases[] = {
        {"0", NULL, 0},
        {"7", NULL, 7000},
        {"7", "Wed, 21 Oct 2015 07:28:00 GMT", 7000},
        {"120", NULL, 120000},
        {"121", NULL, 120000},
        {"99999999999999999999999", NULL, 120000},
        {"-1", NULL, -1},
        {"1.5", NULL, -1},
        {"5 soon", NULL, -1},
        {"", NULL, -1},
        {"Wed, 21 Oct 2015 07:28:00 GMT", NULL, 10000}, /* 10 s after now, which is below */
        {"Wed, 21 Oct 2015 07:27:00 GMT", NULL, 0},
        {"Fri, 31 Dec 9999 23:59:59 GMT", NULL, 120000},
        {"not a date at all", NULL, -1},
        /* a server whose clock is a year behind, and one that is ahead */
        {"Tue, 21 Oct 2014 07:28:00 GMT", "Tue, 21 Oct 2014 07:27:57 GMT", 3000},
        {"Fri, 21 Oct 2016 07:28:00 GMT", "Fri, 21 Oct 2016 07:27:55 GMT", 5000},
        {"Fri, 21 Oct 2016 07:28:00 GMT", "Fri, 21 Oct 2016 07:29:00 GMT", 0},
        {"Wed, 21 Oct 2015 07:28:00 GMT", "nonsense", 10000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(http_retry_after(cases[i].text, cases[i].date, 1445412470), cases[i].ms);
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

/* A server of plain HTTP: each connection gets the next answer, whatever it asks. */
struct server {
    int listener;
    uint16_t port;
    pthread_t thread;
    const char *const *answers; /* "": the connection ends without one */
    size_t count, requests;
    char seen[8][1024];
    char last; /* byte of a long request */
};

static size_t content_length(const char *head)
{
    const char *at = strstr(head, "Content-Length: ");

    return at ? strtoul(at + 16, NULL, 10) : 0;
}

static void answer_one(struct server *s, int fd)
{
    const char *next = s->requests < s->count ? s->answers[s->requests] : NULL;
    const char *text = next ? next : "", *end;
    char *seen = s->seen[s->requests < 8 ? s->requests : 7];
    char rest[4096];
    size_t len = 0, want = SIZE_MAX;
    ssize_t n;

    memset(seen, 0, sizeof(s->seen[0]));
    while (len < want && len < sizeof(s->seen[0]) - 1 &&
           (n = recv(fd, seen + len, sizeof(s->seen[0]) - 1 - len, 0)) > 0) {
        len += (size_t)n;
        if (*seen < 'A')
            break;
        end = strstr(seen, "\r\n\r\n");
        if (end)
            want = (size_t)(end + 4 - seen) + content_length(seen);
    }
    while (want != SIZE_MAX && len < want && (n = recv(fd, rest, sizeof(rest), 0)) > 0) {
        len += (size_t)n;
        s->last = rest[n - 1];
    }
    if (*seen != 'G' && *seen != 'P') /* nothing, or a look at whether this speaks TLS */
        return;
    s->requests++;
    if (strcmp(text, "large") == 0) {
        static char body[70000];
        send(fd, "HTTP/1.1 200 OK\r\n\r\n", 19, MSG_NOSIGNAL);
        memset(body, 'x', sizeof(body));
        for (int i = 0; i < 20; i++)
            if (send(fd, body, sizeof(body), MSG_NOSIGNAL) < 0)
                break;
    } else {
        send(fd, text, strlen(text), MSG_NOSIGNAL);
    }
}

static void *serve(void *ctx)
{
    struct server *s = ctx;
    int fd;

    while ((fd = accept(s->listener, NULL, NULL)) >= 0) {
        answer_one(s, fd);
        shutdown(fd, SHUT_WR);
        close(fd);
    }
    return NULL;
}

static void server_start(struct server *s, const char *const *answers, size_t count)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);

    memset(s, 0, sizeof(*s));
    s->answers = answers;
    s->count = count;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(s->listener, 8), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &size), 0);
    s->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
}

static int log_in(const void *ctx, struct http *http, struct secret *token, int64_t *seconds,
                  struct signet_error *err)
{
    (void)http;
    *seconds = 0;
    ++*(unsigned *)(uintptr_t)ctx;
    return secret_set(token, "fresh", 5, err);
}

#define OK_JSON   "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
#define PAGE      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 8\r\n\r\n \n<html>"
#define STATUS(s) "HTTP/1.1 " s " x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
#define LATER(s)                                                                                   \
    "HTTP/1.1 " s " x\r\nConnection: close\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"

/* What comes of each, and after how many requests. */
static void test_answers(void **state)
{
    enum { BODY = 1, TWICE_IS_FINE = 2, LOGIN = 4, ANONYMOUS = 8 };
    static const struct {
        unsigned how;
        const char *answers[6];
        size_t count; /* of requests */
        int rc;
        long status;
        bool maybe_done;
    } rows[] = {
        {BODY, {OK_JSON}, 1, SIGNET_OK, 200, false},
        /* a web page with a good status, in answer to a body, is no answer */
        {BODY, {PAGE}, 1, SIGNET_E_SERVER, 0, true},
        {BODY | TWICE_IS_FINE, {PAGE, OK_JSON}, 2, SIGNET_OK, 200, true},
        {BODY | TWICE_IS_FINE, {PAGE, PAGE, OK_JSON}, 2, SIGNET_E_SERVER, 0, true},
        {0, {PAGE}, 1, SIGNET_OK, 200, false},
        /* a connection that ends: sent again only when that may be done twice */
        {BODY, {""}, 1, SIGNET_E_NET, 0, true},
        {BODY | TWICE_IS_FINE, {"", OK_JSON}, 2, SIGNET_OK, 200, true},
        {0, {"", OK_JSON}, 2, SIGNET_OK, 200, true},
        {BODY,
         {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\n{"},
         1,
         SIGNET_E_NET,
         0,
         true},
        /* try later: as often as was asked, the first included */
        {BODY, {LATER("429"), OK_JSON}, 2, SIGNET_OK, 200, false},
        {BODY, {LATER("503"), LATER("503"), LATER("503"), OK_JSON}, 4, SIGNET_OK, 200, false},
        {BODY,
         {LATER("503"), LATER("503"), LATER("503"), LATER("503"), OK_JSON},
         4,
         SIGNET_OK,
         503,
         false},
        {BODY, {STATUS("500"), OK_JSON}, 1, SIGNET_OK, 500, false},
        {BODY, {LATER("429"), ""}, 2, SIGNET_E_NET, 0, true},
        /* a redirect is not followed: a key would go on to elsewhere */
        {BODY,
         {"HTTP/1.1 307 x\r\nConnection: close\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n",
          OK_JSON},
         1,
         SIGNET_OK,
         307,
         false},
        {0, {"large"}, 1, SIGNET_E_SERVER, 0, true},
        /* one 401 is answered with another login */
        {LOGIN, {STATUS("401"), OK_JSON}, 2, SIGNET_OK, 200, false},
        {LOGIN, {STATUS("401"), STATUS("401"), OK_JSON}, 2, SIGNET_OK, 401, false},
        {LOGIN | ANONYMOUS, {STATUS("401"), OK_JSON}, 1, SIGNET_OK, 401, false},
        {LOGIN, {STATUS("403"), OK_JSON}, 1, SIGNET_OK, 403, false},
        {0, {STATUS("401"), OK_JSON}, 1, SIGNET_OK, 401, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned logins = 0;
        const struct http_auth token = {.token = "a-token", .token_len = 7};
        const struct http_auth login = {.login = log_in, .ctx = &logins};
        struct buf body = {0};
        struct http_request request = {.method = rows[i].how & BODY ? "POST" : "GET",
                                       .path = "/p",
                                       .body = rows[i].how & BODY ? &body : NULL,
                                       .anonymous = rows[i].how & ANONYMOUS,
                                       .retry_lost = rows[i].how & TWICE_IS_FINE};
        struct http_options options = {
            .url = "http://127.0.0.1", .allow_http = true, .retry_ms = 1};
        struct http_answer answer = {0};
        struct signet_error err = {0};
        struct http *http = NULL;
        struct server s;

        server_start(&s, rows[i].answers, 6);
        options.port = s.port;
        buf_text(&body, "{}");
        assert_int_equal(
            http_open(&http, &options, rows[i].how & LOGIN ? &login : &token, NULL, NULL, &err),
            SIGNET_OK);
        headers_wiped = 0;
        int rc = http_send(http, &request, &answer, &err);
        http_close(&http);
        server_stop(&s);
        if (rc != rows[i].rc || s.requests != rows[i].count || answer.status != rows[i].status ||
            answer.maybe_done != rows[i].maybe_done)
            fail_msg("case %zu: %d, %ld, %zu requests, %d: %s", i, rc, answer.status, s.requests,
                     answer.maybe_done, err.msg);
        if (rows[i].how & LOGIN) {
            assert_int_equal(logins, rows[i].how & ANONYMOUS ? 0 : rows[i].count);
            assert_int_equal(strstr(s.seen[0], "Bearer fresh") != NULL, !(rows[i].how & ANONYMOUS));
        } else {
            assert_non_null(strstr(s.seen[0], "Authorization: Bearer a-token\r\n"));
            assert_true(headers_wiped >= rows[i].count); /* the copy that each request had */
        }
        secret_wipe(&answer.body);
        buf_free(&body);
    }
}

/* An answer that there is no memory for is none. */
static void memory_runs_out(void **state)
{
    static const char *const answers[] = {OK_JSON};
    long failed = 0;
    bool hit = true;

    (void)state;
    for (long n = 1; hit; n++) {
        const struct http_auth token = {.token = "a-token", .token_len = 7};
        struct buf body = {0};
        const struct http_request request = {.method = "POST", .path = "/p", .body = &body};
        struct http_options options = {.url = "http://127.0.0.1", .allow_http = true};
        struct http_answer answer = {0};
        struct signet_error err = {0};
        struct http *http = NULL;
        struct server s;

        server_start(&s, answers, 1);
        options.port = s.port;
        buf_text(&body, "{}");
        assert_int_equal(http_open(&http, &options, &token, NULL, NULL, &err), SIGNET_OK);
        allocations = 0;
        fails_at = n;
        int rc = http_send(http, &request, &answer, &err);
        hit = allocations >= n;
        fails_at = 0;
        if (rc == SIGNET_OK ? answer.status != 200 || answer.body.len != 2 : (int)err.code != rc)
            fail_msg("allocation %ld: %d, %ld: %s", n, rc, answer.status, err.msg);
        failed += rc != SIGNET_OK;
        http_close(&http);
        server_stop(&s);
        secret_wipe(&answer.body);
        buf_free(&body);
    }
    assert_true(failed > 2);
}

/* libcurl takes it in parts. */
static void test_long_body(void **state)
{
    static const char *const answers[] = {OK_JSON};
    struct http_options options = {.url = "http://127.0.0.1", .allow_http = true, .attempts = 1};
    struct buf body = {0};
    const struct http_request request = {.method = "POST", .path = "/", .body = &body};
    struct http_answer answer = {0};
    struct signet_error err = {0};
    struct http *http = NULL;
    struct server s;

    (void)state;
    server_start(&s, answers, 1);
    options.port = s.port;
    for (int i = 0; i < 300000; i++)
        buf_byte(&body, 'a');
    buf_byte(&body, 'z');
    assert_int_equal(http_open(&http, &options, NULL, NULL, NULL, &err), SIGNET_OK);
    if (http_send(http, &request, &answer, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
    http_close(&http);
    server_stop(&s);
    assert_int_equal(s.last, 'z');
    secret_wipe(&answer.body);
    buf_free(&body);
}

/* One that memory or a limit did not suffice for is not sent in part. */
static void test_body_without_memory(void **state)
{
    const struct http_options options = {
        .url = "http://127.0.0.1", .port = 1, .allow_http = true, .attempts = 1};
    struct buf body = {.max = 4};
    const struct http_request request = {.method = "POST", .path = "/", .body = &body};
    struct http_answer answer = {0};
    struct signet_error err = {0};
    struct http *http = NULL;

    (void)state;
    buf_text(&body, "{\"too\": \"large\"}");
    assert_int_equal(http_open(&http, &options, NULL, NULL, NULL, &err), SIGNET_OK);
    assert_int_equal(http_send(http, &request, &answer, &err), SIGNET_E_LIMIT);
    http_close(&http);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),       cmocka_unit_test(a_port_stands_in_one_place),
        cmocka_unit_test(test_tokens),     cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_encode),     cmocka_unit_test(test_answers),
        cmocka_unit_test(memory_runs_out), cmocka_unit_test(test_body_without_memory),
        cmocka_unit_test(test_long_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
