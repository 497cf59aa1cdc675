/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_PRINT_H
#define PACKET_PRINT_H

#include "packet/packet.h"

int print_cfg(const struct signet_tree *tree, bool reveal, struct buf *out,
              struct signet_error *err);

/* text.c */
bool record_hidden(const struct signet_record *record, bool reveal);
#endif
