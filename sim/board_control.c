/* SPDX-License-Identifier: Apache-2.0 */
/* What a simulated board is told through its control socket: what a programmer's cable is to a real
 * one, and the hand that puts it in. */
#include "board.h"

#include <stdio.h>
#include <string.h>

static bool program(struct sim_board *board, const char *words)
{
    static const char *const names[] = {
        [SIM_FIRMWARE_INITIAL] = "initial ",   [SIM_FIRMWARE_FINAL] = "final ",
        [SIM_FIRMWARE_SMP_FILE] = "smp-file ", [SIM_FIRMWARE_CRED] = "zephyr-credentials ",
        [SIM_FIRMWARE_AT] = "nrf91 ",
    };

    for (size_t i = SIM_FIRMWARE_INITIAL; i < COUNT_OF(names); i++) {
        size_t n = strlen(names[i]);
        const char *erase = words + n;

        if (strncmp(words, names[i], n) != 0)
            continue;
        if (strcmp(erase, "chip") != 0 && strcmp(erase, "sectors") != 0)
            return false;
        board_program(board, (enum sim_firmware)i, strcmp(erase, "chip") == 0);
        return true;
    }
    return false;
}

static void answer_state(struct sim_board *board, char *answer, size_t cap)
{
    snprintf(answer, cap,
             "ok firmware=%d provisioned=%d halted=%d resets=%u uploads=%u repeated=%u applied=%zu "
             "keys=%u there=%d board=%s endpoint=%s",
             (int)board->firmware, board->provisioned, board->halted, board->count.resets,
             board->count.uploads, board->count.repeated, board->fs.applied.len, board->count.keys,
             !board->away_until && !board->unplugged, board->serial, board->endpoint);
}

static bool is_change(const char *request, enum change *what, const char **serial)
{
    static const char *const words[] = {
        [CHANGE_NEXT] = "next",
        [CHANGE_REPLUG] = "replug",
        [CHANGE_PULL] = "pull",
        [CHANGE_INSERT] = "insert ",
    };

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        size_t n = strlen(words[i]);

        if ((i == CHANGE_INSERT ? strncmp(request, words[i], n) : strcmp(request, words[i])) != 0)
            continue;
        *what = (enum change)i;
        *serial = request + n;
        return true;
    }
    return false;
}

static void obey_locked(struct sim_board *board, const char *request, char *answer, size_t cap)
{
    enum change what;
    const char *serial;

    snprintf(answer, cap, "ok");
    if (strcmp(request, "state") == 0) {
        answer_state(board, answer, cap);
    } else if (strcmp(request, "stop") == 0) {
        board->stop = true;
    } else if (board->unplugged) {
        snprintf(answer, cap, "error the board is unplugged");
    } else if (is_change(request, &what, &serial)) {
        const char *why = change_begin(board, what, serial);

        if (why)
            snprintf(answer, cap, "error %s", why);
    } else if (board->away_until) {
        snprintf(answer, cap, "error there is no board now");
    } else if (strcmp(request, "reset") == 0) {
        board_reset(board);
    } else if (strcmp(request, "lock") == 0) {
        board->lock_set = true;
        keep_write(board, true);
    } else if (strcmp(request, "recover") == 0) {
        board->locked = board->lock_set = false;
        board_program(board, SIM_FIRMWARE_NONE, true);
    } else if (board->locked &&
               (strcmp(request, "read") == 0 || strncmp(request, "program ", 8) == 0)) {
        snprintf(answer, cap, "error the debug port is locked");
    } else if (strcmp(request, "read") == 0) {
        snprintf(answer, cap, "ok");
    } else if (strncmp(request, "name ", 5) == 0) {
        snprintf(board->endpoint, sizeof(board->endpoint), "%.150s", request + 5);
        keep_write(board, true);
    } else if (strncmp(request, "program ", 8) != 0 || !program(board, request + 8)) {
        snprintf(answer, cap, "error no such request");
    }
}

void board_obey(void *ctx, const char *request, char *answer, size_t cap)
{
    struct sim_board *board = ctx;

    pthread_mutex_lock(&board->lock);
    obey_locked(board, request, answer, cap);
    pthread_mutex_unlock(&board->lock);
}
