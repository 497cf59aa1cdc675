/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LEDGER_H
#define CLI_LEDGER_H

#include "cli.h"

/* A verb's work on the ledger that its first argument names, which must be there; station and
 * operator are this host's and this user's (ledger_open.c). Returns the exit code. */
typedef int ledger_work(struct signet_ledger *ledger, void *ctx, struct signet_error *err);
int ledger_read(struct cli *cli, ledger_work *work, void *ctx);
int ledger_change(struct cli *cli, ledger_work *work, void *ctx);

const char *ledger_user(void); /* NULL: it has no name; until the next call */

/* One that is not the first argument; LEDGER_MAKE: it need not be there. */
enum ledger_use { LEDGER_READ, LEDGER_CHANGE, LEDGER_MAKE };
int ledger_open(struct signet_ledger **out, const char *where, enum ledger_use use,
                const char *sign_file, struct signet_error *err);
/* What changes a ledger may sign it. */
#define SIGN_ROW(cli)                                                                              \
    TEXT(0, "sign", "FILE", "Sign what is recorded with this key, which is made if it is missing", \
         &(cli).sign_file)

int ledger_list(int argc, char **argv); /* ledger_look.c */
int ledger_show(int argc, char **argv);
int ledger_export(int argc, char **argv);
int ledger_stats(int argc, char **argv); /* ledger_stats.c */
int ledger_sync(int argc, char **argv);  /* ledger_sync.c */
/* What a ledger is when it was verified (ledger_open.c). is_signed: whether signatures were
 * verified; NULL: it was not asked. */
void ledger_print_head(const struct cli *cli, int64_t events, const char *head,
                       const bool *is_signed);

int ledger_verify(int argc, char **argv); /* ledger_log.c */
int ledger_checkpoint(int argc, char **argv);
int ledger_vkey(int argc, char **argv);
int ledger_proof(int argc, char **argv); /* ledger_proof.c */
int ledger_witness(int argc, char **argv);
int ledger_backup(int argc, char **argv); /* ledger_files.c */
int ledger_archive(int argc, char **argv);
int ledger_recover(int argc, char **argv);
int ledger_import(int argc, char **argv); /* ledger_import.c */
int ledger_void(int argc, char **argv);   /* ledger_mend.c */
int ledger_rework(int argc, char **argv);

/* SIGNET_E_NOT_FOUND when the ledger has none of that name, with the one that is meant, or those
 * that it has; name NULL: none is looked for (ledger_find.c). */
int ledger_find_order(struct signet_ledger *ledger, const char *name, struct signet_error *err);
int ledger_find_station(struct signet_ledger *ledger, const char *name, struct signet_error *err);
/* Of a device that was last in it. */
int ledger_find_slot(struct signet_ledger *ledger, const char *name, struct signet_error *err);
int ledger_find_device(struct signet_ledger *ledger, const char *name, struct signet_error *err);
/* The number of the state of this word; -1 for NULL. False: a mistake, which is told. */
bool ledger_know_state(const struct cli *cli, const char *word, int *state);

#endif
