/* SPDX-License-Identifier: Apache-2.0 */
/* The one form in which Signet seals. OpenSSL opens others as well: a tag of GCM that was cut to
 * one byte (which one of 256 changes passes), any type of content, an older KDF, BER. What no tag
 * covers has to be as it is written: only who the recipients are, and what the others get, is open.
 */
#include "pki/private.h"

#include <openssl/cms.h>

enum {
    EXPLICIT_0 = 0xa0,
    RECIPIENTS = 0x31,
    AGREED = 0xa1,
    ORIGINATOR = 0xa1,
    SEALED = 0x80,
    TAG_LEN = 16
};

/* RSA-OAEP, MGF1, both with SHA-256 */
static const uint8_t oaep[] = {
    0x30, 0x38, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x07, 0x30, 0x2b,
    0xa0, 0x0d, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
    0xa1, 0x1a, 0x30, 0x18, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08,
    0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
/* dhSinglePass-stdDH-sha256kdf, AES-256 wrap */
static const uint8_t ecdh[] = {0x30, 0x15, 0x06, 0x06, 0x2b, 0x81, 0x04, 0x01,
                               0x0b, 0x01, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86,
                               0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2d};
/* data; AES-256-GCM: a nonce of 12 bytes, behind which stands the length of the tag */
static const uint8_t content[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07,
                                  0x01, 0x30, 0x1e, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
                                  0x03, 0x04, 0x01, 0x2e, 0x30, 0x11, 0x04, 0x0c};
static const uint8_t tag_length[] = {0x02, 0x01, TAG_LEN};
enum { NONCE = 12 };

static bool next_version(struct der *d, uint8_t version)
{
    struct der number;

    return der_next(d, DER_INTEGER, NULL, &number) && der_is(&number, &version, 1);
}

/* The key of this message alone: a point that is not compressed, in whole bytes. OpenSSL passes
 * over bits that are said to be unused, and takes the hybrid form. */
static bool is_originator(struct der box)
{
    struct der key, point;

    return der_next(&box, ORIGINATOR, NULL, &key) && der_next(&key, DER_SEQUENCE, NULL, NULL) &&
           der_next(&key, V_ASN1_BIT_STRING, NULL, &point) && der_ended(&key) && der_ended(&box) &&
           point.end - point.at > 2 && point.at[0] == 0 &&
           point.at[1] == POINT_CONVERSION_UNCOMPRESSED;
}

static bool is_recipient(uint8_t kind, struct der *info)
{
    bool agreed = kind == AGREED;
    struct der from, how;

    return (agreed || kind == DER_SEQUENCE) && next_version(info, agreed ? 3 : 0) &&
           der_next(info, agreed ? EXPLICIT_0 : DER_SEQUENCE, NULL, &from) &&
           (!agreed || is_originator(from)) && der_next(info, DER_SEQUENCE, &how, NULL) &&
           der_is(&how, agreed ? ecdh : oaep, agreed ? sizeof(ecdh) : sizeof(oaep)) &&
           der_next(info, agreed ? DER_SEQUENCE : DER_OCTETS, NULL, NULL) && der_ended(info);
}

static bool is_content(struct der *d)
{
    const size_t before = sizeof(content) + NONCE, all = before + sizeof(tag_length);

    if ((size_t)(d->end - d->at) < all || memcmp(d->at, content, sizeof(content)) != 0 ||
        memcmp(d->at + before, tag_length, sizeof(tag_length)) != 0)
        return false;
    d->at += all;
    return der_next(d, SEALED, NULL, NULL) && der_ended(d);
}

static bool is_enveloped(struct der *d)
{
    struct der recipients, info, sealed, tag;
    uint8_t kind;

    if (!next_version(d, 0) || !der_next(d, RECIPIENTS, NULL, &recipients))
        return false;
    while (!der_ended(&recipients))
        if (!der_any(&recipients, &kind, &info) || !is_recipient(kind, &info))
            return false;
    return der_next(d, DER_SEQUENCE, NULL, &sealed) && is_content(&sealed) &&
           der_next(d, DER_OCTETS, NULL, &tag) && tag.end - tag.at == TAG_LEN && der_ended(d);
}

/* BER is read as DER would be: what OpenSSL writes of it shows the difference. */
static bool is_canonical(CMS_ContentInfo *cms, const void *data, size_t len)
{
    unsigned char *der = NULL;
    int n = i2d_CMS_ContentInfo(cms, &der);
    bool same = n > 0 && (size_t)n == len && memcmp(der, data, len) == 0;

    OPENSSL_free(der);
    return same;
}

bool cms_is_ours(CMS_ContentInfo *cms, const void *data, size_t len)
{
    struct der all = {data, (const uint8_t *)data + len}, whole, box, envelope;

    return der_next(&all, DER_SEQUENCE, NULL, &whole) && der_next(&whole, DER_OID, NULL, NULL) &&
           der_next(&whole, EXPLICIT_0, NULL, &box) &&
           der_next(&box, DER_SEQUENCE, NULL, &envelope) && is_enveloped(&envelope) &&
           is_canonical(cms, data, len);
}
