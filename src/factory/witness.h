/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FACTORY_WITNESS_H
#define FACTORY_WITNESS_H

/* Proof of life for a line: with exactly the credentials of the packet, and with a word of the
 * servers where they can tell. */

#include <signet/line.h>
#include <signet/order.h>

struct witness {
    const struct signet_order *order;
    /* Connections of its own to the order's servers: theirs belong to other threads. */
    struct signet_server *servers[SIGNET_ORDER_SERVERS];
};

/* struct signet_line's prove; ctx is a struct witness. */
int witness_prove(void *ctx, const struct signet_line_unit *unit, struct signet_cancel *cancel,
                  struct signet_error *err);

#endif
