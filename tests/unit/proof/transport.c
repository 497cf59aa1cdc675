/* SPDX-License-Identifier: Apache-2.0 */
/* What of an account goes into the handshake, and what is asked when it fails. DTLS itself is in
 * tests/unit/tls/dtls.c.
 * wrap: tls_dtls_open
 */
#include "proof/coap.h"
#include "tls/tls.h"

#include <setjmp.h>
#include <signet/config.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int __wrap_tls_dtls_open(struct tls_dtls **out, const char *host, uint16_t port,
                         const struct tls_credentials *credentials, int64_t deadline,
                         const struct signet_cancel *cancel, struct signet_error *err);

/* What was shown, and how the handshake fails. */
static struct {
    char psk[16], identity[16], key[16], cert[16], pinned[16], host[64], anchored[64];
} shown;
static enum signet_code fails_with;
static int fails_sys;

static void keep(char out[16], const void *data, size_t len)
{
    assert_true(len < 16);
    if (len)
        memcpy(out, data, len);
}

int __wrap_tls_dtls_open(struct tls_dtls **out, const char *host, uint16_t port,
                         const struct tls_credentials *credentials, int64_t deadline,
                         const struct signet_cancel *cancel, struct signet_error *err)
{
    const struct tls_credentials *c = credentials;

    (void)out;
    (void)port;
    (void)deadline;
    (void)cancel;
    memset(&shown, 0, sizeof(shown));
    if (c->psk)
        keep(shown.psk, c->psk->data, c->psk->len);
    if (c->key_der)
        keep(shown.key, c->key_der->data, c->key_der->len);
    keep(shown.identity, c->identity, c->identity_len);
    keep(shown.cert, c->cert_der, c->cert_len);
    keep(shown.pinned, c->pinned_der, c->pinned_len);
    snprintf(shown.host, sizeof(shown.host), "%s", host);
    snprintf(shown.anchored, sizeof(shown.anchored), "%s",
             c->anchored_host ? c->anchored_host : "");
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

static int prove(const char *text, struct signet_error *err)
{
    const struct signet_prove_options options = {
        .endpoint = "urn:dev:os:1", .knows = knows, .uri = instead};
    struct signet_tree *tree = NULL;

    asked = 0;
    assert_int_equal(signet_config_parse(text, strlen(text), "t", &tree, NULL), SIGNET_OK);
    int rc = signet_prove(tree, &options, NULL, err);
    signet_tree_free(&tree);
    return rc;
}

#define PSK(bootstrap)                                                                             \
    "{0: {1: {0: 'coaps://h:1', 1: " bootstrap ", 2: 0, 10: 1, 3: b'id', 5: b'key'}}}"
#define CERT(more)                                                                                 \
    "{0: {1: {0: 'coaps://h:1', 1: False, 2: 2, 10: 1, 3: b'cert', 4: b'server', 5: b'key'" more   \
    "}}}"

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

/* Usages 0 and 2 speak of an authority; 1, 3 and none of the very certificate. */
static void certificate_usages(void **state)
{
    static const struct {
        const char *text, *anchored;
    } rows[] = {
        {CERT(", 15: 0"), "h"}, {CERT(", 15: 1"), ""}, {CERT(", 15: 2"), "h"},
        {CERT(", 15: 3"), ""},  {CERT(""), ""},
    };
    struct signet_error err;

    (void)state;
    fails_with = SIGNET_E_TIMEOUT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        prove(rows[i].text, &err);
        if (strcmp(shown.anchored, rows[i].anchored) != 0)
            fail_msg("case %zu: '%s'", i, shown.anchored);
    }
    instead = "coaps://here:1"; /* the certificate is of the host that the packet names */
    prove(CERT(", 15: 2"), &err);
    instead = NULL;
    assert_string_equal(shown.host, "here");
    assert_string_equal(shown.anchored, "h");
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

#define A_30  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A_60  A_30 A_30
#define A_300 A_60 A_60 A_60 A_60 A_60

static void uris(void **state)
{
    static const struct {
        const char *uri, *host, *path;
        unsigned port;
        bool secure, good;
    } rows[] = {
        {"coaps://a.example:5684", "a.example", "", 5684, true, true},
        {"coap://a", "a", "", 5683, false, true},
        {"COAPS://[::1]:7/x/y/", "::1", "/x/y", 7, true, true},
        {"coap://1.2.3.4:1", "1.2.3.4", "", 1, false, true},
        {"http://a", "", "", 0, false, false},
        {"coap://", "", "", 0, false, false},
        {"coap://a:0", "", "", 0, false, false},
        {"coap://a:65536", "", "", 0, false, false},
        {"coap://a:x", "", "", 0, false, false},
        {"coap://[::1", "", "", 0, false, false},
        {"coap://a b", "", "", 0, false, false},
        {"coap://a/x?y", "", "", 0, false, false},
        {"coap:", "", "", 0, false, false},
        {"coaps://:5684", "", "", 0, false, false},
        {"coap://[]", "", "", 0, false, false},
        {"coap://[::1]x", "", "", 0, false, false},
        {"coap://a:", "a", "", 5683, false, true},
        {"coap://a:123456", "", "", 0, false, false},
        {"coap://a:65535/", "a", "", 65535, false, true},
        {"coap://a" A_300, "", "", 0, false, false},
        {"coap://" A_60 A_60 A_60 A_60 "12345678", A_60 A_60 A_60 A_60 "12345678", "", 5683, false,
         true},
        {"coap://" A_60 A_60 A_60 A_60 "123456789", "", "", 0, false, false},
        {"coap://a/" A_60 "12", "a", "/" A_60 "12", 5683, false, true},
        {"coap://a/" A_60 "123", "", "", 0, false, false},
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
        assert_int_equal(a.port, rows[i].port);
        assert_int_equal(a.secure, rows[i].secure);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credentials_of_an_account),
        cmocka_unit_test(certificate_usages),
        cmocka_unit_test(who_is_asked_why),
        cmocka_unit_test(uris),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
