/* SPDX-License-Identifier: Apache-2.0 */
/* Any stream of bytes from a board: fed whole or byte by byte, the same packets come out, and none
 * of a length other than its header's. A packet framed by ourselves in front of it is found. */
#include "fuzz.h"
#include "smp/smp.h"

#include <stdlib.h>
#include <string.h>

static size_t feed(struct smp_frames *frames, const uint8_t *data, size_t size, size_t step,
                   struct buf *packets, struct buf *text)
{
    size_t count = 0;

    for (size_t at = 0; at < size;) {
        size_t used = 0, n = size - at < step ? size - at : step;
        size_t len = smp_frames_feed(frames, data + at, n, &used, text);
        require(used <= n && (used == n || len));
        at += used;
        if (len) {
            struct smp_header header;
            require(len >= SMP_HEADER_SIZE && len <= SMP_PACKET_MAX);
            smp_header_decode(&header, frames->packet);
            require(header.length + (size_t)SMP_HEADER_SIZE == len);
            buf_append(packets, frames->packet, len);
            count++;
        }
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t known[] = {1, 0, 0, 3, 0, 0, 7, 1, 0xa1, 0x61, 'r'};
    struct smp_frames whole = {0}, pieces = {0};
    struct buf a = {0}, b = {0}, text_a = {0}, text_b = {0}, own = {0};

    smp_frame_encode(&own, known, sizeof known, SMP_LINE_RAW);
    require(feed(&whole, own.data, own.len, own.len, &a, &text_a) == 1);
    require(a.len == sizeof known && !memcmp(a.data, known, a.len));
    buf_reset(&a);
    size_t count = feed(&whole, data, size, size ? size : 1, &a, &text_a);
    require(feed(&pieces, data, size, 1, &b, &text_b) == count);
    require(a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len)));
    seen(a.data, a.len);
    seen(text_a.data, text_a.len);
    require(text_a.len <= size + own.len);
    buf_free(&a);
    buf_free(&b);
    buf_free(&text_a);
    buf_free(&text_b);
    buf_free(&own);
    return 0;
}
