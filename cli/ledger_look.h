/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LEDGER_LOOK_H
#define CLI_LEDGER_LOOK_H

#include "cli.h"

/* ledger.c: one that is there; station and operator are this host's and this user's. */
int ledger_open(struct signet_ledger **out, const char *where, struct signet_error *err);

/* ledger_look.c */
int ledger_list(int argc, char **argv);
int ledger_show(int argc, char **argv);
int ledger_export(int argc, char **argv);
int ledger_stats(int argc, char **argv);

#endif
