/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of devices, by their hashes. */
#include "label/private.h"

#include <stdlib.h>

static uint64_t hash_of_text(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

static int compare_texts(const void *a, const void *b)
{
    const struct label_text *x = a, *y = b;

    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

void label_texts_sort(struct label_texts *texts)
{
    if (texts->count > 0)
        qsort(texts->list, texts->count, sizeof(*texts->list), compare_texts);
}

int label_texts_add(struct label_texts *texts, const char *text, int64_t device, size_t part,
                    struct signet_error *err)
{
    if (list_room(texts->list, texts->count, err) != SIGNET_OK)
        return SIGNET_E_NOMEM;
    texts->list[texts->count++] = (struct label_text){hash_of_text(text), device, part};
    return SIGNET_OK;
}

size_t label_texts_find(const struct label_texts *texts, const char *text, uint64_t *hash)
{
    size_t low = 0, high = texts->count;

    *hash = hash_of_text(text);
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (texts->list[middle].hash < *hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
