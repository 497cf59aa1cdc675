/* SPDX-License-Identifier: Apache-2.0 */
/* Group fs, all but the upload. */
#include "smp/client.h"

#include <stdio.h>
#include <string.h>

enum { FILE_DATA = 0, STATUS = 1, HASH = 2, HASH_TYPES = 3, CLOSE = 4 };

static void ask_path(struct signet_smp *smp, const char *path, size_t more)
{
    buf_reset(&smp->body);
    cbor_put_map(&smp->body, 1 + more);
    cbor_put_text(&smp->body, "name");
    cbor_put_text(&smp->body, path);
}

static int ask(struct signet_smp *smp, uint8_t id, struct signet_error *err)
{
    return smp_request(smp, (struct smp_command){SMP_READ, SMP_GROUP_FS, id}, smp->options.retries,
                       err);
}

/* Takes one piece at b->len. *done: it was the last one. */
static int take_piece(struct signet_smp *smp, struct buf *b, uint64_t *len, bool *done,
                      struct signet_error *err)
{
    const struct smp_item *off = smp_answer_want(&smp->answer, "off", SMP_INT);
    const struct smp_item *data = smp_answer_want(&smp->answer, "data", SMP_BYTES);
    const struct smp_item *all = smp_answer_want(&smp->answer, "len", SMP_INT);

    if (!off || !data)
        return error_set(err, SIGNET_E_SYNTAX, "the answer has no \"off\" and \"data\"");
    if (off->value != b->len)
        return error_set(err, SIGNET_E_BOARD, "the board sent offset %llu instead of %zu",
                         (unsigned long long)off->value, b->len);
    if (all && !b->len)
        *len = all->value; /* 0: some files have no length, and end with an empty piece */
    if (*len > b->max || data->len > b->max - b->len)
        return error_set(err, SIGNET_E_LIMIT, "the file is larger than %zu bytes", b->max);
    if (*len && data->len > *len - b->len)
        return error_set(err, SIGNET_E_BOARD, "the board sent more than the file's %llu bytes",
                         (unsigned long long)*len);
    buf_append(b, data->data, data->len);
    *done = !data->len || (*len && b->len == *len);
    if (*done && b->len < *len)
        return error_set(err, SIGNET_E_BOARD, "the file ends at %zu of %llu bytes", b->len,
                         (unsigned long long)*len);
    return buf_check(b, err);
}

int signet_smp_download(struct signet_smp *smp, const char *path, size_t max,
                        struct signet_bytes *out, struct signet_error *err)
{
    struct buf b = {.max = max && max < BUF_MAX ? max : BUF_MAX};
    uint64_t len = 0;
    bool done = false;
    int rc = smp_check_path(path, err);

    while (!rc && !done) {
        buf_reset(&smp->body);
        cbor_put_map(&smp->body, 2);
        cbor_put_text(&smp->body, "off");
        cbor_put_uint(&smp->body, b.len);
        cbor_put_text(&smp->body, "name");
        cbor_put_text(&smp->body, path);
        rc = ask(smp, FILE_DATA, err);
        if (!rc)
            rc = take_piece(smp, &b, &len, &done, err);
        if (!rc)
            smp_tell_progress(smp, "download", b.len, len);
    }
    if (!rc)
        rc = buf_take(&b, out, err);
    buf_free(&b);
    if (rc)
        error_prefix(err, "download of %s", path ? path : "nothing");
    return rc;
}

int signet_smp_status(struct signet_smp *smp, const char *path, uint64_t *len,
                      struct signet_error *err)
{
    const struct smp_item *item;
    int rc = smp_check_path(path, err);

    if (rc)
        return rc;
    ask_path(smp, path, 0);
    rc = ask(smp, STATUS, err);
    if (!rc) {
        item = smp_answer_want(&smp->answer, "len", SMP_INT);
        if (item)
            *len = item->value;
        else
            rc = error_set(err, SIGNET_E_SYNTAX, "the answer has no \"len\"");
    }
    if (rc)
        error_prefix(err, "status of %s", path);
    return rc;
}

static int take_hash(struct signet_smp *smp, struct signet_smp_hash *out, struct signet_error *err)
{
    const struct smp_item *type = smp_answer_want(&smp->answer, "type", SMP_TEXT);
    const struct smp_item *len = smp_answer_want(&smp->answer, "len", SMP_INT);
    const struct smp_item *output = smp_answer_get(&smp->answer, -1, "output");
    struct signet_smp_hash hash = {0};

    if (!len || !output || (type && type->len >= sizeof hash.type))
        return error_set(err, SIGNET_E_SYNTAX, "the answer has no usable \"output\"");
    hash.len = len->value;
    if (type)
        memcpy(hash.type, type->data, type->len);
    if (output->kind == SMP_INT && output->value <= UINT32_MAX) {
        hash.output_len = 4;
        for (int i = 0; i < 4; i++)
            hash.output[i] = (uint8_t)(output->value >> (24 - 8 * i));
    } else if (output->kind == SMP_BYTES && output->len <= sizeof hash.output) {
        hash.output_len = output->len;
        memcpy(hash.output, output->data, output->len);
    } else {
        return error_set(err, SIGNET_E_SYNTAX, "the answer has no usable \"output\"");
    }
    *out = hash;
    return SIGNET_OK;
}

