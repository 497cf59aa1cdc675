/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a simulated board: /factory as AVSystem's Zephyr client mounts it, or a plain file
 * system. */
#include "board.h"

#include "pki/pki.h"

#include <stdio.h>
#include <string.h>

#define RC_UNKNOWN   1
#define RC_INVALID   3
#define RC_NO_ENTRY  5
#define RC_NOT_SUPP  8
#define FS_BAD_NAME  2
#define FS_NO_FILE   3
#define FS_DIRECTORY 4
#define FS_TOO_FAR   12
#define FS_HASH_TYPE 13
#define FS_EMPTY     16
#define NAME_MOST    64
#define READ_REST    44 /* of a buffer, what an answer to a read has beside data */
#define APPLY_NS     (50 * INT64_C(1000000))

static const char packet_path[] = "/factory/provision.cbor";
static const char result_path[] = "/factory/result.txt";
static const char endpoint_path[] = "/factory/endpoint.txt";

void fs_erase(struct sim_fs *fs)
{
    for (size_t i = 0; i < SIM_FILES_MAX; i++)
        files_lose(&fs->files[i]);
    upload_close(fs);
    buf_reset(&fs->stream);
    fs->ended = false;
    fs->result = 1;
}

void fs_format(struct sim_fs *fs)
{
    fs_erase(fs);
    for (size_t i = 0; i < SIM_FILES_MAX; i++) {
        fs->files[i].path[0] = '\0';
        buf_free(&fs->files[i].data);
        buf_free(&fs->files[i].stored);
    }
    buf_free(&fs->applied);
}

static int no_file(const struct sim_board *board, const struct smp_item *name,
                   struct fs_reply *reply)
{
    if (later_server(board) && files_below(&board->fs, name))
        return fs_error(board, FS_DIRECTORY, RC_UNKNOWN, reply);
    return fs_error(board, FS_NO_FILE, RC_NO_ENTRY, reply);
}

/* Into the file, or, when it is a folder ("DIR/"), into one of the board's own name there. */
static bool save_applied(const struct sim_board *board)
{
    const struct buf *packet = &board->fs.applied;
    size_t len = strlen(board->save);
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s%s", board->save,
                     len && board->save[len - 1] == '/' ? board->endpoint : "");

    return n > 0 && (size_t)n < sizeof(path) &&
           file_write(path, packet->data, packet->len, 0600, NULL) == SIGNET_OK;
}

/* Signet's own decoder and checks of meaning stand in for Anjay's parser. */
void fs_apply(struct sim_board *board)
{
    struct sim_fs *fs = &board->fs;
    struct signet_tree *tree = NULL;
    bool good;

    fs->ended = true;
    fs->uploading = false;
    good = board->wire.faults.result >= 0 && fs->stream.len &&
           signet_packet_decode(fs->stream.data, fs->stream.len, &tree, NULL) == SIGNET_OK &&
           signet_tree_check(tree, 0, NULL, NULL) == SIGNET_OK;
    signet_tree_free(&tree);
    fs->result = good || (!fs->stream.len && board->wire.faults.takes_empty > 0) ? 0 : -1;
    if (good) {
        buf_reset(&fs->applied);
        buf_append(&fs->applied, fs->stream.data, fs->stream.len);
        board->provisioned = true;
        journal_held(board);
        keep_write(board, true);
        if (board->save && !save_applied(board))
            board_log(board, "<wrn> sim: the packet could not be saved");
    }
    journal_load(board, good);
    board->busy_until = wire_now() + APPLY_NS;
    board_log(board, good ? "<inf> provisioning_app: Factory provisioning finished. Please flash "
                            "production firmware. Halting."
                          : "<err> provisioning_app: Could not perform factory provisioning.");
}

/* Chunk 0 again into an unfinished upload: 3.2 asserts (false), later ones take the bytes twice. */
static bool repeat_first(struct sim_board *board, const struct smp_item *data)
{
    board->count.repeated++;
    if (board->generation == SIM_ZEPHYR_32) {
        board_die(board, "ASSERTION FAIL [off == (size_t)received_data_total]");
        return false;
    }
    buf_append(&board->fs.stream, data->data, data->len);
    board->fs.upload_off = data->len;
    return true;
}

static int factory_write(struct sim_board *board, uint64_t off, const struct smp_item *data,
                         struct fs_reply *reply)
{
    struct sim_fs *fs = &board->fs;

