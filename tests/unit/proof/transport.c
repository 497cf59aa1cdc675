/* SPDX-License-Identifier: Apache-2.0 */
/* What of an account goes into the handshake, and what is asked when it fails. DTLS itself is in
 * tests/unit/tls/dtls.c.
 * wrap: tls_open tls_recv
 */
#include "proof/coap.h"
#include "tls/tls.h"

#include <setjmp.h>
#include <signet/cert.h>
#include <signet/config.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int __wrap_tls_open(struct tls_connection **out, const struct tls_peer *peer,
                    const struct tls_credentials *credentials, int64_t deadline,
                    const struct signet_cancel *cancel, struct signet_error *err);

/* What was shown, and how the handshake fails. */
static struct {
    char psk[16], identity[16], key[200], cert[400], pinned[16], host[64], name[64];
    size_t cert_len, key_len;
    bool any_server;
    unsigned usage, matching, suite;
} shown;
static enum signet_code fails_with;
static int fails_sys;

static void keep(char *out, size_t size, const void *data, size_t len)
{
    assert_true(len < size);
    if (len)
        memcpy(out, data, len);
}

int __wrap_tls_open(struct tls_connection **out, const struct tls_peer *peer,
                    const struct tls_credentials *credentials, int64_t deadline,
                    const struct signet_cancel *cancel, struct signet_error *err)
{
    const struct tls_credentials *c = credentials;

    (void)out;
    (void)deadline;
    (void)cancel;
    memset(&shown, 0, sizeof(shown));
    if (!c) /* what is opened is not looked at: tls_recv() below */
        return SIGNET_OK;
    if (c->psk)
        keep(shown.psk, sizeof(shown.psk), c->psk->data, c->psk->len);
    if (c->key_der)
        keep(shown.key, sizeof(shown.key), c->key_der->data, shown.key_len = c->key_der->len);
    keep(shown.identity, sizeof(shown.identity), c->identity, c->identity_len);
    keep(shown.cert, sizeof(shown.cert), c->cert_der, shown.cert_len = c->cert_len);
    shown.any_server = c->trust.any;
    keep(shown.pinned, sizeof(shown.pinned), c->trust.data, c->trust.len);
    snprintf(shown.host, sizeof(shown.host), "%s", peer->host);
    snprintf(shown.name, sizeof(shown.name), "%s", c->server_name);
    shown.usage = c->trust.usage;
    shown.matching = c->trust.matching;
    shown.suite = c->suites ? c->suites[0] : 0;
    error_set(err, fails_with, "no handshake");
    if (err)
        err->sys = fails_sys;
    return (int)fails_with;
}

static unsigned asked;
static int known;

static int knows(void *ctx, const char *endpoint, struct signet_error *err)
{
    (void)ctx;
    assert_string_equal(endpoint, "urn:dev:os:1");
    asked++;
    return known ? error_set(err, (enum signet_code)known, "said the API") : SIGNET_OK;
}

static const char *instead; /* of the account's URI */
static const struct signet_profile *with_profile;

static int prove(const char *text, struct signet_error *err)
{
    const struct signet_prove_options options = {
        .endpoint = "urn:dev:os:1", .knows = knows, .uri = instead, .profile = with_profile};
    struct signet_tree *tree = NULL;

    asked = 0;
    assert_int_equal(signet_config_parse(text, strlen(text), "t", &tree, NULL), SIGNET_OK);
    int rc = signet_prove(tree, &options, NULL, err);
    signet_tree_free(&tree);
    return rc;
}

#define A_30   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A_60   A_30 A_30
#define A_240  A_60 A_60 A_60 A_60
#define A_300  A_60 A_60 A_60 A_60 A_60
#define SERVER "1: {0: {0: 1, 1: 60, 6: False, 7: 'U'}}"
#define PSK(bootstrap)                                                                             \
    "{0: {1: {0: 'coaps://h:1', 1: " bootstrap ", 2: 0, 10: 1, 3: b'id', 5: b'key'}}, " SERVER "}"
