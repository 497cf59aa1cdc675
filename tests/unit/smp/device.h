/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_SMP_DEVICE_H
#define TESTS_UNIT_SMP_DEVICE_H

/* A board behind injected link operations: no time passes, a read with nothing to read is a
 * timeout at once. */
#include "smp/smp.h"

#include <stddef.h>

struct device {
    /* Takes one request; appends the body of the answer and returns true, or false for silence. */
    bool (*handle)(struct device *device, const struct smp_header *header,
                   const struct smp_answer *request, struct buf *body);
    /* Makes the answer's bytes from header and body; NULL: an honest frame. */
    void (*frame)(struct device *device, struct smp_header *header, const struct buf *body);
    void *ctx;
    struct smp_frames frames;
    struct buf out; /* on its way to the client */
    size_t out_at;
    size_t requests;
};

static void device_frame(struct device *device, const struct smp_header *header,
                         const struct buf *body)
{
    struct buf packet = {0};
    struct smp_header answer = *header;

    answer.length = (uint16_t)body->len;
    smp_header_encode(&answer, buf_extend(&packet, SMP_HEADER_SIZE));
    buf_append(&packet, body->data, body->len);
    smp_frame_encode(&device->out, packet.data, packet.len, 90);
    buf_free(&packet);
}

static int device_read(void *self, void *data, size_t cap, int64_t deadline, size_t *got,
                       struct signet_error *err)
{
    struct device *device = self;
    size_t left = device->out.len - device->out_at;

    (void)deadline;
    if (!left)
        return error_set(err, SIGNET_E_TIMEOUT, "no answer in time");
    *got = left < cap ? left : cap;
    memcpy(data, device->out.data + device->out_at, *got);
    device->out_at += *got;
    return SIGNET_OK;
}

static int device_write(void *self, const void *data, size_t len, int64_t deadline,
                        struct signet_error *err)
{
    struct device *device = self;

    (void)deadline;
    (void)err;
    for (size_t at = 0, used = 0; at < len; at += used) {
        size_t n =
            smp_frames_feed(&device->frames, (const uint8_t *)data + at, len - at, &used, NULL);
        struct smp_answer request;
        struct smp_header header;
        struct buf body = {0};

        if (!n)
            continue;
        device->requests++;
        smp_header_decode(&header, device->frames.packet);
        assert_true(smp_answer_decode(&request, device->frames.packet + SMP_HEADER_SIZE,
                                      n - SMP_HEADER_SIZE));
        header.op++;
        buf_byte(&body, 0xbf);
        if (device->handle(device, &header, &request, &body)) {
            buf_byte(&body, 0xff);
            if (device->frame)
                device->frame(device, &header, &body);
            else
                device_frame(device, &header, &body);
        }
        buf_free(&body);
    }
    return SIGNET_OK;
}

static const struct link_ops device_ops = {device_read, device_write, NULL, NULL};

static void device_open(struct device *device, struct signet_link **link)
{
    assert_int_equal(link_new(link, &device_ops, device, "injected", NULL), SIGNET_OK);
}

static void device_close(struct device *device, struct signet_link **link)
{
    signet_link_close(link);
    buf_free(&device->out);
}

#endif