    if (fs->ended || data->len > SIM_RING_SIZE)
        return RC_UNKNOWN;
    if (!off && fs->uploading) {
        if (!repeat_first(board, data))
            return -1;
    } else if (off && !fs->uploading && !later_server(board)) {
        return RC_INVALID;
    } else if (off != fs->upload_off) {
        return wrong_offset(board, fs->upload_off, reply);
    } else {
        buf_append(&fs->stream, data->data, data->len);
        fs->upload_off += data->len;
        board->count.uploads += !off;
    }
    fs->uploading = true;
    fs->last_chunk = wire_now();
    if (board->wire.faults.hang_on_full_ring > 0 && fs->stream.len > SIM_RING_SIZE) {
        board->halted = true; /* the parser never comes back, and with it the SMP server */
        return -1;
    }
    put_uint(reply->body, "off", fs->upload_off);
    return 0;
}

/* What the server itself does at a chunk, whatever file it is for. */
static bool disturbed(struct sim_board *board)
{
    const struct sim_faults *faults = &board->wire.faults;

    board->chunks++;
    board->count.chunks++;
    if (faults->assert_dies >= 1 && board->chunks == (uint64_t)faults->assert_dies) {
        board_die(board, "ASSERTION FAIL [0] @ WEST_TOPDIR/zephyr/subsys/mgmt/mcumgr");
        return true;
    }
    if (faults->restart >= 1 && board->chunks == (uint64_t)faults->restart && !board->restarted) {
        board->restarted = board->restart_due = true;
        return true;
    }
    if (faults->stall > 0 && board->chunks == 3)
        board->busy_until = wire_now() + (int64_t)(faults->stall * 1e9);
    return false;
}

/* What later servers say of a name, whatever is there. */
static int judge_name(const struct sim_board *board, const struct smp_item *name,
                      struct fs_reply *reply)
{
    if (!name || (later_server(board) && (!name->len || name->len > NAME_MOST)))
        return RC_INVALID;
    if (later_server(board) && name->data[0] != '/')
        return fs_error(board, FS_BAD_NAME, RC_INVALID, reply);
    return 0;
}

int fs_write(struct sim_board *board, const struct smp_answer *request, struct fs_reply *reply)
{
    const struct smp_item *off = smp_answer_want(request, "off", CBOR_UNSIGNED);
    const struct smp_item *name = smp_answer_want(request, "name", CBOR_TEXT);
    static const struct smp_item nothing = {.kind = CBOR_BYTES};
    const struct smp_item *data = smp_answer_want(request, "data", CBOR_BYTES);
    const struct smp_item *len = smp_answer_want(request, "len", CBOR_UNSIGNED);
    int rc = judge_name(board, name, reply);

    if (!data && later_server(board))
        data = &nothing;
    if (!off || !name || !data || !name->len || name->len > NAME_MOST || (!off->value && !len))
        return RC_INVALID;
    if (rc)
        return rc;
    if (disturbed(board))
        return -1;
    if (board->firmware == SIM_FIRMWARE_SMP_FILE)
        return upload_write(
            board, &(struct upload_request){off->value, len ? len->value : 0, name, data}, reply);
    if (wire_now() < board->mounted_at || board->firmware != SIM_FIRMWARE_INITIAL ||
        !item_is(name, packet_path))
        return no_file(board, name, reply);
    return factory_write(board, off->value, data, reply);
}

/* The whole content of a file that can be read; NULL: none. The first look at the result means
 * that the packet is complete. */
static const void *content(struct sim_board *board, const struct smp_item *name, size_t *len)
{
    static const uint8_t nothing[1];
    struct sim_file *file;
    const char *text;

    if (board->firmware == SIM_FIRMWARE_SMP_FILE) {
        file = files_find(&board->fs, name);
        *len = file ? file->stored.len : 0;
        return file ? (*len ? file->stored.data : nothing) : NULL;
    }
    if (board->firmware != SIM_FIRMWARE_INITIAL || wire_now() < board->mounted_at)
        return NULL;
    if (item_is(name, result_path)) {
        if (board->fs.result == 1)
            fs_apply(board);
        text = board->fs.result ? "-1" : "0";
    } else if (item_is(name, endpoint_path)) {
        text = board->endpoint;
    } else {
        return NULL;
    }
    *len = strlen(text);
    return text;
}

