/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MINT_H
#define CLI_MINT_H

#include "cli.h"

struct mint_options {
    bool dry_run, plain;
    int sync; /* seconds */
};

/* signet run of an order without a board. Returns the exit code. */
int mint_order(const struct cli *cli, const struct signet_order *order,
               const struct mint_options *options);
/* signet ledger sync of such an order */
int mint_sync(const struct cli *cli, const struct signet_order *order);

#endif