#define CERT(more)                                                                                 \
    "{0: {1: {0: 'coaps://h:1', 1: False, 2: 2, 10: 1, 3: b'cert', 4: b'server', 5: b'key'" more   \
    "}}, " SERVER "}"

static void credentials_of_an_account(void **state)
{
    struct signet_error err;

    (void)state;
    fails_with = SIGNET_E_TIMEOUT;
    assert_int_equal(prove(PSK("False"), &err), SIGNET_E_TIMEOUT);
    assert_string_equal(shown.psk, "key");
    assert_string_equal(shown.identity, "id");
    assert_string_equal(shown.key, "");
    assert_string_equal(shown.host, "h");
    assert_int_equal(prove(CERT(""), &err), SIGNET_E_TIMEOUT);
    assert_string_equal(shown.psk, "");
    assert_string_equal(shown.key, "key");
    assert_string_equal(shown.cert, "cert");
    assert_string_equal(shown.pinned, "server");
}

/* What else the account says of the server; 0 and 1 ask for what no packet has. */
static void certificate_usages(void **state)
{
    static const struct {
        const char *text, *name;
        unsigned usage, matching, suite;
        const char *words;
    } rows[] = {
        {CERT(""), "h", 3, 0, 0, NULL},
        {CERT(", 15: 3"), "h", 3, 0, 0, NULL},
        {CERT(", 15: 2"), "h", 2, 0, 0, NULL},
        {CERT(", 15: 9"), "h", 3, 0, 0, NULL}, /* as clients take it */
        {CERT(", 13: 1"), "h", 3, 1, 0, NULL},
        {CERT(", 14: 'sni'"), "sni", 3, 0, 0, NULL},
        {CERT(", 16: {0: 49326}"), "h", 3, 0, 49326, NULL},
        {CERT(", 16: {0: 49320, 1: 49326}"), "h", 3, 0, 49320, NULL},
        {CERT(", 16: {0: 49320}"), NULL, 0, 0, 0, "none of the cipher suites in /0/1/16"},
        {CERT(", 16: {0: 4865}"), NULL, 0, 0, 0, "none of the cipher suites in /0/1/16"},
        {CERT(", 15: 0"), NULL, 0, 0, 0, "certificate usage 0 (/0/1/15) asks"},
        {CERT(", 15: 1"), NULL, 0, 0, 0, "certificate usage 1 (/0/1/15) asks"},
    };

    (void)state;
    fails_with = SIGNET_E_TIMEOUT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err = {0};
        int rc = prove(rows[i].text, &err);

        if (rows[i].words && (rc != SIGNET_E_PROOF || !strstr(err.msg, rows[i].words)))
            fail_msg("case %zu: %d %s", i, rc, err.msg);
        if (!rows[i].words && (rc != SIGNET_E_TIMEOUT || shown.usage != rows[i].usage ||
                               shown.matching != rows[i].matching || shown.suite != rows[i].suite ||
                               strcmp(shown.name, rows[i].name)))
            fail_msg("case %zu: %d %s, %s %u %u", i, rc, err.msg, shown.name, shown.usage,
                     shown.suite);
    }
    struct signet_error err;
    instead = "coaps://here:1"; /* the certificate is of the host that the packet names */
    prove(CERT(", 15: 2"), &err);
    instead = NULL;
    assert_string_equal(shown.host, "here");
    assert_string_equal(shown.name, "h");
}

#define LONG_KEY "5: b'" A_30 "aaa'"
#define ACCOUNT(rest, server)                                                                      \
    "{0: {1: {0: 'coaps://h:1', " rest "}}, 1: {0: {0: " server ", 1: 60, 6: False, 7: 'U'}}}"

