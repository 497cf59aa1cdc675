/* SPDX-License-Identifier: Apache-2.0 */
/* The device's DTLS session, against OpenSSL's server side in a thread. */
#include "pki/pki.h"
#include "tls/tls.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int dial(struct tls_connection **out, const char *host, uint16_t port,
                const struct tls_credentials *credentials, int64_t deadline,
                const struct signet_cancel *cancel, struct signet_error *err)
{
    return tls_open(out, &(const struct tls_peer){.host = host, .port = port}, credentials,
                    deadline, cancel, err);
}

#define WAIT_MS 20000

/* One session: an echo of each datagram, with a "+" in front. */
struct server {
    pthread_t thread;
    SSL_CTX *ctx;
    int fd;
    uint16_t port;
    unsigned drop;        /* first datagrams to lose */
    bool knows;           /* the identity of the client, */
    const char *identity; /* which is this; NULL: "urn:dev:1" */
    unsigned silent_ms;   /* after the client's certificate */
    const char *suites;   /* in its own order; NULL: one */
    uint8_t key[64];
    struct signet_bytes client; /* the certificate that must come */
};

static struct server *serving; /* for OpenSSL's callbacks; one server at a time */

static unsigned find_psk(SSL *ssl, const char *identity, unsigned char *psk, unsigned size)
{
    (void)ssl;
    if (strcmp(identity, serving->identity ? serving->identity : "urn:dev:1") || !serving->knows ||
        size < 64)
        return 0;
    memcpy(psk, serving->key, 64);
    return 64;
}

static int check_client(X509_STORE_CTX *store, void *arg)
{
    unsigned char *der = NULL;
    int len = i2d_X509(X509_STORE_CTX_get0_cert(store), &der);
    bool same = len == (int)serving->client.len && !memcmp(der, serving->client.data, (size_t)len);

    (void)arg;
    OPENSSL_free(der);
    usleep(serving->silent_ms * 1000);
    if (!same)
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REVOKED);
    return same;
}

static bool wait_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, WAIT_MS) == 1;
}

static void *serve(void *arg)
{
    struct server *s = arg;
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    SSL *ssl = SSL_new(s->ctx);
    BIO *bio = BIO_new_dgram(s->fd, BIO_NOCLOSE);
    struct timeval limit = {.tv_sec = 2};
    char data[2048];
    int n;

    SSL_set_bio(ssl, bio, bio);
    for (unsigned i = 0; i < s->drop; i++)
        if (!wait_readable(s->fd) || recv(s->fd, data, sizeof data, 0) < 0)
            goto out;
    if (!wait_readable(s->fd) ||
        recvfrom(s->fd, data, sizeof data, MSG_PEEK, (struct sockaddr *)&peer, &len) < 0 ||
        connect(s->fd, (struct sockaddr *)&peer, len) < 0)
        goto out;
    BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &peer);
    BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_RECV_TIMEOUT, 0, &limit);
    if (SSL_accept(ssl) != 1)
        goto out;
    while ((n = SSL_read(ssl, data + 1, sizeof data - 1)) > 0) {
        data[0] = '+';
        SSL_write(ssl, data, n + 1);
        if (n == 3 && !memcmp(data + 1, "bye", 3))
            break;
    }
    SSL_shutdown(ssl);
out:
    SSL_free(ssl);
    return NULL;
}

static void open_udp(struct server *s, void *(*run)(void *))
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;

    s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
    s->port = ntohs(at.sin_port);
    serving = s;
    assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
}

