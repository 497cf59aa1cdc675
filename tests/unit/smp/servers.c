/* SPDX-License-Identifier: Apache-2.0 */
/* What servers do that a client must not take for something else: late answers, a full file system,
 * files that are open, few line buffers, a restart; and SMP over UDP; and
 * what there is no memory for.
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc */
#include "smp/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"
#include "unit/starve.h"

static uint8_t data[20000];

static void fill_data(void)
{
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 11 + i / 253);
}

static bool board_has(struct bench *b, size_t len)
{
    struct signet_bytes file = {0};
    bool same = sim_board_file(b->board, "/lfs1/f", &file, NULL) == SIGNET_OK && file.len == len &&
                memcmp(file.data, data, len) == 0;

    signet_bytes_free(&file);
    return same;
}

/* Every answer comes after its time is over, and the file system has no room: no version and no
 * generation may call that written. */
static void late_answers_of_a_full_board(void **state)
{
    static const enum sim_generation generations[] = {SIM_ZEPHYR_32, SIM_ZEPHYR_33, SIM_ZEPHYR_36,
                                                      SIM_ZEPHYR_44};

    (void)state;
    for (size_t i = 0; i < 3 * 4; i++) {
        const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                                .generation = generations[i / 3],
                                                .fs_size = 1500,
                                                .misbehave = "delay=40"};
        const struct signet_smp_options options = {.timeout_ms = 25, .version = (int)(i % 3)};
        struct bench b;

        set_up(&b, &board, &options);
        int rc = signet_smp_upload(b.smp, "/lfs1/f", data, 3000, NULL, &b.err);
        if (rc == SIGNET_OK || !b.err.msg[0])
            fail_msg("generation %d, version %d: a full board has it", board.generation,
                     options.version);
        tear_down(&b);
    }
}

/* One answer to a middle chunk is lost: the board keeps the file open, since it has lost its
 * length, and tells of an open file what it had before. */
static void a_file_that_stays_open(void **state)
{
    const struct sim_board_options board = {
        .firmware = SIM_FIRMWARE_SMP_FILE, .generation = SIM_ZEPHYR_44, .misbehave = "drop-tx=9"};

    (void)state;
    for (int version = 0; version <= 2; version++) {
        const struct signet_smp_options options = {.timeout_ms = 60, .version = version};
        bool confirmed = false;
        const char *how = NULL;
        struct bench b;

        set_up(&b, &board, &options);
        OK(&b, signet_smp_upload(b.smp, "/lfs1/f", data, 3900, &confirmed, &b.err));
        OK(&b, signet_smp_compare(b.smp, "/lfs1/f", data, 3900, NULL, &how, &b.err));
        assert_string_equal(how, "crc32");
        assert_true(board_has(&b, 3900));
        data[7] ^= 1;
        assert_int_equal(signet_smp_compare(b.smp, "/lfs1/f", data, 3900, NULL, NULL, &b.err),
                         SIGNET_E_BOARD);
        data[7] ^= 1;
        tear_down(&b);
    }
}

/* A UART driver with two buffers loses the third line of each packet. */
static void two_line_buffers(void **state)
{
    static const enum sim_generation generations[] = {SIM_ZEPHYR_32, SIM_ZEPHYR_33, SIM_ZEPHYR_44};
    static const unsigned lines[] = {2, 3};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                                .generation = generations[i / 2],
                                                .line_buffers = lines[i % 2]};
        const struct signet_smp_options options = {.timeout_ms = 100};
        struct bench b;

        set_up(&b, &board, &options);
        OK(&b, signet_smp_upload(b.smp, "/lfs1/f", data, 5000, NULL, &b.err));
        assert_true(board_has(&b, 5000));
        tear_down(&b);
    }
}

/* As told by options: no packet is lost. */
static void packets_and_lines_as_wanted(void **state)
{
    const struct sim_board_options board = {
        .firmware = SIM_FIRMWARE_SMP_FILE, .generation = SIM_ZEPHYR_44, .line_buffers = 2};
    const struct signet_smp_options options = {
        .retries = -1, .packet_limit = 90, .line_limit = SIGNET_SMP_LINE_RAW(68)};
    struct sim_board_state seen;
    struct bench b;

    (void)state;
    assert_int_equal(SIGNET_SMP_LINE_RAW(127), SMP_LINE_RAW);
    assert_int_equal(options.line_limit, 48);
    set_up(&b, &board, &options);
    OK(&b, signet_smp_upload(b.smp, "/lfs1/f", data, 1000, NULL, &b.err));
    assert_true(board_has(&b, 1000));
    sim_board_state(b.board, &seen);
    assert_in_range(seen.chunks, 16, 40);
    tear_down(&b);
}

