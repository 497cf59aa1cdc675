/* SPDX-License-Identifier: Apache-2.0 */
/* The client against the simulated board, over a pty, as fast as it goes. */
#include "sim.h"
#include "smp/smp.h"
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/smp/bench.h"

static void fill(uint8_t *data, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525 + 1013904223;
        data[i] = (uint8_t)(seed >> 24);
    }
}

static void small_commands(void **state)
{
    static const enum sim_generation generations[] = {SIM_ZEPHYR_32, SIM_ZEPHYR_33, SIM_ZEPHYR_36};

    (void)state;
    for (size_t g = 0; g < 3; g++)
        for (int version = 1; version <= 2; version++) {
            const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                                    .generation = generations[g]};
            const struct signet_smp_options options = {.version = version};
            const char *const words[] = {"echo", "one", "two"}, *const bad[] = {"nothing"};
            struct signet_smp_parameters parameters;
            struct signet_smp_hash_type types[4];
            struct signet_bytes reply = {0};
            struct bench b;
            size_t count;
            int status;

            set_up(&b, &board, &options);
            OK(&b, signet_smp_echo(b.smp, "hello", &reply, &b.err));
            assert_string_equal((char *)reply.data, "hello");
            signet_bytes_free(&reply);
            OK(&b, signet_smp_parameters(b.smp, &parameters, &b.err));
            assert_int_equal(parameters.buf_size, 384);
            if (generations[g] == SIM_ZEPHYR_32) {
                assert_int_equal(signet_smp_info(b.smp, "a", &reply, &b.err), SIGNET_E_UNSUPPORTED);
            } else {
                OK(&b, signet_smp_info(b.smp, "a", &reply, &b.err));
                assert_string_equal((char *)reply.data, "Zephyr");
                signet_bytes_free(&reply);
            }
            OK(&b, signet_smp_hash_types(b.smp, types, 4, &count, &b.err));
            assert_int_equal(count, 2);
            assert_string_equal(types[1].name, "sha256");
            assert_int_equal(types[1].size, 32);
            OK(&b, signet_smp_shell(b.smp, words, 3, &reply, &status, &b.err));
            assert_string_equal((char *)reply.data, "\r\none two\r\n");
            assert_int_equal(status, 0);
            signet_bytes_free(&reply);
            OK(&b, signet_smp_shell(b.smp, bad, 1, &reply, &status, &b.err));
            assert_int_equal(status, -8);
            signet_bytes_free(&reply);
            assert_int_equal(signet_smp_file_close(b.smp, &b.err),
                             generations[g] == SIM_ZEPHYR_36 ? SIGNET_OK : SIGNET_E_UNSUPPORTED);
            tear_down(&b);
        }
}

static void files_of_all_sizes(void **state)
{
    static uint8_t data[20000];
    static const size_t sizes[] = {0,   1,   2,   3,   30,  255, 256,  257,  320,  325,
                                   330, 335, 340, 345, 650, 700, 1000, 4096, 20000};
    static const enum sim_generation generations[] = {SIM_ZEPHYR_32, SIM_ZEPHYR_33, SIM_ZEPHYR_36,
                                                      SIM_ZEPHYR_44};

    (void)state;
    fill(data, sizeof data, 7);
    for (size_t g = 0; g < 4; g++) {
        const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                                .generation = generations[g]};
        const struct signet_smp_options options = {.version = g == 3 ? 0 : g == 2 ? 2 : 1};
        struct sim_board_state seen;
        struct bench b;

        set_up(&b, &board, &options);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            struct signet_bytes back = {0};
            struct signet_smp_hash hash;
            bool confirmed = false;
            const char *how;
            uint64_t len;

            if (!sizes[i] && generations[g] == SIM_ZEPHYR_32)
                continue; /* it makes no empty file */
            OK(&b, signet_smp_upload(b.smp, "/lfs1/a.bin", data, sizes[i], &confirmed, &b.err));
            assert_true(confirmed);
            OK(&b, signet_smp_status(b.smp, "/lfs1/a.bin", &len, &b.err));
            assert_int_equal(len, sizes[i]);
            if (!sizes[i]) { /* no server hashes an empty file */
                OK(&b, signet_smp_compare(b.smp, "/lfs1/a.bin", data, 0, NULL, &how, &b.err));
                assert_string_equal(how, "length");
                continue;
            }
            OK(&b, signet_smp_hash(b.smp, "/lfs1/a.bin", "sha256", &hash, &b.err));
            assert_int_equal(hash.output_len, 32);
            OK(&b,
               signet_smp_compare(b.smp, "/lfs1/a.bin", data, sizes[i], hash.output, &how, &b.err));
            assert_string_equal(how, "sha256");
            OK(&b, signet_smp_compare(b.smp, "/lfs1/a.bin", data, sizes[i], NULL, &how, &b.err));
            assert_string_equal(how, "crc32");
            OK(&b, signet_smp_download(b.smp, "/lfs1/a.bin", 20000, &back, &b.err));
            assert_int_equal(back.len, sizes[i]);
            assert_memory_equal(back.data, data, sizes[i]);
            signet_bytes_free(&back);
        }
        assert_int_equal(signet_smp_download(b.smp, "/lfs1/a.bin", 19999, NULL, &b.err),
                         SIGNET_E_LIMIT);
        assert_int_equal(signet_smp_download(b.smp, "/lfs1/none", 100, NULL, &b.err),
                         SIGNET_E_NOT_FOUND);
        data[5] ^= 1;
        assert_int_equal(signet_smp_compare(b.smp, "/lfs1/a.bin", data, 20000, NULL, NULL, &b.err),
                         SIGNET_E_BOARD);
        data[5] ^= 1;
        sim_board_state(b.board, &seen);
        assert_int_equal(seen.repeated, 0);
        tear_down(&b);
    }
}

