/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LEDGER_SYNC_H
#define CLI_LEDGER_SYNC_H

int ledger_sync(int argc, char **argv); /* signet ledger sync */

#endif