/* In the middle of a file, and before its last chunk: a file system gets the file anew, a stream is
 * an error, whatever the board answers then. */
static void a_restart_in_the_middle(void **state)
{
    static const enum sim_generation generations[] = {SIM_ZEPHYR_32, SIM_ZEPHYR_33, SIM_ZEPHYR_44};

    (void)state;
    for (size_t i = 0; i < 3 * 7; i++) {
        char misbehave[40];
        const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                                .generation = generations[i / 7],
                                                .misbehave = misbehave};
        struct signet_smp_options options = {.timeout_ms = 60};
        bool confirmed = true;
        struct bench b;

        snprintf(misbehave, sizeof misbehave, "restart=%zu", i % 7 + 1); /* the file has 6 chunks */
        set_up(&b, &board, &options);
        OK(&b, signet_smp_upload(b.smp, "/lfs1/f", data, 2000, NULL, &b.err));
        assert_true(board_has(&b, 2000));
        tear_down(&b);
        options.stream = true;
        set_up(&b, &board, &options);
        int rc = signet_smp_upload(b.smp, "/lfs1/f", data, 2000, &confirmed, &b.err);
        if (rc == SIGNET_OK && (i % 7 + 1 < 7 || !board_has(&b, 2000)))
            fail_msg("generation %d: a restart at chunk %zu is not noticed", board.generation,
                     i % 7 + 1);
        tear_down(&b);
    }
}

/* {"rc": 8} is plain in both versions; "rc": 0 of 3.2 is only where its handlers have it. */
static void answers_as_servers_give_them(void **state)
{
    static const enum sim_generation generations[] = {SIM_ZEPHYR_32, SIM_ZEPHYR_33, SIM_ZEPHYR_36,
                                                      SIM_ZEPHYR_44};
    uint64_t len;

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                                .generation = generations[i / 2]};
        const struct signet_smp_options options = {.version = (int)(i % 2) + 1};
        bool later = board.generation >= SIM_ZEPHYR_36;
        struct bench b;

        set_up(&b, &board, &options);
        smp_begin(b.smp, 0);
        assert_int_equal(smp_request(b.smp, (struct smp_command){SMP_READ, 77, 1}, 0, &b.err),
                         SIGNET_E_UNSUPPORTED);
        assert_string_equal(b.err.msg, "the board answered 8 (not supported)");
        assert_int_equal(b.err.sys, 8);
        assert_int_equal(b.smp->last.group, -1);
        assert_int_equal(b.smp->answered, later && options.version == 2);
        assert_int_equal(signet_smp_status(b.smp, "/none", &len, &b.err), SIGNET_E_NOT_FOUND);
        assert_int_equal(b.smp->last.group, later && options.version == 2 ? SMP_GROUP_FS : -1);
        OK(&b, signet_smp_upload(b.smp, "/lfs1/f", data, 1, NULL, &b.err));
        OK(&b, signet_smp_status(b.smp, "/lfs1/f", &len, &b.err));
        assert_null(smp_answer_get(&b.smp->answer, -1, "rc"));
        assert_int_equal(signet_smp_file_close(b.smp, &b.err),
                         later ? SIGNET_OK : SIGNET_E_UNSUPPORTED);
        tear_down(&b);
    }
}

/* Zephyr 3.2 answers an empty file with offset 0 and makes none: that is no success, with or
 * without a comparison. */
static void empty_files(void **state)
{
    static const enum sim_generation generations[] = {SIM_ZEPHYR_32, SIM_ZEPHYR_33, SIM_ZEPHYR_44};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                                .generation = generations[i]};
        bool makes = board.generation != SIM_ZEPHYR_32;
        const char *how = NULL;
        struct bench b;

        set_up(&b, &board, NULL);
        assert_int_equal(signet_smp_upload(b.smp, "/lfs1/f", data, 0, NULL, &b.err),
                         makes ? SIGNET_OK : SIGNET_E_NOT_FOUND);
        assert_int_equal(signet_smp_compare(b.smp, "/lfs1/f", data, 0, NULL, &how, &b.err),
                         makes ? SIGNET_OK : SIGNET_E_BOARD);
        if (!makes)
            assert_string_equal(b.err.msg, "/lfs1/f: the board has no such file");
        tear_down(&b);
    }
}

/* What real servers of 3.2.0 and 3.4.99 answer: a command has one direction, 3.2 has no os info and
 * an error for an echo of nothing, a read behind the end is empty. */
