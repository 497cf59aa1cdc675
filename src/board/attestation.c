/* SPDX-License-Identifier: Apache-2.0 */
/* What an nRF91 modem attests: base64url of a COSE_Sign1 (RFC 9052, section 4.2). Of a key its
 * payload is an array: kind of message, the device's UUID, security tag, SHA-256 of what stands
 * before it, nonce. Of the chip's identity the payload is what stands before it: kind of message,
 * UUID, type of device, UUID of the firmware, nonce. It is signed with the chip's identity key,
 * whose public half only Nordic knows: form and content are verified here, and not that signature.
 */
#include "cbor/cbor.h"
#include "recipe.h"

enum {
    COSE_MAX = 1024,
    COSE_SIGN1 = 0xd2 /* tag 18, which libcbor 0.8 does not read */,
    SELF_DESCRIBED = 55799, /* "this is CBOR" (RFC 8949, section 3.4.6): modems write it */
    SIGNATURE = 64,
    ES256 = 6, /* -1 - 6 */
    IDENTITY = 1
};

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

static bool take_array_of_5(struct cbor_reader *r)
{
    struct cbor_item item;
    bool some = cbor_next(r, &item, NULL) == SIGNET_OK;

    if (some && item.kind == CBOR_TAG && item.number == SELF_DESCRIBED)
        some = cbor_next(r, &item, NULL) == SIGNET_OK;
    return some && item.kind == CBOR_ARRAY && item.number == 5;
}

static bool read_about_key(const struct cbor_item *payload, struct attestation *out)
{
    struct cbor_reader r = {.data = payload->bytes, .len = payload->len};
    struct cbor_item item;

    return take_array_of_5(&r) && cose_take(&r, CBOR_UNSIGNED, &item) &&
           cose_take_bytes(&r, sizeof(out->uuid), out->uuid) && cose_take(&r, CBOR_BYTES, &item) &&
           take_security_tag(&item, &out->tag) &&
           cose_take_bytes(&r, sizeof(out->sha256), out->sha256) &&
           cose_take_bytes(&r, sizeof(out->nonce), out->nonce) && cbor_end(&r, NULL) == SIGNET_OK;
}

static bool read_about_chip(const void *data, size_t len, struct attestation *out)
{
    struct cbor_reader r = {.data = data, .len = len};
    struct cbor_item item;
    uint8_t firmware[16];

    return take_array_of_5(&r) && cose_take(&r, CBOR_UNSIGNED, &item) && item.number == IDENTITY &&
           cose_take_bytes(&r, sizeof(out->uuid), out->uuid) &&
           cose_take(&r, CBOR_UNSIGNED, &item) && cose_take_bytes(&r, sizeof(firmware), firmware) &&
           cose_take_bytes(&r, sizeof(out->nonce), out->nonce) && cbor_end(&r, NULL) == SIGNET_OK;
}

/* payload: as it came, bytes or null. */
static bool read_sign1(const uint8_t *data, size_t len, struct cbor_item *payload)
{
    struct cbor_reader r = {.data = data, .len = len, .at = 1};
    struct cbor_item item;

    return len > 1 && data[0] == COSE_SIGN1 && cose_take(&r, CBOR_ARRAY, &item) &&
           item.number == 4 && cose_take(&r, CBOR_BYTES, &item) && protected_fits(&item) &&
           cose_take(&r, CBOR_MAP, &item) && cbor_skip(&r, &item, NULL) == SIGNET_OK &&
           cbor_next(&r, payload, NULL) == SIGNET_OK && cose_take(&r, CBOR_BYTES, &item) &&
           item.len == SIGNATURE && cbor_end(&r, NULL) == SIGNET_OK;
}

int attestation_read(struct attestation *out, const void *body, size_t body_len, const char *cose,
                     size_t cose_len, struct signet_error *err)
{
    uint8_t data[COSE_MAX];
    struct attestation read = {0};
    struct cbor_item payload;
    ssize_t n = base64url_decode(cose, cose_len, data, sizeof(data));
    bool good = n > 0 && read_sign1(data, (size_t)n, &payload);

    read.of_chip = good && payload.kind == CBOR_NULL;
    if (read.of_chip)
        good = read_about_chip(body, body_len, &read);
    else
        good = good && payload.kind == CBOR_BYTES && read_about_key(&payload, &read);
    if (!good)
        return error_set(err, SIGNET_E_SYNTAX, "the modem's attestation is no COSE_Sign1 of it");
    *out = read;
    return SIGNET_OK;
}
