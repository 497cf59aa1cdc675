/* SPDX-License-Identifier: Apache-2.0 */
/* signet sim: each verb is in a file of its own. */
#include "sim_verbs.h"

const struct verb sim_verbs[] = {
    {"board", "a board on a pty, good or misbehaving", sim_board},
    {"rack", "the boards of a whole line, each in a slot", sim_rack},
    {"tell", "pull a board, reset it, ask how it is", sim_tell},
    {"server", "an onboarding server, good or misbehaving", sim_server},
    {"scanner", "a scanner on a pty, good or misbehaving", sim_scanner},
    {"printer", "a label printer, good or misbehaving", sim_printer},
    {"flasher", "a programmer that flashes such boards", sim_flasher},
    {0},
};
