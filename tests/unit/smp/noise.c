/* SPDX-License-Identifier: Apache-2.0 */
/* At least 10,000 frames at each byte error rate, unpaced: no false success, no hang, no crash.
 * All boards run at the same time, since they mostly wait. */
#include "sim.h"
#include "smp/smp.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAMES     10000
#define SIZE       4096
#define LIMIT_MS   250000
#define BOARDS_MAX 8

struct run {
    const char *misbehave;
    size_t packet_limit;
    int timeout_ms;
    unsigned boards; /* that share the frames */
    unsigned seed;
    bool compare; /* so many frames break that the CRC lets a chunk through in some run */
    uint64_t frames, uploads, succeeded, echoes, false_uploads, false_echoes, repeated, slow;
    const char *broken; /* what went wrong in the test itself */
    char message[384];
};

static void count(void *ctx, const struct signet_event *event)
{
    struct run *run = ctx;

    if (event->kind == SIGNET_EVENT_RETRY || event->kind == SIGNET_EVENT_PROGRESS)
        run->frames++;
}

static void one_upload(struct run *run, struct sim_board *board, struct signet_smp *smp)
{
    uint8_t data[SIZE];
    struct signet_bytes file = {0};
    struct signet_error err = {0};
    bool confirmed = false;

    for (size_t i = 0; i < SIZE; i++)
        data[i] = (uint8_t)(i * 13 + run->uploads * 7 + i / 251);
    run->uploads++;
    if (signet_smp_upload(smp, "/f", data, SIZE, &confirmed, &err) ||
        ((run->compare || !confirmed) &&
         signet_smp_compare(smp, "/f", data, SIZE, NULL, NULL, &err))) {
        snprintf(run->message, sizeof run->message, "%s", err.msg);
        return;
    }
    run->succeeded++;
    if (sim_board_file(board, "/f", &file, NULL) || file.len != SIZE ||
        memcmp(file.data, data, SIZE) != 0)
        run->false_uploads++;
    signet_bytes_free(&file);
}

static void one_echo(struct run *run, struct signet_smp *smp)
{
    struct signet_bytes reply = {0};

    run->frames++;
    run->echoes++;
    if (signet_smp_echo(smp, "0123456789", &reply, NULL) == SIGNET_OK &&
        strcmp((char *)reply.data, "0123456789") != 0)
        run->false_echoes++;
    signet_bytes_free(&reply);
}

static void *run_rate(void *arg)
{
    struct run *run = arg;
    const struct sim_board_options options = {
        .firmware = SIM_FIRMWARE_SMP_FILE, .misbehave = run->misbehave, .seed = run->seed};
    const struct signet_smp_options smp_options = {
        .timeout_ms = run->timeout_ms, .retries = 400, .packet_limit = run->packet_limit};
    const struct signet_observer observer = {count, run};
    int64_t end = clock_ms() + LIMIT_MS;
    struct sim_board *board = NULL;
    struct signet_link *link = NULL;
    struct signet_smp *smp = NULL;
    struct sim_board_state seen;

    if (sim_board_start(&board, &options, NULL) ||
        signet_link_open(&link, sim_board_path(board), 0, NULL, NULL) ||
        signet_smp_new(&smp, link, &smp_options, &observer, NULL)) {
        run->broken = "set-up failed";
        goto out;
    }
    while (run->frames < FRAMES / run->boards && clock_ms() < end) {
        int64_t start = clock_ms();

        if (run->frames % 3)
            one_upload(run, board, smp);
        for (int i = 0; i < 100; i++)
            one_echo(run, smp);
        run->slow += clock_ms() - start > LIMIT_MS / 2;
    }
    sim_board_state(board, &seen);
    run->repeated = seen.repeated;
out:
    signet_smp_free(&smp);
    signet_link_close(&link);
    sim_board_stop(&board);
    return NULL;
}

static void add(struct run *sum, const struct run *run)
{
    sum->frames += run->frames;
    sum->uploads += run->uploads;
    sum->succeeded += run->succeeded;
    sum->echoes += run->echoes;
    sum->false_uploads += run->false_uploads;
    sum->false_echoes += run->false_echoes;
    sum->repeated += run->repeated;
    sum->slow += run->slow;
    if (run->broken)
        sum->broken = run->broken;
    if (run->message[0])
        memcpy(sum->message, run->message, sizeof sum->message);
}

/* Runs the boards of a rate into sum. */
static void *share_out(void *arg)
{
    struct run *sum = arg, runs[BOARDS_MAX];
    pthread_t threads[BOARDS_MAX];

    for (unsigned i = 0; i < sum->boards; i++) {
        runs[i] = *sum;
        runs[i].seed = 11 + i;
        if (pthread_create(&threads[i], NULL, run_rate, &runs[i]))
            abort();
    }
    for (unsigned i = 0; i < sum->boards; i++) {
        pthread_join(threads[i], NULL);
        add(sum, &runs[i]);
    }
    return NULL;
}

static void judge(const struct run *run, bool hopeless)
{
    print_message("%-12s %llu frames, %llu of %llu uploads, %llu echoes\n", run->misbehave,
                  (unsigned long long)run->frames, (unsigned long long)run->succeeded,
                  (unsigned long long)run->uploads, (unsigned long long)run->echoes);
    assert_null(run->broken);
    assert_int_equal(run->slow, 0);
    assert_true(run->frames >= FRAMES);
    assert_int_equal(run->false_uploads, 0);
    /* 16 bits of CRC let one broken frame in 65,536 through */
    assert_in_range(run->false_echoes, 0, hopeless ? 3 : 1);
    /* an upload that was given up leaves the board in the middle of one when the next begins */
    assert_in_range(run->repeated, 0, run->uploads - run->succeeded);
    if (!hopeless && run->succeeded * 1000 < run->uploads * 999)
        fail_msg("%s: %llu of %llu uploads: %s", run->misbehave, (unsigned long long)run->succeeded,
                 (unsigned long long)run->uploads, run->message);
}

static void error_rates(void **state)
{
    static struct run runs[] = {
        {.misbehave = "flip=0", .timeout_ms = 5000, .boards = 1},
        {.misbehave = "flip=1e-4", .timeout_ms = 25, .boards = 1},
        {.misbehave = "flip=1e-3", .timeout_ms = 12, .packet_limit = 128, .boards = 4},
        {.misbehave = "flip=1e-2",
         .timeout_ms = 6,
         .packet_limit = 72,
         .boards = BOARDS_MAX,
         .compare = true},
        {.misbehave = "drop-tx=40", .timeout_ms = 25, .boards = 2},
        {.misbehave = "drop-rx=40", .timeout_ms = 25, .boards = 2},
    };
    enum { COUNT = sizeof runs / sizeof *runs };
    pthread_t threads[COUNT];

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, share_out, &runs[i]), 0);
    for (size_t i = 0; i < COUNT; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < COUNT; i++)
        judge(&runs[i], i == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(error_rates)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