static void start(struct server *s, const struct signet_bytes *cert, const struct signet_bytes *key)
{
    s->ctx = SSL_CTX_new(DTLS_server_method());
    assert_non_null(s->ctx);
    if (cert) {
        const unsigned char *p = key->data;
        EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &p, (long)key->len);

        assert_int_equal(SSL_CTX_use_certificate_ASN1(s->ctx, (int)cert->len, cert->data), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(s->ctx, pkey), 1);
        EVP_PKEY_free(pkey);
        SSL_CTX_set_verify(s->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        SSL_CTX_set_cert_verify_callback(s->ctx, check_client, NULL);
    } else {
        SSL_CTX_set_psk_server_callback(s->ctx, find_psk);
        SSL_CTX_set_options(s->ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
        SSL_CTX_set_cipher_list(s->ctx, s->suites ? s->suites : "PSK-AES128-CCM8:@SECLEVEL=0");
    }
    open_udp(s, serve);
}

static void stop(struct server *s)
{
    pthread_join(s->thread, NULL);
    close(s->fd);
    SSL_CTX_free(s->ctx);
}

static struct secret psk;
static const struct tls_credentials psk_login = {
    .psk = &psk, .identity = (const uint8_t *)"urn:dev:1", .identity_len = 9};

static void echo(struct tls_connection *t)
{
    struct signet_error err = {0};
    char data[64];
    size_t len = 0;

    assert_int_equal(tls_send(t, "hello", 5, &err), 0);
    if (tls_recv(t, data, sizeof data, &len, clock_ms() + WAIT_MS, NULL, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(len, 6);
    assert_memory_equal(data, "+hello", 6);
    assert_int_equal(tls_recv(t, data, sizeof data, &len, clock_ms() + 50, NULL, &err),
                     SIGNET_E_TIMEOUT);
    assert_int_equal(tls_send(t, "bye", 3, &err), 0);
    assert_int_equal(tls_recv(t, data, sizeof data, &len, clock_ms() + WAIT_MS, NULL, &err), 0);
    assert_int_equal(tls_recv(t, data, sizeof data, &len, clock_ms() + WAIT_MS, NULL, &err),
                     SIGNET_E_NET);
    assert_non_null(strstr(err.msg, "closed"));
}

static void test_psk(void **state)
{
    struct signet_error err = {0};

    (void)state;
    for (unsigned drop = 0; drop < 2; drop++) { /* 1: the first ClientHello is lost */
        struct server s = {.knows = true, .drop = drop};
        struct tls_connection *t = NULL;

        memset(s.key, 'k', sizeof s.key);
        start(&s, NULL, NULL);
        if (dial(&t, "127.0.0.1", s.port, &psk_login, clock_ms() + WAIT_MS, NULL, &err))
            fail_msg("%s", err.msg);
        assert_string_equal(tls_cipher(t), "PSK-AES128-CCM8");
        echo(t);
        tls_close(&t);
        assert_null(t);
        stop(&s);
    }
}

static void test_psk_refused(void **state)
{
    struct server s = {.knows = false}, wrong = {.knows = true};
    struct signet_error err = {0};
    struct tls_connection *t = NULL;
    int rc;

    (void)state;
    start(&s, NULL, NULL);
    assert_int_equal(dial(&t, "127.0.0.1", s.port, &psk_login, clock_ms() + WAIT_MS, NULL, &err),
                     SIGNET_E_NET);
    assert_non_null(
        strstr(err.msg, "unknown PSK identity: the server does not know 'urn:dev:1' yet"));
    assert_non_null(strstr(err.hint, "registered"));
    stop(&s);

    start(&wrong, NULL, NULL); /* its key is all zero */
    rc = dial(&t, "127.0.0.1", wrong.port, &psk_login, clock_ms() + 1500, NULL, &err);
    assert_int_equal(rc, SIGNET_E_NET);
    assert_non_null(strstr(err.msg, "another PSK for it"));
    assert_non_null(strstr(err.hint, "compare"));
    assert_null(strstr(err.msg, "kkkk"));
    assert_null(t);
    stop(&wrong);
}

/* A client that has one suite offers no other, whatever the server would like better. */
static void test_suites(void **state)
{
    static const struct {
        uint16_t suites[3];
        const char *taken; /* NULL: none */
    } rows[] = {
        {{0xc0a8}, "PSK-AES128-CCM8"},
        {{0xae}, "PSK-AES128-CBC-SHA256"},
        {{0xc0a8, 0xae}, "PSK-AES128-CBC-SHA256"},
        {{0xc0ae, 0xae}, "PSK-AES128-CBC-SHA256"}, /* one for certificates does not count */
        {{0xa8}, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct signet_error err = {0};
        struct server s = {.knows = true,
                           .suites = "PSK-AES256-GCM-SHA384:PSK-AES128-CBC-SHA256:"
                                     "PSK-AES128-CCM8:@SECLEVEL=0"};
        struct tls_credentials login = psk_login;
        struct tls_connection *t = NULL;

        memset(s.key, 'k', sizeof s.key);
        login.suites = rows[i].suites;
        start(&s, NULL, NULL);
        int rc = dial(&t, "127.0.0.1", s.port, &login, clock_ms() + WAIT_MS, NULL, &err);
        if (rc != (rows[i].taken ? SIGNET_OK : SIGNET_E_NET))
            fail_msg("row %zu: %d %s", i, rc, err.msg);
        if (rows[i].taken)
            assert_string_equal(tls_cipher(t), rows[i].taken);
        tls_close(&t);
        stop(&s);
    }
}

static void make(struct signet_bytes *cert_der, struct signet_bytes *key_der)
{
    struct signet_cert *cert = NULL;
    struct signet_key *key = NULL;

    assert_int_equal(signet_key_generate(&key, NULL, NULL, NULL), 0);
    assert_int_equal(signet_cert_make(&cert, key, NULL, "e", NULL, NULL), 0);
    assert_int_equal(signet_cert_der(cert, cert_der, NULL), 0);
    assert_int_equal(signet_key_der(key, key_der, NULL), 0);
    signet_cert_free(&cert);
    signet_key_free(&key);
}

static void make_rsa(struct signet_bytes *cert_der)
{
    const struct signet_cert_info info = {.rsa_key_len = 1024};
    struct signet_cert *cert = NULL;
    struct signet_key *key = NULL;

    assert_int_equal(signet_key_generate(&key, &info, NULL, NULL), 0);
    assert_int_equal(signet_cert_make(&cert, key, &info, "e", NULL, NULL), 0);
    assert_int_equal(signet_cert_der(cert, cert_der, NULL), 0);
    signet_cert_free(&cert);
    signet_key_free(&key);
}

/* Whoever has no whole login does not knock. */
static void test_no_login(void **state)
{
    static const uint8_t identity[257] = {1, 0, 1};
    const struct secret empty = {0}, large = {.data = (uint8_t *)(uintptr_t)identity, .len = 257};
    const struct secret key = {.data = (uint8_t *)(uintptr_t)identity, .len = 1};
    const struct tls_credentials whole = {.trust = {.data = identity, .len = 1},
                                          .cert_der = identity,
                                          .cert_len = 1,
                                          .key_der = &key};
    struct tls_credentials rows[] = {psk_login, psk_login, psk_login, psk_login,
                                     psk_login, whole,     whole,     whole};
    const char *said[] = {"a PSK of 0",
                          "a PSK of 257",
                          "1 to 256 bytes",
                          "1 to 256 bytes",
                          "1 to 256 bytes",
                          "certificate mode needs",
                          "certificate mode needs",
                          "certificate mode needs"};

    (void)state;
    rows[0].psk = &empty;
    rows[1].psk = &large;
    rows[2].identity_len = 0;
    rows[3].identity = identity;
    rows[3].identity_len = 3; /* with a zero */
    rows[4].identity_len = 257;
    rows[5].trust.len = 0;
    rows[6].cert_len = 0;
    rows[7].key_der = NULL;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tls_connection *t = NULL;
        struct signet_error err = {0};
        int rc = dial(&t, "127.0.0.1", 9, &rows[i], clock_ms() + 100, NULL, &err);

        if (rc != SIGNET_E_USAGE || !strstr(err.msg, said[i]))
            fail_msg("row %zu: %d %s", i, rc, err.msg);
        assert_null(t);
    }
}

static void test_cert(void **state)
{
    struct signet_bytes server = {0}, server_key = {0}, mine = {0}, my_key = {0};
    struct tls_credentials login = {0};
    struct signet_error err = {0};
    struct secret key = {0};
    struct tls_connection *t = NULL;

    (void)state;
    make(&server, &server_key);
    make(&mine, &my_key);
    assert_int_equal(secret_set(&key, my_key.data, my_key.len, NULL), 0);
    /* 3: what is expected is only the beginning; 4: nothing is, and any server is taken */
    for (int round = 0; round < 5; round++) {
        struct server s = {.client = round == 1 ? server : mine};
        const struct signet_bytes *pin = round == 2 ? &mine : &server;
        int rc;

        login = (struct tls_credentials){.cert_der = mine.data,
                                         .cert_len = mine.len,
                                         .key_der = &key,
                                         .server_name = "e",
                                         .trust = {.usage = 3,
                                                   .any = round == 4,
                                                   .data = round < 4 ? pin->data : NULL,
                                                   .len = round < 4 ? pin->len - (round == 3) : 0,
                                                   .pinned_name = true,
                                                   .pinned_dates = true}};
        start(&s, &server, &server_key);
        rc = dial(&t, "127.0.0.1", s.port, &login, clock_ms() + WAIT_MS, NULL, &err);
        if (round == 0 || round == 4) {
            if (rc)
                fail_msg("%s", err.msg);
            echo(t);
            tls_close(&t);
        } else if (round == 1) { /* the server does not know our certificate */
            assert_int_equal(rc, SIGNET_E_NET);
            assert_non_null(strstr(err.msg, "does not take the device's certificate"));
            assert_non_null(strstr(err.msg, "revoked"));
        } else { /* not the server we expect */
            assert_int_equal(rc, SIGNET_E_CERT);
            assert_non_null(strstr(err.msg, "another certificate"));
        }
        assert_null(t);
        stop(&s);
    }
    login.key_der = NULL;
    assert_int_equal(dial(&t, "127.0.0.1", 1, &login, 0, NULL, &err), SIGNET_E_USAGE);
    secret_wipe(&key);
    signet_bytes_free(&server);
    signet_bytes_free(&server_key);
    signet_bytes_free(&mine);
    signet_bytes_free(&my_key);
}

/* By itself when issuer is NULL; an authority when its name says so. */
static X509 *issue(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
    X509 *cert = X509_new();
    X509_NAME *subject = X509_get_subject_name(cert);
    X509_EXTENSION *ca = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
                                             strstr(name, "CA") ? "critical,CA:TRUE" : "CA:FALSE");

    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), issuer ? 2 : 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
                               0);
    X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject);
    X509_set_pubkey(cert, key);
    X509_add_ext(cert, ca, -1);
    X509_EXTENSION_free(ca);
    assert_true(X509_sign(cert, issuer_key, EVP_sha256()) > 0);
    return cert;
}

