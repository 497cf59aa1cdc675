/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_PRINT_H
#define PACKET_PRINT_H

#include "packet/packet.h"

int print_cfg(const struct signet_tree *tree, bool reveal, struct buf *out,
              struct signet_error *err);

bool record_hidden(const struct signet_record *record, bool reveal);
/* The shortest decimal that reads back as the same double; always looks like a float ("1.0"). */
void number_text(double value, char out[static 40]);

#endif
