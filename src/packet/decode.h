/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_DECODE_H
#define PACKET_DECODE_H

#include "packet/packet.h"

/* As signet_packet_decode(). secrets, when given, gets the byte offset (size_t) of each value that
 * must not be shown, in rising order. */
int packet_read(const uint8_t *data, size_t len, struct signet_tree **out, struct buf *secrets,
                struct signet_error *err);

#endif
