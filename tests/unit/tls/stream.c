/* SPDX-License-Identifier: Apache-2.0 */
/* A device's connection over TCP, without TLS and with it, by either library: OpenSSL's server. */
#include "tls/mbedtls_api.h"
#include "tls/tls.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_MS = 10000 };

static struct server {
    SSL_CTX *ctx; /* NULL: without TLS */
    int fd;
    uint16_t port;
    pthread_t thread;
    char key;      /* of the PSK; 0: the identity is not known */
    bool hangs_up; /* at once */
} s;

static unsigned find_psk(SSL *ssl, const char *identity, unsigned char *psk, unsigned size)
{
    (void)ssl, (void)size;
    if (strcmp(identity, "urn:dev:1") != 0 || !s.key)
        return 0;
    memset(psk, s.key, 16);
    return 16;
}

static ssize_t take(SSL *ssl, int fd, char *data, size_t size)
{
    return ssl ? SSL_read(ssl, data, (int)size) : recv(fd, data, size, 0);
}

/* "+" before what comes, in two parts. */
static void *serve(void *arg)
{
    struct pollfd p = {.fd = s.fd, .events = POLLIN};
    int fd = poll(&p, 1, WAIT_MS) == 1 ? accept(s.fd, NULL, NULL) : -1;
    SSL *ssl = s.ctx ? SSL_new(s.ctx) : NULL;
    char data[2048];
    ssize_t n;

    (void)arg;
    if (ssl)
        SSL_set_fd(ssl, fd);
    bool good = !s.hangs_up && (!ssl || SSL_accept(ssl) == 1);
    while (good && (n = take(ssl, fd, data, sizeof(data))) > 0) {
        if (ssl) {
            SSL_write(ssl, "+", 1);
            SSL_write(ssl, data, (int)n);
        } else {
            send(fd, "+", 1, MSG_NOSIGNAL);
            send(fd, data, (size_t)n, MSG_NOSIGNAL);
        }
        if (data[0] == '.')
            break;
    }
    if (ssl && good)
        SSL_shutdown(ssl);
    SSL_free(ssl);
    if (!good) { /* what was not read would make a reset of it, and eat the alert */
        if (s.hangs_up)
            recv(fd, data, sizeof(data), 0);
        shutdown(fd, SHUT_WR);
        while (!s.hangs_up && recv(fd, data, sizeof(data), 0) > 0)
            ;
    }
    close(fd);
    return NULL;
}

