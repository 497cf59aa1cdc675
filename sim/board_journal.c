/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to the boards of a rack, for whoever has to answer for them: an object a line. No
 * secret is in it, only fingerprints. */
#include "board.h"

#include "device/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int journal_open(struct sim_board *board, const char *path, struct signet_error *err)
{
    if (!path)
        return SIGNET_OK;
    board->journal_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return board->journal_fd < 0 ? error_sys(err, SIGNET_E_IO, errno, "%s", path) : SIGNET_OK;
}

static void put_member(struct buf *line, const char *name, const char *value)
{
    buf_printf(line, ", \"%s\": ", name);
    buf_json(line, value, strlen(value));
}

static void begin_line(const struct sim_board *board, const char *event, struct buf *line)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    buf_printf(line, "{\"at\": %lld.%03ld, \"slot\": %u", (long long)now.tv_sec,
               now.tv_nsec / 1000000, board->slot);
    put_member(line, "board", board->serial);
    put_member(line, "event", event);
}

static void put_held(const struct sim_board *board, struct buf *line)
{
    if (board->held_name[0])
        put_member(line, "name", board->held_name);
    if (board->held_key[0])
        put_member(line, "key", board->held_key);
}

/* In one piece: other boards write to the same file. */
static void end_line(const struct sim_board *board, struct buf *line)
{
    buf_text(line, "}\n");
    if (!line->failed && write(board->journal_fd, line->data, line->len) < 0)
        perror("signet sim: the journal");
    buf_free(line);
}

void journal_note(const struct sim_board *board, const char *event)
{
    struct buf line = {0};

    if (board->journal_fd < 0)
        return;
    begin_line(board, event, &line);
    put_held(board, &line);
    end_line(board, &line);
}

void journal_program(const struct sim_board *board, enum sim_firmware firmware, bool chip_erase)
{
    struct buf line = {0};

    if (board->journal_fd < 0)
        return;
    begin_line(board, chip_erase ? "erase" : "program", &line);
    put_member(&line, "firmware", firmware_name(firmware));
    put_held(board, &line); /* what is lost, or stays */
    end_line(board, &line);
}

void journal_load(const struct sim_board *board, bool good)
{
    journal_note(board, good ? "load" : "refuse");
}

void journal_held(struct sim_board *board)
{
    const struct buf *packet = &board->fs.applied;
    struct secret copy = {0};
    struct device device = {0};

    board->held_name[0] = board->held_key[0] = '\0';
    if (packet->len && secret_set(&copy, packet->data, packet->len, NULL) == SIGNET_OK &&
        device_from_packet(&device, &copy, "board", NULL) == SIGNET_OK) {
        const struct signet_device_facts *facts = &device.facts;
        const char *key = facts->psk_sha256 ? facts->psk_sha256 : facts->spki_sha256;

        snprintf(board->held_name, sizeof(board->held_name), "%s",
                 facts->psk_identity ? facts->psk_identity : "");
        snprintf(board->held_key, sizeof(board->held_key), "%s", key ? key : "");
    }
    device_free(&device);
    secret_wipe(&copy);
    if (board->firmware == SIM_FIRMWARE_CRED || board->firmware == SIM_FIRMWARE_AT)
        store_facts(&board->store, board->held_key, board->held_name);
}
