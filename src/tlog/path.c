/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6962, sections 2.1.1 and 2.1.2; the checks are those of RFC 9162, 2.1.3.2 and 2.1.4.2. */
#include "tlog/tlog.h"

#include <stdlib.h>

/* The largest power of two below n, which is at least 2. */
static uint64_t half_of(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

static int path_begin(struct tlog_path *path, uint64_t size, struct signet_error *err)
{
    *path = (struct tlog_path){0};
    if (size == 0 || size >> TLOG_LEVELS)
        return error_set(err, SIGNET_E_LIMIT, "a proof needs a log of 1 to 2^%d entries",
                         TLOG_LEVELS);
    path->ranges = calloc(TLOG_HASHES, sizeof(*path->ranges));
    return path->ranges ? SIGNET_OK : error_nomem(err);
}

static void path_put(struct tlog_path *path, uint64_t begin, uint64_t end)
{
    path->ranges[path->count++] = (struct tlog_range){.begin = begin, .end = end};
}

/* They were found from the root down; a proof has them from the leaf up. */
static void path_turn(struct tlog_path *path)
{
    for (size_t i = 0; i < path->count / 2; i++) {
        struct tlog_range *a = &path->ranges[i], *b = &path->ranges[path->count - 1 - i];
        struct tlog_range kept = *a;

        *a = *b;
        *b = kept;
    }
}

int tlog_path_inclusion(struct tlog_path *path, uint64_t index, uint64_t size,
                        struct signet_error *err)
{
    uint64_t begin = 0, end = size;
    int rc = path_begin(path, size, err);

    while (rc == SIGNET_OK && end - begin > 1) {
        uint64_t middle = begin + half_of(end - begin);

        if (index < middle) {
            path_put(path, middle, end);
            end = middle;
        } else {
            path_put(path, begin, middle);
            begin = middle;
        }
    }
    path_turn(path);
    return rc;
}

int tlog_path_consistency(struct tlog_path *path, uint64_t old, uint64_t size,
                          struct signet_error *err)
{
    uint64_t begin = 0, end = size;
    bool whole = true; /* what is left begins where the tree does: its hash is known */
    int rc = path_begin(path, size, err);

    if (rc != SIGNET_OK || old == 0)
        return rc;
    while (old < end) {
        uint64_t middle = begin + half_of(end - begin);

        if (old <= middle) {
            path_put(path, middle, end);
            end = middle;
        } else {
            path_put(path, begin, middle);
            begin = middle;
            whole = false;
        }
    }
    if (!whole)
        path_put(path, begin, end);
    path_turn(path);
    return SIGNET_OK;
}

int tlog_path_show(struct tlog_path *path, uint64_t index, const uint8_t leaf[static TLOG_HASH],
                   struct signet_error *err)
{
    for (size_t i = 0; i < path->count; i++)
        if (index >= path->ranges[i].begin && index < path->ranges[i].end)
            return tlog_add(&path->ranges[i].tree, leaf, err);
    return SIGNET_OK;
}

int tlog_path_print(const struct tlog_path *path, struct buf *out, struct signet_error *err)
{
    uint8_t hash[TLOG_HASH];
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < path->count; i++) {
        rc = tlog_root(&path->ranges[i].tree, hash, err);
        buf_base64(out, hash, sizeof(hash));
        buf_byte(out, '\n');
    }
    return rc;
}

void tlog_path_free(struct tlog_path *path)
{
    free(path->ranges);
    *path = (struct tlog_path){0};
}

/* checks */

static int proof_wrong(const char *what, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_CRYPTO,
                          "are both as they were written, and do they belong together?",
                          "the proof does not show that %s", what);
}

/* Both roots at once: of the smaller tree, and of the larger. */
static int path_climb(const struct tlog_hashes *proof, size_t i, uint64_t at, uint64_t last,
                      uint8_t small[static TLOG_HASH], uint8_t large[static TLOG_HASH],
                      struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (; rc == SIGNET_OK && i < proof->count; i++) {
        if (last == 0)
            return SIGNET_E_CRYPTO;
        if (at & 1 || at == last) {
            rc = tlog_node(proof->hash[i], small, small, err);
            if (rc == SIGNET_OK)
                rc = tlog_node(proof->hash[i], large, large, err);
            while (!(at & 1) && at) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            rc = tlog_node(large, proof->hash[i], large, err);
        }
        at >>= 1;
        last >>= 1;
    }
    return rc == SIGNET_OK && last != 0 ? SIGNET_E_CRYPTO : rc;
}

/* An entry is a tree of one. */
int tlog_check_inclusion(const struct tlog_hashes *proof, uint64_t index, uint64_t size,
                         const uint8_t leaf[static TLOG_HASH], const uint8_t root[static TLOG_HASH],
                         struct signet_error *err)
{
    uint8_t small[TLOG_HASH], large[TLOG_HASH];

    memcpy(small, leaf, sizeof(small));
    memcpy(large, leaf, sizeof(large));
    int rc =
        index < size ? path_climb(proof, 0, index, size - 1, small, large, err) : SIGNET_E_CRYPTO;
    if (rc == SIGNET_OK && memcmp(large, root, sizeof(large)) != 0)
        rc = SIGNET_E_CRYPTO;
    return rc == SIGNET_E_CRYPTO ? proof_wrong("the entry is in the log", err) : rc;
}

int tlog_check_consistency(const struct tlog_hashes *proof, uint64_t old,
                           const uint8_t old_root[static TLOG_HASH], uint64_t size,
                           const uint8_t root[static TLOG_HASH], struct signet_error *err)
{
    static const char what[] = "the log only grew";
    uint64_t at = old - 1, last = size - 1;
    uint8_t small[TLOG_HASH], large[TLOG_HASH];
    size_t first = 1;

    if (old > size || (old == size && proof->count) || (old == 0 && proof->count))
        return proof_wrong(what, err);
    if (old == size)
        return memcmp(old_root, root, TLOG_HASH) == 0 ? SIGNET_OK : proof_wrong(what, err);
    if (old == 0)
        return SIGNET_OK;
    for (; at & 1; at >>= 1)
        last >>= 1;
    if (at == 0) { /* the smaller tree is complete, and its root is not in the proof */
        memcpy(small, old_root, sizeof(small));
        first = 0;
    } else if (proof->count) {
        memcpy(small, proof->hash[0], sizeof(small));
    } else {
        return proof_wrong(what, err);
    }
    memcpy(large, small, sizeof(large));
    int rc = path_climb(proof, first, at, last, small, large, err);
    if (rc == SIGNET_OK &&
        (memcmp(small, old_root, sizeof(small)) != 0 || memcmp(large, root, sizeof(large)) != 0))
        rc = SIGNET_E_CRYPTO;
    return rc == SIGNET_E_CRYPTO ? proof_wrong(what, err) : rc;
}
