/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_COPY_H
#define LEDGER_COPY_H

#include "ledger/store.h"

/* Rows of one ledger go into another of the same schema. */

enum copy_table { COPY_EVENTS, COPY_ORDERS, COPY_DEVICES, COPY_DELIVERIES, COPY_STATIONS };
enum { COPY_TABLES = COPY_STATIONS + 1 };

struct copy {
    struct signet_ledger *from, *to; /* a transaction is open in each */
    const struct signet_cancel *cancel;
    int64_t base; /* 0: all rows, with the numbers that they have; else from's own ones, and their
                   * numbers in to are higher by this (store.h, chain_own()) */
    const char *site; /* "", or what comes behind names of orders and stations in to: "@SITE" */
    bool commits;     /* many rows a transaction, so that its log stays small */
    int64_t rows[COPY_TABLES];
    /* which rows; NULL: all. Columns: the number in from, then those of the table. */
    int (*takes)(struct copy *c, enum copy_table table, const struct db_rows *row, bool *takes,
                 struct signet_error *err);
    /* SIGNET_E_CONFLICT: the row that to did not take; may be NULL */
    void (*refused)(struct copy *c, enum copy_table table, const char *const *values,
                    size_t columns);
};

/* A row of a device that is refused has these columns, and then its facts as device.c has them. */
enum {
    COPY_ID,
    COPY_ENDPOINT = 3,
    COPY_STATE,
    COPY_FREED = 6,
    COPY_STATION = 8,
    COPY_FACTS = 10,
    COPY_COLUMNS = 27
};
enum { COPY_NAME = 1 }; /* of an order, of a station */

/* Rows that are there stay as they are; of orders and stations they become what from has. */
int copy_table(struct copy *c, enum copy_table table, struct signet_error *err);
/* The events of one station of from, after that number. */
int copy_events(struct copy *c, int64_t station, int64_t after, struct signet_error *err);
/* backup.c: a new file that has its name only when it is filled, whole and verified. In one view of
 * from, take() puts rows into to; begins() is called before the transaction there; may be NULL. */
struct copy_file {
    struct copy *copy;
    int (*begins)(struct copy *c, struct signet_error *err);
    int (*take)(struct copy *c, struct signet_error *err);
};
int copy_to_file(const struct copy_file *f, const char *to, int64_t *events, char head[65],
                 struct signet_error *err);
/* SIGNET_E_LEDGER: another schema than that of this program. */
int copy_check_schema(const struct signet_ledger *from, const struct signet_ledger *to,
                      struct signet_error *err);

#endif
