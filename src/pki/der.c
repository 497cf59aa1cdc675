/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

#include <openssl/objects.h>
#include <string.h>

void der_wrap(struct buf *b, size_t start, uint8_t tag)
{
    size_t len = b->len - start, head_len;
    uint8_t head[2 + sizeof len], *at = head;

    if (b->failed)
        return;
    ASN1_put_object(&at, tag & V_ASN1_CONSTRUCTED, (int)len, tag & V_ASN1_PRIMITIVE_TAG,
                    tag & V_ASN1_PRIVATE);
    head_len = (size_t)(at - head);
    if (!buf_extend(b, head_len))
        return;
    memmove(b->data + start + head_len, b->data + start, len);
    memcpy(b->data + start, head, head_len);
}

void der_put(struct buf *b, uint8_t tag, const void *data, size_t len)
{
    size_t start = b->len;

    buf_append(b, data, len);
    der_wrap(b, start, tag);
}

void der_oid(struct buf *b, int nid)
{
    const ASN1_OBJECT *obj = OBJ_nid2obj(nid);

    if (!obj || !OBJ_length(obj))
        b->failed = true;
    else
        der_put(b, V_ASN1_OBJECT, OBJ_get0_data(obj), OBJ_length(obj));
}

void der_time(struct buf *b, int64_t when)
{
    ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)when); /* in the form that the RFC wants */

    if (t)
        der_put(b, (uint8_t)ASN1_STRING_type(t), ASN1_STRING_get0_data(t),
                (size_t)ASN1_STRING_length(t));
    else
        b->failed = true;
    ASN1_TIME_free(t);
}

/* Tag and length at the beginning of data. False: the length is malformed or has more than 4 bytes.
 */
static bool read_head(const uint8_t *data, size_t len, size_t *head, size_t *body)
{
    size_t bytes;

    if (len < 2)
        return false;
    *head = 2;
    *body = data[1];
    if (!(data[1] & 0x80))
        return true;
    bytes = data[1] & 0x7f;
    if (!bytes || bytes > 4 || len < 2 + bytes)
        return false;
    for (*body = 0; *head < 2 + bytes; ++*head)
        *body = *body << 8 | data[*head];
    return true;
}

bool der_next(struct der *d, uint8_t tag, struct der *whole, struct der *inside)
{
    const uint8_t *start = d->at;
    size_t left = (size_t)(d->end - start), head, body;

    if (!left || start[0] != tag || !read_head(start, left, &head, &body) || body > left - head)
        return false;
    d->at = start + head + body;
    if (whole)
        *whole = (struct der){.at = start, .end = d->at};
    if (inside)
        *inside = (struct der){.at = start + head, .end = d->at};
    return true;
}

int der_check_whole(const uint8_t *data, size_t len, const char *what, struct signet_error *err)
{
    size_t head, body;

    if (!len)
        return error_set(err, SIGNET_E_CERT, "empty: there is no %s in it", what);
    if (data[0] != DER_SEQUENCE || len < 2)
        return error_set(err, SIGNET_E_CERT, "neither DER nor PEM: not a %s", what);
    if (!read_head(data, len, &head, &body))
        return error_set(err, SIGNET_E_CERT, "not the DER of a %s: its length is malformed", what);
    if (body > len - head)
        return error_set(err, SIGNET_E_CERT, "the DER of a %s is cut short: %zu of %zu bytes", what,
                         len, head + body);
    if (body < len - head)
        return error_set(err, SIGNET_E_CERT, "%zu bytes follow the DER of the %s",
                         len - head - body, what);
    return SIGNET_OK;
}
