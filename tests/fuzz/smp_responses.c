/* SPDX-License-Identifier: Apache-2.0 */
/* Any answers of a board to every request. The first byte chooses the request; then come bodies,
 * each with its length in one byte, framed with the header that the client waits for. */
#include "fuzz.h"
#include "smp/smp.h"

#include <stdlib.h>
#include <string.h>

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
    memcpy(data, board->out.data + board->out_at, *got);
    board->out_at += *got;
    return SIGNET_OK;
}

static void answer(struct board *board, const struct smp_header *request)
{
    struct smp_header header = *request;
    struct buf packet = {0};
    size_t len = board->left ? board->data[0] : 0;

    if (!board->left)
        return; /* silence */
    board->data++;
    board->left--;
    if (len > board->left)
        len = board->left;
    header.op++;
    header.length = (uint16_t)len;
    smp_header_encode(&header, buf_extend(&packet, SMP_HEADER_SIZE));
    buf_append(&packet, board->data, len);
    smp_frame_encode(&board->out, packet.data, packet.len, 90);
    board->data += len;
    board->left -= len;
    buf_free(&packet);
}

static int board_write(void *self, const void *data, size_t len, int64_t deadline,
                       struct signet_error *err)
{
    struct board *board = self;

    (void)deadline;
    (void)err;
    require(++board->requests < 5000); /* no board makes us ask for ever */
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

static int ask(struct signet_smp *smp, unsigned which, struct signet_error *err)
{
    static const char file[600] = "a packet";
    static const char *const words[] = {"kernel", "uptime"};
    struct signet_smp_parameters parameters;
    struct signet_smp_hash_type types[4];
    struct signet_smp_hash hash;
    struct signet_smp_image images[4];
    struct signet_bytes reply = {0};
    size_t count = 0;
    uint64_t len;
    int status, rc;

    switch (which % 13) {
    case 0:
        rc = signet_smp_echo(smp, "hello", &reply, err);
        break;
    case 1:
        rc = signet_smp_parameters(smp, &parameters, err);
        break;
    case 2:
        rc = signet_smp_info(smp, "a", &reply, err);
        break;
    case 3:
        rc = signet_smp_upload(smp, "/a", file, sizeof file, NULL, err);
        break;
    case 4:
        rc = signet_smp_download(smp, "/a", 4096, &reply, err);
        break;
    case 5:
        rc = signet_smp_status(smp, "/a", &len, err);
        break;
    case 6:
        rc = signet_smp_hash(smp, "/a", NULL, &hash, err);
        require(rc || hash.output_len <= sizeof hash.output);
        break;
    case 7:
        rc = signet_smp_hash_types(smp, types, 4, &count, err);
        require(rc || count <= 16);
        break;
    case 8:
        rc = signet_smp_compare(smp, "/a", file, sizeof file, NULL, NULL, err);
        break;
    case 10:
        rc = signet_smp_image_list(smp, images, 4, &count, err);
        require(rc || count <= 4);
        break;
    case 11:
        rc = signet_smp_setting_read(smp, "a/b", &reply, err);
        break;
    case 12:
        rc = signet_smp_setting_delete(smp, "a/b", err);
        break;
    default:
        rc = signet_smp_shell(smp, words, 2, &reply, &status, err);
        break;
    }
    require(reply.len <= SMP_PACKET_MAX);
    seen(reply.data, reply.len);
    seen(&count, sizeof(count));
    signet_bytes_free(&reply);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct link_ops ops = {
        .read = board_read, .write = board_write, .drain = board_drain};
    struct board board = {.data = data + 1, .left = size ? size - 1 : 0};
    struct signet_smp_options options = {
        .timeout_ms = 1000, .retries = 2, .packet_limit = 400, .version = 1};
    struct signet_link *link = NULL;
    struct signet_smp *smp = NULL;
    struct signet_error err = {0};

    if (!size)
        return 0;
    require(!link_new(&link, &ops, &board, "fuzz", NULL));
    require(!signet_smp_new(&smp, link, &options, NULL, NULL));
    int rc = ask(smp, data[0], &err);
    if (rc) {
        require((int)err.code == rc);
        require_error(&err);
    }
    signet_smp_free(&smp);
    signet_link_close(&link);
    buf_free(&board.out);
    return 0;
}
