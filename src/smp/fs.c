/* SPDX-License-Identifier: Apache-2.0 */
/* Group fs, all but the upload. */
#include "smp/client.h"

enum { FILE_DATA = 0, STATUS = 1, HASH = 2, HASH_TYPES = 3, CLOSE = 4 };
#define CLOSE_TIMES 2
#define IDLE_CLOSE_MS                                                                              \
    1200 /* by then a board has closed a file that nobody writes (Zephyr: 1 s)                     \
          */

static int read_request(struct signet_smp *smp, uint8_t id, struct signet_error *err)
{
    return smp_request(smp, (struct smp_command){SMP_READ, SMP_GROUP_FS, id}, smp->options.retries,
                       err);
}

/* Takes one piece at b->len. *done: it was the last one. */
static int append_piece(struct signet_smp *smp, struct buf *b, uint64_t *len, bool *done,
                        struct signet_error *err)
{
    const struct smp_item *off = smp_answer_want(&smp->answer, "off", CBOR_UNSIGNED);
    const struct smp_item *data = smp_answer_want(&smp->answer, "data", CBOR_BYTES);
    const struct smp_item *all = smp_answer_want(&smp->answer, "len", CBOR_UNSIGNED);

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
        struct buf *packet = smp_begin(smp, 2);

        cbor_put_text(packet, "off");
        cbor_put_uint(packet, b.len);
        smp_put_text(packet, "name", path);
        rc = read_request(smp, FILE_DATA, err);
        if (!rc)
            rc = append_piece(smp, &b, &len, &done, err);
        if (!rc)
            smp_report_progress(smp, "download", b.len, len);
    }
    rc = buf_end(&b, rc, out, err);
    return error_pass(rc, err, "download of %s", path ? path : "nothing");
}

int signet_smp_status(struct signet_smp *smp, const char *path, uint64_t *len,
                      struct signet_error *err)
{
    const struct smp_item *item;
    int rc = smp_check_path(path, err);

    if (rc)
        return rc;
    smp_put_text(smp_begin(smp, 1), "name", path);
    rc = read_request(smp, STATUS, err);
    item = rc ? NULL : smp_answer_want(&smp->answer, "len", CBOR_UNSIGNED);
    if (item)
        *len = item->value;
    else if (!rc)
        rc = error_set(err, SIGNET_E_SYNTAX, "the answer has no \"len\"");
    return error_pass(rc, err, "status of %s", path);
}