/* What keeps the client of a profile out before any handshake. */
static void a_client_that_stays_out(void **state)
{
    static const struct {
        const char *device, *text, *words;
    } rows[] = {
        {"any", ACCOUNT("1: False, 2: 0, 10: 1, 3: b'id', 5: b'key'", "2"),
         "account: any: no Server object (/1) has the Short Server ID of /0/1"},
        {"any", ACCOUNT("1: False, 2: 0, 3: b'id', 5: b'key'", "2"), "no Server object"},
        {"any", ACCOUNT("1: True, 2: 0, 3: b'id', 5: b'key'", "2"), NULL},
        {"anjay-3", ACCOUNT("1: False, 2: 0, 10: 1, 3: b'id', " LONG_KEY, "1"),
         "account: anjay-3: the PSK in /0/1/5 has 33 bytes, and its TLS stack (mbedtls) takes 32"},
        {"any", ACCOUNT("1: False, 2: 0, 10: 1, 3: b'id', " LONG_KEY, "1"), "takes 32"},
        {"wakaama", ACCOUNT("1: False, 2: 0, 10: 1, 3: b'" A_30 "aaa', 5: b'key'", "1"),
         "account: wakaama: the PSK identity in /0/1/3 has 33 bytes"},
        {"any", ACCOUNT("1: True, 2: 0, 3: b'id', 5: b'key', 11: 86401", "1"),
         "the device calls its bootstrap server only after 86401 s (/0/1/11)"},
        {"any", ACCOUNT("1: True, 2: 0, 3: b'id', 5: b'key', 11: 60", "1"), NULL},
        {"anjay-3", ACCOUNT("1: False, 2: 0, 10: 1, 3: b'id', 5: b'key'", "1, 14: 86401"),
         "the device registers only after 86401 s (/1/0/14)"},
        {"anjay-3", ACCOUNT("1: False, 2: 0, 10: 1, 3: b'id', 5: b'key'", "1, 14: 30"), NULL},
        {"anjay-3", ACCOUNT("1: False, 2: 0, 10: 1, 3: b'id', 5: b'key'", "1, 13: 1"),
         "account: anjay-3: its reader does not have /1/0/13, and refuses the packet"},
        {"any", ACCOUNT("1: False, 2: 0, 10: 1, 3: b'id', 5: b'key'", "1, 13: 1"), NULL},
        {"zephyr", ACCOUNT("1: False, 2: 0, 10: 1, 3: b'id', 5: b'key'", "1, 14: 86401"), NULL},
        {"anjay-3",
         ACCOUNT("1: False, 2: 0, 10: 1, 3: b'id', 5: b'key', 14: '" A_240 "123456789012345'", "1"),
         NULL},
        {"anjay-3",
         ACCOUNT("1: False, 2: 0, 10: 1, 3: b'id', 5: b'key', 14: '" A_240 "1234567890123456'",
                 "1"),
         "the server name in /0/1/14 has 256 bytes, and names have 255 at most"},
    };

    (void)state;
    fails_with = SIGNET_E_TIMEOUT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct signet_profile *profile = NULL;
        struct signet_error err = {0};

        assert_int_equal(signet_profile_open(&profile, rows[i].device, &err), SIGNET_OK);
        with_profile = profile;
        int rc = prove(rows[i].text, &err);
        with_profile = NULL;
        signet_profile_close(&profile);
        if (rc != (rows[i].words ? SIGNET_E_PROOF : SIGNET_E_TIMEOUT) ||
            (rows[i].words && !strstr(err.msg, rows[i].words)))
            fail_msg("case %zu: %d %s", i, rc, err.msg);
    }
}

static char warned[600];

static void on_event(void *ctx, const struct signet_event *event)
{
    (void)ctx;
    if (event->kind == SIGNET_EVENT_WARNING)
        snprintf(warned, sizeof(warned), "%s", event->error->msg);
}

