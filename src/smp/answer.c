/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/cbor.h"
#include "smp/smp.h"

#include <string.h>

/* What an item is in an answer. No SMP server cuts strings or tags values: these are refused. */
static enum smp_kind kind_of(enum cbor_kind kind)
{
    static const enum smp_kind kinds[] = {
        [CBOR_UNSIGNED] = SMP_INT, [CBOR_NEGATIVE] = SMP_NEGATIVE, [CBOR_BYTES] = SMP_BYTES,
        [CBOR_TEXT] = SMP_TEXT,    [CBOR_ARRAY] = SMP_ARRAY,       [CBOR_ARRAY_START] = SMP_ARRAY,
        [CBOR_MAP] = SMP_MAP,      [CBOR_MAP_START] = SMP_MAP,     [CBOR_FLOAT] = SMP_OTHER,
        [CBOR_NULL] = SMP_OTHER,   [CBOR_UNDEFINED] = SMP_OTHER,   [CBOR_BOOLEAN] = SMP_OTHER,
        [CBOR_BREAK] = SMP_NONE,
    };
    return kinds[kind];
}

static bool take_run(struct smp_answer *answer, struct cbor_reader *in,
                     const struct cbor_item *start, int owner);

/* Stores an item and what is in it; key: NULL in an array. */
static bool take_item(struct smp_answer *answer, struct cbor_reader *in,
                      const struct cbor_item *item, const struct cbor_item *key, int parent)
{
    enum smp_kind kind = kind_of(item->kind);
    int index = (int)answer->count;

    if (kind == SMP_NONE || answer->count == SMP_ITEMS_MAX)
        return false;
    answer->items[answer->count++] = (struct smp_item){
        .key = key ? key->bytes : NULL,
        .key_len = key ? key->len : 0,
        .parent = parent,
        .kind = kind,
        .value = item->kind == CBOR_BOOLEAN                ? item->boolean
                 : kind == SMP_INT || kind == SMP_NEGATIVE ? item->number
                                                           : 0,
        .data = item->bytes,
        .len = item->len,
    };
    return (kind != SMP_MAP && kind != SMP_ARRAY) || take_run(answer, in, item, index);
}

static bool take_run(struct smp_answer *answer, struct cbor_reader *in,
                     const struct cbor_item *start, int owner)
{
    struct cbor_run run;
    bool map = cbor_run_begin(&run, start, true);

    if (!map && !cbor_run_begin(&run, start, false))
        return false;
    for (;;) {
        struct cbor_item key, item;
        bool more;

        if (cbor_run_next(in, &run, &more, map ? &key : &item, NULL) != SIGNET_OK)
            return false;
        if (!more)
            return true;
        if (map && (key.kind != CBOR_TEXT || cbor_next(in, &item, NULL) != SIGNET_OK))
            return false;
        if (!take_item(answer, in, &item, map ? &key : NULL, owner))
            return false;
    }
}

bool smp_answer_decode(struct smp_answer *answer, const uint8_t *data, size_t len)
{
    struct cbor_reader in = {
        .data = data, .len = len, .depth_max = SMP_DEPTH_MAX, .items_max = 2 * SMP_ITEMS_MAX + 8};
    struct cbor_item start;

    answer->count = 0;
    return cbor_next(&in, &start, NULL) == SIGNET_OK &&
           (start.kind == CBOR_MAP || start.kind == CBOR_MAP_START) &&
           take_run(answer, &in, &start, -1) && cbor_end(&in, NULL) == SIGNET_OK;
}

const struct smp_item *smp_answer_get(const struct smp_answer *answer, int parent, const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < answer->count; i++) {
        const struct smp_item *item = &answer->items[i];

        if (item->parent == parent && item->key_len == len && memcmp(item->key, key, len) == 0)
            return item;
    }
    return NULL;
}

const struct smp_item *smp_answer_want(const struct smp_answer *answer, const char *key,
                                       enum smp_kind kind)
{
    const struct smp_item *item = smp_answer_get(answer, -1, key);

    return item && item->kind == kind ? item : NULL;
}
