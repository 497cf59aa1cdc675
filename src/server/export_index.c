/* SPDX-License-Identifier: Apache-2.0 */
/* Where each row of an export begins, by its first cell, so that adding to a long file does not
 * read it again: 16 bytes a slot, at most half of them in use. A row is found by a hash and then
 * compared in the file. */
#include "server/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { SLOTS_MIN = 1024 };

void export_index_free(struct export_index *index)
{
    free(index->slots);
    *index = (struct export_index){0};
}

uint64_t export_index_hash(const void *start, size_t len)
{
    const uint8_t *at = start;
    uint64_t hash = 14695981039346656037ull; /* FNV-1a */

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * 1099511628211ull;
    return hash | 1; /* 0: the slot is free */
}

static void place(struct export_index *index, uint64_t hash, uint64_t at)
{
    size_t i = (size_t)hash & (index->room - 1);

    while (index->slots[i].hash)
        i = (i + 1) & (index->room - 1);
    index->slots[i] = (struct export_slot){hash, at};
    index->count++;
}

int export_index_put(struct export_index *index, uint64_t hash, uint64_t at,
                     struct signet_error *err)
{
    if (2 * (index->count + 1) > index->room) {
        struct export_index larger = *index;

        larger.room = index->room ? 2 * index->room : SLOTS_MIN;
        larger.slots = calloc(larger.room, sizeof *larger.slots);
        larger.count = 0;
        if (!larger.slots)
            return error_nomem(err);
        for (size_t i = 0; i < index->room; i++)
            if (index->slots[i].hash)
                place(&larger, index->slots[i].hash, index->slots[i].at);
        free(index->slots);
        *index = larger;
    }
    place(index, hash, at);
    return SIGNET_OK;
}

bool export_index_next(const struct export_index *index, uint64_t hash, size_t *probe, uint64_t *at)
{
    for (; index->room; ++*probe) {
        const struct export_slot *slot = &index->slots[((size_t)hash + *probe) & (index->room - 1)];

        if (!slot->hash)
            return false;
        if (slot->hash != hash)
            continue;
        *at = slot->at;
        ++*probe;
        return true;
    }
    return false;
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
            rc = export_index_put(index, export_index_hash(text + at, start), at, err);
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
    int rc;

    if (is_current(index, st))
        return SIGNET_OK;
    export_index_free(index);
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