/* The largest packet that the board takes is used, and not one byte more. */
static void packet_limits(void **state)
{
    static uint8_t data[8192];
    static const unsigned buf_sizes[] = {128, 256, 384, 385, 1024, 2475, 4096};

    (void)state;
    fill(data, sizeof data, 3);
    for (size_t i = 0; i < sizeof buf_sizes / sizeof *buf_sizes; i++)
        for (int unknown = 0; unknown < 2; unknown++) {
            const struct sim_board_options board = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                                    .buf_size = buf_sizes[i],
                                                    .no_parameters = unknown};
            struct signet_bytes file = {0};
            struct sim_board_state before, after;
            struct bench b;

            if (unknown && buf_sizes[i] < 384)
                continue;
            set_up(&b, &board, NULL);
            sim_board_state(b.board, &before);
            OK(&b, signet_smp_upload(b.smp, "/f", data, sizeof data, NULL, &b.err));
            sim_board_state(b.board, &after);
            OK(&b, (sim_board_file(b.board, "/f", &file, &b.err)));
            assert_int_equal(file.len, sizeof data);
            assert_memory_equal(file.data, data, file.len);
            signet_bytes_free(&file);
            if (!unknown) { /* 26 to 34 bytes are around the data */
                size_t room = buf_sizes[i] - 4 - 26;

                assert_in_range(after.frames_in - before.frames_in, sizeof data / room,
                                sizeof data / (room - 8) + 3);
            }
            tear_down(&b);
        }
}

static void factory_story(void **state)
{
    static const char *const ready[] = {"Device ready for provisioning.", "already present"};
    static const char *const prompt[] = {"uart:~$ "};
    const struct sim_board_options board = {.firmware = SIM_FIRMWARE_INITIAL,
                                            .endpoint = "anjay-zephyr-demo-1"};
    struct signet_bytes text = {0};
    struct bench b;
    size_t which = 9;
    bool confirmed;
    int64_t deadline = clock_ms() + 10000;
    int rc;

    (void)state;
    set_up(&b, &board, NULL);
    OK(&b, signet_smp_wait_text(b.smp, ready, 2, 10000, &which, &b.err));
    assert_int_equal(which, 0);
    OK(&b, signet_smp_wait_text(b.smp, prompt, 1, 10000, &which, &b.err));
    do /* the mount comes later */
        rc = signet_smp_download(b.smp, "/factory/endpoint.txt", 200, &text, &b.err);
    while (rc == SIGNET_E_NOT_FOUND && clock_ms() < deadline);
    OK(&b, rc);
    assert_string_equal((char *)text.data, "anjay-zephyr-demo-1");
    signet_bytes_free(&text);
    OK(&b, signet_smp_upload(b.smp, "/factory/provision.cbor", "no packet", 9, &confirmed, &b.err));
    assert_true(confirmed);
    assert_int_equal(
        signet_smp_compare(b.smp, "/factory/provision.cbor", "no packet", 9, NULL, NULL, &b.err),
        SIGNET_E_UNSUPPORTED);
    OK(&b, signet_smp_download(b.smp, "/factory/result.txt", 10, &text, &b.err));
    assert_string_equal((char *)text.data, "-1");
    signet_bytes_free(&text);
    tear_down(&b);
}