/* Certificate usage 2: any certificate of the authority, for the host that was asked for. */
static void test_authority(void **state)
{
    static const struct {
        const char *host, *words;
        bool other;
    } rows[] = {{"e", NULL, false},
                {"elsewhere", "it is for 'e', and not for elsewhere", false},
                {"127.0.0.1", "it is for 'e', and not for 127.0.0.1", false},
                {"e", "it does not come from the authority", true}};
    struct signet_bytes ca = {0}, ca_key = {0}, server = {0}, server_key = {0}, other = {0};
    EVP_PKEY *keys[3] = {EVP_EC_gen("P-256"), EVP_EC_gen("P-256"), EVP_EC_gen("P-256")};
    X509 *root = issue("Root CA", keys[2], NULL, keys[2]); /* which the device does not know */
    X509 *authority = issue("Factory CA", keys[0], root, keys[2]);
    X509 *cert = issue("e", keys[1], authority, keys[0]);
    struct secret mine = {0};

    (void)state;
    ca.len = (size_t)i2d_X509(authority, &ca.data);
    server.len = (size_t)i2d_X509(cert, &server.data);
    server_key.len = (size_t)i2d_PrivateKey(keys[1], &server_key.data);
    make(&other, &ca_key);
    assert_int_equal(secret_set(&mine, server_key.data, server_key.len, NULL), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct tls_credentials login = {
            .cert_der = server.data,
            .cert_len = server.len,
            .key_der = &mine,
            .server_name = rows[i].host,
            .trust = {.usage = 2,
                      .data = rows[i].other ? other.data : ca.data,
                      .len = rows[i].other ? other.len : ca.len}};
        struct server s = {.client = server};
        struct signet_error err = {0};
        struct tls_connection *t = NULL;

        start(&s, &server, &server_key);
        int rc = dial(&t, "127.0.0.1", s.port, &login, clock_ms() + WAIT_MS, NULL, &err);
        if (rc != (rows[i].words ? SIGNET_E_CERT : SIGNET_OK) ||
            (rows[i].words && !strstr(err.msg, rows[i].words)))
            fail_msg("row %zu: %d %s", i, rc, err.msg);
        if (t) {
            echo(t);
            tls_close(&t);
        }
        stop(&s);
    }
    secret_wipe(&mine);
    X509_free(root);
    X509_free(authority);
    X509_free(cert);
    for (int i = 0; i < 3; i++)
        EVP_PKEY_free(keys[i]);
    OPENSSL_free(ca.data);
    OPENSSL_free(server.data);
    OPENSSL_free(server_key.data);
    signet_bytes_free(&ca_key);
    signet_bytes_free(&other);
}

