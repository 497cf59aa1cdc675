/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrap: wipe
 */
#include "smp/smp.h"
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

/* Seen on a Zephyr 3.3 SMP server: echo of "hello", and the first chunk of an upload. */
static const char echo_packet[] = "0200000900000100a1616465"
                                  "68656c6c6f";
static const char echo_wire[] = "\x06\x09"
                                "ABMCAAAJAAABAKFhZGVoZWxsb/0m\n";
static const char echo_answer[] = "\x06\x09"
                                  "ABQDAAAKAAABAL9hcmVoZWxsb/8FSw==\n";
static const char chunk_wire[] =
    "\x06\x09"
    "AIgCAAB+AAgBAKRjb2ZmAGRuYW1lay9sZnMxL2EuYmluY2xlbhiCZGRhdGFYWgABAgMEBQYHCAkKCwwNDg8QERITFBUW"
    "FxgZGhscHR4fICEiIyQlJicoKSorLC0u\n"
    "\x04\x14"
    "LzAxMjM0NTY3ODk6Ozw9Pj9AQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVes\n";

void __real_wipe(void *data, size_t len);
void __wrap_wipe(void *data, size_t len);

static const char *needle; /* what a wipe should meet */
static size_t needles;

void __wrap_wipe(void *data, size_t len)
{
    needles += needle && memmem(data, len, needle, strlen(needle));
    __real_wipe(data, len);
}

static size_t unhex(const char *text, uint8_t *out, size_t cap)
{
    ssize_t n = hex_decode(text, strlen(text), out, cap);

    assert_true(n > 0);
    return (size_t)n;
}

static void worked_examples(void **state)
{
    uint8_t packet[256];
    struct buf wire = {0};
    size_t n = unhex(echo_packet, packet, sizeof packet);

    (void)state;
    assert_int_equal(smp_crc16(packet, n), 0xfd26);
    smp_frame_encode(&wire, packet, n, SMP_LINE_RAW);
    assert_string_equal((const char *)wire.data, echo_wire);
    buf_reset(&wire);
    n = unhex("0200007e00080100a4636f666600646e616d656b2f6c6673312f612e62696e636c656e18826464617461"
              "585a",
              packet, sizeof packet);
    for (unsigned i = 0; i < 90; i++)
        packet[n++] = (uint8_t)i;
    smp_frame_encode(&wire, packet, n, SMP_LINE_RAW);
    assert_string_equal((const char *)wire.data, chunk_wire);
    assert_int_equal(strchr((const char *)wire.data, '\n') - (char *)wire.data + 1, 127);
    buf_free(&wire);
}

struct result {
    size_t count, len;
    uint8_t packet[512];
    struct buf text;
};

static void decode(const void *data, size_t len, struct result *result)
{
    struct smp_frames frames = {0};
    size_t used = 0;

    result->count = 0;
    for (size_t at = 0; at < len; at += used) {
        size_t n =
            smp_frames_feed(&frames, (const uint8_t *)data + at, len - at, &used, &result->text);

        assert_true(used > 0);
        if (!n)
            continue;
        result->count++;
        result->len = n;
        assert_true(n <= sizeof result->packet);
        memcpy(result->packet, frames.packet, n);
    }
}

