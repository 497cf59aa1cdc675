/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_PACKET_H
#define PACKET_PACKET_H

/* Tree <-> SenML CBOR. The public calls are the room's own; inside, a packet goes into a buf. */

#include "base/base.h"

#include <signet/packet.h>

/* Appends to out, which may hold a secret: it is wiped when freed. */
int packet_encode(const struct signet_tree *tree, struct buf *out, struct signet_error *err);

#endif
