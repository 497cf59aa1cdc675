/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads to any path, as the file groups of Zephyr take them. 3.2 and 3.3 open and close the file
 * for each chunk, go by an offset of their own, and forget the upload with its last byte. Later
 * ones keep the file open until its last byte, another file, a wrong offset, the command to close
 * it, or a second without a request, and go by the length that the file has when it is opened. */
#include "board.h"

#define RC_UNKNOWN 1
#define RC_INVALID 3
#define FS_WRITE   10
#define IDLE_NS    INT64_C(1000000000)

bool later_server(const struct sim_board *board)
{
    return board->generation >= SIM_ZEPHYR_36;
}

int fs_error(const struct sim_board *board, int fs_rc, int plain_rc, struct fs_reply *reply)
{
    if (!later_server(board))
        return plain_rc;
    reply->group = SMP_GROUP_FS;
    return fs_rc;
}

int wrong_offset(const struct sim_board *board, size_t want, struct fs_reply *reply)
{
    reply->has_len = true;
    reply->len = want;
    return fs_error(board, FS_OFFSET, RC_UNKNOWN, reply);
}

void upload_close(struct sim_fs *fs)
{
    if (fs->written)
        files_close(fs->written);
    fs->written = NULL;
    fs->upload_off = fs->declared = 0;
    fs->uploading = false;
}

static void upload_done(struct sim_board *board)
{
    journal_note(board, "file");
    keep_write(board, true);
}

static int write_old(struct sim_board *board, const struct upload_request *r,
                     struct fs_reply *reply)
{
    struct sim_fs *fs = &board->fs;
    struct sim_file *file;

    if (!r->off) {
        board->count.uploads++;
        fs->uploading = true;
        fs->upload_off = 0;
        fs->declared = (size_t)r->len;
    } else if (!fs->uploading) {
        return RC_INVALID;
    } else if (r->off != fs->upload_off) {
        return RC_UNKNOWN;
    }
    if (r->data->len > fs->declared - fs->upload_off)
        return RC_INVALID;
    if (board->generation == SIM_ZEPHYR_32 && !fs->declared) { /* 3.2 makes no empty file */
        fs->uploading = false;
        put_uint(reply->body, "off", 0);
        return 0;
    }
    file = files_make(fs, r->name);
    if (!file)
        return RC_UNKNOWN;
    if (!r->off)
        files_truncate(file);
    if (!files_append(fs, file, r->data->data, r->data->len))
        return RC_UNKNOWN;
    files_close(file);
    fs->upload_off += r->data->len;
    put_uint(reply->body, "off", fs->upload_off);
    if (fs->upload_off == fs->declared) {
        fs->uploading = false;
        upload_done(board);
    }
    return 0;
}

/* Opens the file, where it is not the one that is open. */
static struct sim_file *open_written(struct sim_fs *fs, const struct smp_item *name)
{
    struct sim_file *file = files_find(fs, name);

    if (!fs->written || fs->written != file) {
        upload_close(fs);
        fs->written = files_below(fs, name) ? NULL : files_make(fs, name);
    }
    if (fs->written)
        fs->written->open = fs->uploading = true;
    return fs->written;
}

/* A chunk 0 goes behind what an open file has, unless there was something in it when it was opened:
 * this is how a chunk 0 that comes twice doubles its bytes. */
static int write_later(struct sim_board *board, const struct upload_request *r,
                       struct fs_reply *reply)
{
    struct sim_fs *fs = &board->fs;
    struct sim_file *file = open_written(fs, r->name);

    if (!file)
        return fs_error(board, 1, RC_UNKNOWN, reply);
    if (!r->off) {
        board->count.uploads++;
        board->count.repeated += fs->upload_off > 0;
        fs->declared = (size_t)r->len;
        if (file->stored.len && r->data->len) /* an empty file does not empty one that is there */
            files_truncate(file);
    } else if (!fs->upload_off) {
        fs->upload_off = file->stored.len;
    }
    if (r->off && r->off != fs->upload_off) {
        size_t want = fs->upload_off;

        upload_close(fs);
        return wrong_offset(board, want, reply);
    }
    if (!files_append(fs, file, r->data->data, r->data->len)) {
        upload_close(fs);
        return fs_error(board, FS_WRITE, RC_UNKNOWN, reply);
    }
    fs->upload_off += r->data->len;
    put_uint(reply->body, "off", fs->upload_off);
    if (fs->declared && fs->upload_off >= fs->declared) {
        upload_close(fs);
        upload_done(board);
    }
    return 0;
}

int upload_write(struct sim_board *board, const struct upload_request *r, struct fs_reply *reply)
{
    board->fs.last_chunk = wire_now();
    return later_server(board) ? write_later(board, r, reply) : write_old(board, r, reply);
}

int64_t upload_idle(const struct sim_board *board)
{
    return board->fs.written ? board->fs.last_chunk + IDLE_NS : INT64_MAX;
}
