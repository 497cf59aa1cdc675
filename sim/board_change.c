/* SPDX-License-Identifier: Apache-2.0 */
/* The next board in the same socket: the port goes away, and comes back with a blank board of
 * another name behind it. */
#include "board.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AWAY_NS (400 * INT64_C(1000000))

int change_link(const struct sim_board *board, struct signet_error *err)
{
    struct stat st;

    /* another tool's link there is replaced, a file is not */
    if (lstat(board->link, &st) == 0 && (!S_ISLNK(st.st_mode) || unlink(board->link) != 0))
        return error_set(err, SIGNET_E_EXISTS, "%s is there and is no link", board->link);
    if (symlink(board->wire.path, board->link) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot make the link %s", board->link);
    return SIGNET_OK;
}

/* "demo-0099" -> "demo-0100": the digits at the end count up and keep their number. */
static void next_name(char *name)
{
    for (size_t i = strlen(name); i > 0 && name[i - 1] >= '0' && name[i - 1] <= '9'; i--) {
        if (name[i - 1] != '9') {
            name[i - 1]++;
            return;
        }
        name[i - 1] = '0';
    }
}

void change_begin(struct sim_board *board, bool next)
{
    if (board->unplugged || board->away_until)
        return;
    if (board->link)
        unlink(board->link);
    if (next) {
        next_name(board->endpoint);
        board_program(board, board->first_firmware, true);
        board->count.changes++;
    }
    board->away_until = wire_now() + AWAY_NS;
}

/* When the board holds its packet and nobody has spoken to it for a while, whoever stands at the
 * bench puts the next one in. */
static int64_t pulled_at(const struct sim_board *board)
{
    if (board->away_until || board->unplugged || !board->provisioned || !board->fs.applied.len ||
        board->count.changes + 1 >= board->boards)
        return INT64_MAX;
    return board->last_heard + board->hold_ns;
}

int64_t change_due(const struct sim_board *board)
{
    return board->away_until ? board->away_until : pulled_at(board);
}

void change_serve(struct sim_board *board)
{
    int64_t now = wire_now();

    if (board->wire.bytes_in != board->heard_bytes) {
        board->heard_bytes = board->wire.bytes_in;
        board->last_heard = now;
    }
    if (now >= pulled_at(board))
        change_begin(board, true);
    if (board->away_until && now >= board->away_until) {
        board->away_until = 0;
        wire_clear(&board->wire);
        board_boot(board);
        if (board->link)
            change_link(board, NULL);
    }
}