static void nobody_answers(void **state)
{
    const struct sim_board_options board = {.firmware = SIM_FIRMWARE_NONE};
    const struct signet_smp_options options = {.timeout_ms = 30, .retries = 1};
    struct bench b;
    int64_t start = clock_ms();

    (void)state;
    set_up(&b, &board, &options);
    assert_int_equal(signet_smp_echo(b.smp, "x", NULL, &b.err), SIGNET_E_TIMEOUT);
    assert_true(clock_ms() - start >= 60);
    assert_int_equal(signet_smp_upload(b.smp, "/a", "xy", 2, NULL, &b.err), SIGNET_E_TIMEOUT);
    assert_non_null(strstr(b.err.msg, "/a"));
    tear_down(&b);
}

static void lines_of_text(void *ctx, const char *line, size_t len)
{
    buf_append(ctx, line, len);
    buf_byte(ctx, '\n');
}

static void text_is_told(void **state)
{
    const struct sim_board_options board = {.firmware = SIM_FIRMWARE_FINAL, .provisioned = true};
    struct buf text = {0};
    const struct signet_smp_options options = {.on_text = lines_of_text, .text_ctx = &text};
    static const char *const prompt[] = {"uart:~$ "};
    struct signet_bytes reply = {0};
    struct bench b;
    size_t which;

    (void)state;
    set_up(&b, &board, &options);
    OK(&b, signet_smp_wait_text(b.smp, prompt, 1, 10000, &which, &b.err));
    for (int i = 0; i < 4; i++) {
        OK(&b, signet_smp_echo(b.smp, "x", &reply, &b.err));
        signet_bytes_free(&reply);
    }
    assert_non_null(strstr((char *)text.data, "*** Booting Zephyr OS"));
    assert_non_null(strstr((char *)text.data, "persistence: Anjay restored from"));
    assert_null(strchr((char *)text.data, '\x1b'));
    buf_free(&text);
    tear_down(&b);
}

/* Answers each request with the beginning of a header. */
static void *answer_in_pieces(void *arg)
{
    static uint8_t piece[2048];
    const int fd = *(const int *)arg;
    struct sockaddr_storage from;
    socklen_t len = sizeof from;

    while (recvfrom(fd, piece, sizeof piece, 0, (struct sockaddr *)&from, &len) > 0) {
        piece[0] |= 1; /* an answer, by its sequence number */
        sendto(fd, piece, SMP_HEADER_SIZE - 1, 0, (struct sockaddr *)&from, len);
        len = sizeof from;
    }
    return NULL;
}

/* Such a datagram is not of this protocol: it is as if nothing came. */
static void pieces_of_packets_over_udp(void **state)
{
    const struct signet_smp_options options = {.timeout_ms = 30};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    struct signet_bytes reply = {0};
    struct signet_link *link = NULL;
    struct signet_smp *smp = NULL;
    struct signet_error err = {0};
    char address[64];
    pthread_t thread;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(pthread_create(&thread, NULL, answer_in_pieces, &fd), 0);
    snprintf(address, sizeof address, "udp:127.0.0.1:%u", ntohs(at.sin_port));
    assert_int_equal(signet_link_open(&link, address, 0, NULL, &err), SIGNET_OK);
    assert_int_equal(signet_smp_new(&smp, link, &options, NULL, &err), SIGNET_OK);
    assert_int_equal(signet_smp_echo(smp, "d", &reply, &err), SIGNET_E_TIMEOUT);
    signet_smp_free(&smp);
    signet_link_close(&link);
    sendto(fd, "", 0, 0, (struct sockaddr *)&at, len); /* the thread ends */
    pthread_join(thread, NULL);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_commands),
        cmocka_unit_test(files_of_all_sizes),
        cmocka_unit_test(packet_limits),
        cmocka_unit_test(factory_story),
        cmocka_unit_test(nobody_answers),
        cmocka_unit_test(text_is_told),
        cmocka_unit_test(pieces_of_packets_over_udp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
