/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMP_MESSAGE_H
#define SMP_MESSAGE_H

/* CBOR maps of requests and answers. */
#include "base/base.h"

/* requests */
void message_map(struct buf *b, size_t pairs);
void message_array(struct buf *b, size_t count);
void message_text(struct buf *b, const char *text);
void message_uint(struct buf *b, uint64_t value);
void message_bytes(struct buf *b, const void *data, size_t len);
/* Bytes that a head for value takes. */
size_t message_head_size(uint64_t value);

/* answers */
enum smp_kind { SMP_NONE, SMP_INT, SMP_NEGATIVE, SMP_BYTES, SMP_TEXT, SMP_MAP, SMP_OTHER };
#define SMP_ITEMS_MAX 48
#define SMP_DEPTH_MAX 6

struct smp_item {
    const uint8_t *key; /* into the packet, like data */
    size_t key_len;
    int parent; /* item whose value this map pair is in, -1 at the top */
    enum smp_kind kind;
    uint64_t value; /* NEGATIVE: -1 - value */
    const uint8_t *data;
    size_t len;
};
struct smp_answer {
    struct smp_item items[SMP_ITEMS_MAX];
    size_t count;
};

/* One map, definite or not, nothing behind it. False: malformed, too deep or too many items. */
bool smp_answer_decode(struct smp_answer *answer, const uint8_t *data, size_t len);
/* The first such key under parent (-1: top), or NULL. */
const struct smp_item *smp_answer_get(const struct smp_answer *answer, int parent, const char *key);
/* Only of that kind, else NULL. */
const struct smp_item *smp_answer_want(const struct smp_answer *answer, const char *key,
                                       enum smp_kind kind);

#endif
