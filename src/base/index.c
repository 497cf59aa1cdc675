/* SPDX-License-Identifier: Apache-2.0 */
/* An index: 8 bytes an entry, of which the upper 28 bits are of the text's hash and the lower 36
 * its place. The array is made of sorted runs, one for each bit of the count, the longest first (12
 * entries: 8 and 4), so that an entry can be added at any time and is sorted some log2(count)
 * times. */
#include "base/base.h"

#include <stdlib.h>

enum { PLACE_BITS = 36, SHORT = 12 };

int index_open(struct index *index, struct signet_error *err)
{
    *index = (struct index){0};
    return random_bytes(&index->seed, sizeof(index->seed), err);
}

void index_free(struct index *index)
{
    free(index->entries);
    *index = (struct index){0};
}

uint64_t index_hash(const struct index *index, const void *data, size_t len)
{
    const uint8_t *at = data;
    uint64_t h = index->seed ^ len * 0x9e3779b97f4a7c15u;

    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = 0;
        memcpy(&word, at + i, len - i < 8 ? len - i : 8);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
        h = (h ^ index->seed) * 0xc4ceb9fe1a85ec53u;
        h ^= h >> 29;
    }
    return h;
}

static void sort_short(uint64_t *entries, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint64_t entry = entries[i];
        size_t to = i;

        for (; to > 0 && entries[to - 1] > entry; to--)
            entries[to] = entries[to - 1];
        entries[to] = entry;
    }
}

/* By one bit after the other: in place, and no order of the entries makes it slow. */
static void sort(uint64_t *entries, size_t count, unsigned bit)
{
    while (count > SHORT) {
        size_t low = 0, high = count;

        while (low < high) {
            uint64_t entry = entries[low];

            if (!(entry >> bit & 1)) {
                low++;
                continue;
            }
            entries[low] = entries[--high];
            entries[high] = entry;
        }
        if (bit == 0)
            return;
        sort(entries, low, --bit);
        entries += low;
        count -= low;
    }
    sort_short(entries, count);
}

int index_add(struct index *index, uint64_t hash, uint64_t place, struct signet_error *err)
{
    size_t count = index->count;

    if (place >> PLACE_BITS)
        return error_set(err, SIGNET_E_LIMIT, "an index has places below 2^%d", PLACE_BITS);
    if (list_room(index->entries, count, err) != SIGNET_OK)
        return SIGNET_E_NOMEM;
    index->entries[count++] = hash >> PLACE_BITS << PLACE_BITS | place;
    index->count = count;
    size_t run = count & -count; /* the last one */
    sort(index->entries + count - run, run, 63);
    return SIGNET_OK;
}

/* The first of sorted entries that is not below least. */
static size_t lower_bound(const uint64_t *entries, size_t from, size_t to, uint64_t least)
{
    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (entries[middle] < least)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

bool index_next(const struct index *index, uint64_t hash, size_t *probe, uint64_t *place)
{
    uint64_t least = hash >> PLACE_BITS << PLACE_BITS;
    size_t end = 0;

    for (size_t left = index->count; left; left = index->count - end) {
        size_t begin = end;

        end += (size_t)1 << (63 - __builtin_clzll(left));
        if (*probe >= end)
            continue;
        *probe = lower_bound(index->entries, *probe > begin ? *probe : begin, end, least);
        if (*probe == end || index->entries[*probe] >> PLACE_BITS != hash >> PLACE_BITS)
            continue;
        *place = index->entries[(*probe)++] & (((uint64_t)1 << PLACE_BITS) - 1);
        return true;
    }
    return false;
}