/* An account in mode cert; without a server's certificate when server is NULL. */
static int prove_cert(const char *device, const struct signet_bytes *cert,
                      const struct signet_bytes *key, const char *server, struct signet_error *err)
{
    static const struct signet_observer observer = {on_event, NULL};
    const uint8_t *const data[] = {cert->data, (const uint8_t *)server, key->data};
    const size_t lens[] = {cert->len, server ? strlen(server) : 0, key->len};
    const struct signet_profile *profile = NULL;
    struct signet_prove_options options = {.endpoint = "urn:dev:os:1", .observer = &observer};
    struct signet_tree *tree = NULL;
    static const char text[] = "{0: {1: {0: 'coaps://h:1', 1: False, 2: 2, 10: 1}}, " SERVER "}";

    warned[0] = '\0';
    assert_int_equal(signet_config_parse(text, strlen(text), "t", &tree, NULL), SIGNET_OK);
    for (uint16_t i = 0; i < 3; i++) {
        struct signet_value value = {.type = SIGNET_TYPE_OPAQUE, .as.bytes = {data[i], lens[i]}};
        if (data[i])
            assert_int_equal(signet_tree_put(tree,
                                             (struct signet_path){0, 1, (uint16_t)(3 + i), 65535},
                                             &value, NULL),
                             SIGNET_OK);
    }
    assert_int_equal(signet_profile_open(&profile, device, NULL), SIGNET_OK);
    options.profile = profile;
    int rc = signet_prove(tree, &options, NULL, err);
    signet_profile_close(&profile);
    signet_tree_free(&tree);
    return rc;
}

