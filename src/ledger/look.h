/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_LOOK_H
#define LEDGER_LOOK_H

#include "ledger/store.h"

/* A walk over rows that are given to a callback. */
struct look {
    const struct signet_ledger_filter *filter;
    const char *name; /* of an endpoint or an order; NULL: all */
    int (*device)(void *, const struct signet_ledger_device *, struct signet_error *);
    int (*event)(void *, const struct signet_ledger_event *, struct signet_error *);
    int (*delivery)(void *, const struct signet_ledger_delivery *, struct signet_error *);
    int (*group)(void *, const struct signet_ledger_group *, struct signet_error *);
    int (*order)(void *, const struct signet_ledger_order_view *, struct signet_error *);
    void *ctx;
    bool begun, stopped; /* rows were given; the callback ended the walk */
};

/* Rows cannot be given twice: no second try once there were some. */
static inline int look_begin(struct look *k, struct signet_error *err)
{
    if (!k->begun) {
        k->begun = true;
        return SIGNET_OK;
    }
    error_set(err, SIGNET_E_LEDGER, "the ledger's database server went away while it was read");
    error_hint(err, "nothing is lost; start again when the server is there");
    return SIGNET_E_LEDGER;
}

/* What a callback returned, which ends the walk if it is an error. */
static inline int look_row(struct look *k, int rc)
{
    k->stopped = rc != SIGNET_OK;
    return rc;
}

/* A walk that came to the end of its rows has done well. */
static inline int look_end(const struct look *k, int rc)
{
    return rc == SIGNET_E_NOT_FOUND && !k->stopped ? SIGNET_OK : rc;
}

#endif