static void test_usage(void **state)
{
    struct tls_credentials login = psk_login;
    struct signet_cancel *cancel = NULL;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    struct signet_error err;
    struct tls_connection *t = NULL;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)state;
    login.identity = (const uint8_t *)"a\0b";
    login.identity_len = 3;
    assert_int_equal(dial(&t, "127.0.0.1", 1, &login, 0, NULL, &err), SIGNET_E_USAGE);
    login.identity_len = 0;
    assert_int_equal(dial(&t, "127.0.0.1", 1, &login, 0, NULL, &err), SIGNET_E_USAGE);
    login.psk = &(const struct secret){(uint8_t *)"", 0};
    assert_int_equal(dial(&t, "127.0.0.1", 1, &login, 0, NULL, &err), SIGNET_E_USAGE);
    assert_string_equal(err.msg, "a PSK of 0 bytes");
    login.psk = &psk;
    login.identity_len = 257;
    assert_int_equal(dial(&t, "127.0.0.1", 1, &login, 0, NULL, &err), SIGNET_E_USAGE);
    assert_int_equal(dial(&t, "127.0.0.1", 0, &psk_login, 0, NULL, &err), SIGNET_E_USAGE);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(signet_cancel_new(&cancel, &err), 0);
    signet_cancel_fire(cancel);
    assert_int_equal(
        dial(&t, "127.0.0.1", ntohs(at.sin_port), &psk_login, clock_ms() + WAIT_MS, cancel, &err),
        SIGNET_E_CANCELLED);
    signet_cancel_free(&cancel);
    close(fd); /* now nobody listens there */
    assert_int_equal(
        dial(&t, "127.0.0.1", ntohs(at.sin_port), &psk_login, clock_ms() + WAIT_MS, NULL, &err),
        SIGNET_E_NET);
    assert_non_null(strstr(err.msg, "nobody listens"));
    assert_null(t);
}

