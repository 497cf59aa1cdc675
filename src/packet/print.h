/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_PRINT_H
#define PACKET_PRINT_H

#include "lwm2m/lwm2m.h"
#include "packet/packet.h"

int print_cfg(const struct signet_tree *tree, bool reveal, struct buf *out,
              struct signet_error *err);

static inline bool record_hidden(const struct signet_record *record, bool reveal)
{
    return !reveal && signet_resource_is_secret(record->path.oid, record->path.rid);
}
#endif
