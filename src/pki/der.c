/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

#include <openssl/objects.h>
#include <time.h>

void der_wrap(struct buf *b, size_t start, uint8_t tag)
{
    size_t len = b->len - start, n = 0;
    uint8_t head[2 + sizeof(len)];

    if (b->failed)
        return;
    head[n++] = tag;
    if (len < 128) {
        head[n++] = (uint8_t)len;
    } else {
        size_t bytes = 1;

        while (len >> (8 * bytes))
            bytes++;
        head[n++] = (uint8_t)(0x80 | bytes);
        while (bytes--)
            head[n++] = (uint8_t)(len >> (8 * bytes));
    }
    if (!buf_extend(b, n))
        return;
    memmove(b->data + start + n, b->data + start, len);
    memcpy(b->data + start, head, n);
}

void der_put(struct buf *b, uint8_t tag, const void *data, size_t len)
{
    size_t start = b->len;

    buf_append(b, data, len);
    der_wrap(b, start, tag);
}

bool der_is(const struct der *d, const void *bytes, size_t len)
{
    return (size_t)(d->end - d->at) == len && memcmp(d->at, bytes, len) == 0;
}

bool der_is_rsa(const struct der *oid)
{
    static const uint8_t rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};

    return der_is(oid, rsa, sizeof(rsa));
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
    time_t t = (time_t)when;
    struct tm tm = {0};
    char text[16], *at = text;
    bool utc;

    if (!gmtime_r(&t, &tm))
        b->failed = true;
    utc = tm.tm_year >= 50 && tm.tm_year < 150;
    const int parts[] = {(tm.tm_year + 1900) / 100,
                         (tm.tm_year + 1900) % 100,
                         tm.tm_mon + 1,
                         tm.tm_mday,
                         tm.tm_hour,
                         tm.tm_min,
                         tm.tm_sec};
    /* Two calls of snprintf() took a sixth of what a certificate needs beside its signature. */
    for (size_t i = utc; i < COUNT_OF(parts); i++) {
        *at++ = (char)('0' + parts[i] / 10);
        *at++ = (char)('0' + parts[i] % 10);
    }
    *at++ = 'Z';
    der_put(b, utc ? V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME, text, (size_t)(at - text));
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

bool der_any(struct der *d, uint8_t *tag, struct der *inside)
{
    *tag = d->at < d->end ? *d->at : 0;
    return d->at < d->end && der_next(d, *tag, NULL, inside);
}

int der_check_whole(const uint8_t *data, size_t len, const char *what, struct signet_error *err)
{
    size_t head, body;

    if (!len)
        return error_set(err, SIGNET_E_CERT, "empty: there is no %s in it", what);
    if (data[0] != DER_SEQUENCE || len < 2)
        return error_set_hint(err, SIGNET_E_CERT,
                              "PEM has a line -----BEGIN ...-----; DER is binary",
                              "neither DER nor PEM: not a %s", what);
    if (!read_head(data, len, &head, &body))
        return error_set_hint(
            err, SIGNET_E_CERT,
            "was it damaged, or written as BER? openssl asn1parse -inform DER -in "
            "FILE shows it",
            "not the DER of a %s: its length is malformed", what);
    if (body > len - head)
        return error_set_hint(err, SIGNET_E_CERT, "copy the file again",
                              "the DER of a %s is cut short: %zu of %zu bytes", what, len,
                              head + body);
    if (body < len - head)
        return error_set_hint(err, SIGNET_E_CERT,
                              "copy the file again: it is one value, and nothing behind it",
                              "%zu bytes follow the DER of the %s", len - head - body, what);
    return SIGNET_OK;
}

const char *der_read_name(struct der *name)
{
    static const uint8_t texts[] = {0x03, 0x0c, 0x13, 0x14, 0x16, 0x1c, 0x1e};
    struct der set, pair, oid;
    uint8_t tag;

    while (name->at != name->end) {
        if (!der_next(name, V_ASN1_SET | V_ASN1_CONSTRUCTED, NULL, &set) || set.at == set.end)
            return "a name in it is malformed";
        while (set.at != set.end) {
            if (!der_next(&set, DER_SEQUENCE, NULL, &pair) ||
                !der_next(&pair, V_ASN1_OBJECT, NULL, &oid) || !der_any(&pair, &tag, NULL) ||
                pair.at != pair.end)
                return "a name in it is malformed";
            if (!memchr(texts, tag, sizeof(texts)))
                return "a name in it is of a type that TLS stacks of devices do not know";
        }
    }
    return NULL;
}
