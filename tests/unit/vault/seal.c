/* SPDX-License-Identifier: Apache-2.0 */
/* The form of sealed bytes.
 * wrap: random_bytes
 */
#include "vault/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool random_fails;

int __real_random_bytes(void *out, size_t len, struct signet_error *err);
int __wrap_random_bytes(void *out, size_t len, struct signet_error *err);

int __wrap_random_bytes(void *out, size_t len, struct signet_error *err)
{
    if (random_fails)
        return error_set(err, SIGNET_E_CRYPTO, "no random bytes");
    return __real_random_bytes(out, len, err);
}

static bool same(const struct secret *a, const struct secret *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* Opens the first len bytes. */
static int open_bytes(const struct secret *key, const char *purpose, const void *data, size_t len,
                      struct secret *out)
{
    struct buf sealed = {0};

    buf_append(&sealed, data, len);
    int rc = seal_open(key, purpose, &sealed, out, NULL);
    buf_free(&sealed);
    return rc;
}

static void test_seal(void **state)
{
    struct secret key = {0}, other = {0}, plain = {0}, back = {0};
    struct signet_bytes a = {0}, b = {0};
    struct signet_error err;

    (void)state;
    assert_int_equal(secret_alloc(&key, 32, &err), 0);
    assert_int_equal(secret_alloc(&other, 32, &err), 0);
    other.data[31] = 1;
    assert_int_equal(secret_set(&plain, "3x@mpl3", 7, &err), 0);
    assert_int_equal(seal(&key, "row 1", &plain, &a, &err), 0);
    assert_int_equal(seal(&key, "row 1", &plain, &b, &err), 0);
    assert_int_equal(a.len, 7 + SEAL_OVERHEAD);
    assert_memory_not_equal(a.data, b.data, a.len); /* the nonce is new each time */
    assert_null(memmem(a.data, a.len, "3x@", 3));
    assert_int_equal(open_bytes(&key, "row 1", a.data, a.len, &back), 0);
    assert_true(same(&plain, &back));

    assert_int_equal(open_bytes(&other, "row 1", a.data, a.len, &back), SIGNET_E_CRYPTO);
    assert_int_equal(open_bytes(&key, "row 2", a.data, a.len, &back), SIGNET_E_CRYPTO);
    assert_int_equal(open_bytes(&key, "", a.data, a.len, &back), SIGNET_E_CRYPTO);
    for (size_t i = 0; i < a.len; i++) {
        a.data[i] ^= 0x10;
        assert_int_equal(open_bytes(&key, "row 1", a.data, a.len, &back), SIGNET_E_CRYPTO);
        a.data[i] ^= 0x10;
        assert_int_equal(open_bytes(&key, "row 1", a.data, i, &back), SIGNET_E_CRYPTO);
    }
    assert_true(same(&plain, &back)); /* untouched by failures */

    random_fails = true;
    assert_int_equal(seal(&key, "", &plain, &b, &err), SIGNET_E_CRYPTO);
    random_fails = false;
    plain.len = 0;
    signet_bytes_free(&b);
    assert_int_equal(seal(&key, "", &plain, &b, &err), 0);
    assert_int_equal(open_bytes(&key, "", b.data, b.len, &back), 0);
    assert_int_equal(back.len, 0);
    plain.len = 7;
    signet_bytes_free(&a);
    signet_bytes_free(&b);
    secret_wipe(&key);
    secret_wipe(&other);
    secret_wipe(&plain);
    secret_wipe(&back);
}

/* The largest that can be sealed can be opened; a byte more is refused. */
static void test_largest(void **state)
{
    struct secret key = {0}, plain = {0}, back = {0};
    struct signet_bytes sealed = {0};
    struct signet_error err;

    (void)state;
    assert_int_equal(secret_alloc(&key, 32, &err), 0);
    assert_int_equal(secret_alloc(&plain, 16 * 1024 * 1024 + 1, &err), 0);
    assert_int_equal(seal(&key, "", &plain, &sealed, &err), SIGNET_E_LIMIT);
    plain.len--;
    assert_int_equal(seal(&key, "", &plain, &sealed, &err), 0);
    assert_int_equal(open_bytes(&key, "", sealed.data, sealed.len, &back), 0);
    assert_true(same(&plain, &back));
    signet_bytes_free(&sealed);
    secret_wipe(&key);
    secret_wipe(&plain);
    secret_wipe(&back);
}

/* AES-256-GCM of Python's cryptography: SGN1, the nonce, the text and the tag; SGN1 is sealed in,
 * too. */
static void test_form(void **state)
{
    static const uint8_t sealed[] =
        "\x53\x47\x4e\x31\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f\x7b\x63\x9e\x0b"
        "\x09\x85\x65\x7e\x2d\x84\x11\x38\x0a\x5a\x67\x8f\x4e\x6a\x73\x64\x94\xca\x44";
    struct secret key = {0}, back = {0};

    (void)state;
    assert_int_equal(secret_alloc(&key, 32, NULL), 0);
    for (size_t i = 0; i < 32; i++)
        key.data[i] = (uint8_t)i;
    assert_int_equal(open_bytes(&key, "row 1", sealed, sizeof sealed - 1, &back), 0);
    assert_int_equal(back.len, 7);
    assert_memory_equal(back.data, "3x@mpl3", 7);
    secret_wipe(&key);
    secret_wipe(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seal),
        cmocka_unit_test(test_largest),
        cmocka_unit_test(test_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
