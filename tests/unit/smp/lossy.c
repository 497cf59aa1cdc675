/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads to boards of each generation over a line that loses, repeats and holds back lines. What
 * the board has in the end is compared whole: a success that is none may never be, a failure of a
 * good board once in a thousand. SIGNET_TORTURE=N: N uploads for each kind of board; SIGNET_SEED.
 */
#include "sim.h"
#include "smp/smp.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { UPLOADS = 18, SIZE_MOST = 3900, THREADS = 4 };

struct kind {
    const char *name, *misbehave;
    enum sim_generation generation;
    int version;
    unsigned buf_size, line_buffers;
    size_t fs_size; /* not 0: what does not fit has to be an error */
};

static const struct kind kinds[] = {
    {"3.2", "lose,repeat,lag", SIM_ZEPHYR_32, 0, 0, 0, 0},
    {"3.3", "lose,repeat,lag", SIM_ZEPHYR_33, 0, 0, 0, 0},
    {"3.3, 256 bytes", "lose,repeat,lag", SIM_ZEPHYR_33, 1, 256, 0, 0},
    {"3.6", "lose,repeat,lag", SIM_ZEPHYR_36, 0, 0, 0, 0},
    {"3.6, version 1", "lose,repeat,lag", SIM_ZEPHYR_36, 1, 0, 0, 0},
    {"4.4", "lose,repeat,lag", SIM_ZEPHYR_44, 0, 0, 0, 0},
    {"4.4, version 1", "lose,repeat,lag", SIM_ZEPHYR_44, 1, 0, 0, 0},
    {"4.4, two lines", "lose,repeat,lag", SIM_ZEPHYR_44, 0, 0, 2, 0},
    {"4.4, 1 KiB", "lose,repeat,lag", SIM_ZEPHYR_44, 0, 1024, 0, 0},
    {"4.4, full", "lose,repeat,lag", SIM_ZEPHYR_44, 0, 0, 0, 5000},
    {"4.4, full, version 1", "lose,repeat,lag", SIM_ZEPHYR_44, 1, 0, 0, 5000},
    {"3.3, full", "lose,repeat,lag", SIM_ZEPHYR_33, 1, 0, 0, 5000},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct run {
    const struct kind *kind;
    unsigned uploads, seed;
    unsigned good, refused, false_good, false_bad;
    const char *broken;
    char message[384], bad[384];
};

static uint64_t next(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static bool has_file(struct sim_board *board, const char *path, const uint8_t *data, size_t len)
{
    struct signet_bytes file = {0};
    bool same = sim_board_file(board, path, &file, NULL) == SIGNET_OK && file.len == len &&
                (!len || memcmp(file.data, data, len) == 0);

    signet_bytes_free(&file);
    return same;
}

/* As `signet smp upload` does it: compared, or without (every third), when the answers count. */
static void one_upload(struct run *run, struct sim_board *board, struct signet_smp *smp,
                       uint64_t *random, unsigned i)
{
    static const char *const paths[] = {"/lfs1/a.bin", "/lfs1/another.cbor", "/lfs1/c"};
    const char *path = paths[next(random) % 3];
    size_t len = 1 + next(random) % SIZE_MOST;
    struct signet_error err = {0};
    uint8_t data[SIZE_MOST];
    bool confirmed = false, compare = i % 3 != 0;

    for (size_t n = 0; n < len; n++)
        data[n] = (uint8_t)next(random);
    int rc = signet_smp_upload(smp, path, data, len, compare ? &confirmed : NULL, &err);
    if (!rc && compare)
        rc = signet_smp_compare(smp, path, data, len, NULL, NULL, &err);
    bool there = has_file(board, path, data, len);
    run->good += !rc;
    if (!rc && !there) {
        run->false_good++;
        snprintf(run->bad, sizeof run->bad, "upload %u of %zu bytes to %s", i, len, path);
    }
    run->refused += rc && run->kind->fs_size;
    if (rc && !run->kind->fs_size) {
        run->false_bad++;
        snprintf(run->message, sizeof run->message, "upload %u of %zu bytes: %.300s", i, len,
                 err.msg);
    }
}

static void *run_kind(void *arg)
{
    struct run *run = arg;
    const struct sim_board_options options = {.firmware = SIM_FIRMWARE_SMP_FILE,
                                              .generation = run->kind->generation,
                                              .misbehave = run->kind->misbehave,
                                              .buf_size = run->kind->buf_size,
                                              .line_buffers = run->kind->line_buffers,
                                              .fs_size = run->kind->fs_size,
                                              .seed = run->seed};
    const struct signet_smp_options smp_options = {.timeout_ms = 40,
                                                   .version = run->kind->version,
                                                   /* a slow machine must not fail the short run */
                                                   .retries = run->uploads > UPLOADS ? 8 : 40};
    uint64_t random = run->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    struct sim_board *board = NULL;
    struct signet_link *link = NULL;
    struct signet_smp *smp = NULL;

    if (sim_board_start(&board, &options, NULL) ||
        signet_link_open(&link, sim_board_path(board), 0, NULL, NULL))
        run->broken = "set-up failed";
    for (unsigned i = 0; !run->broken && i < run->uploads; i++) {
        /* each a session of its own, as a command is */
        if (signet_smp_new(&smp, link, &smp_options, NULL, NULL) != SIGNET_OK)
            run->broken = "no client";
        else
            one_upload(run, board, smp, &random, i);
        signet_smp_free(&smp);
    }
    signet_link_close(&link);
    sim_board_stop(&board);
    return NULL;
}

static unsigned number_in(const char *name, unsigned usual)
{
    const char *text = getenv(name);

    return text && atoi(text) > 0 ? (unsigned)atoi(text) : usual;
}

static void judge(const struct run *run, const char *name)
{
    unsigned all = number_in("SIGNET_TORTURE", UPLOADS);

    print_message("%-22s %u of %u good, %u refused, %u false successes, %u false failures %s\n",
                  name, run->good, all, run->refused, run->false_good, run->false_bad,
                  run->message);
    assert_null(run->broken);
    if (run->false_good)
        fail_msg("%s: %s", name, run->bad);
    /* at most one in a thousand; a short run has no room for one */
    assert_in_range(run->false_bad, 0, all / 1000);
    if (run->kind->fs_size)
        assert_true(run->refused);
}

static void add(struct run *sum, const struct run *part)
{
    sum->good += part->good;
    sum->refused += part->refused;
    sum->false_good += part->false_good;
    sum->false_bad += part->false_bad;
    if (part->broken)
        sum->broken = part->broken;
    if (part->message[0])
        memcpy(sum->message, part->message, sizeof sum->message);
    if (part->bad[0])
        memcpy(sum->bad, part->bad, sizeof sum->bad);
}

static void no_false_success(void **state)
{
    static struct run runs[KINDS][THREADS];
    unsigned all = number_in("SIGNET_TORTURE", UPLOADS), seed = number_in("SIGNET_SEED", 1);
    unsigned threads = all > 10 * UPLOADS ? THREADS : 1;
    pthread_t ids[KINDS][THREADS];

    (void)state;
    for (unsigned k = 0; k < KINDS; k++)
        for (unsigned t = 0; t < threads; t++) {
            runs[k][t] = (struct run){
                .kind = &kinds[k], .uploads = all / threads, .seed = seed * 1000 + k * 10 + t};
            assert_int_equal(pthread_create(&ids[k][t], NULL, run_kind, &runs[k][t]), 0);
        }
    for (unsigned k = 0; k < KINDS; k++) {
        for (unsigned t = 0; t < threads; t++)
            pthread_join(ids[k][t], NULL);
        for (unsigned t = 1; t < threads; t++)
            add(&runs[k][0], &runs[k][t]);
    }
    for (unsigned k = 0; k < KINDS; k++)
        judge(&runs[k][0], kinds[k].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_false_success)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
