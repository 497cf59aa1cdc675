/* SPDX-License-Identifier: Apache-2.0 */
/* Whole provisionings on lines that spoil one byte in 10,000, at 115200 baud, on the three
 * generations of boards: nearly all succeed, and no success is false.
 * SIGNET_PROVISIONINGS=N makes N instead of the short form's. */
#include "base/base.h"
#include "sim.h"

#include <pthread.h>
#include <setjmp.h>
#include <signet/board.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/board/packet.h"

enum { THREADS = 32, PROVISIONINGS = 192 };

struct worker {
    pthread_t thread;
    unsigned first, count, failed, lied, frames;
    const struct signet_bytes *packet;
    char message[420];
};

static int provision(const char *port, const struct signet_bytes *packet, int version,
                     struct signet_error *err)
{
    struct signet_board_options options = {
        .flasher = "none", .port = port, .smp_version = version, .smp_timeout_ms = 500};
    struct signet_board *board = NULL;
    char name[152];

    int code = signet_board_open(&board, "anjay-zephyr", &options, NULL, NULL, err);
    if (!code)
        code = signet_board_prepare(board, err);
    if (!code)
        code = signet_board_endpoint(board, name, err);
    if (!code)
        code = signet_board_load(board, packet->data, packet->len, err);
    if (!code)
        code = signet_board_result(board, err);
    signet_board_close(&board);
    return code;
}

static void *work(void *arg)
{
    static const enum sim_generation generations[] = {SIM_ZEPHYR_32, SIM_ZEPHYR_33, SIM_ZEPHYR_36};
    struct worker *w = arg;

    for (unsigned i = 0; i < w->count; i++) {
        unsigned number = w->first + i * THREADS;
        struct sim_board_options options = {.firmware = SIM_FIRMWARE_INITIAL,
                                            .generation = generations[number % 3],
                                            .baud = 115200,
                                            .misbehave = "flip=1e-4",
                                            .seed = number + 1};
        struct sim_board *board = NULL;
        struct sim_board_state state;
        struct signet_bytes applied = {0};
        struct signet_error err = {0};

        if (sim_board_start(&board, &options, &err)) {
            w->lied++;
            snprintf(w->message, sizeof w->message, "%s", err.msg);
            return NULL;
        }
        int code = provision(sim_board_path(board), w->packet, number % 3 == 2 ? 2 : 1, &err);
        bool holds = !sim_board_applied(board, &applied, NULL) && applied.len == w->packet->len &&
                     !memcmp(applied.data, w->packet->data, applied.len);
        sim_board_state(board, &state);
        w->frames += (unsigned)(state.frames_in + state.frames_out);
        w->failed += code != SIGNET_OK;
        w->lied += code == SIGNET_OK && !holds;
        if (code)
            snprintf(w->message, sizeof w->message, "number %u: %s", number, err.msg);
        signet_bytes_free(&applied);
        sim_board_stop(&board);
    }
    return NULL;
}

static void one_byte_in_ten_thousand(void **state)
{
    static struct worker workers[THREADS];
    const char *wanted = getenv("SIGNET_PROVISIONINGS");
    unsigned total = wanted ? (unsigned)strtoul(wanted, NULL, 10) : PROVISIONINGS;
    unsigned failed = 0, lied = 0, frames = 0;
    struct signet_bytes packet = {0};

    (void)state;
    make_packet(640, &packet); /* 900 bytes in all */
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].first = i;
        workers[i].count = total / THREADS + (i < total % THREADS);
        workers[i].packet = &packet;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        failed += workers[i].failed;
        lied += workers[i].lied;
        frames += workers[i].frames;
        if (workers[i].message[0])
            print_message("%s\n", workers[i].message);
    }
    signet_bytes_free(&packet);
    print_message("%u provisionings, %u failed, %u frames\n", total, failed, frames);
    assert_int_equal(lied, 0);
    assert_in_range(failed, 0, 1 + total / 1000); /* one in a few hundred may have bad luck */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_byte_in_ten_thousand)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
