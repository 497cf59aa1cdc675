/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LEDGER_STATS_H
#define CLI_LEDGER_STATS_H

int ledger_stats(int argc, char **argv); /* signet ledger stats */

#endif