static void as_measured(void **state)
{
    static const struct {
        struct smp_command command;
        int rc_32, rc_later;
    } rows[] = {
        {{SMP_WRITE, SMP_GROUP_OS, 6}, 8, 8},    {{SMP_READ, SMP_GROUP_OS, 7}, 8, 0},
        {{SMP_WRITE, SMP_GROUP_OS, 0}, 1, 0},    {{SMP_WRITE, SMP_GROUP_FS, 2}, 8, 8},
        {{SMP_READ, SMP_GROUP_FS, 4}, 8, 8},     {{SMP_READ, SMP_GROUP_SHELL, 0}, 8, 8},
        {{SMP_WRITE, SMP_GROUP_IMAGE, 1}, 3, 3},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        const struct sim_board_options board = {
            .firmware = SIM_FIRMWARE_SMP_FILE, .generation = i % 2 ? SIM_ZEPHYR_36 : SIM_ZEPHYR_32};
        const struct signet_smp_options options = {.version = 1};
        int want = i % 2 ? rows[i / 2].rc_later : rows[i / 2].rc_32;
        struct bench b;

        set_up(&b, &board, &options);
        smp_begin(b.smp, 0);
        smp_request(b.smp, rows[i / 2].command, 0, &b.err);
        if (b.smp->last.rc != want)
            fail_msg("row %zu: rc %d, wanted %d", i, (int)b.smp->last.rc, want);
        tear_down(&b);
    }
}

static void put_pair(struct buf *packet, const char *key, const char *text, int number)
{
    cbor_put_text(packet, key);
    if (text)
        cbor_put_text(packet, text);
    else
        cbor_put_uint(packet, (uint64_t)number);
}

/* What real servers of 3.5.0 and 4.4.0 answer: names are judged before files, types of hashes
 * before names of files that are not there, hashes may be of a part, and a chunk may lack its data.
 */
static void as_later_servers_answer(void **state)
{
    static const struct {
        struct smp_command command;
        const char *key, *text, *second, *second_text;
        int number, group, rc, plain_rc;
    } rows[] = {
        {{SMP_READ, SMP_GROUP_OS, 7}, "format", "zz", NULL, NULL, 0, SMP_GROUP_OS, 2, 3},
        {{SMP_READ, SMP_GROUP_OS, 7}, "format", "asnrvmpio", NULL, NULL, 0, -1, 0, 0},
        {{SMP_READ, SMP_GROUP_FS, 1}, "name", "", NULL, NULL, 0, -1, 3, 3},
        {{SMP_READ, SMP_GROUP_FS, 1}, "name", "f", NULL, NULL, 0, SMP_GROUP_FS, 2, 3},
        {{SMP_READ, SMP_GROUP_FS, 1}, "name", "/none", NULL, NULL, 0, SMP_GROUP_FS, 3, 5},
        {{SMP_READ, SMP_GROUP_FS, 0}, "name", "f", "off", NULL, 0, SMP_GROUP_FS, 2, 3},
        {{SMP_READ, SMP_GROUP_FS, 2}, "name", "/none", "type", "md5", 0, SMP_GROUP_FS, 13, 3},
        {{SMP_READ, SMP_GROUP_FS, 2}, "name", "/none", "type", "123456789", 0, -1, 3, 3},
        {{SMP_READ, SMP_GROUP_FS, 2}, "name", "/lfs1/f", "len", NULL, 0, -1, 3, 3},
        {{SMP_READ, SMP_GROUP_FS, 2}, "name", "/lfs1/f", "off", NULL, 99, -1, 0, 0},
        {{SMP_READ, SMP_GROUP_FS, 2}, "name", "/lfs1/f", "off", NULL, 100, SMP_GROUP_FS, 12, 1},
        {{SMP_READ, SMP_GROUP_FS, 0}, "name", "/lfs1", "off", NULL, 0, SMP_GROUP_FS, 4, 1},
        {{SMP_READ, SMP_GROUP_FS, 1}, "name", "/lfs1", NULL, NULL, 0, SMP_GROUP_FS, 4, 1},
        {{SMP_READ, SMP_GROUP_FS, 2}, "name", "/lfs1", "type", "crc32", 0, SMP_GROUP_FS, 4, 1},
        {{SMP_WRITE, SMP_GROUP_FS, 0}, "name", "/lfs1", "off", NULL, 5, SMP_GROUP_FS, 1, 1},
        {{SMP_WRITE, SMP_GROUP_FS, 0}, "name", "/lfs1/f", "off", NULL, 100, -1, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                                .generation = SIM_ZEPHYR_44};
        const struct signet_smp_options options = {.version = i % 2 ? 2 : 1};
        const char *second = rows[i / 2].second;
        int want = i % 2 ? rows[i / 2].rc : rows[i / 2].plain_rc;
        struct bench b;

        set_up(&b, &board, &options);
        OK(&b, signet_smp_upload(b.smp, "/lfs1/f", data, 100, NULL, &b.err));
        struct buf *packet = smp_begin(b.smp, second ? 2 : 1);
        put_pair(packet, rows[i / 2].key, rows[i / 2].text, 0);
        if (second)
            put_pair(packet, second, rows[i / 2].second_text, rows[i / 2].number);
        smp_request(b.smp, rows[i / 2].command, 0, &b.err);
        if (b.smp->last.rc != want || b.smp->last.group != (i % 2 ? rows[i / 2].group : -1))
            fail_msg("row %zu: rc %d of group %d, wanted %d", i, (int)b.smp->last.rc,
                     (int)b.smp->last.group, want);
        tear_down(&b);
    }
}

