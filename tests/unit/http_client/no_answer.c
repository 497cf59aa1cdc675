/* SPDX-License-Identifier: Apache-2.0 */
/* Why there was no answer, and how long an answer asks to wait: with a TLS server of the simulator,
 * and with one that says word for word what it is told to. */
#include "http_client/private.h"
#include "sim.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

enum { ANSWERS = 4 };

/* Takes connections in clear, one request each, and gives the answers in turn. */
struct plain {
    int listener;
    uint16_t port;
    const char *answers[ANSWERS];
    int taken;
    pthread_t thread;
};

static const char tls_alert[] = "\x15\x03\x03\0\x02\x02\x28"; /* fatal, handshake_failure */

static void *serve(void *ctx)
{
    struct plain *plain = ctx;
    char text[4096];
    int fd;

    while ((fd = accept(plain->listener, NULL, NULL)) >= 0) {
        const char *answer = plain->taken < ANSWERS ? plain->answers[plain->taken] : NULL;

        plain->taken++;
        if (recv(fd, text, sizeof(text), 0) > 0 && answer == tls_alert)
            (void)!send(fd, tls_alert, sizeof(tls_alert) - 1, MSG_NOSIGNAL);
        else if (answer)
            (void)!send(fd, answer, strlen(answer), MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
        while (recv(fd, text, sizeof(text), 0) > 0)
            ;
        close(fd);
    }
    return NULL;
}

static void listen_on(struct plain *plain)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    plain->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(plain->listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(plain->listener, (struct sockaddr *)&at, &len), 0);
    plain->port = ntohs(at.sin_port);
}

static void start(struct plain *plain)
{
    listen_on(plain);
    assert_int_equal(listen(plain->listener, ANSWERS), 0);
    assert_int_equal(pthread_create(&plain->thread, NULL, serve, plain), 0);
}

static void stop(struct plain *plain)
{
    shutdown(plain->listener, SHUT_RDWR);
    pthread_join(plain->thread, NULL);
    close(plain->listener);
}

/* A GET; the number of attempts that failed before the last is in *retries. */
static void on_event(void *ctx, const struct signet_event *event)
{
    *(int *)ctx += event->kind == SIGNET_EVENT_RETRY && strcmp(event->stage, "here") == 0;
}

static int ask(const char *url, uint16_t port, const char *ca_file, struct http_answer *answer,
               int *retries, struct signet_error *err)
{
    const struct signet_observer observer = {.on_event = on_event, .ctx = retries};
    const struct http_options options = {.url = url,
                                         .port = port,
                                         .ca_file = ca_file,
                                         .allow_http = true,
                                         .stage = "here",
                                         .retry_ms = 1,
                                         .total_ms = 5000,
                                         .attempts = 3};
    const struct http_request request = {.method = "GET", .path = "/x"};
    struct http *http = NULL;

    *retries = 0;
    *answer = (struct http_answer){0};
    *err = (struct signet_error){0};
    int rc = http_open(&http, &options, NULL, &observer, NULL, err);
    if (rc == SIGNET_OK)
        rc = http_send(http, &request, answer, err);
    http_close(&http);
    secret_wipe(&answer->body);
    return rc;
}

static void fails(const char *url, uint16_t port, const char *ca_file, const char *words,
                  const char *hint, int retries)
{
    struct http_answer answer;
    struct signet_error err;
    int seen;

    assert_int_equal(ask(url, port, ca_file, &answer, &seen, &err), SIGNET_E_NET);
    if (!strstr(err.msg, words) || !strstr(err.hint, hint))
        fail_msg("'%s', '%s' without '%s', '%s'", err.msg, err.hint, words, hint);
    assert_int_equal(seen, retries);
    assert_int_equal(signet_error_class(&err), SIGNET_CLASS_AWAY);
    assert_false(answer.maybe_done);
}

static void test_certificates(void **state)
{
    static const struct {
        const char *bad, *words, *hint;
    } cases[] = {
        {"bad-tls=expired", "has expired", "is this clock right? It says 20"},
        {"bad-tls=not-yet-valid", "is not valid yet", "is this clock right?"},
        {"bad-tls=wrong-host", "for another host name", "name that stands in the certificate"},
        {"bad-tls=untrusted", "of no authority in /", "ca_file"},
    };
    char folder[FOLDER_SIZE], ca[96];

    (void)state;
    assert_true(folder_make(folder));
    snprintf(ca, sizeof(ca), "%s/ca.pem", folder);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct sim_server_options options = {
            .kind = "coiote", .ca_file = ca, .misbehave = cases[i].bad};
        struct sim_server *sim = NULL;

        assert_int_equal(sim_server_start(&sim, &options, NULL), SIGNET_OK);
        fails("https://127.0.0.1", sim_server_port(sim), ca, cases[i].words, cases[i].hint, 0);
        if (i == 0) {
            fails("https://127.0.0.1", sim_server_port(sim), NULL, "no authority that this system",
                  "ca_file", 0);
            fails("http://127.0.0.1", sim_server_port(sim), NULL, "this port speaks TLS",
                  "https://", 0);
        }
        assert_int_equal(sim_server_requests(sim), 0);
        sim_server_stop(&sim);
    }
}

