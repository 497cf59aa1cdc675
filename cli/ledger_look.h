/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LEDGER_LOOK_H
#define CLI_LEDGER_LOOK_H

int ledger_list(int argc, char **argv);
int ledger_show(int argc, char **argv);
int ledger_export(int argc, char **argv);

#endif