static void put32(uint8_t out[static 4], uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static int take_hash(struct signet_smp *smp, struct signet_smp_hash *out, struct signet_error *err)
{
    const struct smp_item *type = smp_answer_want(&smp->answer, "type", CBOR_TEXT);
    const struct smp_item *len = smp_answer_want(&smp->answer, "len", CBOR_UNSIGNED);
    const struct smp_item *number = smp_answer_want(&smp->answer, "output", CBOR_UNSIGNED);
    const struct smp_item *bytes = smp_answer_want(&smp->answer, "output", CBOR_BYTES);
    struct signet_smp_hash hash = {0};

    if (!len || (type && type->len >= sizeof(hash.type)) ||
        !((number && number->value <= UINT32_MAX) || (bytes && bytes->len <= sizeof(hash.output))))
        return error_set(err, SIGNET_E_SYNTAX, "the answer has no usable \"output\"");
    hash.len = len->value;
    hash.output_len = number ? 4 : bytes->len;
    if (type)
        memcpy(hash.type, type->data, type->len);
    if (number)
        put32(hash.output, (uint32_t)number->value);
    else
        memcpy(hash.output, bytes->data, bytes->len);
    *out = hash;
    return SIGNET_OK;
}

int signet_smp_hash(struct signet_smp *smp, const char *path, const char *type,
                    struct signet_smp_hash *out, struct signet_error *err)
{
    int rc = smp_check_path(path, err);
    struct buf *packet;

    if (rc)
        return rc;
    packet = smp_begin(smp, type ? 2 : 1);
    smp_put_text(packet, "name", path);
    if (type)
        smp_put_text(packet, "type", type);
    rc = read_request(smp, HASH, err);
    if (!rc)
        rc = take_hash(smp, out, err);
    if (rc == SIGNET_E_SMP && type)
        error_hint(err, "boards know sha256 and crc32; without a type it is the board's choice");
    return error_pass(rc, err, "hash of %s", path);
}

static uint32_t number_in(const struct smp_answer *answer, size_t parent, const char *key)
{
    const struct smp_item *item = smp_answer_get(answer, (int)parent, key);

    return item ? (uint32_t)item->value : 0;
}

/* {"types": {"crc32": {"format": 0, "size": 4}, ...}} */
int signet_smp_hash_types(struct signet_smp *smp, struct signet_smp_hash_type *types, size_t cap,
                          size_t *count, struct signet_error *err)
{
    const struct smp_answer *answer = &smp->answer;
    const struct smp_item *list;
    size_t n = 0;
    int rc;

    smp_begin(smp, 0);
    rc = read_request(smp, HASH_TYPES, err);
    list = rc ? NULL : smp_answer_want(answer, "types", CBOR_MAP);
    if (!rc && !list)
        rc = error_set(err, SIGNET_E_SYNTAX, "the answer has no \"types\"");
    for (size_t i = 0; !rc && i < answer->count && n < 16; i++) {
        const struct smp_item *item = &answer->items[i];

        if (item->parent != list - answer->items || item->kind != CBOR_MAP || item->key_len >= 16)
            continue;
        if (n < cap) {
            types[n] = (struct signet_smp_hash_type){.format = number_in(answer, i, "format"),
                                                     .size = number_in(answer, i, "size")};
            memcpy(types[n].name, item->key, item->key_len);
        }
        n++;
    }
    if (!rc)
        *count = n;
    return error_pass(rc, err, "hash types");
}

static int ask_to_close(struct signet_smp *smp, int times, struct signet_error *err)
{
    smp_begin(smp, 0);
    return smp_request(smp, (struct smp_command){SMP_WRITE, SMP_GROUP_FS, CLOSE}, times, err);
}

int signet_smp_file_close(struct signet_smp *smp, struct signet_error *err)
{
    return error_pass(ask_to_close(smp, smp->options.retries, err), err, "close");
}

int smp_close_open_file(struct signet_smp *smp, bool *closed, struct signet_error *err)
{
    int times = smp->options.retries < CLOSE_TIMES ? smp->options.retries : CLOSE_TIMES;
    struct signet_error own;
    int rc = smp->options.stream ? SIGNET_E_UNSUPPORTED : ask_to_close(smp, times, &own);

    *closed = rc == SIGNET_OK;
    return smp_gone(rc) ? error_copy(err, &own) : SIGNET_OK;
}

/* The board understood, but has no such thing: another way may do. */
static bool not_offered(int rc)
{
    return rc == SIGNET_E_SMP || rc == SIGNET_E_UNSUPPORTED || rc == SIGNET_E_NOT_FOUND ||
           rc == SIGNET_E_SYNTAX;
}

struct wanted {
    const char *path;
    const void *data;
    size_t len;
    const uint8_t *sha256;
};

static int judge_file(const struct wanted *w, const struct signet_smp_hash *hash, bool same,
                      const char *method, struct signet_error *err)
{
    if (hash->len != w->len)
        return error_set(err, SIGNET_E_BOARD, "%s: the board has %llu of %zu bytes", w->path,
                         (unsigned long long)hash->len, w->len);
    if (!same)
        return error_set(err, SIGNET_E_BOARD, "%s: the board has other bytes (by %s)", w->path,
                         method);
    return SIGNET_OK;
}

/* One look, by what the board offers. */
static int look_at_file(struct signet_smp *smp, const struct wanted *w, const char **how,
                        struct signet_error *err)
{
    uint8_t crc[4];
    const struct {
        const char *type;
        const uint8_t *want;
        size_t len;
    } hashes[] = {{"sha256", w->sha256, 32}, {"crc32", crc, sizeof(crc)}};
    struct signet_smp_hash hash = {0};
    bool same = true;
    int rc = SIGNET_E_UNSUPPORTED;

    *how = "length";
    put32(crc, smp_crc32(w->data, w->len));
    for (size_t i = w->sha256 ? 0 : 1; i < 2 && not_offered(rc); i++) {
        rc = signet_smp_hash(smp, w->path, hashes[i].type, &hash, err);
        if (rc == SIGNET_OK) {
            *how = hashes[i].type;
            same = hash.output_len == hashes[i].len &&
                   memcmp(hash.output, hashes[i].want, hash.output_len) == 0;
        }
    }
    if (not_offered(rc))
        rc = signet_smp_status(smp, w->path, &hash.len, err);
    /* Zephyr 3.2 answers an empty file and makes none. */
    if (rc == SIGNET_E_NOT_FOUND && !w->len)
        return error_set(err, SIGNET_E_BOARD, "%s: the board has no such file", w->path);
    if (not_offered(rc))
        return error_set(err, SIGNET_E_UNSUPPORTED,
                         "the board gives neither the hash nor the length of a file");
    return rc ? rc : judge_file(w, &hash, same, *how, err);
}

int signet_smp_compare(struct signet_smp *smp, const char *path, const void *data, size_t len,
                       const uint8_t *sha256, const char **how, struct signet_error *err)
{
    const struct wanted w = {path, data, len, sha256};
    const char *method = NULL;
    bool closed = false;
    /* Of a file that is open a board tells what it had before. */
    int rc = smp_close_open_file(smp, &closed, err);

    if (!rc)
        rc = look_at_file(smp, &w, &method, err);
    if (rc == SIGNET_E_BOARD) {
        rc = closed ? SIGNET_OK : smp_pause(smp, IDLE_CLOSE_MS, err);
        if (!rc)
            rc = look_at_file(smp, &w, &method, err);
    }
    if (!rc && how)
        *how = method;
    return rc;
}
