/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ops.h"

#include <setjmp.h>
#include <signet/cert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A kind of server that takes PSKs of 16 or 32 bytes. */
static const struct signet_server_capabilities can = {.kind = "strict",
                                                      .modes = 1u << SIGNET_MODE_PSK |
                                                               1u << SIGNET_MODE_NOSEC,
                                                      .endpoint_max = 5,
                                                      .psk_min = 16,
                                                      .psk_max = 32,
                                                      .psk_multiple = 16};

static int fits(const char *name, enum signet_mode mode, const char *identity, size_t identity_len,
                size_t psk_len, struct signet_error *err)
{
    static const uint8_t key[64];
    const struct signet_device device = {.endpoint = name,
                                         .mode = mode,
                                         .identity = (const uint8_t *)identity,
                                         .identity_len = identity_len,
                                         .psk = key,
                                         .psk_len = psk_len};

    *err = (struct signet_error){0};
    return server_fits(&can, &device, err);
}

static void names(void **state)
{
    static const char *const bad[] = {NULL, "", "abcdef", "a\nb", "a\x1f", "a\x7f", "a\xff"};
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(fits(bad[i], SIGNET_MODE_NOSEC, NULL, 0, 0, &err), SIGNET_E_MEANING);
        assert_non_null(strstr(err.msg, "endpoint name"));
    }
    assert_int_equal(fits("abcde", SIGNET_MODE_NOSEC, NULL, 0, 0, &err), SIGNET_OK);
    assert_int_equal(fits("a\xc3\xa9 b", SIGNET_MODE_NOSEC, NULL, 0, 0, &err), SIGNET_OK);
}

static void modes(void **state)
{
    struct signet_error err;

    (void)state;
    assert_int_equal(fits("a", SIGNET_MODE_NONE, NULL, 0, 0, &err), SIGNET_E_MEANING);
    assert_string_equal(err.msg, "the configuration has no security mode");
    assert_int_equal(fits("a", (enum signet_mode)32, NULL, 0, 0, &err), SIGNET_E_MEANING);
    assert_string_equal(err.msg, "the configuration has no security mode");
    assert_int_equal(fits("a", SIGNET_MODE_CERT, NULL, 0, 0, &err), SIGNET_E_MEANING);
    assert_string_equal(err.msg, "strict takes no device of mode cert");
    assert_int_equal(fits("a", SIGNET_MODE_RPK, NULL, 0, 0, &err), SIGNET_E_MEANING);
}

static void keys(void **state)
{
    static const struct {
        const char *identity;
        size_t identity_len, psk_len;
        const char *words; /* NULL: it fits */
    } rows[] = {
        {"id", 2, 16, NULL},
        {"id", 2, 32, NULL},
        {"id", 2, 0, "needs a PSK identity and a key"},
        {"id", 0, 16, "needs a PSK identity and a key"},
        {"i\0d", 3, 16, "that are text"},
        {"i\xff", 2, 16, "that are text"},
        {"id", 2, 15, "takes no PSK of 15 bytes"},
        {"id", 2, 17, "takes no PSK of 17 bytes"},
        {"id", 2, 24, "takes no PSK of 24 bytes"},
        {"id", 2, 8, "takes no PSK of 8 bytes"},
        {"id", 2, 48, "takes no PSK of 48 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err;
        int rc = fits("a", SIGNET_MODE_PSK, rows[i].identity, rows[i].identity_len, rows[i].psk_len,
                      &err);

        if (rc != (rows[i].words ? SIGNET_E_MEANING : SIGNET_OK) ||
            (rc && !strstr(err.msg, rows[i].words)))
            fail_msg("case %zu: %d %s", i, rc, err.msg);
    }
}

/* A server that looks for the endpoint name in the certificate would refuse the device later. */
static void common_names(void **state)
{
    static const struct signet_server_capabilities strict = {
        .kind = "strict", .modes = 1u << SIGNET_MODE_CERT, .common_name = true};
    static const struct signet_server_capabilities easy = {.kind = "easy",
                                                           .modes = 1u << SIGNET_MODE_CERT};
    struct signet_device device = {.endpoint = "device-1", .mode = SIGNET_MODE_CERT};
    struct signet_cert *cert = NULL;
    struct signet_key *key = NULL;
    struct signet_bytes der = {0};
    struct signet_error err;

    (void)state;
    assert_int_equal(server_fits(&strict, &device, &err), SIGNET_OK); /* not known yet */
    assert_int_equal(signet_key_generate(&key, NULL, NULL, &err), SIGNET_OK);
    assert_int_equal(signet_cert_make(&cert, key, NULL, "device-1", NULL, &err), SIGNET_OK);
    assert_int_equal(signet_cert_der(cert, &der, &err), SIGNET_OK);
    device.cert = der.data;
    device.cert_len = der.len;
    assert_int_equal(server_fits(&strict, &device, &err), SIGNET_OK);
    device.endpoint = "device-12";
    assert_int_equal(server_fits(&strict, &device, &err), SIGNET_E_MEANING);
    assert_non_null(strstr(err.msg, "is 'device-1' and not the endpoint name"));
    device.endpoint = "device-";
    assert_int_equal(server_fits(&strict, &device, &err), SIGNET_E_MEANING);
    assert_int_equal(server_fits(&easy, &device, &err), SIGNET_OK);
    signet_bytes_free(&der);
    signet_cert_free(&cert);
    signet_key_free(&key);
}

static void keys_of_certificates(void **state)
{
    static const struct signet_server_capabilities strict = {
        .kind = "strict", .modes = 1u << SIGNET_MODE_CERT, .ec_keys = true};
    static const struct signet_server_capabilities easy = {.kind = "easy",
                                                           .modes = 1u << SIGNET_MODE_CERT};
    const struct signet_cert_info infos[] = {{.rsa_key_len = 2048}, {0}};
    struct signet_device device = {.endpoint = "device-1", .mode = SIGNET_MODE_CERT};
    struct signet_error err;

    (void)state;
    assert_int_equal(server_fits(&strict, &device, &err), SIGNET_OK); /* not known yet */
    for (size_t i = 0; i < 2; i++) {
        struct signet_cert *cert = NULL;
        struct signet_key *key = NULL;
        struct signet_bytes der = {0};

        assert_int_equal(signet_key_generate(&key, &infos[i], NULL, &err), SIGNET_OK);
        assert_int_equal(signet_cert_make(&cert, key, &infos[i], "device-1", NULL, &err),
                         SIGNET_OK);
        assert_int_equal(signet_cert_der(cert, &der, &err), SIGNET_OK);
        device.cert = der.data;
        device.cert_len = der.len;
        assert_int_equal(server_fits(&strict, &device, &err), i ? SIGNET_OK : SIGNET_E_MEANING);
        if (i == 0)
            assert_string_equal(err.msg, "strict takes certificates with EC keys only, and the key "
                                         "of this one is RSA");
        assert_int_equal(server_fits(&easy, &device, &err), SIGNET_OK);
        signet_bytes_free(&der);
        signet_cert_free(&cert);
        signet_key_free(&key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(modes),
                                       cmocka_unit_test(keys), cmocka_unit_test(common_names),
                                       cmocka_unit_test(keys_of_certificates)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
