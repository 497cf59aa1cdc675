/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLASHER_FLASHER_H
#define FLASHER_FLASHER_H

#include "base/base.h"

#include <signet/flasher.h>

/* True when text is 1 to 63 letters and digits: what may stand in the argument vector of a tool. */
bool flasher_serial_valid(const char *text);

/* False: programming ends with a reset of its own, or there is nothing to reset with. */
bool flasher_has_reset(const struct signet_flasher *flasher);
/* Locks the debug port, where the tool can, and tells whether a read is refused: after a reset, in
 * between. SIGNET_E_FLASH: the part can be read. */
bool flasher_can_lock(const struct signet_flasher *flasher);
int flasher_lock(struct signet_flasher *flasher, struct signet_error *err);
int flasher_check_locked(struct signet_flasher *flasher, struct signet_error *err);
/* True: it works through the board's serial port, which must be closed meanwhile. */
bool flasher_uses_port(const struct signet_flasher *flasher);
/* The board's port, as it was found. */
int flasher_take_port(struct signet_flasher *flasher, const char *port, struct signet_error *err);
/* SIGNET_E_NOT_FOUND: its tool was taken away since the flasher was opened. */
int flasher_check_tool(const struct signet_flasher *flasher, struct signet_error *err);
/* True for "none": images are taken as programmed. */
bool flasher_is_none(const struct signet_flasher *flasher);

/* Any other command, as tools are run: found on PATH or by its absolute path, argv ends with NULL,
 * no shell, a fixed environment, ended after timeout_ms. input (may be NULL) is on its standard
 * input; output (may be NULL) gets the first 1 MiB of what it writes. *status is its exit status,
 * or 128 + N after signal N. */
#define FLASHER_COMMAND_WORDS 64
int flasher_command(const char *const *argv, const char *input, int timeout_ms,
                    const struct signet_cancel *cancel, struct buf *output, int *status,
                    struct signet_error *err);
/* Ends what Signet started and no longer waits for, since it was killed: a programmer that is still
 * at work on a board, or has a port open. tell() gets the name and number of each. */
void flasher_end_orphans(void (*tell)(void *ctx, const char *name, int pid), void *ctx);
/* Could its program, and the script that this reads, be run? Runs nothing. SIGNET_E_NOT_FOUND. */
int flasher_command_check(const char *const *argv, struct signet_error *err);

#endif
