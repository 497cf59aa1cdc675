/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CBOR_CBOR_H
#define CBOR_CBOR_H

/* CBOR (RFC 8949), read by libcbor's streaming decoder. */

#include "base/base.h"

/* reader.c: one item after the other, out of bytes that may be hostile. Nothing is allocated for a
 * length or a count that the bytes declare; strings point into the bytes. */

enum cbor_kind {
    CBOR_UNSIGNED,
    CBOR_NEGATIVE, /* -1 - number */
    CBOR_BYTES,
    CBOR_BYTES_START, /* indefinite: pieces follow, then a break */
    CBOR_TEXT,
    CBOR_TEXT_START,
    CBOR_ARRAY, /* number elements */
    CBOR_ARRAY_START,
    CBOR_MAP, /* number pairs */
    CBOR_MAP_START,
    CBOR_TAG,
    CBOR_FLOAT,
    CBOR_BOOLEAN,
    CBOR_NULL,
    CBOR_UNDEFINED,
    CBOR_BREAK,
};

struct cbor_item {
    enum cbor_kind kind;
    uint64_t number;
    double real;
    bool boolean;
    const uint8_t *bytes;
    size_t len;
    size_t at; /* offset of its first byte */
};

enum { CBOR_DEPTH_MAX = 16, CBOR_ITEMS_MAX = 1 << 21 };

/* Initialise to {.data, .len}; a limit of 0 is the limit above. */
struct cbor_reader {
    const uint8_t *data;
    size_t len, at;
    size_t items, items_max;   /* read so far, to be read at most */
    unsigned depth, depth_max; /* arrays, maps and tags that are open */
};

/* "a text string", for messages. */
const char *cbor_kind_name(enum cbor_kind kind);
/* SIGNET_E_SYNTAX: "byte 3: a map where WANTED must be". */
int cbor_misplaced(const struct cbor_item *item, const char *wanted, struct signet_error *err);

/* The next item's head; a definite string with its bytes. SIGNET_E_SYNTAX: no item is there. */
int cbor_next(struct cbor_reader *r, struct cbor_item *out, struct signet_error *err);
/* SIGNET_OK: nothing is left. */
int cbor_end(const struct cbor_reader *r, struct signet_error *err);

/* One level deeper, for what opens at `at`; runs do it by themselves. SIGNET_E_LIMIT: too deep. */
int cbor_enter(struct cbor_reader *r, size_t at, struct signet_error *err);
void cbor_leave(struct cbor_reader *r);

/* A run of elements: of an array, or the keys of a map, each with its value behind it. */
struct cbor_run {
    uint64_t left;
    size_t at;
    bool indefinite, entered;
};
/* True when start opens an array (or a map, when map is set). */
bool cbor_run_begin(struct cbor_run *run, const struct cbor_item *start, bool map);
/* The run's next item; CBOR_BREAK behind the last one, whatever kind of run it is. */
int cbor_run_next(struct cbor_reader *r, struct cbor_run *run, struct cbor_item *out,
                  struct signet_error *err);

/* The next piece of the indefinite string that start opens; CBOR_BREAK behind the last one. */
int cbor_piece_next(struct cbor_reader *r, const struct cbor_item *start, struct cbor_item *out,
                    struct signet_error *err);
/* The whole string that start begins: definite in place, pieces gathered in scratch. */
int cbor_string(struct cbor_reader *r, const struct cbor_item *start, struct buf *scratch,
                const uint8_t **bytes, size_t *len, struct signet_error *err);

/* Passes over what start begins, whatever it is. */
int cbor_skip(struct cbor_reader *r, const struct cbor_item *start, struct signet_error *err);

/* writer.c: appends an item in its shortest form */
void cbor_put_uint(struct buf *b, uint64_t value);
void cbor_put_int(struct buf *b, int64_t value);
void cbor_put_double(struct buf *b, double value); /* half, single or double: what holds it */
void cbor_put_bool(struct buf *b, bool value);
void cbor_put_bytes(struct buf *b, const void *data, size_t len);
void cbor_put_text(struct buf *b, const char *text);
void cbor_put_text_n(struct buf *b, const void *text, size_t len);
void cbor_put_array(struct buf *b, size_t count); /* its elements follow */
void cbor_put_map(struct buf *b, size_t pairs);   /* its keys and values follow */
/* Bytes that the head of an item takes: of an integer, or of what has a length or a count. */
size_t cbor_head_size(uint64_t value);

#endif
