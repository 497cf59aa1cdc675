/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_MEND_H
#define LEDGER_MEND_H

#include "ledger/store.h"

/* A decision about one device. */
struct mend {
    const struct signet_ledger_decision *how;
    int64_t device, order, number;
    int edition;
    bool exposed, at_servers; /* at_servers: a rework goes back to there */
    bool renews;              /* a new edition follows */
    bool binds;               /* only the board is chosen that it is for */
    enum signet_device_state state;
    char endpoint[SIGNET_ENDPOINT_SIZE], hw_id[SIGNET_ENDPOINT_SIZE], order_name[160];
    char board[SIGNET_ENDPOINT_SIZE];         /* that the new edition is for; "": any */
    char station[STATION_MAX + SITE_MAX + 2]; /* that worked on it last */
    char servers[256];                        /* that have it: "a, b" */
    struct signet_error why;                  /* code SIGNET_OK: it is done, or would be */
};

/* mend.c: in a transaction. What stands in the way of the device is m->why, and no error. */
int mend_device(struct signet_ledger *ledger, struct mend *m, struct signet_error *err);

/* edition.c */
/* Servers that have the device, or may have it, are to lose it. */
int edition_remove(struct signet_ledger *ledger, int64_t device, struct signet_error *err);
int edition_make(struct signet_ledger *ledger, const struct mend *m, struct signet_error *err);

#endif
