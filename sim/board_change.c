/* SPDX-License-Identifier: Apache-2.0 */
/* A board goes, and it or another one comes: the port goes away, and comes back as another device
 * with that board behind it. */
#include "board.h"
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define AWAY_NS (400 * INT64_C(1000000))

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

void change_blank(struct sim_board *board)
{
    fs_format(&board->fs);
    store_clear(&board->store);
    board->provisioned = board->locked = board->lock_set = false;
    board->firmware = board->first_firmware;
    board->held_name[0] = board->held_key[0] = '\0';
    if (board->state) /* each slot has numbers of its own */
        snprintf(board->endpoint, sizeof(board->endpoint), "%s", board->first_name);
    else
        next_name(board->endpoint);
    keep_serial(board);
    for (int tries = 0; tries < 99999 && keep_knows(board, board->serial); tries++) {
        next_name(board->endpoint);
        keep_serial(board);
    }
}

static void take_out(struct sim_board *board, bool for_good)
{
    if (board->away_until == INT64_MAX)
        return; /* the slot is empty */
    journal_note(board, "out");
    if (for_good)
        keep_write(board, false);
    if (board->link) {
        unlink(board->link);
        wire_unplug(&board->wire);
    }
    board->halted = true;
}

/* NULL: it can be done. */
static const char *refuse(const struct sim_board *board, enum change what, const char *serial)
{
    bool empty = board->away_until == INT64_MAX;

    if (board->unplugged || (board->away_until && !empty) ||
        (empty && (what == CHANGE_REPLUG || what == CHANGE_PULL)))
        return "there is no board now";
    if (what != CHANGE_INSERT)
        return NULL;
    if (!board->state)
        return "boards that were pulled are kept with --state only";
    if (!keep_knows(board, serial))
        return "there is no such board";
    return keep_in_slot(board, serial) ? "that board is in a slot" : NULL;
}

const char *change_begin(struct sim_board *board, enum change what, const char *serial)
{
    const char *why = refuse(board, what, serial);

    if (why)
        return why;
    take_out(board, what != CHANGE_REPLUG);
    board->away_until = INT64_MAX;
    if (what == CHANGE_PULL)
        return NULL;
    if (what == CHANGE_INSERT) {
        fs_format(&board->fs);
        store_clear(&board->store);
        if (!keep_read(board, serial))
            return "that board's file is damaged";
    }
    if (what == CHANGE_NEXT) {
        change_blank(board);
        board->count.changes++;
    }
    journal_held(board);
    keep_write(board, true);
    board->away_until = wire_now() + AWAY_NS;
    return NULL;
}

/* When the board holds its packet and nobody has spoken to it for a while, whoever stands at the
 * bench puts the next one in. */
static int64_t pulled_at(struct sim_board *board)
{
    bool holds = (board->provisioned && board->fs.applied.len) || store_is_whole(&board->store);

    if (board->away_until || board->unplugged || !holds ||
        board->count.changes + 1 >= board->boards)
        return INT64_MAX;
    return board->last_heard + board->hold_ns;
}

int64_t change_due(struct sim_board *board)
{
    return board->away_until ? board->away_until : pulled_at(board);
}

static void put_in(struct sim_board *board)
{
    board->away_until = 0;
    wire_clear(&board->wire);
    if (board->link && wire_again(&board->wire) != SIGNET_OK)
        board->unplugged = true;
    journal_note(board, "in");
    board_boot(board);
    if (board->link && !board->unplugged)
        make_link(board->wire.path, board->link, NULL);
}

void change_serve(struct sim_board *board)
{
    int64_t now = wire_now();

    if (board->wire.bytes_in != board->heard_bytes) {
        board->heard_bytes = board->wire.bytes_in;
        board->last_heard = now;
    }
    if (now >= pulled_at(board))
        change_begin(board, CHANGE_NEXT, NULL);
    if (board->away_until && now >= board->away_until)
        put_in(board);
}