static void answer_is_found(void **state)
{
    static const struct {
        const char *wire, *text;
    } cases[] = {
        {"\x06\x09"
         "ABQDAAAKAAABAL9hcmVoZWxsb/8FSw==\n",
         ""},
        {"boot\r\n\x1b[1;32muart:~$ \x1b[m\x06\x09"
         "ABQDAAAKAAABAL9hcmVoZWxsb/8FSw==\r\nmore",
         "boot\r\n\x1b[1;32muart:~$ \x1b[mmore"},
        /* log text between the lines of a frame */
        {"\x06\x09"
         "ABQDAAAK\n[00:01] <inf> x\r\n\x04\x14"
         "AAABAL9hcmVoZWxsb/8FSw==\n",
         "[00:01] <inf> x\r\n"},
        /* an unfinished frame, then a whole one */
        {"\x06\x09"
         "ABQDAAAK\n\x06\x09"
         "ABQDAAAKAAABAL9hcmVoZWxsb/8FSw==\n",
         ""},
        /* a continuation of nothing, a marker cut in two by text, a frame that is too short */
        {"\x04\x14"
         "QUJD\n\x06x\x06\x09"
         "AAE=\n\x06\x09"
         "ABQDAAAKAAABAL9hcmVoZWxsb/8FSw==\n",
         "\x06x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct result result = {0};

        decode(cases[i].wire, strlen(cases[i].wire), &result);
        assert_int_equal(result.count, 1);
        assert_int_equal(result.len, 18);
        assert_memory_equal(result.packet, "\x03\x00\x00\x0a\x00\x00\x01\x00\xbf\x61\x72\x65", 12);
        assert_string_equal(result.text.data ? (char *)result.text.data : "", cases[i].text);
        buf_free(&result.text);
    }
}

/* Any one bit wrong: no packet. */
static void flipped_bits(void **state)
{
    char wire[sizeof chunk_wire];

    (void)state;
    for (size_t i = 0; i < sizeof chunk_wire - 1; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            struct result result = {0};

            memcpy(wire, chunk_wire, sizeof wire);
            wire[i] = (char)(wire[i] ^ (1 << bit));
            decode(wire, sizeof wire - 1, &result);
            buf_free(&result.text);
            if (result.count) /* the newline's own bits: CR is as good */
                fail_msg("byte %zu bit %u went unnoticed", i, bit);
        }
}

static void text_inside_a_line_spoils_it(void **state)
{
    static const char wire[] = "\x06\x09"
                               "ABQDAAAK[00:01] Device ready\r\nAAABAL9hcmVoZWxsb/8FSw==\n";
    struct result result = {0};

    (void)state;
    decode(wire, sizeof wire - 1, &result);
    assert_int_equal(result.count, 0);
    assert_non_null(strstr((char *)result.text.data, "[00:01] Device ready\r\n"));
    buf_free(&result.text);
}

static void all_sizes(void **state)
{
    static uint8_t packet[2048];
    static const size_t raws[] = {93, 90, 48, 3};

    (void)state;
    for (size_t len = SMP_HEADER_SIZE; len < 480; len++)
        for (size_t r = 0; r < sizeof raws / sizeof *raws; r++) {
            struct buf wire = {0};
            struct result result = {0};
            const struct smp_header header = {.op = 2, .length = (uint16_t)(len - SMP_HEADER_SIZE)};

            for (size_t i = 0; i < len; i++)
                packet[i] = (uint8_t)(i * 31 + len);
            smp_header_encode(&header, packet);
            smp_frame_encode(&wire, packet, len, raws[r]);
            decode(wire.data, wire.len, &result);
            assert_int_equal(result.count, 1);
            assert_int_equal(result.len, len);
            assert_memory_equal(result.packet, packet, len);
            buf_free(&wire);
            buf_free(&result.text);
        }
}

/* Bytes one at a time give the same as all at once; nothing is kept past the bound. */
static void endless_frame(void **state)
{
    struct smp_frames frames = {0};
    size_t used;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        const char *line = i ? "\x04\x14"
                               "QUJDREVGR0hJSktM\n"
                             : "\x06\x09"
                               "P/8AAAAAAAAAAAAA\n";

        for (size_t at = 0; line[at]; at++)
            assert_int_equal(smp_frames_feed(&frames, (const uint8_t *)line + at, 1, &used, NULL),
                             0);
    }
    assert_int_equal(frames.bad, 1);
    for (size_t at = 0; at < sizeof echo_answer - 1; at++) {
        size_t n = smp_frames_feed(&frames, (const uint8_t *)echo_answer + at, 1, &used, NULL);

        assert_int_equal(n, at == sizeof echo_answer - 2 ? 18 : 0);
    }
}

/* One frame of raw bytes, a line; the length in front is what is given. */
static void put_line(struct buf *wire, const char *marker, const void *raw, size_t len)
{
    char text[256];

    buf_text(wire, marker);
    base64_encode(raw, len, text);
    buf_text(wire, text);
    buf_byte(wire, '\n');
}

static void put_frame(struct buf *wire, unsigned length, const uint8_t *packet, size_t len)
{
    uint8_t raw[128] = {(uint8_t)(length >> 8), (uint8_t)length};
    uint16_t crc = smp_crc16(packet, len);

    memcpy(raw + 2, packet, len);
    raw[2 + len] = (uint8_t)(crc >> 8);
    raw[3 + len] = (uint8_t)crc;
    put_line(wire, "\x06\x09", raw, len + 4);
}

