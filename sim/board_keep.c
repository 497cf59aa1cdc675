/* SPDX-License-Identifier: Apache-2.0 */
/* Boards in a folder: what each holds outlives the simulator, and a board that was pulled can be
 * put in again, there or in another slot. */
#include "board.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char ending[] = ".board";

static const char *const firmware_names[] = {
    [SIM_FIRMWARE_NONE] = "blank",
    [SIM_FIRMWARE_INITIAL] = "initial",
    [SIM_FIRMWARE_FINAL] = "final",
    [SIM_FIRMWARE_SMP_FILE] = "smp-file",
    [SIM_FIRMWARE_CRED] = "zephyr-credentials",
    [SIM_FIRMWARE_AT] = "nrf91",
};

const char *firmware_name(enum sim_firmware firmware)
{
    return firmware_names[firmware];
}

void keep_serial(struct sim_board *board)
{
    const char *dash = strrchr(board->endpoint, '-');

    snprintf(board->serial, sizeof(board->serial), "%s", dash ? dash + 1 : board->endpoint);
}

static bool keep_path(const struct sim_board *board, const char *serial, char out[4096])
{
    int n = snprintf(out, 4096, "%s/%s%s", board->state, serial, ending);

    return n > 0 && n < 4096 && !strchr(serial, '/');
}

bool keep_knows(const struct sim_board *board, const char *serial)
{
    char path[4096];

    return board->state && keep_path(board, serial, path) && access(path, F_OK) == 0;
}

static json_t *hex_text(const struct buf *bytes)
{
    struct buf hex = {0};
    json_t *text;

    buf_hex(&hex, bytes->data, bytes->len);
    text = json_stringn(hex.len ? (const char *)hex.data : "", hex.len);
    buf_free(&hex);
    return text;
}

/* "TAG TYPE": bytes */
static json_t *store_json(const struct sim_store *store)
{
    json_t *out = json_object();
    char name[32];

    for (size_t i = 0; i < SIM_STORE_MAX; i++)
        if (store->list[i].type[0]) {
            snprintf(name, sizeof(name), "%u %s", store->list[i].tag, store->list[i].type);
            json_object_set_new(out, name, hex_text(&store->list[i].data));
        }
    return out;
}

static json_t *board_json(const struct sim_board *board, bool in_slot)
{
    json_t *files = json_object();
    json_t *out;

    for (size_t i = 0; i < SIM_FILES_MAX; i++)
        if (board->fs.files[i].path[0])
            json_object_set_new(files, board->fs.files[i].path,
                                hex_text(&board->fs.files[i].stored));
    out =
        json_pack("{s:i, s:s, s:s, s:s, s:b, s:b, s:o, s:o, s:o}", "slot",
                  in_slot ? (int)board->slot : 0, "serial", board->serial, "endpoint",
                  board->endpoint, "firmware", firmware_name(board->firmware), "provisioned",
                  board->provisioned, "locked", board->locked || board->lock_set, "packet",
                  hex_text(&board->fs.applied), "files", files, "store", store_json(&board->store));
    return out;
}

/* Whole or not at all when the process is killed; nobody expects more of a simulator. */
void keep_write(const struct sim_board *board, bool in_slot)
{
    char path[4096], other[4200];
    json_t *json;
    int fd;

    if (!board->state || !keep_path(board, board->serial, path))
        return;
    snprintf(other, sizeof(other), "%s.%d.tmp", path, (int)getpid());
    json = board_json(board, in_slot);
    fd = open(other, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || !json || json_dumpfd(json, fd, JSON_INDENT(1)) != 0 || rename(other, path) != 0)
        perror(path);
    if (fd >= 0)
        close(fd);
    json_decref(json);
}

static bool take_hex(struct buf *out, const json_t *value)
{
    size_t len = json_string_length(value);
    uint8_t *at;

    buf_reset(out);
    at = len ? buf_extend(out, len / 2) : NULL;
    return len == 0 || (at && hex_decode(json_string_value(value), len, at, len / 2) >= 0);
}

static bool take_files(struct sim_fs *fs, json_t *files)
{
    const char *path;
    json_t *value;
    size_t n = 0;
    bool good = true;

    json_object_foreach(files, path, value)
    {
        if (n == SIM_FILES_MAX)
            return false;
        snprintf(fs->files[n].path, sizeof(fs->files[n].path), "%s", path);
        fs->files[n].data.max = fs->files[n].stored.max = SIM_FILE_MAX;
        good = take_hex(&fs->files[n].data, value) && take_hex(&fs->files[n].stored, value) && good;
        n++;
    }
    return good;
}

static bool take_store(struct sim_store *store, json_t *kept)
{
    const char *name;
    json_t *value;
    bool good = true;

    json_object_foreach(kept, name, value)
    {
        const char *type = strchr(name, ' ');
        struct buf data = {0};

        good = good && type && take_hex(&data, value) &&
               store_add(store, (unsigned)strtoul(name, NULL, 10), type + 1, data.data, data.len);
        buf_free(&data);
    }
    return good;
}

static bool take_board(struct sim_board *board, const json_t *json)
{
    const char *firmware = json_string_value(json_object_get(json, "firmware"));
    const char *endpoint = json_string_value(json_object_get(json, "endpoint"));
    const char *serial = json_string_value(json_object_get(json, "serial"));

    if (!firmware || !endpoint || !serial)
        return false;
    for (size_t i = 0; i < COUNT_OF(firmware_names); i++)
        if (strcmp(firmware_names[i], firmware) == 0)
            board->firmware = (enum sim_firmware)i;
    snprintf(board->endpoint, sizeof(board->endpoint), "%s", endpoint);
    snprintf(board->serial, sizeof(board->serial), "%s", serial);
    board->locked = board->lock_set = json_is_true(json_object_get(json, "locked"));
    board->provisioned = json_is_true(json_object_get(json, "provisioned"));
    return take_hex(&board->fs.applied, json_object_get(json, "packet")) &&
           take_files(&board->fs, json_object_get(json, "files")) &&
           take_store(&board->store, json_object_get(json, "store"));
}

static json_t *load_board(const struct sim_board *board, const char *serial)
{
    char path[4096];

    return keep_path(board, serial, path) ? json_load_file(path, 0, NULL) : NULL;
}

static int slot_in(const json_t *json)
{
    return (int)json_integer_value(json_object_get(json, "slot"));
}

bool keep_in_slot(const struct sim_board *board, const char *serial)
{
    json_t *json = load_board(board, serial);
    bool in = slot_in(json) != 0;

    json_decref(json);
    return in;
}

/* The number of the board in this slot. */
static bool find_in_slot(const struct sim_board *board, char serial[160])
{
    DIR *folder = opendir(board->state);
    const struct dirent *entry;
    bool found = false;

    while (folder && !found && (entry = readdir(folder))) {
        if (!text_ends_with(entry->d_name, ending))
            continue;
        snprintf(serial, 160, "%.*s", (int)(strlen(entry->d_name) - strlen(ending)), entry->d_name);
        json_t *json = load_board(board, serial);
        found = slot_in(json) == (int)board->slot;
        json_decref(json);
    }
    if (folder)
        closedir(folder);
    return found;
}

bool keep_read(struct sim_board *board, const char *serial)
{
    char found[160];
    json_t *json;
    bool good;

    if (!board->state || (!serial && !find_in_slot(board, found)))
        return false;
    json = load_board(board, serial ? serial : found);
    good = json && take_board(board, json);
    json_decref(json);
    return good;
}