/* A server that says no before it says anything else. */
static void *refuse(void *arg)
{
    struct server *s = arg;
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    uint8_t alert[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, (uint8_t)s->drop};
    char data[2048];

    if (wait_readable(s->fd) &&
        recvfrom(s->fd, data, sizeof data, 0, (struct sockaddr *)&peer, &len) > 0)
        sendto(s->fd, alert, sizeof alert, 0, (struct sockaddr *)&peer, len);
    return NULL;
}

/* What each alert means for a device with a PSK, and for one with a certificate. */
static void test_alerts(void **state)
{
    static const struct {
        unsigned alert;
        bool cert;
        const char *words, *hint;
    } rows[] = {
        {SSL_AD_DECRYPT_ERROR, false, "wrong PSK: the server has another key for 'urn:dev:1'",
         "compare with what 127.0.0.1:"},
        {SSL_AD_BAD_RECORD_MAC, false, "wrong PSK", "compare with"},
        {SSL_AD_HANDSHAKE_FAILURE, false, "alert 40, handshake failure",
         "does the server take PSKs, and does it know this identity?"},
        {SSL_AD_INTERNAL_ERROR, false, "alert 80", "compare identity and PSK"},
        {SSL_AD_INTERNAL_ERROR, true, "alert 80", "compare the device's certificate"},
        {SSL_AD_UNKNOWN_CA, true, "does not take the device's certificate", "or its authority"},
    };
    struct signet_bytes mine = {0}, my_key = {0};
    struct secret key = {0};

    (void)state;
    make(&mine, &my_key);
    assert_int_equal(secret_set(&key, my_key.data, my_key.len, NULL), 0);
    const struct tls_credentials with_cert = {
        .cert_der = mine.data,
        .cert_len = mine.len,
        .key_der = &key,
        .server_name = "e",
        .trust = {.usage = 3, .data = mine.data, .len = mine.len}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct server s = {.drop = rows[i].alert};
        struct signet_error err = {0};
        struct tls_connection *t = NULL;

        open_udp(&s, refuse);
        int rc = dial(&t, "127.0.0.1", s.port, rows[i].cert ? &with_cert : &psk_login,
                      clock_ms() + WAIT_MS, NULL, &err);
        if (rc != SIGNET_E_NET || !strstr(err.msg, rows[i].words) ||
            !strstr(err.hint, rows[i].hint))
            fail_msg("alert %u: %d '%s', '%s'", rows[i].alert, rc, err.msg, err.hint);
        pthread_join(s.thread, NULL);
        close(s.fd);
    }
    secret_wipe(&key);
    signet_bytes_free(&mine);
    signet_bytes_free(&my_key);
}

