/* SPDX-License-Identifier: Apache-2.0 */
/* Group image: the slots of MCUboot. Each chunk of an upload may be sent again: the board answers
 * with the offset that it wants. */
#include "pki/pki.h"
#include "smp/client.h"

enum { STATE = 0, UPLOAD = 1, ERASE = 5 };
#define STALLS_MAX 16

static const struct smp_item *in_image(const struct smp_answer *answer, int parent, const char *key,
                                       enum cbor_kind kind)
{
    const struct smp_item *item = smp_answer_get(answer, parent, key);

    return item && item->kind == kind ? item : NULL;
}

static bool is_set(const struct smp_answer *answer, int parent, const char *key)
{
    const struct smp_item *item = in_image(answer, parent, key, CBOR_BOOLEAN);

    return item && item->value;
}

static bool take_image(struct signet_smp_image *out, const struct smp_answer *answer, int parent)
{
    const struct smp_item *slot = in_image(answer, parent, "slot", CBOR_UNSIGNED);
    const struct smp_item *image = in_image(answer, parent, "image", CBOR_UNSIGNED);
    const struct smp_item *version = in_image(answer, parent, "version", CBOR_TEXT);
    const struct smp_item *hash = in_image(answer, parent, "hash", CBOR_BYTES);

    *out = (struct signet_smp_image){
        .bootable = is_set(answer, parent, "bootable"),
        .pending = is_set(answer, parent, "pending"),
        .confirmed = is_set(answer, parent, "confirmed"),
        .active = is_set(answer, parent, "active"),
        .permanent = is_set(answer, parent, "permanent"),
    };
    if (!slot || slot->value > 255 || (image && image->value > 255) ||
        (version && version->len >= sizeof(out->version)) ||
        (hash && hash->len > sizeof(out->hash)))
        return false;
    out->slot = (unsigned)slot->value;
    out->image = image ? (unsigned)image->value : 0;
    if (version)
        memcpy(out->version, version->data, version->len);
    if (hash)
        memcpy(out->hash, hash->data, out->hash_len = hash->len);
    return true;
}

/* {"images": [{"slot": 0, "version": "1.0.0", "hash": h'...', "active": true ...}, ...]} */
static int take_images(const struct smp_answer *answer, struct signet_smp_image *images, size_t cap,
                       size_t *count, struct signet_error *err)
{
    const struct smp_item *list = smp_answer_want(answer, "images", CBOR_ARRAY);
    struct signet_smp_image one;
    size_t n = 0;

    for (size_t i = 0; list && i < answer->count; i++) {
        if (answer->items[i].parent != list - answer->items)
            continue;
        if (answer->items[i].kind != CBOR_MAP || !take_image(&one, answer, (int)i))
            return error_set(err, SIGNET_E_SYNTAX, "the answer has an image without a usable slot");
        if (n < cap)
            images[n] = one;
        n++;
    }
    if (!list)
        return error_set(err, SIGNET_E_SYNTAX, "the answer has no \"images\"");
    *count = n < cap ? n : cap;
    return SIGNET_OK;
}

static int ask_images(struct signet_smp *smp, struct signet_smp_image *images, size_t cap,
                      size_t *count, struct signet_error *err)
{
    const struct smp_command command = {SMP_READ, SMP_GROUP_IMAGE, STATE};
    int rc = smp_ask_packet_limit(smp, err);

    if (!rc) {
        smp_begin(smp, 0);
        rc = smp_request(smp, command, smp->options.retries, err);
    }
    return rc ? rc : take_images(&smp->answer, images, cap, count, err);
}

int signet_smp_image_list(struct signet_smp *smp, struct signet_smp_image *images, size_t cap,
                          size_t *count, struct signet_error *err)
{
    return error_pass(ask_images(smp, images, cap, count, err), err, "images");
}

int signet_smp_image_choose(struct signet_smp *smp, const void *hash, size_t hash_len, bool confirm,
                            struct signet_error *err)
{
    const struct smp_command command = {SMP_WRITE, SMP_GROUP_IMAGE, STATE};
    struct buf *packet;
    int rc;

    if (!hash && !confirm)
        return error_set(err, SIGNET_E_USAGE, "which image is to be tested? its hash is missing");
    rc = smp_ask_packet_limit(smp, err);
    if (!rc) {
        packet = smp_begin(smp, hash ? 2 : 1);
        cbor_put_text(packet, "confirm");
        cbor_put_bool(packet, confirm);
        if (hash) {
            cbor_put_text(packet, "hash");
            cbor_put_bytes(packet, hash, hash_len);
        }
        rc = smp_request(smp, command, smp->options.retries, err);
    }
    return error_pass(rc, err, confirm ? "confirm" : "test");
}

int signet_smp_image_erase(struct signet_smp *smp, int slot, struct signet_error *err)
{
    const struct smp_command command = {SMP_WRITE, SMP_GROUP_IMAGE, ERASE};
    int rc = smp_ask_packet_limit(smp, err);

    if (!rc) {
        struct buf *packet = smp_begin(smp, slot >= 0 ? 1 : 0);

        if (slot >= 0) {
            cbor_put_text(packet, "slot");
            cbor_put_uint(packet, (uint64_t)slot);
        }
        rc = smp_request(smp, command, smp->options.retries, err);
    }
    return error_pass(rc, err, "erase");
}

/* The upload */