/* Anjay takes PEM; others need DER, and the handshake says so. */
static void credentials_in_pem(void **state)
{
    struct signet_bytes pem = {0}, key_pem = {0}, der = {0}, key_der = {0};
    struct signet_key *key = NULL;
    struct signet_cert *cert = NULL;
    struct signet_error err = {0};

    (void)state;
    fails_with = SIGNET_E_TIMEOUT;
    assert_int_equal(signet_key_generate(&key, NULL, NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_make(&cert, key, NULL, "urn:dev:os:1", NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_pem(cert, &pem, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_der(cert, &der, NULL), SIGNET_OK);
    assert_int_equal(signet_key_pem(key, &key_pem, NULL), SIGNET_OK);
    assert_int_equal(signet_key_der(key, &key_der, NULL), SIGNET_OK);
    assert_int_equal(prove_cert("anjay-3", &pem, &key_pem, "server", &err), SIGNET_E_TIMEOUT);
    assert_int_equal(shown.cert_len, der.len);
    assert_memory_equal(shown.cert, der.data, der.len);
    assert_int_equal(shown.key_len, key_der.len);
    assert_memory_equal(shown.key, key_der.data, key_der.len);
    assert_int_equal(prove_cert("any", &der, &key_der, "server", &err), SIGNET_E_TIMEOUT);
    assert_memory_equal(shown.cert, der.data, der.len);
    signet_bytes_free(&pem);
    signet_bytes_free(&der);
    signet_bytes_free(&key_pem);
    signet_bytes_free(&key_der);
    signet_cert_free(&cert);
    signet_key_free(&key);
}

/* Anjay then takes any. */
static void no_certificate_of_the_server(void **state)
{
    struct signet_bytes cert = {(uint8_t *)"cert", 4}, key = {(uint8_t *)"key", 3};
    struct signet_error err = {0};

    (void)state;
    fails_with = SIGNET_E_TIMEOUT;
    for (int empty = 0; empty < 2; empty++) {
        assert_int_equal(prove_cert("anjay-3", &cert, &key, empty ? "" : NULL, &err),
                         SIGNET_E_TIMEOUT);
        assert_true(shown.any_server);
        assert_non_null(strstr(warned, "/0/1/4 has no certificate of the server: anjay-3 then"));
        assert_int_equal(prove_cert("any", &cert, &key, empty ? "" : NULL, &err), SIGNET_E_TIMEOUT);
        assert_false(shown.any_server);
        assert_string_equal(shown.pinned, "");
    }
    assert_int_equal(prove_cert("anjay-3", &cert, &key, "server", &err), SIGNET_E_TIMEOUT);
    assert_false(shown.any_server);
    assert_null(strstr(warned, "takes any server"));
}

/* A Security instance without a Server instance is passed over where another has one. */
static void half_an_account(void **state)
{
    static const struct {
        const char *text, *host;
        int rc;
    } rows[] = {
        {"{0: {1: {0: 'coaps://h:1', 1: False, 2: 0, 10: 1, 3: b'id', 5: b'key'},"
         " 2: {0: 'coaps://half:1', 1: False, 2: 0, 10: 2, 3: b'id', 5: b'key'}}, " SERVER "}",
         "h", SIGNET_E_TIMEOUT},
        {"{0: {0: {0: 'coaps://half:1', 1: False, 2: 0, 10: 2, 3: b'id', 5: b'key'},"
         " 1: {0: 'coaps://h:1', 1: False, 2: 0, 10: 1, 3: b'id', 5: b'key'}}, " SERVER "}",
         "h", SIGNET_E_TIMEOUT},
        {"{0: {0: {0: 'coaps://half:1', 1: False, 2: 0, 10: 2, 3: b'id', 5: b'key'},"
         " 1: {0: 'coaps://h:1', 1: True, 2: 0, 3: b'id', 5: b'key'}}, " SERVER "}",
         "h", SIGNET_E_TIMEOUT},
        {"{0: {0: {0: 'coaps://half:1', 1: False, 2: 0, 10: 2, 3: b'id', 5: b'key'},"
         " 1: {0: 'coaps://h:1', 1: False, 2: 0, 10: 3, 3: b'id', 5: b'key'}}, " SERVER "}",
         "", SIGNET_E_PROOF},
    };

    (void)state;
    fails_with = SIGNET_E_TIMEOUT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err = {0};

        memset(&shown, 0, sizeof(shown));
        int rc = prove(rows[i].text, &err);
        if (rc != rows[i].rc || strcmp(shown.host, rows[i].host))
            fail_msg("case %zu: %d %s, at '%s'", i, rc, err.msg, shown.host);
    }
}

/* Only of a PSK at the server itself can its API say more. */
static void who_is_asked_why(void **state)
{
    static const struct {
        const char *text;
        enum signet_code fails;
        int sys, known, rc;
        unsigned asked;
        const char *words;
    } rows[] = {
        {PSK("False"), SIGNET_E_NET, 0, SIGNET_E_NOT_FOUND, SIGNET_E_PROOF, 1,
         "unknown PSK identity"},
        {PSK("False"), SIGNET_E_NET, 0, SIGNET_OK, SIGNET_E_PROOF, 1, "wrong PSK"},
        {PSK("False"), SIGNET_E_NET, 0, SIGNET_E_NET, SIGNET_E_PROOF, 1, "no handshake"},
        {PSK("False"), SIGNET_E_NET, 111, SIGNET_OK, SIGNET_E_NET, 0, "no handshake"}, /* no way */
        {PSK("False"), SIGNET_E_TIMEOUT, 0, SIGNET_OK, SIGNET_E_TIMEOUT, 0, "no handshake"},
        {PSK("True"), SIGNET_E_NET, 0, SIGNET_OK, SIGNET_E_PROOF, 0, "no handshake"},
        {CERT(""), SIGNET_E_NET, 0, SIGNET_OK, SIGNET_E_PROOF, 0, "no handshake"},
        {CERT(""), SIGNET_E_CERT, 0, SIGNET_OK, SIGNET_E_PROOF, 0, "no handshake"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err = {0};

        fails_with = rows[i].fails;
        fails_sys = rows[i].sys;
        known = rows[i].known;
        int rc = prove(rows[i].text, &err);
        if (rc != rows[i].rc || asked != rows[i].asked || !strstr(err.msg, rows[i].words))
            fail_msg("case %zu: %d, asked %u: %s", i, rc, asked, err.msg);
        assert_int_equal(err.code, rc);
    }
    fails_sys = 0;
}

static void uris(void **state)
{
    static const struct {
        const char *uri, *host, *path;
        unsigned port;
        bool secure, good;
        const char *query;
    } rows[] = {
        {"coaps://a.example:5684", "a.example", "", 5684, true, true, NULL},
        {"coap://a", "a", "", 5683, false, true, NULL},
        {"COAPS://[::1]:7/x/y/", "::1", "/x/y", 7, true, true, NULL},
        {"coap://1.2.3.4:1", "1.2.3.4", "", 1, false, true, NULL},
        {"http://a", "", "", 0, false, false, NULL},
        {"coap+tcp://a", "a", "", 5683, false, true, NULL},
        {"coaps+tcp://a/x", "a", "/x", 5684, true, true, NULL},
        {"coap+nidd://a", "", "", 0, false, false, NULL},
        {"tel:+4812", "", "", 0, false, false, NULL},
        {"coap://", "", "", 0, false, false, NULL},
        {"coap://a:0", "", "", 0, false, false, NULL},
        {"coap://a:65536", "", "", 0, false, false, NULL},
        {"coap://a:x", "", "", 0, false, false, NULL},
        {"coap://[::1", "", "", 0, false, false, NULL},
        {"coap://a b", "", "", 0, false, false, NULL},
        {"coap://a/x?y", "a", "/x", 5683, false, true, "y"},
        {"coaps://a?y=1&z", "a", "", 5684, true, true, "y=1&z"},
        {"coap://a/?" A_60 "123", "a", "", 5683, false, true, A_60 "123"},
        {"coap://a/?" A_240, "a", "", 5683, false, true, A_240},
        {"coap://a/?" A_240 "123456", "", "", 0, false, false, NULL},
        {"coap://a/#", "", "", 0, false, false, NULL},
        {"coap://a/x?y#z", "", "", 0, false, false, NULL},
        {"coap:", "", "", 0, false, false, NULL},
        {"coaps://:5684", "", "", 0, false, false, NULL},
        {"coap://[]", "", "", 0, false, false, NULL},
        {"coap://[::1]x", "", "", 0, false, false, NULL},
        {"coap://a:", "a", "", 5683, false, true, NULL},
        {"coap://a:123456", "", "", 0, false, false, NULL},
        {"coap://a:65535/", "a", "", 65535, false, true, NULL},
        {"coap://a" A_300, "", "", 0, false, false, NULL},
        {"coap://" A_60 A_60 A_60 A_60 "12345678", A_60 A_60 A_60 A_60 "12345678", "", 5683, false,
         true, NULL},
        {"coap://" A_60 A_60 A_60 A_60 "123456789", "", "", 0, false, false, NULL},
        {"coap://a/" A_60 "12", "a", "/" A_60 "12", 5683, false, true, NULL},
        {"coap://a/" A_240, "a", "/" A_240, 5683, false, true, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct transport_address a = {.host = "kept"};
        struct signet_error err = {0};
        int rc = transport_parse(&a, rows[i].uri, strlen(rows[i].uri), &err);

        if ((rc == SIGNET_OK) != rows[i].good)
            fail_msg("%s: %d %s", rows[i].uri, rc, err.msg);
        if (rc) {
            assert_string_equal(a.host, "kept");
            continue;
        }
        assert_string_equal(a.host, rows[i].host);
        assert_string_equal(a.path, rows[i].path);
        assert_string_equal(a.query, rows[i].query ? rows[i].query : "");
        assert_int_equal(a.port, rows[i].port);
        assert_int_equal(a.secure, rows[i].secure);
        assert_int_equal(a.stream, strstr(rows[i].uri, "+tcp") != NULL);
    }
}

/* What a stream brings: so many bytes at a time, of messages that are not cut where they are. */
static struct {
    const uint8_t *data;
    size_t left, step;
} stream;

int __wrap_tls_recv(struct tls_connection *connection, void *data, size_t size, size_t *len,
                    int64_t deadline, const struct signet_cancel *cancel, struct signet_error *err);
int __wrap_tls_recv(struct tls_connection *connection, void *data, size_t size, size_t *len,
                    int64_t deadline, const struct signet_cancel *cancel, struct signet_error *err)
{
    (void)connection, (void)deadline, (void)cancel;
    *len = stream.step < stream.left ? stream.step : stream.left;
    *len = size < *len ? size : *len;
    if (!*len)
        return error_set(err, SIGNET_E_TIMEOUT, "nothing came back");
    memcpy(data, stream.data, *len);
    stream.data += *len;
    stream.left -= *len;
    return SIGNET_OK;
}

static struct transport *open_stream(void)
{
    const struct transport_address address = {.host = "h", .port = 1, .stream = true};
    struct transport *t = NULL;

    fails_with = SIGNET_OK;
    assert_int_equal(transport_open(&t, &address, NULL, NULL, 0, NULL, NULL), SIGNET_OK);
    return t;
}

static void messages_of_a_stream(void **state)
{
    static uint8_t data[COAP_FRAME_MAX * 2 + 8], out[COAP_MESSAGE_MAX];
    const struct coap_message small = {.code = COAP_CSM},
                              large = {.code = COAP_PUT,
                                       .payload = data, /* zeros */
                                       .payload_len = COAP_FRAME_MAX - 5};
    static uint8_t wire[sizeof(data)];
    size_t len = coap_write_frame(&small, wire, sizeof(wire)), each[3];

    (void)state;
    each[0] = len;
    len += each[1] = coap_write_frame(&large, wire + len, sizeof(wire) - len);
    len += each[2] = coap_write_frame(&small, wire + len, sizeof(wire) - len);
    assert_int_equal(each[1], COAP_FRAME_MAX);
    for (size_t step = 1; step < sizeof(wire); step = step * 3 / 2 + 1) {
        struct transport *t = open_stream();
        const uint8_t *at = wire;
        struct signet_error err = {0};
        size_t got = 0;

        stream.data = wire, stream.left = len, stream.step = step;
        for (size_t i = 0; i < 3; at += each[i++]) {
            assert_int_equal(transport_receive(t, out, &got, 0, &err), SIGNET_OK);
            assert_int_equal(got, each[i]);
            assert_memory_equal(out, at, got);
        }
        assert_int_equal(transport_receive(t, out, &got, 0, &err), SIGNET_E_TIMEOUT);
        transport_close(&t);
    }
}

static void messages_that_are_too_long(void **state)
{
    static const char *const rows[] = {"\xe0\x0e\x90\x45", "\xe8\x0e\x88\x45", "\xf0\x45",
                                       "\xe0\xff\xff\x45"};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct transport *t = open_stream();
        struct signet_error err = {0};
        uint8_t out[COAP_MESSAGE_MAX];
        size_t got = 0;

        stream.data = (const uint8_t *)rows[i], stream.left = 4, stream.step = 4;
        assert_int_equal(transport_receive(t, out, &got, 0, &err), SIGNET_E_PROOF);
        assert_non_null(strstr(err.msg, "more than 4000 bytes"));
        transport_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credentials_of_an_account),
        cmocka_unit_test(certificate_usages),
        cmocka_unit_test(a_client_that_stays_out),
        cmocka_unit_test(credentials_in_pem),
        cmocka_unit_test(no_certificate_of_the_server),
        cmocka_unit_test(half_an_account),
        cmocka_unit_test(who_is_asked_why),
        cmocka_unit_test(uris),
        cmocka_unit_test(messages_of_a_stream),
        cmocka_unit_test(messages_that_are_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
