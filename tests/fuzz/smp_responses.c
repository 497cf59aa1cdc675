/* SPDX-License-Identifier: Apache-2.0 */
/* Any answers of a board to every request, and any bytes as an image for MCUboot. The first byte
 * chooses the request, and with its high bits: 0x20, the version and the size of packets are found
 * out (with 0x80 the version alone); 0x40, packets are datagrams; 0x80, the file is a stream. Then
 * come bodies, each with its length in one byte, framed with the header that the client waits for.
 * A length of 255 is an answer that is lost, 254 comes before one with stale packets around it.
 * wrap: link_by_packets
 */
#include "fuzz.h"
#include "pki/pki.h"
#include "smp/client.h"

#include <stdlib.h>
#include <string.h>

enum { LOST = 255, NOISY = 254, IMAGE = 32 + 700 + 40 };

bool __wrap_link_by_packets(const struct signet_link *link);

static bool by_packets;

bool __wrap_link_by_packets(const struct signet_link *link)
{
    (void)link;
    return by_packets;
}

struct board {
    const uint8_t *data;
    size_t left, requests;
    struct smp_frames frames;
    struct buf out;
    size_t out_at;
};

static int board_read(void *self, void *data, size_t cap, int64_t deadline, size_t *got,
                      struct signet_error *err)
{
    struct board *board = self;
    size_t n = board->out.len - board->out_at;

    (void)deadline;
    if (!n)
        return error_set(err, SIGNET_E_TIMEOUT, "no answer in time");
    *got = n < cap ? n : cap;
    if (by_packets) /* each read gives one */
        *got = SMP_HEADER_SIZE + ((size_t)board->out.data[board->out_at + 2] << 8 |
                                  board->out.data[board->out_at + 3]);
    memcpy(data, board->out.data + board->out_at, *got);
    board->out_at += *got;
    return SIGNET_OK;
}

static void put_packet(struct board *board, const struct smp_header *header, const uint8_t *body)
{
    struct buf packet = {0};

    smp_header_encode(header, buf_extend(&packet, SMP_HEADER_SIZE));
    buf_append(&packet, body, header->length);
    if (by_packets)
        buf_append(&board->out, packet.data, packet.len);
    else
        smp_frame_encode(&board->out, packet.data, packet.len, 90);
    buf_free(&packet);
}

static size_t next_length(struct board *board)
{
    size_t len = board->left ? *board->data : LOST; /* silence */

    board->data += board->left > 0;
    board->left -= board->left > 0;
    return len;
}

static void answer(struct board *board, const struct smp_header *request)
{
    struct smp_header header = *request;
    const uint8_t stale[] = {0xa0};
    size_t len = next_length(board);
    bool noisy = len == NOISY;

    if (noisy)
        len = next_length(board);
    if (len == LOST)
        return;
    len = len > board->left ? board->left : len;
    header.op++;
    header.length = (uint16_t)len;
    const struct smp_header other = {.op = header.op, .length = 1, .sequence = 77};
    if (noisy)
        put_packet(board, &other, stale);
    put_packet(board, &header, board->data);
    if (noisy)
        put_packet(board, &other, stale);
    board->data += len;
    board->left -= len;
}

static int board_write(void *self, const void *data, size_t len, int64_t deadline,
                       struct signet_error *err)
{
    struct board *board = self;

    (void)deadline;
    (void)err;
    require(++board->requests < 5000); /* no board makes us ask for ever */
    if (by_packets) {
        struct smp_header header;

        smp_header_decode(&header, data);
        answer(board, &header);
        return SIGNET_OK;
    }
    for (size_t at = 0, used = 0; at < len; at += used) {
        if (smp_frames_feed(&board->frames, (const uint8_t *)data + at, len - at, &used, NULL)) {
            struct smp_header header;
            smp_header_decode(&header, board->frames.packet);
            answer(board, &header);
        }
    }
    return SIGNET_OK;
}

static int board_drain(void *self, int64_t deadline, struct signet_error *err)
{
    (void)self;
    (void)deadline;
    (void)err;
    return SIGNET_OK;
}

static int ask_board(struct signet_smp *smp, unsigned which, struct signet_bytes *reply,
                     struct signet_error *err)
{
    static const char *const words[] = {"kernel", "uptime"};
    static const char value[150] = "a value";
    struct signet_smp_parameters parameters;
    int status;

    switch (which) {
    case 0:
        return signet_smp_echo(smp, "hello", reply, err);
    case 1:
        return signet_smp_parameters(smp, &parameters, err);
    case 2:
        return signet_smp_info(smp, "a", reply, err);
    case 11:
        return signet_smp_setting_read(smp, "a/b", reply, err);
    case 12:
        return signet_smp_setting_delete(smp, "a/b", err);
    case 13:
        return signet_smp_setting_write(smp, "a/b", value, sizeof value, err);
    case 14:
        return signet_smp_settings(smp, SIGNET_SMP_SETTINGS_SAVE, err);
    case 15:
        return signet_smp_reset(smp, err);
    default:
        return signet_smp_shell(smp, words, 2, reply, &status, err);
    }
}