/* A server that drops what it does not like is a server that refuses. */
static void test_silence_after_the_certificate(void **state)
{
    struct signet_bytes server = {0}, server_key = {0}, other = {0}, other_key = {0}, rsa = {0};
    struct server s = {.silent_ms = 1200};
    struct signet_error err = {0};
    struct secret key = {0}, wrong = {0};
    struct tls_connection *t = NULL;

    (void)state;
    make(&server, &server_key);
    make(&other, &other_key);
    assert_int_equal(secret_set(&key, server_key.data, server_key.len, NULL), 0);
    assert_int_equal(secret_set(&wrong, other_key.data, other_key.len, NULL), 0);
    struct tls_credentials login = {.cert_der = server.data,
                                    .cert_len = server.len,
                                    .key_der = &key,
                                    .server_name = "e",
                                    .trust = {.usage = 3, .data = server.data, .len = server.len}};
    start(&s, &server, &server_key);
    assert_int_equal(dial(&t, "127.0.0.1", s.port, &login, clock_ms() + 700, NULL, &err),
                     SIGNET_E_NET);
    assert_non_null(strstr(err.msg, "fell silent after the device's certificate"));
    assert_non_null(strstr(err.hint, "got it or its authority?"));
    stop(&s);
    login.key_der = &wrong; /* of another certificate */
    assert_int_equal(dial(&t, "127.0.0.1", 1, &login, 0, NULL, &err), SIGNET_E_CRYPTO);
    assert_non_null(strstr(err.msg, "cannot use the credentials for DTLS: "));
    make_rsa(&rsa); /* nor of its type */
    login.cert_der = rsa.data;
    login.cert_len = rsa.len;
    assert_int_equal(dial(&t, "127.0.0.1", 1, &login, 0, NULL, &err), SIGNET_E_CRYPTO);
    assert_non_null(strstr(err.msg, "cannot use the credentials for DTLS: "));
    signet_bytes_free(&rsa);
    secret_wipe(&key);
    secret_wipe(&wrong);
    signet_bytes_free(&server);
    signet_bytes_free(&server_key);
    signet_bytes_free(&other);
    signet_bytes_free(&other_key);
}

