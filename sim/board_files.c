/* SPDX-License-Identifier: Apache-2.0 */
/* The file system of a simulated board that takes any path, littlefs: what was written to an open
 * file is there once it is closed, and not after a restart before that. */
#include "board.h"

#include <string.h>

void files_close(struct sim_file *file)
{
    size_t tail = file->replaced ? 0 : file->stored.len;

    if (!file->open)
        return;
    if (file->replaced)
        buf_reset(&file->stored);
    buf_append(&file->stored, file->data.data + tail, file->data.len - tail);
    file->open = file->replaced = false;
}

void files_lose(struct sim_file *file)
{
    if (!file->open)
        return;
    buf_reset(&file->data);
    buf_append(&file->data, file->stored.data, file->stored.len);
    file->open = file->replaced = false;
}

void files_truncate(struct sim_file *file)
{
    file->open = true;
    file->replaced = file->replaced || file->stored.len;
    buf_reset(&file->data);
}

static size_t bytes_in_use(const struct sim_fs *fs)
{
    size_t sum = 0;

    for (size_t i = 0; i < SIM_FILES_MAX; i++)
        if (fs->files[i].path[0])
            sum += fs->files[i].data.len;
    return sum;
}

bool files_append(struct sim_fs *fs, struct sim_file *file, const void *data, size_t len)
{
    if (fs->size && bytes_in_use(fs) + len > fs->size) {
        files_lose(file); /* littlefs does not write back a file that failed */
        return false;
    }
    file->open = true;
    buf_append(&file->data, data, len);
    return !file->data.failed;
}

struct sim_file *files_find(struct sim_fs *fs, const struct smp_item *name)
{
    for (size_t i = 0; i < SIM_FILES_MAX; i++)
        if (fs->files[i].path[0] && item_is(name, fs->files[i].path))
            return &fs->files[i];
    return NULL;
}

bool files_below(const struct sim_fs *fs, const struct smp_item *name)
{
    for (size_t i = 0; i < SIM_FILES_MAX; i++)
        if (strncmp(fs->files[i].path, (const char *)name->data, name->len) == 0 &&
            fs->files[i].path[name->len] == '/')
            return true;
    return false;
}

static struct sim_file *make_file(struct sim_fs *fs, const struct smp_item *name)
{
    for (size_t i = 0; i < SIM_FILES_MAX; i++) {
        struct sim_file *file = &fs->files[i];

        if (file->path[0])
            continue;
        memcpy(file->path, name->data, name->len);
        file->path[name->len] = '\0';
        file->data.max = file->stored.max = SIM_FILE_MAX;
        return file;
    }
    return NULL;
}

struct sim_file *files_make(struct sim_fs *fs, const struct smp_item *name)
{
    struct sim_file *file = files_find(fs, name);

    return file ? file : make_file(fs, name);
}
