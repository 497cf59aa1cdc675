/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_VALUE_H
#define PACKET_VALUE_H

/* Numbers, times and paths as a packet may write them. */

#include "cbor/cbor.h"
#include "packet/packet.h"

/* The number that start begins: integer, float, decimal fraction (tag 4), time (tags 0, 1). */
int value_number(struct cbor_reader *r, const struct cbor_item *start, struct signet_value *out,
                 struct signet_error *err);
/* value += base, both numbers. False: the sum is no number that LwM2M has. */
bool value_add(struct signet_value *value, const struct signet_value *base);
bool value_is_zero(const struct signet_value *value);
/* An integer, unsigned integer or float, as a person writes it. */
void value_number_text(struct buf *out, const struct signet_value *value);

/* "/o/i/r" or "/o/i/r/ri"; what is wrong, or NULL. */
const char *value_path(const char *text, size_t len, struct signet_path *out);
/* "o:i" */
bool value_objlink(const uint8_t *text, size_t len, struct signet_value *out);
/* RFC 3339 in whole seconds since 1970. */
bool value_time(const uint8_t *text, size_t len, int64_t *out);

#endif
