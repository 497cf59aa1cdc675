/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SIM_VERBS_H
#define CLI_SIM_VERBS_H

#include "cli.h"
#include "sim.h"

int sim_board(int argc, char **argv); /* sim_boards.c */
int sim_rack(int argc, char **argv);
int sim_tell(int argc, char **argv);
int sim_server(int argc, char **argv);  /* sim_server.c */
int sim_printer(int argc, char **argv); /* sim_printer.c */
int sim_flasher(int argc, char **argv); /* sim_flasher.c */
int sim_scanner(int argc, char **argv); /* sim_scanner.c */

/* What --firmware said; NULL: initial. False: a mistake, told on stderr. */
bool sim_firmware_named(const struct cli *cli, const char *name, enum sim_firmware *out);
/* FOLDER/nrfjprog, a programmer of the boards in the slots of the rack, and images for it
 * (sim_flasher.c). */
int sim_rack_programmer(const char *folder, const char *rack, unsigned slots,
                        struct signet_error *err);
/* Until Ctrl-C, the end of standard input with until_eof, or until it is stopped (NULL: never). */
void sim_wait(bool until_eof, bool (*stopped)(void *ctx), void *ctx);

#endif