struct image_upload {
    struct signet_smp *smp;
    const struct signet_smp_image_options *options;
    const uint8_t *data;
    size_t len, off;
    uint8_t sha[32];
    struct signet_smp_image image;
    int stalls;   /* answers that brought nothing */
    bool refused; /* "match": false */
};

static size_t image_chunk(const struct image_upload *up)
{
    size_t rest = SMP_HEADER_SIZE + 1 + 4 + cbor_head_size(up->off) + 5 + 3;
    size_t left = up->len - up->off, limit = up->smp->packet_limit;
    size_t most = up->smp->options.chunk_limit;

    if (!up->off)
        rest += 4 + cbor_head_size(up->len) + 4 + 2 + sizeof(up->sha) + 7 + 9;
    size_t n = limit > rest ? limit - rest : 0;
    if (most && n > most)
        n = most;
    return n < left ? n - n % 4 : left; /* flash is written by words */
}

static void put_first_pairs(const struct image_upload *up, struct buf *packet)
{
    cbor_put_text(packet, "len");
    cbor_put_uint(packet, up->len);
    cbor_put_text(packet, "sha");
    cbor_put_bytes(packet, up->sha, sizeof(up->sha));
    cbor_put_text(packet, "image");
    cbor_put_uint(packet, up->options->image);
    if (up->options->newer_only) {
        cbor_put_text(packet, "upgrade");
        cbor_put_bool(packet, true);
    }
}

static int send_image_chunk(struct image_upload *up, struct signet_error *err)
{
    const struct smp_command command = {SMP_WRITE, SMP_GROUP_IMAGE, UPLOAD};
    struct buf *packet = smp_begin(up->smp, up->off ? 2 : up->options->newer_only ? 6 : 5);
    const struct smp_item *off, *match;
    size_t n = image_chunk(up);
    int rc;

    cbor_put_text(packet, "off");
    cbor_put_uint(packet, up->off);
    if (!up->off)
        put_first_pairs(up, packet);
    cbor_put_text(packet, "data");
    cbor_put_bytes(packet, up->data + up->off, n);
    rc = smp_request(up->smp, command, up->smp->options.retries, err);
    if (rc)
        return rc;
    off = smp_answer_want(&up->smp->answer, "off", CBOR_UNSIGNED);
    match = smp_answer_want(&up->smp->answer, "match", CBOR_BOOLEAN);
    if (!off || off->value > up->len)
        return error_set(err, SIGNET_E_SYNTAX, "the answer has no usable \"off\"");
    if (off->value <= up->off && ++up->stalls > STALLS_MAX)
        return error_set(err, SIGNET_E_BOARD, "the board does not get past offset %zu", up->off);
    up->refused = match && !match->value;
    up->off = (size_t)off->value;
    return SIGNET_OK;
}

/* Whether the board has the image, in a slot that does not run. */
static int has_image(struct image_upload *up, bool *has, struct signet_error *err)
{
    struct signet_smp_image list[16];
    size_t count = 0;
    int rc = ask_images(up->smp, list, 16, &count, err);

    *has = false;
    for (size_t i = 0; !rc && i < count; i++)
        *has = *has || (!list[i].active && list[i].image == up->options->image &&
                        list[i].hash_len == up->image.hash_len &&
                        memcmp(list[i].hash, up->image.hash, list[i].hash_len) == 0);
    return rc;
}

/* An offset of 0 after others: the image is complete and the upload forgotten, which the list
 * tells, or the board started again. */
static int send_image(struct image_upload *up, struct signet_error *err)
{
    bool has = false;
    int rc = SIGNET_OK;

    while (!rc && up->off < up->len && !has) {
        size_t before = up->off;

        smp_report_progress(up->smp, "upload", up->off, up->len);
        rc = send_image_chunk(up, err);
        if (!rc && before && !up->off)
            rc = has_image(up, &has, err);
    }
    if (!rc && !has)
        rc = has_image(up, &has, err);
    if (rc == SIGNET_E_UNSUPPORTED && up->off == up->len && !up->refused)
        return SIGNET_OK; /* a bootloader without a list: its answers have to do */
    if (!rc && !has)
        rc = error_set_hint(err, SIGNET_E_BOARD, "erase the slot and write it again",
                            "the board took the image, and does not list it");
    return rc;
}

int signet_smp_image_upload(struct signet_smp *smp, const void *data, size_t len,
                            const struct signet_smp_image_options *given, struct signet_error *err)
{
    struct signet_smp_image_options options;
    struct image_upload up = {.smp = smp, .options = &options, .data = data, .len = len};
    int rc;

    options_take(&options, given);
    rc = signet_smp_image_read(data, len, &up.image, err);
    if (!rc && len > UINT32_MAX)
        rc = error_set(err, SIGNET_E_LIMIT, "the image is larger than SMP takes");
    if (!rc)
        rc = sha256(data, len, up.sha, err);
    if (!rc)
        rc = smp_ask_packet_limit(smp, err);
    if (!rc && image_chunk(&up) < 32)
        rc =
            error_set(err, SIGNET_E_LIMIT,
                      "packets of %zu bytes have no room for an image's header", smp->packet_limit);
    if (!rc)
        rc = send_image(&up, err);
    if (!rc)
        smp_report_progress(smp, "upload", len, len);
    return error_pass(rc, err, "upload of the image");
}
