/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BOARD_PACKET_H
#define TESTS_BOARD_PACKET_H

/* Include after cmocka.h. */
#include <signet/packet.h>

/* The packet of a tree that a device takes, with an opaque value of pad bytes to make it long. */
static inline void make_packet(size_t pad, struct signet_bytes *out)
{
    static uint8_t bytes[16384];
    struct signet_tree *tree = NULL;
    const struct {
        struct signet_path path;
        struct signet_value value;
    } rows[] = {
#define BYTES(t, type) {type, {.bytes = {(const uint8_t *)t, sizeof t - 1}}}
#define TEXT(t)        BYTES(t, SIGNET_TYPE_STRING)
#define OPAQUE(t)      BYTES(t, SIGNET_TYPE_OPAQUE)
        {{0, 0, 0, SIGNET_NO_ID}, TEXT("coaps://lwm2m.example.com:5684")},
        {{0, 0, 1, SIGNET_NO_ID}, {SIGNET_TYPE_BOOLEAN, {.boolean = false}}},
        {{0, 0, 2, SIGNET_NO_ID}, {SIGNET_TYPE_INTEGER, {.integer = 0}}},
        {{0, 0, 3, SIGNET_NO_ID}, OPAQUE("identity")},
        {{0, 0, 4, SIGNET_NO_ID}, {SIGNET_TYPE_OPAQUE, {.bytes = {bytes, pad}}}},
        {{0, 0, 5, SIGNET_NO_ID}, OPAQUE("0123456789abcdef")},
        {{0, 0, 10, SIGNET_NO_ID}, {SIGNET_TYPE_INTEGER, {.integer = 1}}},
        {{1, 0, 0, SIGNET_NO_ID}, {SIGNET_TYPE_INTEGER, {.integer = 1}}},
        {{1, 0, 1, SIGNET_NO_ID}, {SIGNET_TYPE_INTEGER, {.integer = 86400}}},
        {{1, 0, 6, SIGNET_NO_ID}, {SIGNET_TYPE_BOOLEAN, {.boolean = false}}},
        {{1, 0, 7, SIGNET_NO_ID}, TEXT("U")},
    };

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    assert_int_equal(signet_tree_new(&tree, NULL), SIGNET_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (pad || rows[i].path.rid != 4)
            assert_int_equal(signet_tree_put(tree, rows[i].path, &rows[i].value, NULL), SIGNET_OK);
    struct signet_error err = {0};
    if (signet_tree_check(tree, 0, NULL, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(signet_packet_encode(tree, out, NULL), SIGNET_OK);
    signet_tree_free(&tree);
}

#endif
