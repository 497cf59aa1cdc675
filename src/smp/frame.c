/* SPDX-License-Identifier: Apache-2.0 */
/* SMP over a console: lines of base64 behind a two-byte marker (docs/SPEC.md, "SMP framing"). */
#include "smp/smp.h"

enum { IDLE, HELD, FIRST_LINE, NEXT_LINE };
#define FIRST_1    0x06
#define FIRST_2    0x09
#define CONTINUE_1 0x04
#define CONTINUE_2 0x14
#define CRC_SIZE   2

uint16_t smp_crc16(const void *data, size_t len)
{
    const uint8_t *p = data;
    unsigned crc = 0;

    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned)p[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    }
    return (uint16_t)crc;
}

uint32_t smp_crc32(const uint8_t *data, size_t len)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static void put16(uint8_t *out, unsigned value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

static unsigned get16(const uint8_t *in)
{
    return (unsigned)in[0] << 8 | in[1];
}

void smp_header_encode(const struct smp_header *header, uint8_t out[static SMP_HEADER_SIZE])
{
    out[0] = (uint8_t)(header->version << 3 | header->op);
    out[1] = header->flags;
    put16(out + 2, header->length);
    put16(out + 4, header->group);
    out[6] = header->sequence;
    out[7] = header->id;
}

void smp_header_decode(struct smp_header *header, const uint8_t in[static SMP_HEADER_SIZE])
{
    header->version = in[0] >> 3 & 3;
    header->op = in[0] & 7;
    header->flags = in[1];
    header->length = (uint16_t)get16(in + 2);
    header->group = (uint16_t)get16(in + 4);
    header->sequence = in[6];
    header->id = in[7];
}

void smp_frame_encode(struct buf *out, const uint8_t *packet, size_t len, size_t line_raw)
{
    uint8_t length[2], crc[2], piece[SMP_LINE_RAW];
    char text[4 * (SMP_LINE_RAW / 3) + 1];
    size_t all = sizeof(length) + len + CRC_SIZE, at = 0;

    put16(length, (unsigned)(len + CRC_SIZE));
    put16(crc, smp_crc16(packet, len));
    while (at < all) {
        size_t n = all - at < line_raw ? all - at : line_raw;

        for (size_t i = 0; i < n; i++, at++)
            piece[i] = at < 2 ? length[at] : at - 2 < len ? packet[at - 2] : crc[at - 2 - len];
        buf_append(out, at == n ? "\x06\x09" : "\x04\x14", 2);
        base64_encode(piece, n, text);
        buf_text(out, text);
        buf_byte(out, '\n');
    }
    wipe(piece, sizeof(piece));
    wipe(text, sizeof(text));
}

static void give_up(struct smp_frames *frames)
{
    frames->bad++;
    frames->len = frames->want = 0;
}

void smp_frames_reset(struct smp_frames *frames)
{
    frames->len = frames->want = frames->line_len = 0;
    frames->state = IDLE;
}

/* Length, CRC and the header's own length must fit; the packet moves to the front. */
static size_t check_packet(struct smp_frames *frames)
{
    size_t len = frames->want - 2 - CRC_SIZE;
    const uint8_t *packet = frames->packet + 2;

    if (frames->len != frames->want || frames->want < 2 + SMP_HEADER_SIZE + CRC_SIZE ||
        smp_crc16(packet, len) != get16(packet + len) ||
        (!frames->served && get16(packet + 2) != len - SMP_HEADER_SIZE)) {
        give_up(frames);
        return 0;
    }
    memmove(frames->packet, packet, len);
    frames->len = frames->want = 0;
    return len;
}

/* Adds the line's bytes to the packet; those of length and CRC are part of what is gathered.
 * Returns the packet's length when it is complete, else 0. */
static size_t end_line(struct smp_frames *frames)
{
    bool orphan = frames->state == NEXT_LINE && !frames->len;
    uint8_t piece[sizeof(frames->line)];
    ssize_t n = base64_decode(frames->line, frames->line_len, piece, sizeof(piece));

    frames->state = IDLE;
    frames->line_len = 0;
    if (orphan)
        return 0;
    if (n < 0 || (size_t)n > sizeof(frames->packet) - frames->len || (!frames->len && n < 2)) {
        give_up(frames);
        return 0;
    }
    memcpy(frames->packet + frames->len, piece, (size_t)n);
    frames->len += (size_t)n;
    frames->want = 2 + get16(frames->packet);
    return frames->len < frames->want && frames->want <= sizeof(frames->packet)
               ? 0
               : check_packet(frames);
}

static void pass_text(struct buf *text, const void *data, size_t len)
{
    if (text)
        buf_append(text, data, len);
}

static bool is_base64(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
}

/* Outside a line: looks for a marker. */
static void find_marker(struct smp_frames *frames, uint8_t c, struct buf *text)
{
    if (frames->state == HELD) {
        bool first = frames->held == FIRST_1 && c == FIRST_2;
        bool next = frames->held == CONTINUE_1 && c == CONTINUE_2;

        frames->state = first ? FIRST_LINE : next ? NEXT_LINE : IDLE;
        if (first && frames->len)
            give_up(frames); /* a new frame ends an unfinished one */
        if (first || next)
            return;
        pass_text(text, &frames->held, 1);
    }
    if (c == FIRST_1 || c == CONTINUE_1) {
        frames->state = HELD;
        frames->held = c;
    } else {
        pass_text(text, &c, 1);
    }
}

/* Text that got into a line spoils it. It goes to text, since it may be what someone waits for. */
static void spoil_line(struct smp_frames *frames, uint8_t c, struct buf *text)
{
    give_up(frames);
    frames->state = IDLE;
    pass_text(text, frames->line, frames->line_len);
    frames->line_len = 0;
    find_marker(frames, c, text);
}

size_t smp_frames_feed(struct smp_frames *frames, const uint8_t *data, size_t len, size_t *used,
                       struct buf *text)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t c = data[i];

        *used = i + 1;
        if (frames->state == IDLE || frames->state == HELD) {
            find_marker(frames, c, text);
        } else if (is_base64(c) && frames->line_len < sizeof(frames->line)) {
            frames->line[frames->line_len++] = (char)c;
        } else if (c == '\n') {
            size_t n = end_line(frames);

            if (n)
                return n;
        } else if (c != '\r') {
            spoil_line(frames, c, text);
        }
    }
    *used = len;
    return 0;
}