int fs_read(struct sim_board *board, const struct smp_answer *request, struct fs_reply *reply)
{
    const struct smp_item *off = smp_answer_want(request, "off", CBOR_UNSIGNED);
    const struct smp_item *name = smp_answer_want(request, "name", CBOR_TEXT);
    const uint8_t *data;
    size_t len = 0, at, n;
    int rc = judge_name(board, name, reply);

    if (rc || !off)
        return rc ? rc : RC_INVALID;
    if (later_server(board) && board->firmware == SIM_FIRMWARE_SMP_FILE)
        upload_close(&board->fs);
    data = content(board, name, &len);
    if (!data)
        return no_file(board, name, reply);
    at = off->value < len ? (size_t)off->value : len;
    n = len - at < board->buf_size - READ_REST ? len - at : board->buf_size - READ_REST;
    put_uint(reply->body, "off", off->value);
    cbor_put_text(reply->body, "data");
    cbor_put_bytes(reply->body, data + at, n);
    if (!off->value) {
        put_uint(reply->body, "len", len);
    }
    return 0;
}

int fs_status(struct sim_board *board, const struct smp_answer *request, struct fs_reply *reply)
{
    const struct smp_item *name = smp_answer_want(request, "name", CBOR_TEXT);
    size_t len = 0;
    int rc = judge_name(board, name, reply);

    if (rc)
        return rc;
    if (later_server(board) && board->firmware == SIM_FIRMWARE_INITIAL &&
        item_is(name, packet_path))
        len = board->fs.stream.len;
    else if (!content(board, name, &len))
        return no_file(board, name, reply);
    put_uint(reply->body, "len", len);
    return 0;
}

static int put_hash(bool sha, const uint8_t *data, size_t len, struct buf *body)
{
    uint8_t digest[32];

    if (sha && sha256(data, len, digest, NULL) != SIGNET_OK)
        return RC_UNKNOWN;
    put_uint(body, "len", len);
    cbor_put_text(body, "output");
    if (sha)
        cbor_put_bytes(body, digest, sizeof(digest));
    else
        cbor_put_uint(body, smp_crc32(data, len));
    return 0;
}

/* Of the whole file, or of "len" bytes from "off" on. */
static int hash_part(struct sim_board *board, const struct smp_answer *request, bool sha,
                     const uint8_t *data, size_t len, struct fs_reply *reply)
{
    const struct smp_item *off = smp_answer_want(request, "off", CBOR_UNSIGNED);
    const struct smp_item *most = smp_answer_want(request, "len", CBOR_UNSIGNED);
    uint64_t from = off ? off->value : 0;

    if (!len)
        return fs_error(board, FS_EMPTY, RC_INVALID, reply);
    if (from >= len)
        return fs_error(board, FS_TOO_FAR, RC_INVALID, reply);
    len -= (size_t)from;
    put_text(reply->body, "type", sha ? "sha256" : "crc32", sha ? 6 : 5);
    if (from)
        put_uint(reply->body, "off", from);
    return put_hash(sha, data + from, most && most->value < len ? (size_t)most->value : len,
                    reply->body);
}

int fs_hash(struct sim_board *board, const struct smp_answer *request, struct fs_reply *reply)
{
    const struct smp_item *name = smp_answer_want(request, "name", CBOR_TEXT);
    const struct smp_item *type = smp_answer_want(request, "type", CBOR_TEXT);
    const struct smp_item *most = smp_answer_want(request, "len", CBOR_UNSIGNED);
    bool sha = type && item_is(type, "sha256");
    const uint8_t *data;
    size_t len = 0;
    int rc = judge_name(board, name, reply);

    if (board->firmware != SIM_FIRMWARE_SMP_FILE)
        return RC_NOT_SUPP;
    if (!name || (type && type->len > 8) || (most && !most->value))
        return RC_INVALID;
    if (type && type->len && !sha && !item_is(type, "crc32"))
        return fs_error(board, FS_HASH_TYPE, RC_INVALID, reply);
    if (rc)
        return rc;
    data = content(board, name, &len);
    return data ? hash_part(board, request, sha, data, len, reply) : no_file(board, name, reply);
}

int fs_close(struct sim_board *board)
{
    if (!later_server(board))
        return RC_NOT_SUPP;
    if (board->firmware == SIM_FIRMWARE_SMP_FILE)
        upload_close(&board->fs);
    return 0;
}
