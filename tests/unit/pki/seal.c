/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing, hashes and PSKs.
 * wrap: random_bytes
 */
#include "pki/pki.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

static bool random_fails;
static const char *faster; /* another process makes this file meanwhile */

int __real_random_bytes(void *out, size_t len, struct signet_error *err);
int __wrap_random_bytes(void *out, size_t len, struct signet_error *err);

int __wrap_random_bytes(void *out, size_t len, struct signet_error *err)
{
    if (random_fails)
        return error_set(err, SIGNET_E_CRYPTO, "no random bytes");
    if (faster) {
        int fd = open(faster, O_WRONLY | O_CREAT | O_EXCL, 0600);

        faster = NULL;
        assert_int_equal(write(fd, "0123456789abcdef0123456789abcdef", 32), 32);
        close(fd);
    }
    return __real_random_bytes(out, len, err);
}

static bool same(const struct secret *a, const struct secret *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
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
    const struct secret large = {.data = key.data, .len = 16 * 1024 * 1024 + 1};
    assert_int_equal(seal(&key, "", 0, &large, &a, &err), SIGNET_E_LIMIT);
    assert_int_equal(seal(&key, key.data, large.len, &other, &a, &err), SIGNET_E_LIMIT);
    assert_int_equal(seal_open(&key, "", 0, key.data, large.len, &back, &err), SIGNET_E_LIMIT);
    assert_int_equal(secret_set(&plain, "3x@mpl3", 7, &err), 0);
    assert_int_equal(seal(&key, "row 1", 5, &plain, &a, &err), 0);
    assert_int_equal(seal(&key, "row 1", 5, &plain, &b, &err), 0);
    assert_int_equal(a.len, 7 + SEAL_OVERHEAD);
    assert_memory_not_equal(a.data, b.data, a.len); /* the nonce is new each time */
    assert_null(memmem(a.data, a.len, "3x@", 3));
    assert_int_equal(seal_open(&key, "row 1", 5, a.data, a.len, &back, &err), 0);
    assert_true(same(&plain, &back));

    assert_int_equal(seal_open(&other, "row 1", 5, a.data, a.len, &back, &err), SIGNET_E_CRYPTO);
    assert_int_equal(seal_open(&key, "row 2", 5, a.data, a.len, &back, &err), SIGNET_E_CRYPTO);
    assert_int_equal(seal_open(&key, "", 0, a.data, a.len, &back, &err), SIGNET_E_CRYPTO);
    for (size_t i = 0; i < a.len; i++) {
        a.data[i] ^= 0x10;
        assert_int_equal(seal_open(&key, "row 1", 5, a.data, a.len, &back, &err), SIGNET_E_CRYPTO);
        a.data[i] ^= 0x10;
        assert_int_equal(seal_open(&key, "row 1", 5, a.data, i, &back, &err), SIGNET_E_CRYPTO);
    }
    assert_true(same(&plain, &back)); /* untouched by failures */

    random_fails = true;
    assert_int_equal(seal(&key, "", 0, &plain, &b, &err), SIGNET_E_CRYPTO);
    random_fails = false;
    key.len = 31;
    assert_int_equal(seal(&key, "", 0, &plain, &b, &err), SIGNET_E_USAGE);
    key.len = 32;
    plain.len = 0;
    signet_bytes_free(&b);
    assert_int_equal(seal(&key, "", 0, &plain, &b, &err), 0);
    assert_int_equal(seal_open(&key, "", 0, b.data, b.len, &back, &err), 0);
    assert_int_equal(back.len, 0);
    plain.len = 7;
    signet_bytes_free(&a);
    signet_bytes_free(&b);
    secret_wipe(&key);
    secret_wipe(&other);
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
    assert_int_equal(seal_open(&key, "row 1", 5, sealed, sizeof sealed - 1, &back, NULL), 0);
    assert_int_equal(back.len, 7);
    assert_memory_equal(back.data, "3x@mpl3", 7);
    secret_wipe(&key);
    secret_wipe(&back);
}

/* Two stations begin in one folder: the key of the faster one is the key. */
static void test_key_file_of_another(void **state)
{
    char folder[FOLDER_SIZE], path[FOLDER_SIZE + 8];
    struct secret key = {0};
    struct signet_error err;

    (void)state;
    assert_true(folder_make(folder));
    snprintf(path, sizeof path, "%s/key", folder);
    faster = path;
    assert_int_equal(seal_key_file(path, &key, &err), 0);
    assert_memory_equal(key.data, "0123456789abcdef0123456789abcdef", 32);
    secret_wipe(&key);
}

static void test_key_file(void **state)
{
    char folder[FOLDER_SIZE], path[96];
    struct secret a = {0}, b = {0};
    struct signet_error err;
    struct stat st;

    (void)state;
    assert_true(folder_make(folder));
    snprintf(path, sizeof path, "%s/key", folder);
    random_fails = true;
    assert_int_equal(seal_key_file(path, &a, &err), SIGNET_E_CRYPTO);
    assert_int_equal(stat(path, &st), -1);
    random_fails = false;
    assert_int_equal(seal_key_file(path, &a, &err), 0);
    assert_int_equal(seal_key_file(path, &b, &err), 0);
    assert_true(same(&a, &b) && a.len == 32);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(seal_key_file(path, &b, &err), SIGNET_E_IO);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 31), 0);
    assert_int_equal(seal_key_file(path, &b, &err), SIGNET_E_CRYPTO);
    secret_wipe(&a);
    secret_wipe(&b);
}

static void test_sha256(void **state)
{
    static const uint8_t abc[32] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                    0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                    0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                    0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    struct sha256 h = {0};
    struct signet_error err;
    uint8_t out[32];

    (void)state;
    assert_int_equal(sha256("abc", 3, out, &err), 0);
    assert_memory_equal(out, abc, 32);
    memset(out, 0, 32);
    assert_int_equal(sha256_begin(&h, &err), 0);
    assert_int_equal(sha256_add(&h, "a", 1, &err), 0);
    assert_int_equal(sha256_add(&h, "bc", 2, &err), 0);
    assert_int_equal(sha256_peek(&h, out, &err), 0);
    assert_memory_equal(out, abc, 32);
    sha256_drop(&h);
}

static void test_psk(void **state)
{
    struct secret a = {0}, b = {0};
    struct signet_error err;

    (void)state;
    assert_int_equal(psk_mint(&a, 15, &err), SIGNET_E_LIMIT);
    assert_int_equal(psk_mint(&a, 65, &err), SIGNET_E_LIMIT);
    assert_null(a.data);
    assert_int_equal(psk_mint(&a, 16, &err), 0);
    assert_int_equal(a.len, 16);
    assert_int_equal(psk_mint(&a, 64, &err), 0);
    assert_int_equal(psk_mint(&b, 64, &err), 0);
    assert_int_equal(b.len, 64);
    assert_false(same(&a, &b));
    secret_wipe(&a);
    secret_wipe(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seal),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_key_file_of_another),
        cmocka_unit_test(test_key_file),
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_psk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
