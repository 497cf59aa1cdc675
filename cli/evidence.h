/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include "cli.h"

/* What `signet evidence` found (evidence.c), and where it is written (evidence_put.c). */

/* How often something was: of, name and count as in struct signet_ledger_share. */
struct share {
    char of[16], *name;
    int64_t count;
};

struct paper {
    struct cli *cli;
    const struct signet_order *order;
    struct signet_ledger *ledger;
    struct signet_ledger_order_view view; /* its name is not kept */
    struct signet_ledger_evidence found;
    struct signet_tree *tree; /* the order's template */
    int64_t events;           /* of the ledger, that was verified; */
    char head[65];            /* and of its chain */
    struct share *shares;
    size_t share_count;
    FILE *md; /* NULL: JSON */
    struct json j;
};

/* After an error the JSON object is closed, but not complete. */
int evidence_put(struct paper *p, struct signet_error *err);

#endif
