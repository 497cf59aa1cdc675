/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include "cli.h"

/* What an order will do, as it was checked: signet run --dry-run. */
void plan_print(const struct cli *cli, const struct signet_order *order, struct signet_run *run);

#endif
