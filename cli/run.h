/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli.h"

/* What an order will do, as it was checked: signet run --dry-run (plan.c). */
void plan_print(const struct cli *cli, const struct signet_order *order, struct signet_run *run);
/* Of an account of its template: where it goes, and what credentials its devices get. */
enum { PLAN_URI_SIZE = 161, PLAN_TEXT_SIZE = 200 };
const char *plan_uri(const struct signet_account *a, char out[static PLAN_URI_SIZE]);
const char *plan_credentials(const struct signet_order *o, const struct signet_account *a,
                             char out[static PLAN_TEXT_SIZE]);

/* The report at the end of a run (run_report.c). Returns the exit code: EXIT_DONE only if each
 * device of the order is done or void, or in work at another station; EXIT_PARTLY if the run
 * brought at least one device further. stopped: on request. */
int report_print(const struct cli *cli, const struct signet_order *order,
                 const struct signet_run_report *report, bool stopped);
/* The report of a run that only delivers. EXIT_DONE: nothing waits any more. */
int report_print_synced(const struct cli *cli, const struct signet_order *order,
                        const struct signet_run_report *report, bool stopped);

#endif
