/* SPDX-License-Identifier: Apache-2.0 */
/* Files of "NAME VALUE" lines: a key that counts, a request for uses, a grant. */
#include "tpm/private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST "signet-tpm-key/v1"

struct span {
    const char *at;
    size_t len;
};

bool lines_begin(const void *text, size_t len, const char *first)
{
    size_t n = strlen(first);

    return len > n && memcmp(text, first, n) == 0 && ((const char *)text)[n] == '\n';
}

/* Of the line "NAME VALUE". */
static bool line_span(const void *text, size_t len, const char *name, struct span *out)
{
    const char *at = text, *end = at + len;
    size_t n = strlen(name);

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        if (!stop)
            return false;
        if ((size_t)(stop - at) > n && memcmp(at, name, n) == 0 && at[n] == ' ') {
            *out = (struct span){at + n + 1, (size_t)(stop - at) - n - 1};
            return true;
        }
        at = stop + 1;
    }
    return false;
}

bool lines_text(const void *text, size_t len, const char *name, char *out, size_t size)
{
    struct span found;

    if (!line_span(text, len, name, &found) || found.len >= size)
        return false;
    memcpy(out, found.at, found.len);
    out[found.len] = '\0';
    return true;
}

bool lines_hex(const void *text, size_t len, const char *name, uint8_t *out, size_t size)
{
    struct span found;

    return line_span(text, len, name, &found) && found.len == 2 * size &&
           hex_decode(found.at, found.len, out, size) == (ssize_t)size;
}

bool lines_number(const void *text, size_t len, const char *name, int64_t most, int64_t *out)
{
    char value[24];
    char *end;

    if (!lines_text(text, len, name, value, sizeof(value)) || value[0] < '0' || value[0] > '9')
        return false;
    long long number = strtoll(value, &end, 0);
    *out = number;
    return !*end && number >= 0 && number <= most;
}

static bool take_part(const struct secret *text, const char *name, struct part *out)
{
    struct span found;

    if (!line_span(text->data, text->len, name, &found))
        return false;
    ssize_t n = hex_decode(found.at, found.len, out->bytes, PART_MAX);
    out->len = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static int take_file(const struct secret *text, struct quota_file *f, struct signet_error *err)
{
    int64_t index = 0;
    int rc = secret_alloc(&f->password, QUOTA_PASSWORD, err);

    if (rc != SIGNET_OK)
        return rc;
    secret_live(&f->password);
    if (!lines_begin(text->data, text->len, FIRST) ||
        !lines_text(text->data, text->len, "tpm", f->conf, sizeof(f->conf)) ||
        !lines_number(text->data, text->len, "index", UINT32_MAX, &index) ||
        !lines_hex(text->data, text->len, "owner", f->owner, sizeof(f->owner)) ||
        !lines_hex(text->data, text->len, "point", f->point, sizeof(f->point)) ||
        !lines_hex(text->data, text->len, "password", f->password.data, QUOTA_PASSWORD) ||
        !take_part(text, "public", &f->public) || !take_part(text, "private", &f->private))
        return error_set_hint(err, SIGNET_E_SYNTAX, "signet authority create makes one",
                              "it is no key in a TPM, or damaged");
    f->index = (uint32_t)index;
    return SIGNET_OK;
}

int quota_file_read(const char *path, struct quota_file *out, struct signet_error *err)
{
    struct secret text = {0};
    int rc = file_read_secret(path, QUOTA_TEXT_MAX, &text, err);

    if (rc == SIGNET_OK)
        rc = take_file(&text, out, err);
    secret_wipe(&text);
    if (rc != SIGNET_OK)
        quota_file_wipe(out);
    return error_pass(rc, err, "'%s'", text_shown(path, strlen(path), 200));
}

void quota_file_wipe(struct quota_file *f)
{
    secret_wipe(&f->password);
}

static void put_hex_line(struct buf *b, const char *name, const uint8_t *data, size_t len)
{
    buf_printf(b, "%s ", name);
    buf_hex(b, data, len);
    buf_byte(b, '\n');
}

int quota_file_write(const char *path, const struct quota_file *f, struct signet_error *err)
{
    struct buf b = {0};

    buf_printf(&b, FIRST "\ntpm %s\nindex 0x%08" PRIx32 "\n", f->conf, f->index);
    put_hex_line(&b, "owner", f->owner, sizeof(f->owner));
    put_hex_line(&b, "point", f->point, sizeof(f->point));
    put_hex_line(&b, "password", f->password.data, f->password.len);
    put_hex_line(&b, "public", f->public.bytes, f->public.len);
    put_hex_line(&b, "private", f->private.bytes, f->private.len);
    int rc = buf_check(&b, err);
    if (rc == SIGNET_OK)
        rc = file_create(path, b.data, b.len, err);
    buf_free(&b);
    return rc;
}