static void test_no_connection(void **state)
{
    struct plain plain = {.answers = {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"}};
    char host[100] = "https://";

    (void)state;
    memset(host + 8, 'a', 70); /* longer than any label of a name: no name server is asked */
    host[78] = '\0';
    listen_on(&plain); /* and nobody listens */
    fails("https://127.0.0.1", plain.port, NULL, "the connection was refused", "url and port", 2);
    fails(host, 443, NULL, "there is no such host", "is the url right", 0);
    close(plain.listener);
    start(&plain);
    fails("https://127.0.0.1", plain.port, NULL, "does not speak TLS", "port", 0);
    stop(&plain);
    fails("https://255.255.255.255", plain.port, NULL, ": no connection: ", "", 2);
    plain = (struct plain){.answers = {tls_alert}};
    start(&plain);
    fails("https://127.0.0.1", plain.port, NULL, "no cipher or version in common", "", 0);
    stop(&plain);
}

/* It may have done what it was asked to. */
static void test_nothing(void **state)
{
    struct plain plain = {.answers = {NULL}};
    struct http_answer answer;
    struct signet_error err;
    int retries;

    (void)state;
    start(&plain);
    assert_int_equal(ask("http://127.0.0.1", plain.port, NULL, &answer, &retries, &err),
                     SIGNET_E_NET);
    assert_non_null(strstr(err.msg, " ended the connection without an answer"));
    assert_int_equal(retries, 2);
    assert_true(answer.maybe_done);
    stop(&plain);
}

static void test_ca_files(void **state)
{
    static const char broken[] = "-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n"
                                 "-----END CERTIFICATE-----\n";
    char folder[FOLDER_SIZE], path[96], words[160];
    const struct sim_server_options options = {.kind = "coiote", .ca_file = path};
    struct sim_server *sim = NULL;
    struct http_answer answer;
    struct signet_error err;
    int retries;

    (void)state;
    assert_true(folder_make(folder));
    snprintf(path, sizeof(path), "%s/real.pem", folder);
    assert_int_equal(sim_server_start(&sim, &options, NULL), SIGNET_OK);
    snprintf(path, sizeof(path), "%s/ca.pem", folder);
    assert_int_equal(ask("https://127.0.0.1", 1, path, &answer, &retries, &err), SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "ca_file"));
    assert_non_null(strstr(err.msg, path));
    assert_int_equal(file_write(path, "0\202", 2, 0600, NULL), SIGNET_OK);
    assert_int_equal(ask("https://127.0.0.1", 1, path, &answer, &retries, &err), SIGNET_E_CERT);
    assert_non_null(strstr(err.msg, path));
    assert_non_null(strstr(err.hint, "converted to PEM"));
    assert_int_equal(file_write(path, broken, sizeof(broken) - 1, 0600, NULL), SIGNET_OK);
    snprintf(words, sizeof(words), "%s holds no certificate that can be read", path);
    fails("https://127.0.0.1", sim_server_port(sim), path, words, "", 0);
    sim_server_stop(&sim);
}

static void test_answers(void **state)
{
#define LATER "HTTP/1.1 503 Later\r\nContent-Length: 0\r\nConnection: close\r\n"
    static const struct {
        const char *first;
        long at_least_ms, under_ms;
    } cases[] = {
        {LATER "\r\n", 0, 900},
        {LATER "Retry-After:  1 \r\n\r\n", 1000, 1900},
        /* what a 103 says is not about the answer */
        {"HTTP/1.1 103 Early Hints\r\nRetry-After: 60\r\n\r\n" LATER "\r\n", 0, 900},
        {"HTTP/1.1 103 Early Hints\r\nRetry-After: 60\r\n\r\n" LATER "Retry-After: 1\r\n\r\n", 1000,
         1900},
        /* by the server's own clock, which is years ahead or behind */
        {LATER "Date: Sat, 21 Oct 2045 07:28:00 GMT\r\n"
               "Retry-After: Sat, 21 Oct 2045 07:28:01 GMT\r\n\r\n",
         1000, 1900},
        {LATER "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\n"
               "Retry-After: Wed, 21 Oct 2015 07:28:01 GMT\r\n\r\n",
         1000, 1900},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plain plain = {
            .answers = {cases[i].first, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"}};
        struct http_answer answer;
        struct signet_error err;
        int retries;

        start(&plain);
        int64_t begin = clock_ms();
        assert_int_equal(ask("http://127.0.0.1", plain.port, NULL, &answer, &retries, &err),
                         SIGNET_OK);
        int64_t took = clock_ms() - begin;
        assert_int_equal(answer.status, 200);
        assert_int_equal(retries, 1);
        if (took < cases[i].at_least_ms || took >= cases[i].under_ms)
            fail_msg("case %zu took %lld ms", i, (long long)took);
        stop(&plain);
        assert_int_equal(plain.taken, 2);
    }
}

static void test_too_large(void **state)
{
    static char text[HTTP_BODY_MAX + 200];
    struct plain plain = {.answers = {text}};
    struct http_answer answer;
    struct signet_error err;
    int retries;

    (void)state;
    for (int more = 0; more < 2; more++) {
        int head = snprintf(text, sizeof(text), "HTTP/1.1 400 No\r\nContent-Length: %d\r\n\r\n",
                            HTTP_BODY_MAX + more);
        memset(text + head, 'y', HTTP_BODY_MAX + 1);
        text[head + HTTP_BODY_MAX + more] = '\0';
        plain.taken = 0;
        start(&plain);
        int rc = ask("http://127.0.0.1", plain.port, NULL, &answer, &retries, &err);
        assert_int_equal(rc, more ? SIGNET_E_SERVER : SIGNET_OK);
        stop(&plain);
    }
    assert_int_equal(err.sys, 0);
    assert_int_equal(signet_error_class(&err), SIGNET_CLASS_AWAY);
    assert_true(answer.maybe_done);
}

/* A header without an end: the request may have been understood, and it is not this station's
 * memory that is short. */
static void test_header_without_end(void **state)
{
    static char text[256 * 1024] = "HTTP/1.1 200 OK\r\nX: ";
    struct plain plain = {.answers = {text}};
    struct http_answer answer;
    struct signet_error err;
    int retries;

    (void)state;
    memset(text + strlen(text), 'y', sizeof(text) - 1 - strlen(text));
    start(&plain);
    assert_int_equal(ask("http://127.0.0.1", plain.port, NULL, &answer, &retries, &err),
                     SIGNET_E_SERVER);
    stop(&plain);
    assert_non_null(strstr(err.msg, "header of the answer is too long"));
    assert_int_equal(signet_error_class(&err), SIGNET_CLASS_AWAY);
    assert_true(answer.maybe_done);
    assert_int_equal(retries, 0);
}

/* Something else than a web server. */
static void test_another_service(void **state)
{
    struct plain plain = {.answers = {"SSH-2.0-OpenSSH_9.2\r\n"}};
    struct http_answer answer;
    struct signet_error err;
    int retries;

    (void)state;
    start(&plain);
    assert_int_equal(ask("http://127.0.0.1", plain.port, NULL, &answer, &retries, &err),
                     SIGNET_E_NET);
    stop(&plain);
    assert_non_null(strstr(err.msg, ": what answers there is no web server"));
    assert_non_null(strstr(err.hint, "those of the server's API"));
    assert_int_equal(retries, 0);
    assert_true(answer.maybe_done);
}

/* What stands in no row is told in the words of the library it comes from. */
static void test_other_words(void **state)
{
    static const struct {
        CURLcode code;
        const char *why, *words, *hint;
        bool unsent, passes;
    } rows[] = {
        {CURLE_PEER_FAILED_VERIFICATION, "key too small", "its certificate was not accepted",
         "in the words of OpenSSL: key too small", true, false},
        {CURLE_SSL_CONNECT_ERROR, "bad ecpoint", "TLS with https://h failed",
         "in the words of OpenSSL: bad ecpoint", true, false},
        {CURLE_SSL_CONNECT_ERROR, "wrong version number", "does not speak TLS",
         "is the port right?", true, false},
        {CURLE_RECV_ERROR, "", "broke off in the middle", "does the network hold", false, true},
        {CURLE_PARTIAL_FILE, "", "broke off in the middle", "does the network hold", false, true},
        {CURLE_SEND_FAIL_REWIND, "", "ended the connection without an answer", "", false, true},
        {CURLE_FAILED_INIT, "", "https://h: no answer", "in the words of libcurl: Failed init",
         true, false},
        {CURLE_TOO_MANY_REDIRECTS, "", "https://h: no answer", "in the words of libcurl: ", false,
         false},
    };
    struct http http = {.base = (char[]){"https://h"}, .https = true};

    (void)state;
    assert_int_equal(curl_load(&http.curl, NULL), SIGNET_OK);
    http.easy = http.curl->easy_init();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct failure failure = {.unsent = !rows[i].unsent, .passes = !rows[i].passes};
        struct signet_error err = {0};

        snprintf(http.why, sizeof(http.why), "%s", rows[i].why);
        assert_int_equal(failure_explain(&http, rows[i].code, &failure, &err), SIGNET_E_NET);
        if (!strstr(err.msg, rows[i].words) || !strstr(err.hint, rows[i].hint) ||
            failure.unsent != rows[i].unsent || failure.passes != rows[i].passes)
            fail_msg("row %zu: '%s', '%s'", i, err.msg, err.hint);
    }
    http.curl->easy_cleanup(http.easy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificates),       cmocka_unit_test(test_no_connection),
        cmocka_unit_test(test_ca_files),           cmocka_unit_test(test_answers),
        cmocka_unit_test(test_too_large),          cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_header_without_end), cmocka_unit_test(test_another_service),
        cmocka_unit_test(test_other_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
