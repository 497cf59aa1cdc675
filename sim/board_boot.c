/* SPDX-License-Identifier: Apache-2.0 */
/* A board starts, and is programmed. */
#include "board.h"

#define MOUNT_MS 150 /* the mount comes this long after the ready text */

static const char prompt[] = "\x1b[1;32muart:~$ \x1b[m";

static void boot_initial(struct sim_board *board)
{
    board_say(board, "\x1b[m\x1b[8D\x1b[J", 0);
    board_log(board, "<inf> littlefs: LittleFS version 2.5, disk version 2.0");
    if (board->provisioned) {
        board_log(board, "<inf> provisioning_app: Factory provisioning information already "
                         "present. Please flash production firmware. Halting.");
        board->mounted_at = INT64_MAX;
        return;
    }
    if (board->wire.faults.never_ready > 0) {
        board->mounted_at = INT64_MAX;
        return;
    }
    board_say(board, "Device ready for provisioning.\r\n", 20);
    board_say(board, prompt, 5);
    board->mounted_at = wire_now() + MOUNT_MS * INT64_C(1000000);
}

static void boot_final(struct sim_board *board)
{
    if (board->provisioned)
        board_log(board, "<inf> persistence: Anjay restored from settings");
    else
        board_log(board, "<wrn> persistence: nothing to restore");
    board_say(board, prompt, 5);
}

void board_boot(struct sim_board *board)
{
    if (board->wire.faults.heals > 0 && board->count.resets >= board->wire.faults.heals)
        board->wire.faults = (struct sim_faults){0};
    board->halted = board->unplugged;
    board->busy_until = 0;
    board->chunks = 0;
    fs_erase(&board->fs);
    image_boot(&board->images);
    settings_boot(&board->settings);
    smp_frames_reset(&board->frames);
    buf_reset(&board->shell);
    wipe(board->store.buffer, sizeof(board->store.buffer));
    board->store.buffered = 0;
    board->online = true;
    if (board->halted || board->firmware == SIM_FIRMWARE_NONE)
        return;
    board_say(board, "\r\n*** Booting Zephyr OS build v3.3.99 ***\r\n",
              10 + (int)board->wire.faults.slow_boot);
    if (board->firmware == SIM_FIRMWARE_INITIAL) {
        boot_initial(board);
    } else if (board->firmware == SIM_FIRMWARE_FINAL) {
        boot_final(board);
    } else if (board->firmware == SIM_FIRMWARE_AT) {
        board_say(board, "Ready\r\n", 0);
    } else {
        board_say(board, prompt, 0);
        board->mounted_at = 0;
    }
}

void board_reset(struct sim_board *board)
{
    board->count.resets++;
    board->locked = board->locked || board->lock_set;
    journal_note(board, "reset");
    wire_clear(&board->wire);
    board_boot(board);
}

void board_program(struct sim_board *board, enum sim_firmware firmware, bool chip_erase)
{
    journal_program(board, firmware, chip_erase);
    wire_clear(&board->wire);
    fs_erase(&board->fs);
    if (chip_erase) {
        fs_format(&board->fs);
        if (board->firmware != SIM_FIRMWARE_AT && firmware != SIM_FIRMWARE_AT)
            store_clear(&board->store); /* a modem keeps what it has */
        board->provisioned = false;
        journal_held(board);
    }
    board->firmware = firmware;
    board->halted = true;
    keep_write(board, true);
}
