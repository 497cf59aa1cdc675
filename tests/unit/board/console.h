/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_BOARD_CONSOLE_H
#define UNIT_BOARD_CONSOLE_H

/* Boards with a console: what they hold under the usual security tag, and keys that they make. */

#include "pki/pki.h"
#include "unit/board/bench.h"

enum { TAG = 35724861 };

static inline void put_bytes(struct signet_tree *tree, uint16_t rid, const void *data, size_t len)
{
    const struct signet_value value = {SIGNET_TYPE_OPAQUE,
                                       {.bytes = {(uint8_t *)(uintptr_t)data, len}}};

    assert_int_equal(
        signet_tree_put(tree, (struct signet_path){0, 0, rid, SIGNET_NO_ID}, &value, NULL),
        SIGNET_OK);
}

/* An account in mode cert; key NULL: the board has it. */
static inline void cert_packet(struct bench *b, const struct signet_bytes *cert,
                               const struct signet_bytes *key)
{
    struct signet_value mode = {SIGNET_TYPE_INTEGER, {.integer = SIGNET_MODE_CERT}};
    struct signet_tree *tree = NULL;

    assert_int_equal(signet_packet_decode(b->packet.data, b->packet.len, &tree, NULL), SIGNET_OK);
    assert_int_equal(
        signet_tree_put(tree, (struct signet_path){0, 0, 2, SIGNET_NO_ID}, &mode, NULL), SIGNET_OK);
    put_bytes(tree, 3, cert->data, cert->len);
    put_bytes(tree, 4, cert->data, cert->len); /* as the server's */
    signet_tree_remove(tree, (struct signet_path){0, 0, 5, SIGNET_NO_ID});
    if (key)
        put_bytes(tree, 5, key->data, key->len);
    signet_bytes_free(&b->packet);
    assert_int_equal(signet_packet_encode(tree, &b->packet, NULL), SIGNET_OK);
    signet_tree_free(&tree);
}

static inline struct signet_bytes held(struct bench *b, const char *type)
{
    struct signet_bytes out = {0};

    sim_board_credential(b->sims[0], TAG, type, &out, NULL);
    return out;
}

static inline bool holds(struct bench *b, const char *type)
{
    struct signet_bytes got = held(b, type);
    bool there = got.len;

    signet_bytes_free(&got);
    return there;
}

/* A certificate for the key that the board has made. */
static inline void cert_of_board(struct bench *b, struct signet_bytes *cert)
{
    struct signet_bytes der = held(b, "key");
    struct signet_key *key = NULL;
    struct signet_cert *made = NULL;

    assert_int_equal(signet_key_load(&key, der.data, der.len, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_make(&made, key, NULL, "urn:dev:1", NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_der(made, cert, NULL), SIGNET_OK);
    signet_cert_free(&made);
    signet_key_free(&key);
    signet_bytes_free(&der);
}

/* A packet with a certificate for the key that the board has. */
static inline void certified_packet(struct bench *b)
{
    struct signet_bytes cert = {0};

    bench_packet(b, 0);
    cert_of_board(b, &cert);
    cert_packet(b, &cert, NULL);
    signet_bytes_free(&cert);
}

static inline int ask(struct bench *b, struct signet_bytes *csr, struct signet_error *err)
{
    char name[152];
    int rc = signet_board_prepare(b->board, err);

    if (rc == SIGNET_OK)
        rc = signet_board_endpoint(b->board, name, err);
    return rc == SIGNET_OK ? signet_board_request(b->board, "urn:dev:1", csr, err) : rc;
}

/* From a board that has nothing to one whose certificate is for the key that it made. */
static inline int born(struct bench *b, struct signet_error *err)
{
    struct signet_bytes csr = {0};
    int rc = ask(b, &csr, err);

    signet_bytes_free(&csr);
    if (rc != SIGNET_OK)
        return rc;
    certified_packet(b);
    rc = signet_board_load(b->board, b->packet.data, b->packet.len, err);
    return rc == SIGNET_OK ? signet_board_result(b->board, err) : rc;
}

static inline void born_ok(struct bench *b)
{
    struct signet_error err = {0};

    if (born(b, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
}

#endif
