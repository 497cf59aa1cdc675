/* SPDX-License-Identifier: Apache-2.0 */
/* What a board prints, and the pairs of its answers. */
#include "board.h"

#include <stdio.h>
#include <string.h>

void board_log(struct sim_board *board, const char *text)
{
    char line[256];
    int n = snprintf(line, sizeof(line), "[00:00:01.%03d,000] %s\r\n",
                     (int)(board->wire.lines_out % 1000), text);

    wire_send(&board->wire, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1, 0);
}

void board_say(struct sim_board *board, const char *text, int delay_ms)
{
    wire_send(&board->wire, text, strlen(text), delay_ms);
}

int64_t answer_delay_ms(const struct sim_board *board)
{
    const struct sim_faults *faults = &board->wire.faults;

    return (int64_t)faults->delay +
           (faults->late > 0 && board->answers % 5 == 0 ? (int64_t)faults->late : 0);
}

void board_die(struct sim_board *board, const char *why)
{
    board_say(board, why, 0);
    board_say(board, "\r\n[00:00:09.000,000] <err> os: ZEPHYR FATAL ERROR 4: Kernel panic\r\n", 0);
    board->halted = true;
}

void put_uint(struct buf *body, const char *key, uint64_t value)
{
    cbor_put_text(body, key);
    cbor_put_uint(body, value);
}

void put_text(struct buf *body, const char *key, const void *text, size_t len)
{
    cbor_put_text(body, key);
    cbor_put_text_n(body, text, len);
}

bool item_is(const struct smp_item *item, const char *text)
{
    return item->len == strlen(text) && memcmp(item->data, text, item->len) == 0;
}