static void an_empty_line_of_the_shell(void **state)
{
    (void)state;
    for (int version = 1; version <= 2; version++) {
        const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                                .generation = SIM_ZEPHYR_44};
        const struct signet_smp_options options = {.version = version};
        struct smp_command run = {SMP_WRITE, SMP_GROUP_SHELL, 0};
        struct bench b;

        set_up(&b, &board, &options);
        cbor_put_text(smp_begin(b.smp, 1), "argv");
        cbor_put_array(&b.smp->packet, 0);
        assert_int_equal(smp_request(b.smp, run, 0, &b.err), SIGNET_E_SMP);
        assert_int_equal(b.smp->last.group, version == 2 ? SMP_GROUP_SHELL : -1);
        assert_int_equal(b.smp->last.rc, 3);
        tear_down(&b);
    }
}

/* Maps without a told length everywhere, "err" before "len": byte for byte as 3.5.0 and 4.4.0. */
static void offset_behind_the_error(void **state)
{
    static const uint8_t want[] = "\xbf\x63"
                                  "err\xbf\x65"
                                  "group\x08\x62rc\x0b\xff\x63len\x18\x64\xff";
    const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                            .generation = SIM_ZEPHYR_44};
    const struct signet_smp_options options = {.version = 2};
    struct smp_command write = {SMP_WRITE, SMP_GROUP_FS, 0};
    struct bench b;

    (void)state;
    set_up(&b, &board, &options);
    OK(&b, signet_smp_upload(b.smp, "/lfs1/f", data, 100, NULL, &b.err));
    struct buf *packet = smp_begin(b.smp, 2);
    put_pair(packet, "name", "/lfs1/f", 0);
    put_pair(packet, "off", NULL, 7);
    assert_int_equal(smp_request(b.smp, write, 0, &b.err), SIGNET_E_SMP);
    assert_memory_equal(b.smp->frames.packet + SMP_HEADER_SIZE, want, sizeof want - 1);
    tear_down(&b);
}

/* How many answers a board gave in the end to an echo with this operation and such a line. */
static uint64_t answers_to(const char *before, uint8_t op)
{
    const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                            .generation = SIM_ZEPHYR_44};
    struct smp_header header = {.op = op, .length = 1};
    uint8_t packet[SMP_HEADER_SIZE + 1] = {[SMP_HEADER_SIZE] = 0xa0};
    struct signet_bytes reply = {0};
    struct sim_board_state seen;
    struct buf line = {0};
    struct bench b;

    set_up(&b, &board, NULL);
    header.sequence = (uint8_t)(b.smp->sequence + 100); /* not that of the echo */
    smp_header_encode(&header, packet);
    buf_text(&line, before);
    smp_frame_encode(&line, packet, sizeof packet, SMP_LINE_RAW);
    OK(&b, link_write(b.link, line.data, line.len, clock_ms() + 1000, &b.err));
    OK(&b, signet_smp_echo(b.smp, "x", &reply, &b.err)); /* what came before it is done */
    signet_bytes_free(&reply);
    sim_board_state(b.board, &seen);
    buf_free(&line);
    tear_down(&b);
    return seen.frames_out - 1;
}

static void frames_begin_their_line(void **state)
{
    (void)state;
    assert_int_equal(answers_to("", SMP_WRITE), 1);
    assert_int_equal(answers_to("\n", SMP_WRITE), 1);
    assert_int_equal(answers_to("noise ", SMP_WRITE), 0);
    assert_int_equal(answers_to("", SMP_WRITE + 1), 1); /* rc 8 to what is no request */
}

/* Later servers do not empty a file for an upload of nothing, and say nothing of it: the length
 * tells, and so does a comparison. */