/* The longest identity is one. */
static void test_longest_identity(void **state)
{
    static char identity[257];
    struct tls_credentials login = {
        .psk = &psk, .identity = (const uint8_t *)identity, .identity_len = 256};
    struct server s = {.knows = true, .identity = identity};
    struct signet_error err = {0};
    struct tls_connection *t = NULL;

    (void)state;
    memset(identity, 'i', 256);
    memset(s.key, 'k', sizeof s.key);
    start(&s, NULL, NULL);
    if (dial(&t, "127.0.0.1", s.port, &login, clock_ms() + WAIT_MS, NULL, &err))
        fail_msg("%s", err.msg);
    echo(t);
    tls_close(&t);
    stop(&s);
}

static int set_up(void **state)
{
    uint8_t key[64];

    (void)state;
    memset(key, 'k', sizeof key);
    return secret_set(&psk, key, sizeof key, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    secret_wipe(&psk);
    return 0;
}

static atomic_bool flooding;

/* Records of an epoch that is not begun, faster than they are read. */
static void *flood(void *arg)
{
    static const char record[] = "\x17\xfe\xfd\0\5\0\0\0\0\0\0\0\1x";
    const struct server *s = arg;
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;
    char data[2048], many[1000 * (sizeof record - 1)];

    for (size_t i = 0; i < sizeof many; i += sizeof record - 1)
        memcpy(many + i, record, sizeof record - 1);
    if (wait_readable(s->fd) &&
        recvfrom(s->fd, data, sizeof data, 0, (struct sockaddr *)&peer, &len) > 0)
        while (flooding)
            sendto(s->fd, many, sizeof many, MSG_DONTWAIT, (struct sockaddr *)&peer, len);
    return NULL;
}

static void records_without_end(void **state)
{
    (void)state;
    for (int stack = TLS_STACK_OPENSSL; stack <= TLS_STACK_MBEDTLS; stack++) {
        struct tls_credentials login = psk_login;
        struct tls_connection *t = NULL;
        struct secret short_psk = {0};
        struct signet_error err = {0};
        struct server s = {0};

        assert_int_equal(secret_set(&short_psk, "kkkkkkkkkkkkkkkk", 16, &err), SIGNET_OK);
        login.psk = &short_psk;
        login.stack = (enum tls_stack)stack;
        flooding = true;
        open_udp(&s, flood);
        int64_t begun = clock_ms();
        /* at its time, whatever the library makes of it */
        assert_int_not_equal(dial(&t, "127.0.0.1", s.port, &login, begun + 300, NULL, &err),
                             SIGNET_OK);

        assert_true(clock_ms() - begun < 5000);
        flooding = false;
        stop(&s);
        secret_wipe(&short_psk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_psk),
        cmocka_unit_test(test_psk_refused),
        cmocka_unit_test(test_suites),
        cmocka_unit_test(test_no_login),
        cmocka_unit_test(test_cert),
        cmocka_unit_test(test_authority),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_alerts),
        cmocka_unit_test(test_silence_after_the_certificate),
        cmocka_unit_test(test_longest_identity),
        cmocka_unit_test(records_without_end),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