static void listen_at(bool tls, int version)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);

    s.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s.fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(s.fd, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(listen(s.fd, 1), 0);
    s.port = ntohs(at.sin_port);
    s.ctx = tls ? SSL_CTX_new(TLS_server_method()) : NULL;
    if (tls) {
        SSL_CTX_set_min_proto_version(s.ctx, version);
        SSL_CTX_set_max_proto_version(s.ctx, version);
        SSL_CTX_set_options(s.ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
        SSL_CTX_set_psk_server_callback(s.ctx, find_psk);
        SSL_CTX_set_cipher_list(s.ctx, "PSK-AES128-CCM8:PSK-AES128-CBC-SHA:@SECLEVEL=0");
    }
}

static void start(bool tls, int version)
{
    listen_at(tls, version);
    assert_int_equal(pthread_create(&s.thread, NULL, serve, NULL), 0);
}

static void stop(void)
{
    pthread_join(s.thread, NULL);
    close(s.fd);
    SSL_CTX_free(s.ctx);
    s = (struct server){0};
}

static int dial(struct tls_connection **out, const struct tls_credentials *credentials,
                struct signet_error *err)
{
    *err = (struct signet_error){0};
    return tls_open(out,
                    &(const struct tls_peer){.host = "127.0.0.1", .port = s.port, .stream = true},
                    credentials, clock_ms() + WAIT_MS, NULL, err);
}

static void say(struct tls_connection *t, const char *text)
{
    char data[64];
    size_t len = 0, all = 0, wanted = strlen(text) + 1;
    struct signet_error err = {0};

    assert_int_equal(tls_send(t, text, strlen(text), &err), SIGNET_OK);
    for (; all < wanted; all += len)
        if (tls_recv(t, data + all, sizeof(data) - all, &len, clock_ms() + WAIT_MS, NULL, &err))
            fail_msg("%s", err.msg);
    assert_int_equal(all, wanted);
    assert_int_equal(data[0], '+');
    assert_memory_equal(data + 1, text, wanted - 1);
}

static struct secret psk;
static const struct tls_credentials openssl = {.psk = &psk,
                                               .identity = (const uint8_t *)"urn:dev:1",
                                               .identity_len = 9},
                                    mbedtls = {.psk = &psk,
                                               .identity = (const uint8_t *)"urn:dev:1",
                                               .identity_len = 9,
                                               .stack = TLS_STACK_MBEDTLS};

static const struct {
    const struct tls_credentials *login;
    const char *cipher, *unknown, *wrong, *gone, *newer, *older;
} rows[] = {
    {NULL, "", NULL, NULL, NULL, NULL, NULL},
    {&openssl, "PSK-AES128-CCM8", "unknown PSK identity", "wrong PSK", "closed the connection",
     "alert 70", "unsupported protocol"},
    {&mbedtls, "TLS-PSK-WITH-AES-128-CCM-8", "fatal alert", "fatal alert", "the handshake",
     "fatal alert", "min/max"},
};

static void what_comes_and_goes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tls_connection *t = NULL;
        struct signet_error err;
        char data[8];
        size_t len;

        start(rows[i].login, TLS1_2_VERSION);
        s.key = 'k';
        if (dial(&t, rows[i].login, &err))
            fail_msg("row %zu: %s", i, err.msg);
        assert_string_equal(tls_cipher(t), rows[i].cipher);
        say(t, "hello");
        assert_int_equal(tls_recv(t, data, sizeof(data), &len, clock_ms() + 20, NULL, &err),
                         SIGNET_E_TIMEOUT);
        say(t, ".");
        assert_int_equal(tls_recv(t, data, sizeof(data), &len, clock_ms() + WAIT_MS, NULL, &err),
                         SIGNET_E_NET);
        assert_non_null(strstr(err.msg, "closed the"));
        stop();
        /* The other side is gone: the second write is refused, and raises no signal. */
        int rc = SIGNET_OK;
        for (int tries = 0; !rc && tries < 100; tries++, usleep(1000))
            rc = tls_send(t, "x", 1, &err);
        assert_int_equal(rc, SIGNET_E_NET);
        tls_close(&t);
    }
}

static void who_is_refused(void **state)
{
    (void)state;
    for (size_t i = 1; i < COUNT_OF(rows); i++) {
        const char *const words[] = {rows[i].unknown, rows[i].wrong, rows[i].gone, rows[i].newer,
                                     rows[i].older};

        for (size_t k = 0; k < COUNT_OF(words); k++) {
            struct tls_connection *t = NULL;
            struct signet_error err;

            start(true, k == 4 ? TLS1_1_VERSION : k == 3 ? TLS1_3_VERSION : TLS1_2_VERSION);
            s.key = k == 1 ? 'j' : k == 0 ? 0 : 'k';
            s.hangs_up = k == 2;
            assert_int_equal(dial(&t, rows[i].login, &err), SIGNET_E_NET);
            if (!strstr(err.msg, words[k]) || strstr(err.msg, "DTLS") || strstr(err.msg, "kkkk"))
                fail_msg("row %zu, case %zu: %s", i, k, err.msg);
            assert_null(t);
            stop();
        }
    }
}

/* Records that a library reads away one after the other: HelloRequests, and warnings. */
static void *flood(void *arg)
{
    static const char records[][9] = {"\x16\x03\x03\x00\x04\x00\x00\x00\x00",
                                      "\x15\x03\x03\x00\x02\x01\x5a"};
    bool warnings = *(const bool *)arg;
    int fd = accept(s.fd, NULL, NULL);
    char data[2048];

    recv(fd, data, sizeof(data), 0);
    while (send(fd, records[warnings], warnings ? 7 : 9, MSG_NOSIGNAL) > 0)
        ;
    close(fd);
    return NULL;
}