/* Right checksum, wrong length: each is given up at once, and the frame behind it is found. */
static void lengths_are_compared(void **state)
{
    uint8_t packet[32] = {0};
    struct smp_frames frames = {0};
    struct buf wire = {0};
    size_t used = 0, n;

    (void)state;
    smp_header_encode(&(struct smp_header){.op = 3, .length = 8}, packet);
    for (int wrong = -2; wrong <= 2; wrong++) { /* in the header, and in front of it */
        for (int where = 0; where < 2; where++) {
            size_t len = SMP_HEADER_SIZE + 8 + (where ? 0 : (size_t)(wrong + 2)) - (where ? 0 : 2);
            unsigned length = (unsigned)((int)len + 2 + (where ? wrong : 0));
            bool good = wrong == 0, later = where && wrong > 0;

            buf_reset(&wire);
            put_frame(&wire, length, packet, len);
            frames.bad = 0;
            n = smp_frames_feed(&frames, wire.data, wire.len, &used, NULL);
            if ((n != 0) != good || frames.bad != !(good || later))
                fail_msg("length wrong by %d, place %d: %zu bytes, %u given up", wrong, where, n,
                         (unsigned)frames.bad);
            if (!later)
                assert_int_equal(frames.len, 0);
            n = smp_frames_feed(&frames, (const uint8_t *)echo_answer, sizeof echo_answer - 1,
                                &used, NULL);
            assert_int_equal(n, 18);
        }
    }
    buf_reset(&wire);
    put_frame(&wire, SMP_PACKET_MAX + 3, packet, 16); /* never taken: not waited for either */
    frames.bad = 0;
    assert_int_equal(smp_frames_feed(&frames, wire.data, wire.len, &used, NULL), 0);
    assert_int_equal(frames.bad, 1);
    buf_free(&wire);
}

/* Lengths that leave no room for a header and a CRC. */
static void frames_without_a_packet(void **state)
{
    static const char *const lines[] = {"\x06\x09"
                                        "AAA=\n",
                                        "\x06\x09"
                                        "AAEA\n",
                                        "\x06\x09"
                                        "AAIAAA==\n"};
    struct smp_frames frames = {0};
    size_t used = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        size_t len = strlen(lines[i]);

        assert_int_equal(smp_frames_feed(&frames, (const uint8_t *)lines[i], len, &used, NULL), 0);
        assert_int_equal(frames.bad, i + 1);
    }
}

/* The length itself cut in two: what stands behind it in memory is not its second byte. */
static void a_first_line_of_one_byte(void **state)
{
    uint8_t packet[16] = {0}, rest[19];
    struct smp_frames frames = {0};
    struct buf wire = {0};
    size_t used = 0;

    (void)state;
    smp_header_encode(&(struct smp_header){.op = 3, .length = 8, .flags = 18}, packet);
    put_frame(&wire, 18, packet, 16);
    assert_int_equal(smp_frames_feed(&frames, wire.data, wire.len, &used, NULL), 16);
    assert_int_equal(frames.packet[1], 18); /* as the length that follows has it */
    rest[0] = 18;
    memcpy(rest + 1, packet, 16);
    rest[17] = (uint8_t)(smp_crc16(packet, 16) >> 8);
    rest[18] = (uint8_t)smp_crc16(packet, 16);
    buf_reset(&wire);
    put_line(&wire, "\x06\x09", "", 1);
    put_line(&wire, "\x04\x14", rest, sizeof(rest));
    assert_int_equal(smp_frames_feed(&frames, wire.data, wire.len, &used, NULL), 0);
    assert_int_equal(frames.bad, 1);
    buf_free(&wire);
}

/* What was encoded may hold a key: neither the bytes nor their base64 stay on the stack. */
static void encoding_leaves_nothing(void **state)
{
    static const char packet[] = "12345678a key of a board";
    struct buf wire = {0};

    (void)state;
    needle = "a key of a board";
    needles = 0;
    smp_frame_encode(&wire, (const uint8_t *)packet, sizeof(packet) - 1, SMP_LINE_RAW);
    assert_int_equal(needles, 1);
    needle = strchr((const char *)wire.data, '\t') + 1;
    *strchr((char *)wire.data, '\n') = '\0';
    needles = 0;
    struct buf again = {0};
    smp_frame_encode(&again, (const uint8_t *)packet, sizeof(packet) - 1, SMP_LINE_RAW);
    assert_int_equal(needles, 1);
    needle = NULL;
    buf_free(&again);
    buf_free(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worked_examples),
        cmocka_unit_test(answer_is_found),
        cmocka_unit_test(flipped_bits),
        cmocka_unit_test(text_inside_a_line_spoils_it),
        cmocka_unit_test(all_sizes),
        cmocka_unit_test(endless_frame),
        cmocka_unit_test(lengths_are_compared),
        cmocka_unit_test(a_first_line_of_one_byte),
        cmocka_unit_test(frames_without_a_packet),
        cmocka_unit_test(encoding_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
