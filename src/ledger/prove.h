/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_PROVE_H
#define LEDGER_PROVE_H

#include "ledger/store.h"

/* A station that signs, as its row has it. */
struct signed_station {
    int64_t id, base;
    char there[STATION_MAX + SITE_MAX + 2]; /* its name where its events were recorded */
    char text[SIGNET_LEDGER_CHECKPOINT_SIZE];
    struct tlog_checkpoint checkpoint;
};
/* Columns: id, base, name, checkpoint. SIGNET_E_NOT_FOUND: it does not sign. */
int signed_station_read(const struct db_rows *row, struct signed_station *out,
                        struct signet_error *err);
/* The tree of its events is the one that it signed. */
int signed_station_check(const struct signed_station *station, const struct tlog_tree *tree,
                         struct signet_error *err);

#endif
