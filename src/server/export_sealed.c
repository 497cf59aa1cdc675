/* SPDX-License-Identifier: Apache-2.0 */
/* An export that is sealed, a batch at a time: FILE.NUMBER.cms with the rows, and its manifest. Of
 * which rows they are is known by hashes, in FILE.sealed: a line for each row, and behind those of
 * a batch its number and its manifest's hash, which mark it. */
#include "pki/pki.h"
#include "server/export.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROW_START = 64 + 1, ROW_LINE = ROW_START + 64 + 1, MARK_MAX = 6 + 20 + 1 + 64 + 2 };

static const char heading[] = "signet sealed export 1\n";

/* The batches are the station's matter, not the device's. */
static int not_the_device(int rc, struct signet_error *err)
{
    if (rc == SIGNET_E_EXISTS && err)
        err->code = SIGNET_E_IO;
    return rc == SIGNET_E_EXISTS ? SIGNET_E_IO : rc;
}

int export_seal_open(struct export_seal *s, const struct server_seal *how, const char *path,
                     struct signet_error *err)
{
    s->setup = (struct handover_setup){.to = how->to,
                                       .to_count = how->to_count,
                                       .order = how->order,
                                       .station = how->station,
                                       .sign_file = how->sign_file,
                                       .paths = {path}};
    snprintf(s->head, sizeof(s->head), "-");
    return handover_open(&s->place, &s->setup, false, how->observer, err);
}

void export_seal_close(struct export_seal *s)
{
    handover_close(&s->place);
}

void export_seal_heading(struct buf *lines)
{
    buf_text(lines, heading);
}

int export_seal_check(const struct export_seal *s, struct signet_error *err)
{
    return not_the_device(handover_settle(&s->place, 0, true, false, err), err);
}

/* "batch NUMBER SHA256" */
static bool take_mark(struct export_seal *s, const char *line, size_t len)
{
    char copy[MARK_MAX], *end;

    if (len >= sizeof(copy) || strncmp(line, "batch ", 6) != 0)
        return false;
    snprintf(copy, sizeof(copy), "%.*s", (int)len - 1, line);
    uint64_t number = strtoull(copy + 6, &end, 10);
    if (number != s->batch + 1 || *end != ' ' || strlen(end + 1) != 64)
        return false;
    s->batch = number;
    snprintf(s->head, sizeof(s->head), "%s", end + 1);
    return true;
}

static int not_ours(const char *path, size_t at, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_IO, "put back the file of before, or name another export",
                          "'%s' is not what this export wrote, at byte %zu", path, at);
}

/* Each batch that is marked; what a crash left behind the last one is none. */
int export_seal_read(struct export_seal *s, const char *path, const char *text, size_t len,
                     struct index *rows, uint64_t *end, struct signet_error *err)
{
    size_t at = sizeof(heading) - 1, first = at;
    const char *stop;
    int rc = SIGNET_OK;

    s->batch = 0;
    snprintf(s->head, sizeof(s->head), "-");
    *end = 0;
    if (memcmp(text, heading, len < at ? len : at) != 0)
        return not_ours(path, 0, err);
    for (; rc == SIGNET_OK && at < len && (stop = memchr(text + at, '\n', len - at));
         at = (size_t)(stop - text) + 1) {
        if (!take_mark(s, text + at, (size_t)(stop - text) + 1 - at))
            continue;
        if ((at - first) % ROW_LINE)
            return not_ours(path, first, err);
        for (; rc == SIGNET_OK && first < at; first += ROW_LINE)
            rc = index_add(rows, index_hash(rows, text + first, ROW_START), first, err);
        *end = first = (size_t)(stop - text) + 1;
    }
    return rc;
}

int export_seal_settle(struct export_seal *s, struct signet_error *err)
{
    if (!s->place.key.loaded) { /* with the first rows: a look makes neither folder nor key */
        handover_close(&s->place);
        int rc = handover_open(&s->place, &s->setup, true, NULL, err);
        if (rc != SIGNET_OK)
            return rc;
    }
    return not_the_device(handover_settle(&s->place, s->batch, s->batch == 0, true, err), err);
}

static int digest(struct buf *text, char end, struct signet_error *err)
{
    char hex[65];
    int rc = buf_check(text, err);

    if (rc == SIGNET_OK)
        rc = signet_bytes_sha256(text->data, text->len, hex, err);
    buf_free(text);
    if (rc == SIGNET_OK)
        buf_printf(text, "%.64s%c", hex, end);
    return rc == SIGNET_OK ? buf_check(text, err) : rc;
}

int export_seal_digest_start(struct buf *start, struct signet_error *err)
{
    return digest(start, ' ', err);
}

int export_seal_digest(struct buf *start, struct buf *row, struct signet_error *err)
{
    struct buf both = {0};
    int rc = digest(start, ' ', err);

    if (rc == SIGNET_OK)
        rc = digest(row, '\n', err);
    buf_append(&both, start->data, start->len);
    buf_append(&both, row->data, row->len);
    buf_free(row);
    *row = both;
    return rc == SIGNET_OK ? buf_check(row, err) : rc;
}

int export_seal_stage(struct export_seal *s, const struct buf *rows, uint64_t devices,
                      struct buf *lines, struct signet_error *err)
{
    const struct handover_text texts[MANIFEST_FILES] = {{"", rows}};

    memcpy(s->place.head, s->head, sizeof(s->head));
    int rc = not_the_device(handover_stage(&s->place, s->batch + 1, devices, texts, err), err);
    if (rc == SIGNET_OK)
        rc = handover_sync(&s->place, s->batch + 1, err);
    buf_printf(lines, "batch %" PRIu64 " %.64s\n", s->batch + 1, s->place.head);
    return rc == SIGNET_OK ? buf_check(lines, err) : rc;
}

int export_seal_publish(struct export_seal *s, struct signet_error *err)
{
    s->batch++;
    memcpy(s->head, s->place.head, sizeof(s->head));
    return handover_publish(&s->place, s->batch, err);
}
