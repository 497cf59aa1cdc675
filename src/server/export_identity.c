/* SPDX-License-Identifier: Apache-2.0 */
/* PSK identities in the rows of an export: whoever reads them knows a device by its own. */
#include "server/export.h"

#include <unistd.h>

enum { CELL_MAX = 1024 }; /* bytes of the row up to the identity's end that are looked at */

/* Columns that hold one; the first one is what rows begin with, and is looked at as such. */
static bool holds_identity(const struct export_format *format, size_t column)
{
    return column > 0 && format->columns[column].field == EXPORT_IDENTITY;
}

/* Of equal cells in other columns nothing follows. */
static uint64_t cell_hash(const struct index *index, size_t column, const char *cell, size_t len)
{
    return index_hash(index, cell, len) + column * 0x9e3779b97f4a7c15u;
}

int export_identities_add(const struct export_format *format, struct index *index, const char *row,
                          size_t len, uint64_t at, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; !rc && i < format->count; i++) {
        size_t from = 0,
               cell = holds_identity(format, i) ? export_cell(format, row, len, i, &from) : 0;

        if (cell)
            rc = index_add(index, cell_hash(index, i, row + from, cell), at, err);
    }
    return rc;
}

/* The beginning of a row, from the file or from what is to follow it. */
static size_t row_at(const struct export_rows *in, uint64_t at, char out[static CELL_MAX])
{
    size_t len;
    ssize_t n;

    if (at >= in->written) {
        at -= in->written;
        len = in->next->len - (size_t)at < CELL_MAX ? in->next->len - (size_t)at : CELL_MAX;
        memcpy(out, in->next->data + at, len);
        return len;
    }
    n = pread(in->fd, out, CELL_MAX, (off_t)at);
    return n > 0 ? (size_t)n : 0;
}

/* Does another row have this cell? start: what rows of this device begin with. */
static bool is_of_another(const struct export_format *format, const struct export_rows *in,
                          size_t column, const struct buf *start, const char *cell, size_t len)
{
    uint64_t hash = cell_hash(in->identities, column, cell, len), at;
    char there[CELL_MAX];
    size_t probe = 0;
    bool found = false;

    while (!found && index_next(in->identities, hash, &probe, &at)) {
        size_t size = row_at(in, at, there), from = 0;

        found = export_cell(format, there, size, column, &from) == len &&
                memcmp(there + from, cell, len) == 0 &&
                (size < start->len || memcmp(there, start->data, start->len) != 0);
    }
    wipe(there, sizeof(there)); /* keys stand in rows */
    return found;
}

int export_identities_check(const struct export_format *format, const struct export_rows *in,
                            const struct buf *start, const struct buf *row,
                            struct signet_error *err)
{
    const char *text = (const char *)row->data;

    for (size_t i = 0; i < format->count; i++) {
        size_t from = 0,
               len = holds_identity(format, i) ? export_cell(format, text, row->len, i, &from) : 0;

        if (len && is_of_another(format, in, i, start, text + from, len))
            return error_set_hint(
                err, SIGNET_E_EXISTS,
                "give each device an identity of its own, or take the old row out",
                "the row of another device has its PSK identity (column %zu)", i + 1);
    }
    return SIGNET_OK;
}
