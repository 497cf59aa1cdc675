/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a manifest; the first line of its header also as a text with placeholders. Rows are
 * read again out of order and must be the same. */
#include "fuzz.h"
#include "order/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { KEPT = 200 };

struct seen {
    size_t lens[KEPT];
    uint64_t lines[KEPT];
    bool bad[KEPT];
    int64_t count;
};

static int on_row(void *ctx, const struct manifest_row *row, const struct signet_error *bad,
                  struct signet_error *err)
{
    struct seen *s = ctx;

    (void)err;
    if (bad)
        require_error(bad);
    if (s->count < KEPT) {
        s->lens[s->count] = row->text.len;
        s->lines[s->count] = row->line;
        s->bad[s->count] = bad != NULL;
    }
    seen(row->text.data, row->text.len);
    s->count++;
    return SIGNET_OK;
}

static int on_bytes(void *ctx, const void *data, size_t len, struct signet_error *err)
{
    (void)ctx, (void)data, (void)len, (void)err;
    return SIGNET_OK;
}

/* A file that was changed meanwhile is refused. */
static void read_changed(struct manifest *m, int fd)
{
    struct manifest_row row = {0};
    struct signet_error err = {0};

    if (manifest_count(m) > 0 && ftruncate(fd, 0) == 0 && manifest_row(m, 0, &row, &err))
        require_error(&err);
    manifest_row_free(&row);
}

static void read_again(struct manifest *m, const struct seen *s)
{
    struct manifest_row row = {0};

    for (int64_t i = s->count < KEPT ? s->count : KEPT; i-- > 0;) {
        struct signet_error err = {0};
        int rc = manifest_row(m, i, &row, &err);

        require((rc != SIGNET_OK) == s->bad[i]);
        require(row.text.len == s->lens[i] && row.line == s->lines[i]);
    }
    require(manifest_row(m, manifest_count(m), &row, NULL) == SIGNET_E_NOT_FOUND);
    manifest_row_free(&row);
}

/* With the values of the first row. */
static void expand(struct manifest *m, const struct pieces *p)
{
    struct manifest_row row = {0};
    struct signet_error err = {0};
    struct buf out = {.max = 100000};
    int column = -1;

    if (manifest_count(m) > 0 && manifest_row(m, 0, &row, NULL) == SIGNET_OK) {
        const struct placeholder_values values = {
            .row = &row, .endpoint = "urn:dev:1", .serial = 7};

        if (pieces_expand(p, &values, &out, &column, &err) != SIGNET_OK)
            require_error(&err);
    }
    buf_free(&out);
    manifest_row_free(&row);
}

static void placeholders(struct manifest *m, const uint8_t *data, size_t size)
{
    struct placeholder_names names = {.manifest = "m"};
    struct signet_error err = {0};
    struct pieces p = {0};

    names.columns = manifest_columns(m, &names.count);
    for (int bytes = 0; bytes < 2; bytes++) {
        names.manifest = bytes ? NULL : manifest_path(m);
        names.hardware = bytes;
        if (pieces_compile(&p, data, size, bytes, &names, &err) == SIGNET_OK)
            expand(m, &p);
        else
            require_error(&err);
        pieces_free(&p);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signet_error err = {0};
    struct manifest *m = NULL;
    struct seen seen = {0};
    const struct manifest_visitor visitor = {.on_row = on_row, .on_bytes = on_bytes, .ctx = &seen};
    char path[64];

    if (size < 1)
        return 0;
    int fd = memfd_create("m.csv", 0);
    require(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (manifest_open(&m, path, data[0] & 1 ? ',' : ';', &err) != SIGNET_OK) {
        require_error(&err);
    } else {
        if (manifest_scan(m, &visitor, &err) == SIGNET_OK)
            read_again(m, &seen);
        else
            require_error(&err);
        placeholders(m, data + 1, size - 1 < 200 ? size - 1 : 200);
        read_changed(m, fd);
    }
    manifest_close(&m);
    close(fd);
    return 0;
}
