/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pki.h"
#include "tlog/tlog.h"

/* The first byte tells leaves from nodes. */
enum { LEAF = 0, NODE = 1 };

int tlog_leaf(uint8_t *data, size_t len, uint8_t out[static TLOG_HASH], struct signet_error *err)
{
    data[0] = LEAF;
    return sha256(data, len, out, err);
}

int tlog_node(const uint8_t left[static TLOG_HASH], const uint8_t right[static TLOG_HASH],
              uint8_t out[static TLOG_HASH], struct signet_error *err)
{
    uint8_t both[1 + 2 * TLOG_HASH] = {NODE};

    memcpy(both + 1, left, TLOG_HASH);
    memcpy(both + 1 + TLOG_HASH, right, TLOG_HASH);
    return sha256(both, sizeof(both), out, err);
}

int tlog_add(struct tlog_tree *tree, const uint8_t leaf[static TLOG_HASH], struct signet_error *err)
{
    uint8_t hash[TLOG_HASH];
    int level = 0, rc = SIGNET_OK;

    memcpy(hash, leaf, sizeof(hash));
    while (rc == SIGNET_OK && level < TLOG_LEVELS && tree->size >> level & 1)
        rc = tlog_node(tree->nodes[level++], hash, hash, err);
    if (rc == SIGNET_OK && level == TLOG_LEVELS)
        rc = error_set(err, SIGNET_E_LIMIT, "a log of more than 2^%d entries", TLOG_LEVELS);
    if (rc != SIGNET_OK)
        return rc;
    memcpy(tree->nodes[level], hash, sizeof(hash));
    tree->size++;
    return SIGNET_OK;
}

int tlog_root(const struct tlog_tree *tree, uint8_t out[static TLOG_HASH], struct signet_error *err)
{
    bool begun = false;
    int rc = tree->size == 0 ? sha256("", 0, out, err) : SIGNET_OK;

    for (int level = 0; rc == SIGNET_OK && level < TLOG_LEVELS; level++)
        if (tree->size >> level & 1) {
            if (begun)
                rc = tlog_node(tree->nodes[level], out, out, err);
            else
                memcpy(out, tree->nodes[level], TLOG_HASH);
            begun = true;
        }
    return rc;
}

void tlog_tree_print(struct buf *out, const struct tlog_tree *tree)
{
    for (int level = 0; level < TLOG_LEVELS; level++)
        if (tree->size >> level & 1)
            buf_hex(out, tree->nodes[level], TLOG_HASH);
}

int tlog_tree_parse(const char *text, uint64_t size, struct tlog_tree *out,
                    struct signet_error *err)
{
    size_t len = strlen(text), nodes = (size_t)__builtin_popcountll(size);
    bool ok = len == nodes * 2 * TLOG_HASH && size >> TLOG_LEVELS == 0;

    *out = (struct tlog_tree){.size = size};
    for (int level = 0; ok && level < TLOG_LEVELS; level++)
        if (size >> level & 1) {
            ok = hex_decode(text, 2 * TLOG_HASH, out->nodes[level], TLOG_HASH) == TLOG_HASH;
            text += 2 * TLOG_HASH;
        }
    return ok ? SIGNET_OK : error_set(err, SIGNET_E_SYNTAX, "this is no tree of that size");
}
