/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_READER_H
#define PACKET_READER_H

/* CBOR items one at a time out of hostile bytes. Nothing is allocated; strings point into data. */

#include "base/base.h"

enum item_kind {
    ITEM_UNSIGNED,
    ITEM_NEGATIVE, /* -1 - number */
    ITEM_BYTES,
    ITEM_BYTES_START, /* indefinite: chunks follow, then a break */
    ITEM_TEXT,
    ITEM_TEXT_START,
    ITEM_ARRAY, /* number elements */
    ITEM_ARRAY_START,
    ITEM_MAP, /* number pairs */
    ITEM_MAP_START,
    ITEM_TAG,
    ITEM_FLOAT,
    ITEM_BOOLEAN,
    ITEM_NULL,
    ITEM_UNDEFINED,
    ITEM_BREAK,
};

struct item {
    enum item_kind kind;
    uint64_t number;
    double real;
    bool boolean;
    const uint8_t *bytes;
    size_t len;
    size_t at; /* offset of its first byte */
};

struct reader {
    const uint8_t *data;
    size_t len, at;
};

enum { READER_DEPTH_MAX = 16 };

/* "a text string", for messages. */
const char *item_name(enum item_kind kind);

/* The next item's head; a definite string with its bytes. SIGNET_E_SYNTAX: no item is there. */
int reader_next(struct reader *r, struct item *out, struct signet_error *err);

/* A run of elements: of an array, or keys and values of a map. */
struct run {
    uint64_t left;
    bool indefinite;
};
/* True when start opens an array (or a map, when map is set). */
bool run_begin(struct run *run, const struct item *start, bool map);
/* *more: out is the run's next item. */
int run_next(struct reader *r, struct run *run, bool *more, struct item *out,
             struct signet_error *err);

/* The whole string that start begins: definite in place, chunks gathered in scratch. */
int reader_string(struct reader *r, const struct item *start, struct buf *scratch,
                  const uint8_t **bytes, size_t *len, struct signet_error *err);

/* Passes over what start begins, whatever it is. */
int reader_skip(struct reader *r, const struct item *start, unsigned depth,
                struct signet_error *err);

#endif