int signet_smp_hash(struct signet_smp *smp, const char *path, const char *type,
                    struct signet_smp_hash *out, struct signet_error *err)
{
    int rc = smp_check_path(path, err);

    if (rc)
        return rc;
    ask_path(smp, path, type ? 1 : 0);
    if (type) {
        cbor_put_text(&smp->body, "type");
        cbor_put_text(&smp->body, type);
    }
    rc = ask(smp, HASH, err);
    if (!rc)
        rc = take_hash(smp, out, err);
    if (rc)
        error_prefix(err, "hash of %s", path);
    return rc;
}

/* {"types": {"crc32": {"format": 0, "size": 4}, ...}} */
int signet_smp_hash_types(struct signet_smp *smp, struct signet_smp_hash_type *types, size_t cap,
                          size_t *count, struct signet_error *err)
{
    const struct smp_item *list;
    size_t n = 0;
    int rc, parent;

    buf_reset(&smp->body);
    cbor_put_map(&smp->body, 0);
    rc = ask(smp, HASH_TYPES, err);
    list = rc ? NULL : smp_answer_want(&smp->answer, "types", SMP_MAP);
    if (!rc && !list)
        rc = error_set(err, SIGNET_E_SYNTAX, "the answer has no \"types\"");
    if (rc) {
        error_prefix(err, "hash types");
        return rc;
    }
    parent = (int)(list - smp->answer.items);
    for (size_t i = 0; i < smp->answer.count && n < 16; i++) {
        const struct smp_item *item = &smp->answer.items[i], *format, *size;

        if (item->parent != parent || item->kind != SMP_MAP || item->key_len >= 16)
            continue;
        if (n < cap) {
            format = smp_answer_get(&smp->answer, (int)i, "format");
            size = smp_answer_get(&smp->answer, (int)i, "size");
            types[n] = (struct signet_smp_hash_type){.format = format ? (uint32_t)format->value : 0,
                                                     .size = size ? (uint32_t)size->value : 0};
            memcpy(types[n].name, item->key, item->key_len);
        }
        n++;
    }
    *count = n;
    return SIGNET_OK;
}

int signet_smp_file_close(struct signet_smp *smp, struct signet_error *err)
{
    int rc;

    buf_reset(&smp->body);
    cbor_put_map(&smp->body, 0);
    rc = smp_request(smp, (struct smp_command){SMP_WRITE, SMP_GROUP_FS, CLOSE},
                     smp->options.retries, err);
    if (rc)
        error_prefix(err, "close");
    return rc;
}

/* The board understood, but has no such thing: another way may do. */
static bool not_offered(int rc)
{
    return rc == SIGNET_E_SMP || rc == SIGNET_E_UNSUPPORTED || rc == SIGNET_E_NOT_FOUND ||
           rc == SIGNET_E_SYNTAX;
}

int signet_smp_compare(struct signet_smp *smp, const char *path, const void *data, size_t len,
                       const uint8_t *sha256, const char **how, struct signet_error *err)
{
    uint32_t crc = smp_crc32(data, len);
    const uint8_t crc_bytes[4] = {(uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8),
                                  (uint8_t)crc};
    struct signet_smp_hash hash = {0};
    const char *method = "sha256";
    const uint8_t *want = sha256;
    uint64_t board_len = 0;
    int rc = SIGNET_E_UNSUPPORTED;

    if (sha256)
        rc = signet_smp_hash(smp, path, method, &hash, err);
    if (not_offered(rc)) {
        method = "crc32";
        want = crc_bytes;
        rc = signet_smp_hash(smp, path, method, &hash, err);
    }
    if (not_offered(rc)) {
        method = "length";
        want = NULL;
        rc = signet_smp_status(smp, path, &board_len, err);
        hash.len = board_len;
    }
    if (not_offered(rc))
        return error_set(err, SIGNET_E_UNSUPPORTED, "the board tells neither hash nor length");
    if (rc)
        return rc;
    if (hash.len != len)
        return error_set(err, SIGNET_E_BOARD, "%s: the board has %llu of %zu bytes", path,
                         (unsigned long long)hash.len, len);
    if (want && (hash.output_len != (want == sha256 ? 32u : 4u) ||
                 memcmp(hash.output, want, hash.output_len) != 0))
        return error_set(err, SIGNET_E_BOARD, "%s: the board has other bytes (by %s)", path,
                         method);
    if (how)
        *how = method;
    return SIGNET_OK;
}