static void records_without_end(void **state)
{
    (void)state;
    for (size_t i = 1; i < COUNT_OF(rows); i++) {
        struct tls_connection *t = NULL;
        struct signet_error err;
        bool warnings = rows[i].login == &mbedtls;

        listen_at(false, 0);
        assert_int_equal(pthread_create(&s.thread, NULL, flood, &warnings), 0);
        /* at its time, whatever the library makes of it */
        assert_int_not_equal(tls_open(&t, &(const struct tls_peer){"127.0.0.1", s.port, true},
                                      rows[i].login, clock_ms() + 300, NULL, &err),
                             SIGNET_OK);
        stop();
    }
}

static int server_send(void *fd, const unsigned char *data, size_t len)
{
    return (int)send(*(const int *)fd, data, len, MSG_NOSIGNAL);
}

static int server_recv(void *fd, unsigned char *data, size_t size)
{
    return (int)recv(*(const int *)fd, data, size, 0);
}

static int server_random(void *ctx, unsigned char *out, size_t len)
{
    (void)ctx;
    return random_bytes(out, len, NULL);
}

/* Mbed TLS as the server, since it sends records without a byte when it is told to; "." ends. */
static void *send_empty(void *arg)
{
    const struct mbed_api *api = NULL;
    static struct mbed_room ssl, config;
    int fd = accept(s.fd, NULL, NULL);
    unsigned char data[8];

    (void)arg;
    if (mbed_load(&api, NULL) != SIGNET_OK)
        return NULL;
    api->ssl_init(&ssl);
    api->ssl_config_init(&config);
    api->ssl_config_defaults(&config, 1, MBED_STREAM, 0);
    api->ssl_conf_rng(&config, server_random, NULL);
    api->ssl_conf_psk(&config, psk.data, psk.len, (const uint8_t *)"urn:dev:1", 9);
    api->ssl_setup(&ssl, &config);
    api->ssl_set_bio(&ssl, &fd, server_send, server_recv, NULL);
    while (api->ssl_read(&ssl, data, sizeof(data)) > 0 && data[0] != '.') {
        for (int i = 0; i < 3; i++) /* a fourth is an attack to Mbed TLS */
            api->ssl_write(&ssl, data, 0);
        api->ssl_write(&ssl, data, 1);
    }
    api->ssl_write(&ssl, data, 0);
    api->ssl_write(&ssl, data, 0);
    close(fd);
    api->ssl_free(&ssl);
    api->ssl_config_free(&config);
    return NULL;
}

static void records_without_a_byte(void **state)
{
    (void)state;
    for (size_t i = 1; i < COUNT_OF(rows); i++) {
        struct tls_connection *t = NULL;
        struct signet_error err;
        char data[8];
        size_t len = 0;

        listen_at(false, 0);
        assert_int_equal(pthread_create(&s.thread, NULL, send_empty, NULL), 0);
        assert_int_equal(dial(&t, rows[i].login, &err), SIGNET_OK);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(tls_send(t, "x", 1, &err), SIGNET_OK);
            if (tls_recv(t, data, sizeof(data), &len, clock_ms() + WAIT_MS, NULL, &err))
                fail_msg("row %zu: %s", i, err.msg);
            assert_int_equal(len, 1);
        }
        assert_int_equal(tls_send(t, ".", 1, &err), SIGNET_OK);
        assert_int_equal(tls_recv(t, data, sizeof(data), &len, clock_ms() + WAIT_MS, NULL, &err),
                         SIGNET_E_NET); /* it went away behind the last */
        tls_close(&t);
        stop();
    }
}

static void nobody_listens(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tls_connection *t = NULL;
        struct signet_error err;

        start(false, 0);
        s.hangs_up = true;
        assert_int_equal(dial(&t, NULL, &err), SIGNET_OK);
        tls_close(&t);
        uint16_t port = s.port;
        stop();
        s.port = port;
        assert_int_equal(dial(&t, rows[i].login, &err), SIGNET_E_NET);
        assert_non_null(strstr(err.msg, "Connection refused"));
        assert_non_null(strstr(err.hint, "does the server run"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_and_goes), cmocka_unit_test(who_is_refused),
        cmocka_unit_test(records_without_end), cmocka_unit_test(records_without_a_byte),
        cmocka_unit_test(nobody_listens),
    };

    signal(SIGPIPE, SIG_DFL);
    if (secret_set(&psk, "kkkkkkkkkkkkkkkk", 16, NULL) != SIGNET_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    secret_wipe(&psk);
    return failed;
}
