/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_PRIVATE_H
#define PACKET_PRIVATE_H

#include "cbor/cbor.h"
#include "lwm2m/lwm2m.h"

#include <signet/packet.h>

/* SenML CBOR labels, RFC 8428 table 4: those that say something about an LwM2M value, and the first
 * and the last. LwM2M's object link has a text label only. */
enum label {
    LABEL_BASE_VERSION = -1,
    LABEL_BASE_NAME = -2,
    LABEL_BASE_TIME = -3,
    LABEL_BASE_VALUE = -5,
    LABEL_BASE_SUM = -6,
    LABEL_NAME = 0,
    LABEL_VALUE = 2,
    LABEL_STRING = 3,
    LABEL_BOOLEAN = 4,
    LABEL_SUM = 5,
    LABEL_TIME = 6,
    LABEL_DATA = 8,
};
enum { TAG_TIME_TEXT = 0, TAG_DECIMAL = 4 }; /* RFC 8949, section 3.4 */
#define LABEL_OBJLINK "vlo"

/* encode.c: appends to out, which may hold a secret. */
int packet_encode(const struct signet_tree *tree, struct buf *out, struct signet_error *err);

/* decode.c: as signet_packet_decode(). secrets, when given, gets the byte offset (size_t) of each
 * value that must not be shown, in rising order. */
int packet_read(const uint8_t *data, size_t len, const struct signet_objects *objects,
                struct signet_tree **out, struct buf *secrets, struct signet_error *err);

/* cfg.c */
int print_cfg(const struct signet_tree *tree, bool reveal, struct buf *out,
              struct signet_error *err);
static inline bool record_hidden(const struct signet_tree *tree, const struct signet_record *record,
                                 bool reveal)
{
    return !reveal && record_is_secret(signet_tree_objects(tree), record);
}

/* value.c: numbers, times and paths as a packet may write them */
/* The number that start begins: integer, float, decimal fraction (tag 4), time (tags 0, 1). */
int value_number(struct cbor_reader *r, const struct cbor_item *start, struct signet_value *out,
                 struct signet_error *err);
/* value += base, both numbers. False: the sum is no number that LwM2M has. */
bool value_add(struct signet_value *value, const struct signet_value *base);
bool value_is_zero(const struct signet_value *value);
/* What has no bytes, as a person writes it: "30.0", "true", "3:0". */
void value_text(struct buf *out, const struct signet_value *value);
/* "/o/i/r" or "/o/i/r/ri"; what is wrong, or NULL. */
const char *value_path(const char *text, size_t len, struct signet_path *out);
/* "o:i" */
bool value_objlink(const uint8_t *text, size_t len, struct signet_value *out);
/* RFC 3339 in whole seconds since 1970. */
bool value_time(const uint8_t *text, size_t len, int64_t *out);

#endif
