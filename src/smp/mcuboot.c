/* SPDX-License-Identifier: Apache-2.0 */
/* What an image for MCUboot says of itself: header, then the image, then TLVs. */
#include "pki/pki.h"
#include "smp/client.h"

#include <stdio.h>

enum {
    MAGIC_AT = 0,
    HEADER_SIZE_AT = 8,
    PROTECTED_AT = 10,
    SIZE_AT = 12,
    VERSION_AT = 20,
    LEAST = 32
};
enum { TLV_SHA256 = 0x10, TLV_SHA384 = 0x11, TLV_SHA512 = 0x12 };
#define IMAGE_MAGIC 0x96f3b83du
#define TLV_MAGIC   0x6907u

static uint32_t le(const uint8_t *at, size_t bytes)
{
    uint32_t value = 0;

    for (size_t i = 0; i < bytes; i++)
        value |= (uint32_t)at[i] << (8 * i);
    return value;
}

static int not_an_image(const char *why, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_SYNTAX,
                          "a signed image is wanted, such as zephyr.signed.bin, not a .hex or .elf",
                          "not an image for MCUboot: %s", why);
}

/* The TLV with the hash, in the TLVs from at to end; NULL: none. */
static const uint8_t *find_hash_tlv(const uint8_t *at, const uint8_t *end, size_t *len)
{
    while (end - at >= 4) {
        unsigned type = le(at, 2);

        *len = le(at + 2, 2);
        if (*len > (size_t)(end - at) - 4)
            return NULL;
        if ((type == TLV_SHA256 && *len == 32) || (type == TLV_SHA384 && *len == 48) ||
            (type == TLV_SHA512 && *len == 64))
            return at + 4;
        at += 4 + *len;
    }
    return NULL;
}

/* The hash is over header, image and protected TLVs: hashed bytes. */
static int check_image_hash(const struct signet_smp_image *image, const uint8_t *data,
                            size_t hashed, struct signet_error *err)
{
    uint8_t digest[32];
    int rc;

    if (image->hash_len != sizeof(digest))
        return SIGNET_OK;
    rc = sha256(data, hashed, digest, err);
    if (!rc && memcmp(digest, image->hash, sizeof(digest)) != 0)
        rc = error_set_hint(err, SIGNET_E_SYNTAX, "build or copy it again",
                            "the image is damaged: its hash is another one");
    return rc;
}

int signet_smp_image_read(const void *bytes, size_t len, struct signet_smp_image *out,
                          struct signet_error *err)
{
    const uint8_t *data = bytes, *v = data + VERSION_AT, *hash;
    struct signet_smp_image image = {0};
    size_t hashed, tlvs;

    if (len < LEAST || le(data + MAGIC_AT, 4) != IMAGE_MAGIC)
        return not_an_image("it does not begin as one", err);
    hashed =
        (size_t)le(data + HEADER_SIZE_AT, 2) + le(data + SIZE_AT, 4) + le(data + PROTECTED_AT, 2);
    if (le(data + HEADER_SIZE_AT, 2) < LEAST || hashed > len - 4)
        return not_an_image("it is shorter than its header says", err);
    tlvs = le(data + hashed + 2, 2);
    if (le(data + hashed, 2) != TLV_MAGIC || tlvs < 4 || tlvs > len - hashed)
        return not_an_image("nothing is behind its code: it was not signed", err);
    hash = find_hash_tlv(data + hashed + 4, data + hashed + tlvs, &image.hash_len);
    if (!hash)
        return not_an_image("it has no hash", err);
    memcpy(image.hash, hash, image.hash_len);
    snprintf(image.version, sizeof(image.version), "%u.%u.%u.%u", v[0], v[1],
             (unsigned)le(v + 2, 2), (unsigned)le(v + 4, 4));
    if (!le(v + 4, 4))
        *strrchr(image.version, '.') = '\0';
    *out = image;
    return check_image_hash(out, data, hashed, err);
}
