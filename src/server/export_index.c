/* SPDX-License-Identifier: Apache-2.0 */
/* Where each row of an export begins, by its first cell, so that adding to a long file does not
 * read it again. */
#include "server/export.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

void export_index_free(struct export_index *index)
{
    index_free(&index->rows);
    *index = (struct export_index){0};
}

static bool is_current(const struct export_index *index, const struct stat *st)
{
    return index->known && index->dev == st->st_dev && index->ino == st->st_ino &&
           index->size == st->st_size && index->changed.tv_sec == st->st_mtim.tv_sec &&
           index->changed.tv_nsec == st->st_mtim.tv_nsec;
}

void export_index_keep(struct export_index *index, const struct stat *st, uint64_t len)
{
    index->known = true;
    index->dev = st->st_dev;
    index->ino = st->st_ino;
    index->size = st->st_size;
    index->changed = st->st_mtim;
    index->len = len;
}

/* All whole rows; what a crash left of another is not one. */
static int read_rows(struct export_index *index, const struct export_format *format,
                     const char *text, size_t len, struct signet_error *err)
{
    bool heading = format->header;
    size_t at = 0, end;
    int rc = SIGNET_OK;

    while (!rc && (end = export_row_end(format, text + at, len - at)) > 0) {
        size_t start = export_start_len(format, text + at, end);

        if (!heading && start)
            rc = index_add(&index->rows, index_hash(&index->rows, text + at, start), at, err);
        heading = false;
        at += end;
    }
    index->len = at;
    return rc;
}

int export_index_refresh(struct export_index *index, const struct export_format *format, int fd,
                         const struct stat *st, struct signet_error *err)
{
    size_t size = (size_t)st->st_size;
    char *text;

    if (is_current(index, st))
        return SIGNET_OK;
    export_index_free(index);
    int rc = index_open(&index->rows, err);
    if (rc)
        return rc;
    if (size) {
        text = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (text == MAP_FAILED)
            return error_sys(err, SIGNET_E_IO, errno, "reading the export");
        rc = read_rows(index, format, text, size, err);
        munmap(text, size);
        if (rc) {
            export_index_free(index);
            return rc;
        }
    }
    export_index_keep(index, st, index->len);
    return SIGNET_OK;
}
