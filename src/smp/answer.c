/* SPDX-License-Identifier: Apache-2.0 */
#include "smp/smp.h"

static bool take_run(struct smp_answer *answer, struct cbor_reader *in,
                     const struct cbor_item *start, int owner);

/* Stores an item and what is in it; key: NULL in an array. */
static bool take_item(struct smp_answer *answer, struct cbor_reader *in,
                      const struct cbor_item *item, const struct cbor_item *key, int parent)
{
    bool map = item->kind == CBOR_MAP || item->kind == CBOR_MAP_START;
    bool array = item->kind == CBOR_ARRAY || item->kind == CBOR_ARRAY_START;
    int index = (int)answer->count;

    if (answer->count == SMP_ITEMS_MAX || item->kind == CBOR_BREAK)
        return false;
    /* No SMP server cuts strings or tags values. */
    if (item->kind == CBOR_BYTES_START || item->kind == CBOR_TEXT_START || item->kind == CBOR_TAG)
        return false;
    answer->items[answer->count++] = (struct smp_item){
        .key = key ? key->bytes : NULL,
        .key_len = key ? key->len : 0,
        .parent = parent,
        .kind = map     ? CBOR_MAP
                : array ? CBOR_ARRAY
                        : item->kind,
        .value = map || array                 ? 0
                 : item->kind == CBOR_BOOLEAN ? item->boolean
                                              : item->number,
        .data = item->bytes,
        .len = item->len,
    };
    return (!map && !array) || take_run(answer, in, item, index);
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

        if (cbor_run_next(in, &run, &item, NULL) != SIGNET_OK)
            return false;
        if (item.kind == CBOR_BREAK)
            return true;
        key = item;
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
                                       enum cbor_kind kind)
{
    const struct smp_item *item = smp_answer_get(answer, -1, key);

    return item && item->kind == kind ? item : NULL;
}

bool smp_answer_number(const struct smp_item *item, int *out)
{
    bool negative = item && item->kind == CBOR_NEGATIVE;

    if (!item || (item->kind != CBOR_UNSIGNED && !negative))
        return false;
    *out = item->value > INT32_MAX ? INT32_MAX : (int)item->value;
    if (negative)
        *out = -1 - *out;
    return true;
}
