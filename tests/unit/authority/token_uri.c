/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#11 URIs: what is read out of them, what is refused, and that no message has a value in it.
 */
#include "authority/token_uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct token_uri uri;

static void read_whole(void **state)
{
    (void)state;
    assert_int_equal(
        token_uri_parse(&uri,
                        "pkcs11:token=My%20HSM%3b;manufacturer=m;serial=1;model=x;slot-id=12;"
                        "object=k%c3%a9y;id=%00%01ab;type=private?pin-source=file:pin&"
                        "module-path=/usr/lib/m.so",
                        "/etc/orders/", NULL),
        0);
    assert_string_equal(uri.token, "My HSM;");
    assert_string_equal(uri.object, "k\xc3\xa9y");
    assert_true(uri.has_id && uri.has_object);
    assert_int_equal(uri.id_len, 4);
    assert_memory_equal(uri.id, "\0\1ab", 4);
    assert_string_equal(uri.slot, "12");
    assert_string_equal(uri.module, "/usr/lib/m.so");
    assert_string_equal(uri.pin_file, "/etc/orders/pin");
    assert_int_equal(token_uri_parse(&uri, "pkcs11:", NULL, NULL), 0);
    assert_false(uri.has_id || uri.has_object || uri.pin_file[0] || uri.module[0]);
}

static void places_of_the_pin(void **state)
{
    static const char *const cases[][2] = {{"file:pin", "d/pin"},
                                           {"pin", "d/pin"},
                                           {"file:/run/pin", "/run/pin"},
                                           {"file:///run/pin", "/run/pin"},
                                           {"/run/pin", "/run/pin"}};
    char text[80];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text), "pkcs11:?pin-source=%s", cases[i][0]);
        assert_int_equal(token_uri_parse(&uri, text, "d/", NULL), 0);
        assert_string_equal(uri.pin_file, cases[i][1]);
    }
    assert_int_equal(token_uri_parse(&uri, "pkcs11:?pin-source=pin", NULL, NULL), 0);
    assert_string_equal(uri.pin_file, "pin");
}

static void refusals(void **state)
{
    static const char *const cases[][2] = {
        {"pkcs11:token=a;pin-value=271828", "the PIN itself"},
        {"pkcs11:token=a?pin-value=271828", "the PIN itself"},
        {"pkcs11:token=a;token=b", "has 'token' twice"},
        {"pkcs11:token=", "a value of 'token'"},
        {"pkcs11:token", "a value of 'token'"},
        {"pkcs11:token=%4", "a value of 'token'"},
        {"pkcs11:token=%zz", "a value of 'token'"},
        {"pkcs11:token=a%00b", "a value of 'token'"},
        {"pkcs11:token=%ff", "a value of 'token'"},
        {"pkcs11:tokens=a", "unknown attribute 'tokens'"},
        {"pkcs11:type=cert", "private key"},
        {"pkcs11:slot-id=1a", "slot-id that is no number"},
        {"pkcs11:?module-path=m.so", "not absolute"},
        {"pkcs11:?module-name=m", "unknown attribute 'module-name'"},
        {"pkcs11:?pin-source=%7c/bin/pin", "no file"},
        {"pkcs11:?pin-source=file:", "no file"},
        {"pkcs11:?pin-source=file://host/pin", "no file"},
    };
    char longest[400] = "pkcs11:token=";
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        err = (struct signet_error){0};
        if (token_uri_parse(&uri, cases[i][0], NULL, &err) != SIGNET_E_MEANING)
            fail_msg("%s: taken", cases[i][0]);
        if (!strstr(err.msg, cases[i][1]) || strstr(err.msg, "271828"))
            fail_msg("%s: %s", cases[i][0], err.msg);
    }
    memset(longest + strlen(longest), 'a', 300);
    assert_int_equal(token_uri_parse(&uri, longest, NULL, &err), SIGNET_E_MEANING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_whole),
        cmocka_unit_test(places_of_the_pin),
        cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
