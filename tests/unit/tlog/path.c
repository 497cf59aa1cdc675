/* SPDX-License-Identifier: Apache-2.0 */
/* Trees, and proofs of every leaf and every smaller tree in trees of up to 40 leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pki/pki.h"
#include "tlog/tlog.h"

enum { LEAVES = 40 };

static uint8_t leaves[LEAVES][TLOG_HASH];

/* As RFC 6962 defines it. */
static void root_of(size_t begin, size_t end, uint8_t out[TLOG_HASH])
{
    uint8_t left[TLOG_HASH], right[TLOG_HASH];
    size_t half = 1;

    if (end - begin == 1) {
        memcpy(out, leaves[begin], TLOG_HASH);
        return;
    }
    while (half * 2 < end - begin)
        half *= 2;
    root_of(begin, begin + half, left);
    root_of(begin + half, end, right);
    assert_int_equal(tlog_node(left, right, out, NULL), SIGNET_OK);
}

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEAVES; i++) {
        uint8_t data[] = {0, (uint8_t)i, 'x'};

        assert_int_equal(tlog_leaf(data, sizeof(data), leaves[i], NULL), SIGNET_OK);
    }
    return 0;
}

/* Those of Certificate Transparency's own tests. */
static void known_roots(void **state)
{
    static const struct {
        size_t len;
        const char *hex;
    } entries[] = {{0, ""},
                   {1, "00"},
                   {1, "10"},
                   {2, "2021"},
                   {2, "3031"},
                   {4, "40414243"},
                   {8, "5051525354555657"},
                   {16, "606162636465666768696a6b6c6d6e6f"}};
    struct tlog_tree tree = {0};
    uint8_t data[17], root[TLOG_HASH];
    char hex[65];
    (void)state;

    for (size_t i = 0; i < 8; i++) {
        hex_decode(entries[i].hex, 2 * entries[i].len, data + 1, 16);
        assert_int_equal(tlog_leaf(data, 1 + entries[i].len, root, NULL), SIGNET_OK);
        assert_int_equal(tlog_add(&tree, root, NULL), SIGNET_OK);
        assert_int_equal(tlog_root(&tree, root, NULL), SIGNET_OK);
        hex_encode(root, sizeof(root), hex);
        if (i == 0)
            assert_string_equal(hex, "6e340b9cffb37a989ca544e6bb780a2c"
                                     "78901d3fb33738768511a30617afa01d");
    }
    assert_string_equal(hex, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

static void roots_and_frontiers(void **state)
{
    struct tlog_tree tree = {0}, again;
    uint8_t root[TLOG_HASH], want[TLOG_HASH];
    (void)state;

    for (size_t n = 1; n <= LEAVES; n++) {
        struct buf text = {0};

        assert_int_equal(tlog_add(&tree, leaves[n - 1], NULL), SIGNET_OK);
        tlog_tree_print(&text, &tree);
        assert_int_equal(tlog_tree_parse((char *)text.data, n, &again, NULL), SIGNET_OK);
        assert_int_equal(tlog_tree_parse((char *)text.data, n + 64, &again, NULL), SIGNET_E_SYNTAX);
        assert_int_equal(tlog_tree_parse((char *)text.data, n, &again, NULL), SIGNET_OK);
        assert_int_equal(tlog_root(&again, root, NULL), SIGNET_OK);
        root_of(0, n, want);
        assert_memory_equal(root, want, TLOG_HASH);
        buf_free(&text);
    }
}

/* As they are printed, and read again. */
static void take_hashes(const struct tlog_path *path, struct tlog_hashes *out)
{
    struct buf text = {0};
    size_t at = 0;

    assert_int_equal(tlog_path_print(path, &text, NULL), SIGNET_OK);
    for (out->count = 0; at < text.len; at += 45)
        assert_int_equal(base64_decode((char *)text.data + at, 44, out->hash[out->count++], 32),
                         32);
    buf_free(&text);
}

static void show_all(struct tlog_path *path, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_int_equal(tlog_path_show(path, i, leaves[i], NULL), SIGNET_OK);
}

static void inclusion(void **state)
{
    struct signet_error err = {0};
    (void)state;

    for (size_t n = 1; n <= LEAVES; n++)
        for (size_t m = 0; m < n; m++) {
            struct tlog_path path;
            struct tlog_hashes hashes;
            uint8_t root[TLOG_HASH];

            root_of(0, n, root);
            assert_int_equal(tlog_path_inclusion(&path, m, n, NULL), SIGNET_OK);
            show_all(&path, n);
            take_hashes(&path, &hashes);
            tlog_path_free(&path);
            assert_int_equal(tlog_check_inclusion(&hashes, m, n, leaves[m], root, &err), SIGNET_OK);
            /* another leaf, place or size; a hash more or less, or changed */
            assert_int_equal(
                tlog_check_inclusion(&hashes, m, n, leaves[(m + 1) % LEAVES], root, NULL),
                SIGNET_E_CRYPTO);
            if (n > 1)
                assert_int_equal(
                    tlog_check_inclusion(&hashes, (m + 1) % n, n, leaves[m], root, NULL),
                    SIGNET_E_CRYPTO);
            assert_int_equal(tlog_check_inclusion(&hashes, n, n, leaves[m], root, NULL),
                             SIGNET_E_CRYPTO);
            hashes.count++;
            assert_int_equal(tlog_check_inclusion(&hashes, m, n, leaves[m], root, NULL),
                             SIGNET_E_CRYPTO);
            hashes.count--;
            for (size_t k = 0; k < hashes.count; k++) {
                hashes.hash[k][7] ^= 1;
                assert_int_equal(tlog_check_inclusion(&hashes, m, n, leaves[m], root, NULL),
                                 SIGNET_E_CRYPTO);
                hashes.hash[k][7] ^= 1;
            }
        }
}

static void consistency(void **state)
{
    struct signet_error err = {0};
    (void)state;

    for (size_t n = 1; n <= LEAVES; n++)
        for (size_t m = 1; m <= n; m++) {
            struct tlog_path path;
            struct tlog_hashes hashes;
            uint8_t root[TLOG_HASH], old[TLOG_HASH], other[TLOG_HASH];

            root_of(0, n, root);
            root_of(0, m, old);
            root_of(m < LEAVES ? 1 : 0, m < LEAVES ? m + 1 : 1, other);
            assert_int_equal(tlog_path_consistency(&path, m, n, NULL), SIGNET_OK);
            show_all(&path, n);
            take_hashes(&path, &hashes);
            tlog_path_free(&path);
            if (tlog_check_consistency(&hashes, m, old, n, root, &err) != SIGNET_OK)
                fail_msg("%zu in %zu: %s", m, n, err.msg);
            assert_int_equal(tlog_check_consistency(&hashes, m, other, n, root, NULL),
                             SIGNET_E_CRYPTO);
            assert_int_equal(tlog_check_consistency(&hashes, m, old, n, other, NULL),
                             SIGNET_E_CRYPTO);
            assert_int_equal(tlog_check_consistency(&hashes, n + 1, old, n, root, NULL),
                             SIGNET_E_CRYPTO);
            hashes.count++;
            assert_int_equal(tlog_check_consistency(&hashes, m, old, n, root, NULL),
                             SIGNET_E_CRYPTO);
            hashes.count -= 2;
            if (m < n)
                assert_int_equal(tlog_check_consistency(&hashes, m, old, n, root, NULL),
                                 SIGNET_E_CRYPTO);
        }
}

/* Hashes that are right, and a size that they do not reach; and hashes of which none is used. */
static void proofs_of_another_length(void **state)
{
    struct tlog_hashes none = {0}, one = {.count = 1};
    uint8_t root[TLOG_HASH];
    (void)state;

    assert_int_equal(tlog_check_inclusion(&none, 0, 1, leaves[0], leaves[0], NULL), SIGNET_OK);
    assert_int_equal(tlog_check_inclusion(&none, 0, 2, leaves[0], leaves[0], NULL),
                     SIGNET_E_CRYPTO);
    root_of(0, 2, root);
    assert_int_equal(tlog_check_consistency(&none, 0, root, 2, root, NULL), SIGNET_OK);
    assert_int_equal(tlog_check_consistency(&one, 0, root, 2, root, NULL), SIGNET_E_CRYPTO);
}

/* No log is that large: the numbers are somebody's mistake, or an attack. */
static void logs_that_are_none(void **state)
{
    static const struct tlog_vkey key;
    static const uint8_t leaf[TLOG_HASH];
    static struct tlog_tree tree = {.size = (UINT64_C(1) << TLOG_LEVELS) - 1};
    struct tlog_path path;
    struct tlog_vkey out;
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(tlog_path_inclusion(&path, 0, 0, &err), SIGNET_E_LIMIT);
    tlog_path_free(&path);
    assert_int_equal(tlog_path_inclusion(&path, 0, UINT64_C(1) << TLOG_LEVELS, &err),
                     SIGNET_E_LIMIT);
    assert_non_null(strstr(err.msg, "a log of 1 to 2^44 entries"));
    tlog_path_free(&path);
    assert_int_equal(tlog_path_inclusion(&path, 0, (UINT64_C(1) << TLOG_LEVELS) - 1, &err),
                     SIGNET_OK);
    tlog_path_free(&path);
    assert_int_equal(tlog_add(&tree, leaf, &err), SIGNET_E_LIMIT);
    assert_int_equal(tree.size, (UINT64_C(1) << TLOG_LEVELS) - 1);
    tree.size--;
    assert_int_equal(tlog_add(&tree, leaf, &err), SIGNET_OK);
    assert_int_equal(tlog_vkey_as(&key, TLOG_SIGNER, "a b", &out, &err), SIGNET_E_USAGE);
    assert_int_equal(tlog_vkey_as(&key, TLOG_SIGNER, "", &out, &err), SIGNET_E_USAGE);
    assert_int_equal(tlog_vkey_as(&key, TLOG_SIGNER, "a+b", &out, &err), SIGNET_E_USAGE);
    assert_int_equal(tlog_vkey_as(&key, TLOG_SIGNER, "a", &out, &err), SIGNET_OK);
    assert_string_equal(out.name, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_roots),
                                       cmocka_unit_test(roots_and_frontiers),
                                       cmocka_unit_test(inclusion),
                                       cmocka_unit_test(consistency),
                                       cmocka_unit_test(proofs_of_another_length),
                                       cmocka_unit_test(logs_that_are_none)};

    return cmocka_run_group_tests(tests, set_up, NULL);
}
