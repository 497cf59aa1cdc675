/* SPDX-License-Identifier: Apache-2.0 */
/* Group image of a simulated board: two slots as MCUboot swaps them. */
#include "board.h"

#include "pki/pki.h"

#include <stdio.h>
#include <string.h>

enum { STATE = 0, UPLOAD = 1, ERASE = 5 };
enum {
    HEADER = 32,
    MAGIC = 0x96f3b83d,
    TLV_MAGIC = 0x6907,
    TLV_PROTECTED = 0x6908,
    TLV_SHA256 = 16
};
#define SLOT_SIZE   ((size_t)256 * 1024)
#define RC_NOT_SUPP 8
enum {
    NO_IMAGE = 3,
    NO_TLVS = 4,
    HASH_NOT_FOUND = 8,
    NO_FREE_SLOT = 9,
    INVALID_SLOT = 14,
    INVALID_OFFSET = 20,
    INVALID_LENGTH = 21,
    INVALID_HEADER = 22,
    WRONG_MAGIC = 23,
    INVALID_HASH = 24,
    NOT_NEWER = 27,
    ALREADY_PENDING = 28,
    TOO_LARGE = 30,
    OVERRUN = 31,
    TEST_OF_ACTIVE = 33,
};

int image_plain_rc(int rc)
{
    switch (rc) {
    case NO_IMAGE:
    case NO_TLVS:
        return 5;
    case NO_FREE_SLOT:
    case NOT_NEWER:
    case ALREADY_PENDING:
        return 6;
    case INVALID_SLOT:
    case INVALID_OFFSET:
    case INVALID_LENGTH:
    case INVALID_HEADER:
    case INVALID_HASH:
        return 3;
    default:
        return 1;
    }
}

static uint32_t get_le(const uint8_t *at, size_t bytes)
{
    uint32_t value = 0;

    for (size_t i = 0; i < bytes; i++)
        value |= (uint32_t)at[i] << (8 * i);
    return value;
}

