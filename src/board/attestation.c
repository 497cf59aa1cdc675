/* SPDX-License-Identifier: Apache-2.0 */
/* What an nRF91 modem attests: base64url of a COSE_Sign1 (RFC 9052, section 4.2) whose payload is
 * an array of what it is about: kind of message, the device's UUID, security tag, SHA-256 of what
 * stands before it, nonce. It is signed with the chip's identity key, whose public half is Nordic's
 * to tell: form and content are looked at here, and not that signature. */
#include "cbor/cbor.h"
#include "recipe.h"

enum {
    COSE_MAX = 1024,
    COSE_SIGN1 = 0xd2 /* tag 18, which libcbor 0.8 does not read */,
    SIGNATURE = 64,
    ES256 = 6 /* -1 - 6 */
};

ssize_t base64url_decode(const char *text, size_t len, uint8_t *out, size_t cap)
{
    struct buf padded = {0};

    for (size_t i = 0; i < len; i++)
        buf_byte(&padded, (uint8_t)(text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]));
    while (padded.len % 4)
        buf_byte(&padded, '=');
    ssize_t n = padded.failed ? -1 : base64_decode((const char *)padded.data, padded.len, out, cap);
    buf_free(&padded);
    return n;
}

/* The next item, when it is of this kind. */
static bool cose_take(struct cbor_reader *r, enum cbor_kind kind, struct cbor_item *out)
{
    return cbor_next(r, out, NULL) == SIGNET_OK && out->kind == kind;
}

static bool cose_take_bytes(struct cbor_reader *r, size_t len, uint8_t *out)
{
    struct cbor_item item;

    if (!cose_take(r, CBOR_BYTES, &item) || item.len != len)
        return false;
    memcpy(out, item.bytes, len);
    return true;
}

/* {1: -7}: ES256 */
static bool protected_fits(const struct cbor_item *header)
{
    struct cbor_reader r = {.data = header->bytes, .len = header->len};
    struct cbor_item item;

    return cose_take(&r, CBOR_MAP, &item) && item.number == 1 &&
           cose_take(&r, CBOR_UNSIGNED, &item) && item.number == 1 &&
           cose_take(&r, CBOR_NEGATIVE, &item) && item.number == ES256 &&
           cbor_end(&r, NULL) == SIGNET_OK;
}

/* A tag from 2^31 on is told as a negative number of 32 bits. */
static bool take_security_tag(const struct cbor_item *bytes, uint32_t *tag)
{
    struct cbor_reader r = {.data = bytes->bytes, .len = bytes->len};
    struct cbor_item item;

    if (cbor_next(&r, &item, NULL) != SIGNET_OK || cbor_end(&r, NULL) != SIGNET_OK ||
        (item.kind != CBOR_UNSIGNED && item.kind != CBOR_NEGATIVE) || item.number > UINT32_MAX)
        return false;
    *tag = item.kind == CBOR_UNSIGNED ? (uint32_t)item.number : ~(uint32_t)item.number;
    return true;
}

static bool take_payload(const struct cbor_item *payload, struct attestation *out)
{
    struct cbor_reader r = {.data = payload->bytes, .len = payload->len};
    struct cbor_item item;

    if (!cose_take(&r, CBOR_ARRAY, &item) || item.number != 5 ||
        !cose_take(&r, CBOR_UNSIGNED, &item))
        return false;
    out->kind = item.number;
    return cose_take_bytes(&r, sizeof(out->uuid), out->uuid) && cose_take(&r, CBOR_BYTES, &item) &&
           take_security_tag(&item, &out->tag) &&
           cose_take_bytes(&r, sizeof(out->sha256), out->sha256) &&
           cose_take_bytes(&r, sizeof(out->nonce), out->nonce) && cbor_end(&r, NULL) == SIGNET_OK;
}

static bool read_sign1(struct cbor_reader *r, struct attestation *out)
{
    struct cbor_item item, payload;
    bool form = cose_take(r, CBOR_ARRAY, &item) && item.number == 4 &&
                cose_take(r, CBOR_BYTES, &item) && protected_fits(&item) &&
                cose_take(r, CBOR_MAP, &item) && cbor_skip(r, &item, NULL) == SIGNET_OK &&
                cose_take(r, CBOR_BYTES, &payload) && cose_take(r, CBOR_BYTES, &item) &&
                item.len == SIGNATURE && cbor_end(r, NULL) == SIGNET_OK;

    return form && take_payload(&payload, out);
}

int attestation_read(struct attestation *out, const char *text, size_t len,
                     struct signet_error *err)
{
    uint8_t data[COSE_MAX];
    struct attestation read = {0};
    ssize_t n = base64url_decode(text, len, data, sizeof(data));
    struct cbor_reader r = {.data = data, .len = n > 0 ? (size_t)n : 0, .at = 1};

    if (n <= 1 || data[0] != COSE_SIGN1 || !read_sign1(&r, &read))
        return error_set(err, SIGNET_E_SYNTAX, "the modem's attestation is no COSE_Sign1 of it");
    *out = read;
    return SIGNET_OK;
}
