/* SPDX-License-Identifier: Apache-2.0 */
/* What simulated boards with a console have in common. */
#include "board.h"
#include "pki/pki.h"

#include <stdio.h>

void cred_hardware_id(const struct sim_board *board, char out[static 17])
{
    size_t len = strlen(board->serial);
    uint8_t sha[32];

    if (len > 0 && len <= 16 && strspn(board->serial, "0123456789abcdef") == len) {
        memset(out, '0', 16);
        memcpy(out + 16 - len, board->serial, len + 1);
        return;
    }
    sha256(board->serial, len, sha, NULL);
    hex_encode(sha, 8, out);
}

void store_changed(struct sim_board *board, const char *event)
{
    keep_write(board, true);
    journal_held(board);
    journal_note(board, event);
}

/* A restart in the middle: what was typed and buffered is gone. */
bool console_starts_again(struct sim_board *board)
{
    double nth = board->wire.faults.restart;

    if (nth < 1 || board->restarted || ++board->chunks < (uint64_t)nth)
        return false;
    board->restarted = true;
    board_reset(board);
    return true;
}