static void nothing_over_something(void **state)
{
    const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                            .generation = SIM_ZEPHYR_44};
    const char *how = NULL;
    struct bench b;

    (void)state;
    set_up(&b, &board, NULL);
    OK(&b, signet_smp_upload(b.smp, "/lfs1/f", data, 100, NULL, &b.err));
    assert_int_equal(signet_smp_upload(b.smp, "/lfs1/f", data, 0, NULL, &b.err), SIGNET_E_BOARD);
    assert_string_equal(b.err.msg,
                        "upload to /lfs1/f: the board keeps the 100 bytes that the file had");
    assert_int_equal(signet_smp_compare(b.smp, "/lfs1/f", data, 0, NULL, &how, &b.err),
                     SIGNET_E_BOARD);
    assert_true(board_has(&b, 100));
    tear_down(&b);
}

static void over_udp(void **state)
{
    const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                            .generation = SIM_ZEPHYR_44,
                                            .udp = true,
                                            .buf_size = 2048,
                                            .misbehave = "drop-tx=7,drop-rx=9,dup=11"};
    const struct signet_smp_options options = {.timeout_ms = 60};
    struct signet_bytes back = {0};
    struct signet_link *link = NULL;
    struct signet_smp *smp = NULL;
    char address[64];
    struct bench b;

    (void)state;
    set_up(&b, &board, NULL);
    snprintf(address, sizeof address, "udp:127.0.0.1:%u", sim_board_udp(b.board));
    OK(&b, signet_link_open(&link, address, 0, NULL, &b.err));
    OK(&b, signet_smp_new(&smp, link, &options, NULL, &b.err));
    OK(&b, signet_smp_upload(smp, "/lfs1/f", data, sizeof data, NULL, &b.err));
    assert_true(board_has(&b, sizeof data));
    assert_int_equal(smp->packet_limit, 1400); /* a datagram that fits a frame */
    OK(&b, signet_smp_compare(smp, "/lfs1/f", data, sizeof data, NULL, NULL, &b.err));
    OK(&b, signet_smp_download(smp, "/lfs1/f", sizeof data, &back, &b.err));
    assert_int_equal(back.len, sizeof data);
    assert_memory_equal(back.data, data, back.len);
    signet_bytes_free(&back);
    sim_board_stop(&b.board);
    assert_int_equal(signet_smp_echo(smp, "d", &back, &b.err), SIGNET_E_TIMEOUT);
    assert_non_null(strstr(b.err.msg, "nobody listens at that UDP port"));
    signet_smp_free(&smp);
    signet_link_close(&link);
    tear_down(&b);
}

static struct bench *starved;

static int talk(struct signet_error *err)
{
    struct signet_bytes text = {0}, file = {0};
    struct signet_smp *smp = NULL;
    const char *how;
    int rc = signet_smp_new(&smp, starved->link, NULL, NULL, err);

    if (rc == SIGNET_OK)
        rc = signet_smp_echo(smp, "hello", &text, err);
    if (rc == SIGNET_OK)
        rc = signet_smp_upload(smp, "/lfs1/f", data, 600, NULL, err);
    if (rc == SIGNET_OK)
        rc = signet_smp_compare(smp, "/lfs1/f", data, 600, NULL, &how, err);
    if (rc == SIGNET_OK)
        rc = signet_smp_download(smp, "/lfs1/f", 600, &file, err);
    if (rc == SIGNET_OK)
        assert_true(file.len == 600 && memcmp(file.data, data, 600) == 0);
    signet_bytes_free(&file);
    signet_bytes_free(&text);
    signet_smp_free(&smp);
    return rc;
}

static void without_memory_nothing_is_taken_for_written(void **state)
{
    const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE};
    struct bench b;

    (void)state;
    set_up(&b, &board, NULL);
    starved = &b;
    starve_each(talk);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_answers_of_a_full_board),
        cmocka_unit_test(a_file_that_stays_open),
        cmocka_unit_test(two_line_buffers),
        cmocka_unit_test(packets_and_lines_as_wanted),
        cmocka_unit_test(a_restart_in_the_middle),
        cmocka_unit_test(answers_as_servers_give_them),
        cmocka_unit_test(empty_files),
        cmocka_unit_test(as_measured),
        cmocka_unit_test(as_later_servers_answer),
        cmocka_unit_test(an_empty_line_of_the_shell),
        cmocka_unit_test(offset_behind_the_error),
        cmocka_unit_test(frames_begin_their_line),
        cmocka_unit_test(nothing_over_something),
        cmocka_unit_test(over_udp),
        cmocka_unit_test(without_memory_nothing_is_taken_for_written),
    };

    fill_data();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
