/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <stdio.h>

/* max SIZE_MAX tells buf_check() that memory, not the limit, was the cause. */
static void buf_fail(struct buf *b, size_t max)
{
    buf_free(b);
    b->max = max;
    b->failed = true;
}

void buf_fail_with(struct buf *b, const struct buf *part)
{
    if (part->failed && !b->failed)
        buf_fail(b, part->max);
}

/* locked_alloc + copy + wipe: realloc would leave the old bytes behind. */
void buf_reserve(struct buf *b, size_t more)
{
    size_t max = b->max ? b->max : BUF_MAX;
    size_t want, cap;
    uint8_t *data;

    if (b->failed)
        return;
    if (more > max - b->len) {
        buf_fail(b, b->max);
        return;
    }
    want = b->len + more + 1; /* the terminating zero */
    if (want <= b->cap)
        return;
    cap = b->cap ? b->cap : 64;
    while (cap < want)
        cap *= 2;
    cap = cap - 1 > max ? max + 1 : cap; /* so that what fits into cap is within max */
    data = locked_alloc(cap);
    if (!data) {
        buf_fail(b, SIZE_MAX);
        return;
    }
    if (b->len)
        memcpy(data, b->data, b->len);
    data[b->len] = '\0';
    wipe(b->data, b->len);
    locked_free(b->data);
    b->data = data;
    b->cap = cap;
}

void buf_append(struct buf *b, const void *data, size_t len)
{
    uint8_t *place = buf_extend(b, len);

    if (place && len)
        memcpy(place, data, len);
}

void buf_byte(struct buf *b, uint8_t byte)
{
    buf_append(b, &byte, 1);
}

void buf_text(struct buf *b, const char *text)
{
    buf_append(b, text, strlen(text));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    buf_reserve(b, (size_t)n); /* -1 is more than it takes */
    if (b->failed)
        return;
    va_start(args, fmt);
    vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, args);
    va_end(args);
    b->len += (size_t)n;
}

void buf_reset(struct buf *b)
{
    wipe(b->data, b->len);
    if (b->data)
        b->data[0] = '\0';
    b->len = 0;
    b->failed = false;
}

void buf_free(struct buf *b)
{
    wipe(b->data, b->len);
    locked_free(b->data);
    *b = (struct buf){0};
}

int buf_check(const struct buf *b, struct signet_error *err)
{
    if (!b->failed)
        return SIGNET_OK;
    if (b->max == SIZE_MAX)
        return error_nomem(err);
    return error_set(err, SIGNET_E_LIMIT, "more than %zu bytes", b->max ? b->max : BUF_MAX);
}

int buf_take(struct buf *b, struct signet_bytes *out, struct signet_error *err)
{
    int rc;

    buf_reserve(b, 0); /* even nothing is zero-terminated */
    rc = buf_check(b, err);
    if (rc)
        return rc;
    out->data = b->data;
    out->len = b->len;
    *b = (struct buf){0};
    return SIGNET_OK;
}

int buf_end(struct buf *b, int rc, struct signet_bytes *out, struct signet_error *err)
{
    if (rc == SIGNET_OK)
        return buf_take(b, out, err);
    buf_free(b);
    return rc;
}

int secret_from_buf(struct secret *s, struct buf *b, struct signet_error *err)
{
    int rc = buf_check(b, err);

    if (!rc)
        rc = secret_set(s, b->data, b->len, err);
    buf_free(b);
    return rc;
}

void signet_bytes_free(struct signet_bytes *b)
{
    if (!b)
        return;
    wipe(b->data, b->len);
    locked_free(b->data);
    *b = (struct signet_bytes){0};
}
