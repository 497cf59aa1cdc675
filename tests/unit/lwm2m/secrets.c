/* SPDX-License-Identifier: Apache-2.0 */
/* What must not be shown: by its place, its name and its looks. */
#include "lwm2m/lwm2m.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void places(void **state)
{
    static const uint16_t secret[][2] = {
        {0, 5},   {0, 8},    {9, 15},   {10, 2},   {11, 6},    {12, 17},   {12, 18},   {12, 21},
        {12, 22}, {12, 23},  {12, 24},  {12, 25},  {12, 28},   {21, 0},    {21, 5},    {23, 2},
        {24, 8},  {504, 17}, {3405, 5}, {3412, 9}, {3447, 28}, {18830, 5}, {18830, 9},
    };
    static const uint16_t open[][2] = {{0, 3}, {0, 4}, {12, 5}, {23, 0}, {24, 7}, {18830, 7}};

    (void)state;
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
        if (!resource_is_secret(NULL, secret[i][0], secret[i][1]))
            fail_msg("/%u/x/%u", secret[i][0], secret[i][1]);
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        assert_false(resource_is_secret(NULL, open[i][0], open[i][1]));
}

static void names(void **state)
{
    static const char *const secret[] = {
        "Password",
        "Wi-Fi password",
        "WPA Pre-Shared Key",
        "Multicast group key",
        "accessToken",
        "PSKValue",
        "API_KEY",
        "Secret Key",
        "SIM PIN",
        "PUK",
        "Activation Code",
        "Pass Phrase",
        "Passphrase",
        "SMS Binding Secret Key(s)",
        "Private key",
        "OSCORE Master Secret",
        "key2",
        "JWT",
        "Cookie",
        "Credentials",
        "Commissioning Credential",
        "Authorization",
        "Recovery Code",
        "Setup Code",
        "Pass Code",
        "admin_pass",
        "Shared Access Signature",
        "Connection String",
        "SNMP Community String",
        "OTP Seed",
        "Private Exponent",
    };
    static const char *const open[] = {
        "Public Key",
        "Public Key or Identity",
        "Key Index",
        "Key ID",
        "Keyboard",
        "Error Code",
        "Pin Number",
        "Monkey",
        "",
        "PSK Identity",
        "Token Type",
        "Server Public Key",
        "Keys",
        "Password Length",
        "Digital Input State",
        "User Name",
        "123",
        "Tokenizer",
        "Signature",
        "Credential Type",
        "Country Code",
        "Network Bearer",
        "Pass",
    };

    (void)state;
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
        if (!name_is_secret(secret[i]))
            fail_msg("%s is a secret", secret[i]);
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (name_is_secret(open[i]))
            fail_msg("%s is no secret", open[i]);
}

static bool looks_secret(enum signet_type type, const void *data, size_t len)
{
    struct signet_value value = {.type = type, .as.bytes = {data, len}};

    return value_is_private_key(&value);
}

/* The heads of keys, as openssl writes them, with bytes behind. */
static const struct {
    const char *what, *head;
    bool secret;
} ders[] = {
    {"PKCS#8, P-256", "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b", true},
    {"PKCS#8, RSA", "308204be020100300d06092a864886f70d0101010500048204a8308204a4", true},
    {"PKCS#8, Ed25519", "302e020100300506032b657004220420", true},
    {"PKCS#8 with its public key", "3051020101300506032b657004220420", true},
    {"SEC1", "30770201010420aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
    {"PKCS#1", "308204a40201000282010100aaaaaaaaaaaaaaaaaaaa", true},
    {"PKCS#12", "30820a2a0201033082 09f0", true},
    {"encrypted PKCS#8", "3081ec305706092a864886f70d01050d304a302906092a864886f70d01050c", true},
    {"a certificate", "3082018430820129a003020102021411223344556677889900", false},
    {"a public key", "3059301306072a8648ce3d020106082a8648ce3d030107034200", false},
    {"an RSA public key", "3082010a0282010100aabbccddeeff00112233445566778899", false},
    {"text", "302030203020302030203020302030203020", false},
};

static void looks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ders / sizeof *ders; i++) {
        uint8_t der[220] = {0};
        char text[600], head[80] = "";
        ssize_t len;

        for (const char *p = ders[i].head; *p; p++)
            if (*p != ' ')
                strncat(head, p, 1);
        len = hex_decode(head, strlen(head), der, sizeof der);
        assert_true(len > 0);
        if (looks_secret(SIGNET_TYPE_OPAQUE, der, sizeof der) != ders[i].secret ||
            looks_secret(SIGNET_TYPE_STRING, der, sizeof der) != ders[i].secret)
            fail_msg("%s", ders[i].what);
        hex_encode(der, sizeof der, text);
        if (looks_secret(SIGNET_TYPE_STRING, text, strlen(text)) != ders[i].secret)
            fail_msg("%s in hex", ders[i].what);
        base64_encode(der, sizeof der, text);
        memmove(text + 66, text + 64, strlen(text + 64) + 1);
        memcpy(text + 64, "\r\n", 2);
        if (looks_secret(SIGNET_TYPE_STRING, text, strlen(text)) != ders[i].secret)
            fail_msg("%s in base64", ders[i].what);
    }
}

static void keys_behind_certificates(void **state)
{
    static const uint8_t both[] = {0x30, 0x04, 0x30, 0x02, 0x05, 0x00, 0x30, 0x2e, 0x02,
                                   0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,
                                   0x04, 0x22, 0x04, 0x20, 0x01, 0x02, 0x03, 0x04};
    static const char pem[] = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
                              "-----BEGIN EC PRIVATE KEY-----\nMHcC";

    (void)state;
    assert_true(looks_secret(SIGNET_TYPE_OPAQUE, both, sizeof both));
    assert_false(looks_secret(SIGNET_TYPE_OPAQUE, both, 6));
    assert_true(looks_secret(SIGNET_TYPE_OPAQUE, pem, sizeof pem - 1));
    assert_false(looks_secret(SIGNET_TYPE_OPAQUE, pem, 60));
    assert_false(looks_secret(SIGNET_TYPE_OPAQUE, NULL, 0));
    assert_false(value_is_private_key(&(struct signet_value){.type = SIGNET_TYPE_INTEGER}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(names),
        cmocka_unit_test(looks),
        cmocka_unit_test(keys_behind_certificates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