static void put_le(uint8_t *at, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* The hash that the image's TLVs name. */
static int find_image_hash(const struct buf *slot, uint8_t hash[static 32])
{
    size_t at, end;

    if (slot->len < HEADER)
        return NO_IMAGE;
    if (get_le(slot->data, 4) != MAGIC)
        return WRONG_MAGIC;
    at = get_le(slot->data + 8, 2) + (size_t)get_le(slot->data + 12, 4);
    if (at + 4 <= slot->len && get_le(slot->data + at, 2) == TLV_PROTECTED)
        at += get_le(slot->data + at + 2, 2);
    if (at + 4 > slot->len || get_le(slot->data + at, 2) != TLV_MAGIC)
        return NO_TLVS;
    end = at + get_le(slot->data + at + 2, 2);
    for (at += 4; at + 4 <= end && end <= slot->len; at += 4 + get_le(slot->data + at + 2, 2))
        if (get_le(slot->data + at, 2) == TLV_SHA256 && get_le(slot->data + at + 2, 2) == 32 &&
            at + 36 <= end) {
            memcpy(hash, slot->data + at + 4, 32);
            return 0;
        }
    return HASH_NOT_FOUND;
}

/* What runs on a board as it comes: version 1.0.0. */
void image_first(struct sim_images *images)
{
    uint8_t image[HEADER + 64 + 40] = {0}, *tlv = image + HEADER + 64;

    put_le(image, MAGIC, 4);
    put_le(image + 8, HEADER, 2);
    put_le(image + 12, 64, 4);
    image[20] = 1;
    put_le(tlv, TLV_MAGIC, 2);
    put_le(tlv + 2, 40, 2);
    put_le(tlv + 4, TLV_SHA256, 2);
    put_le(tlv + 6, 32, 2);
    if (sha256(image, HEADER + 64, tlv + 8, NULL) == SIGNET_OK)
        buf_append(&images->slot[0], image, sizeof(image));
    images->next = BOOT_SAME;
}

void image_free(struct sim_images *images)
{
    buf_free(&images->slot[0]);
    buf_free(&images->slot[1]);
}

/* What the bootloader does. */
void image_boot(struct sim_images *images)
{
    struct buf slot = images->slot[0];

    images->size = images->off = 0;
    images->uploading = false;
    if (images->next == BOOT_SAME)
        return;
    images->slot[0] = images->slot[1];
    images->slot[1] = slot;
    images->next = images->next == BOOT_TEST ? BOOT_REVERT : BOOT_SAME;
}

static void put_flag(struct buf *body, const char *key, bool value)
{
    cbor_put_text(body, key);
    cbor_put_bool(body, value);
}

static void put_slot(const struct sim_images *images, unsigned i, struct buf *body)
{
    const struct buf *slot = &images->slot[i];
    bool reverts = images->next == BOOT_REVERT, perm = images->next == BOOT_PERMANENT;
    char version[32];
    uint8_t hash[32];
    uint32_t build;
    int n;

    if (find_image_hash(slot, hash) != 0)
        return;
    build = get_le(slot->data + 24, 4);
    n = snprintf(version, sizeof(version), "%u.%u.%u", slot->data[20], slot->data[21],
                 (unsigned)get_le(slot->data + 22, 2));
    if (build)
        snprintf(version + n, sizeof(version) - (size_t)n, ".%u", (unsigned)build);
    buf_byte(body, 0xbf);
    put_uint(body, "slot", i);
    put_text(body, "version", version, strlen(version));
    cbor_put_text(body, "hash");
    cbor_put_bytes(body, hash, sizeof(hash));
    put_flag(body, "bootable", true);
    put_flag(body, "pending", i == 1 && (images->next == BOOT_TEST || perm));
    put_flag(body, "confirmed", reverts == (i == 1));
    put_flag(body, "active", i == 0);
    put_flag(body, "permanent", i == 1 && perm);
    buf_byte(body, 0xff);
}

static int put_state(const struct sim_images *images, struct buf *body)
{
    cbor_put_text(body, "images");
    buf_byte(body, 0x9f);
    put_slot(images, 0, body);
    put_slot(images, 1, body);
    buf_byte(body, 0xff);
    put_uint(body, "splitStatus", 0);
    return 0;
}

/* What asking for that slot at the next boot makes of it; *refused: the code, or 0. */
static int choose_boot(struct sim_images *images, int slot, bool confirm)
{
    enum sim_boot next = images->next;

    if (!confirm && slot == 0)
        return TEST_OF_ACTIVE;
    if (next == BOOT_TEST)
        return !confirm && slot == 1 ? 0 : ALREADY_PENDING;
    if (next == BOOT_REVERT) {
        if (!confirm)
            return ALREADY_PENDING;
        if (slot == 0)
            images->next = BOOT_SAME;
        return 0;
    }
    if (next == BOOT_PERMANENT)
        return confirm && slot == 1 ? 0 : ALREADY_PENDING;
    if (slot == 1)
        images->next = confirm ? BOOT_PERMANENT : BOOT_TEST;
    return 0;
}

static int write_state(struct sim_images *images, const struct smp_answer *request,
                       struct buf *body)
{
    const struct smp_item *hash = smp_answer_want(request, "hash", CBOR_BYTES);
    const struct smp_item *item = smp_answer_want(request, "confirm", CBOR_BOOLEAN);
    bool confirm = item && item->value;
    uint8_t own[32];
    int slot = -1, rc;

    if (!hash || !hash->len)
        slot = confirm ? 0 : -1;
    for (int i = 0; hash && hash->len == 32 && slot < 0 && i < 2; i++)
        if (find_image_hash(&images->slot[i], own) == 0 && memcmp(own, hash->data, 32) == 0)
            slot = i;
    if (slot < 0)
        return hash && hash->len == 32 ? HASH_NOT_FOUND : INVALID_HASH;
    rc = choose_boot(images, slot, confirm);
    return rc ? rc : put_state(images, body);
}

static bool newer(const uint8_t *a, const uint8_t *b)
{
    if (a[0] != b[0] || a[1] != b[1])
        return a[0] > b[0] || (a[0] == b[0] && a[1] > b[1]);
    return get_le(a + 2, 2) > get_le(b + 2, 2);
}

/* A first chunk that begins an upload. *resume: it is the one under way. */
static int inspect_first(const struct sim_images *images, const struct smp_answer *request,
                         const struct smp_item *data, bool *resume)
{
    const struct smp_item *len = smp_answer_want(request, "len", CBOR_UNSIGNED);
    const struct smp_item *sha = smp_answer_want(request, "sha", CBOR_BYTES);
    const struct smp_item *image = smp_answer_want(request, "image", CBOR_UNSIGNED);
    const struct smp_item *upgrade = smp_answer_want(request, "upgrade", CBOR_BOOLEAN);

    if (!data || data->len < HEADER)
        return INVALID_HEADER;
    if (!len)
        return INVALID_LENGTH;
    if (get_le(data->data, 4) != MAGIC)
        return WRONG_MAGIC;
    if (sha && sha->len > 32)
        return INVALID_HASH;
    *resume = sha && sha->len && images->uploading && images->sha_len == sha->len &&
              memcmp(images->sha, sha->data, sha->len) == 0;
    if (*resume)
        return 0;
    if ((image && image->value) || images->next != BOOT_SAME)
        return NO_FREE_SLOT;
    if (len->value > SLOT_SIZE)
        return TOO_LARGE;
    if (upgrade && upgrade->value && !newer(data->data + 20, images->slot[0].data + 20))
        return NOT_NEWER;
    return 0;
}

static void begin_image(struct sim_images *images, const struct smp_answer *request)
{
    const struct smp_item *sha = smp_answer_want(request, "sha", CBOR_BYTES);

    images->uploading = true;
    images->off = 0;
    images->size = (size_t)smp_answer_want(request, "len", CBOR_UNSIGNED)->value;
    images->sha_len = sha ? sha->len : 0;
    if (sha)
        memcpy(images->sha, sha->data, sha->len);
    buf_reset(&images->slot[1]);
    images->slot[1].max = SLOT_SIZE;
}

/* Nothing is written again: its first chunk gets the offset of its end. */
static bool is_there(const struct sim_images *images, const struct smp_answer *request)
{
    const struct smp_item *len = smp_answer_want(request, "len", CBOR_UNSIGNED);
    const struct smp_item *sha = smp_answer_want(request, "sha", CBOR_BYTES);
    uint8_t digest[32];

    return sha && sha->len == sizeof(digest) && len->value == images->slot[1].len &&
           sha256(images->slot[1].data, images->slot[1].len, digest, NULL) == SIGNET_OK &&
           memcmp(digest, sha->data, sizeof(digest)) == 0;
}

static void end_image(const struct sim_board *board, struct sim_images *images, struct buf *body)
{
    uint8_t digest[32];

    if (later_server(board))
        put_flag(body, "match",
                 sha256(images->slot[1].data, images->slot[1].len, digest, NULL) == SIGNET_OK &&
                     images->sha_len == 32 && memcmp(digest, images->sha, 32) == 0);
    images->uploading = false;
    images->off = images->size = 0;
}

static int upload_image(const struct sim_board *board, struct sim_images *images,
                        const struct smp_answer *request, struct buf *body)
{
    const struct smp_item *off = smp_answer_want(request, "off", CBOR_UNSIGNED);
    const struct smp_item *data = smp_answer_want(request, "data", CBOR_BYTES);
    bool resume = false;
    int rc = 0;

    if (!off)
        return INVALID_OFFSET;
    if (!off->value)
        rc = inspect_first(images, request, data, &resume);
    if (rc)
        return rc;
    if (!off->value && !resume && later_server(board) && is_there(images, request)) {
        put_uint(body, "off", images->slot[1].len);
        put_flag(body, "match", true);
        return 0;
    }
    if (!off->value && !resume)
        begin_image(images, request);
    if (!resume && off->value == images->off && images->uploading) {
        if (!data || data->len > images->size - images->off)
            return OVERRUN;
        buf_append(&images->slot[1], data->data, data->len);
        images->off += data->len;
    }
    put_uint(body, "off", images->off);
    if (images->uploading && images->off == images->size)
        end_image(board, images, body);
    return 0;
}

static int erase_image(struct sim_images *images, const struct smp_answer *request)
{
    const struct smp_item *slot = smp_answer_want(request, "slot", CBOR_UNSIGNED);

    if (slot && slot->value > 1)
        return INVALID_SLOT;
    if ((slot && !slot->value) || images->next != BOOT_SAME)
        return NO_FREE_SLOT;
    buf_reset(&images->slot[1]);
    images->uploading = false;
    images->off = 0;
    return 0;
}

int image_command(struct sim_board *board, const struct smp_header *header,
                  const struct smp_answer *request, struct fs_reply *reply)
{
    struct sim_images *images = &board->images;
    int rc = RC_NOT_SUPP;

    if (header->id == STATE && header->op == SMP_READ)
        return put_state(images, reply->body);
    if (header->id == STATE)
        rc = write_state(images, request, reply->body);
    else if (header->id == UPLOAD && header->op == SMP_WRITE)
        rc = upload_image(board, images, request, reply->body);
    else if (header->id == ERASE && header->op == SMP_WRITE)
        rc = erase_image(images, request);
    else
        return rc;
    reply->group = rc ? SMP_GROUP_IMAGE : -1;
    return rc;
}
