/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SIM_VERBS_H
#define CLI_SIM_VERBS_H

#include "cli.h"
#include "sim.h"

int sim_board(int argc, char **argv); /* sim_boards.c */
int sim_rack(int argc, char **argv);
int sim_tell(int argc, char **argv);
int sim_server(int argc, char **argv); /* sim_server.c */

/* What --firmware said; NULL: initial. False: a mistake, told on stderr. */
bool sim_firmware_named(const struct cli *cli, const char *name, enum sim_firmware *out);
/* Until Ctrl-C, the end of standard input with until_eof, or "stop" to the board (NULL: none). */
void sim_wait(bool until_eof, struct sim_board *board);

#endif