static int ask_file(struct signet_smp *smp, unsigned which, struct signet_bytes *reply,
                    size_t *count, struct signet_error *err)
{
    static const char file[600] = "a packet";
    struct signet_smp_hash_type types[4];
    struct signet_smp_hash hash;
    const char *how = NULL;
    bool confirmed = false;
    uint64_t len = 0;
    int rc;

    switch (which) {
    case 3:
        return signet_smp_upload(smp, "/a", file, sizeof file, NULL, err);
    case 4:
        return signet_smp_download(smp, "/a", 4096, reply, err);
    case 5:
        return signet_smp_status(smp, "/a", &len, err);
    case 6:
        rc = signet_smp_hash(smp, "/a", NULL, &hash, err);
        require(rc || hash.output_len <= sizeof hash.output);
        return rc;
    case 7:
        rc = signet_smp_hash_types(smp, types, 4, count, err);
        require(rc || *count <= 16);
        return rc;
    case 16:
        return signet_smp_file_close(smp, err);
    case 17:
        rc = signet_smp_upload(smp, "/a", file, sizeof file, &confirmed, err);
        *count = confirmed;
        return rc;
    case 18:
        return signet_smp_upload(smp, "/a", file, 0, NULL, err);
    case 19:
    case 27:
        return signet_smp_upload(smp, "/a", file, which == 19 ? 100 : 1, NULL, err);
    default:
        rc = signet_smp_compare(smp, "/a", file, which == 20 ? 0 : sizeof file,
                                which == 21 ? (const uint8_t *)file + 40 : NULL, &how, err);
        require(rc || how);
        return rc;
    }
}

/* Signed, as far as that can be seen from outside. */
static void make_image(uint8_t image[static IMAGE])
{
    static const uint8_t header[] = {0x3d, 0xb8,      0xf3,     0x96, 0, 0, 0, 0, 32, 0, 0,
                                     0,    700 & 255, 700 >> 8, 0,    0, 0, 0, 0, 0,  1};
    static const uint8_t tlv[] = {0x07, 0x69, 40, 0, 0x10, 0, 32, 0};

    memset(image, 0, IMAGE);
    memcpy(image, header, sizeof(header));
    memcpy(image + IMAGE - 40, tlv, sizeof(tlv));
    require(sha256(image, IMAGE - 40, image + IMAGE - 32, NULL) == SIGNET_OK);
}

static int ask_image(struct signet_smp *smp, unsigned which, size_t *count,
                     struct signet_error *err)
{
    const struct signet_smp_image_options newer = {.size = sizeof(newer), .newer_only = true};
    struct signet_smp_image images[4];
    uint8_t image[IMAGE];
    int rc;

    switch (which) {
    case 22:
        return signet_smp_image_choose(smp, "0123456789abcdef", 16, false, err);
    case 23:
        return signet_smp_image_choose(smp, NULL, 0, true, err);
    case 24:
        return signet_smp_image_erase(smp, 1, err);
    case 25:
        make_image(image);
        return signet_smp_image_upload(smp, image, sizeof(image), &newer, err);
    default:
        rc = signet_smp_image_list(smp, images, 4, count, err);
        require(rc || *count <= 4);
        for (size_t i = 0; !rc && i < *count; i++)
            seen(images[i].version, strlen(images[i].version));
        return rc;
    }
}

static int ask(struct signet_smp *smp, unsigned which, struct signet_error *err)
{
    struct signet_bytes reply = {0};
    size_t count = 0;
    int rc;

    if (which == 10 || (which >= 22 && which <= 25))
        rc = ask_image(smp, which, &count, err);
    else if ((which >= 3 && which <= 8) || which >= 16)
        rc = ask_file(smp, which, &reply, &count, err);
    else
        rc = ask_board(smp, which, &reply, err);
    require(reply.len <= SMP_PACKET_MAX);
    seen(reply.data, reply.len);
    seen(&count, sizeof(count));
    signet_bytes_free(&reply);
    return rc;
}

static int try_path(struct signet_smp *smp, const uint8_t *data, size_t len,
                    struct signet_error *err)
{
    struct buf path = {0};
    uint64_t unused;

    buf_append(&path, data, len);
    buf_byte(&path, 0);
    require(buf_check(&path, NULL) == SIGNET_OK);
    int rc = signet_smp_status(smp, (char *)path.data, &unused, err);
    buf_free(&path);
    return rc;
}

static int try_image(const uint8_t *data, size_t len)
{
    struct signet_smp_image image;
    struct signet_error err = {0};

    if (signet_smp_image_read(data, len, &image, &err) != SIGNET_OK)
        require_error(&err);
    else
        seen(image.version, strlen(image.version));
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct link_ops ops = {
        .read = board_read, .write = board_write, .drain = board_drain};
    struct board board = {.data = data + 1, .left = size ? size - 1 : 0};
    const bool finds_out = size && data[0] & 0x20;
    struct signet_smp_options options = {.timeout_ms = 1000,
                                         .retries = 2,
                                         .packet_limit = finds_out && !(data[0] & 0x80) ? 0 : 400,
                                         .version = finds_out ? 0 : 1,
                                         .stream = size && data[0] & 0x80};
    struct signet_link *link = NULL;
    struct signet_smp *smp = NULL;
    struct signet_error err = {0};

    if (!size)
        return 0;
    if ((data[0] & 31) == 31)
        return try_image(data + 1, size - 1);
    by_packets = data[0] & 0x40;
    require(!link_new(&link, &ops, &board, "fuzz", NULL));
    require(!signet_smp_new(&smp, link, &options, NULL, NULL));
    int rc = (data[0] & 31) == 26 ? try_path(smp, data + 1, size - 1, &err)
                                  : ask(smp, data[0] & 31, &err);
    if (rc) {
        require((int)err.code == rc);
        require_error(&err);
    }
    signet_smp_free(&smp);
    signet_link_close(&link);
    buf_free(&board.out);
    return 0;
}
