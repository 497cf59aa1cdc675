/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BOARD_BENCH_H
#define TESTS_BOARD_BENCH_H

/* A bench: a folder, simulated boards with their ports and control sockets in it, and fake
 * programmers that flash them. The test program itself is the programmer: see bench_flasher(). */
#include "base/base.h"
#include "sim.h"

#include <pthread.h>
#include <setjmp.h>
#include <signet/board.h>
#include <signet/link.h>
#include <signet/packet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/board/packet.h"
#include "unit/folder.h"

#define BENCH_BOARDS 2
#define BENCH_HEX    ":0400000001020304F2\n:00000001FF\n"

struct bench {
    char folder[FOLDER_SIZE];
    struct sim_board *sims[BENCH_BOARDS];
    char ports[BENCH_BOARDS][96], controls[BENCH_BOARDS][96], rows[BENCH_BOARDS][256];
    char initial[96], final[96], tool[96];
    struct signet_bytes packet;
    struct signet_board *board;
};

/* Runs as the fake programmer when started as one; else returns. */
static inline void bench_flasher(int argc, char **argv)
{
    struct sim_flasher_options options = {0};
    const char *boards[BENCH_BOARDS];
    struct signet_error err;
    int status = 0, i = 2;

    if (argc < 2 || strcmp(argv[1], "flasher") != 0)
        return;
    for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2) {
        if (strcmp(argv[i], "--as") == 0)
            options.as = argv[i + 1];
        else if (strcmp(argv[i], "--misbehave") == 0)
            options.misbehave = argv[i + 1];
        else
            boards[options.board_count++] = argv[i + 1];
    }
    options.boards = boards;
    if (sim_flasher_run(&options, argc - i - 1, argv + i + 1, stdout, &status, &err) != SIGNET_OK)
        status = 99;
    exit(status);
}

static inline void bench_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    fputs(text, file);
    fclose(file);
}

static inline const char *bench_serial(int i)
{
    return i == 0 ? "000683000001" : "000683000002";
}

static inline void bench_tool(struct bench *b, const char *as, const char *misbehave)
{
    char self[512] = {0};
    const char *rows[BENCH_BOARDS] = {b->rows[0], b->rows[1]};
    const char *command[] = {self, "flasher", NULL};
    struct sim_flasher_options options = {
        .as = as, .boards = rows, .board_count = BENCH_BOARDS, .misbehave = misbehave};

    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    assert_int_equal(sim_flasher_install(&options, b->folder, command, NULL), SIGNET_OK);
    snprintf(b->tool, sizeof b->tool, "%s/%s", b->folder, as);
}

static inline void bench_sim(struct bench *b, int i, struct sim_board_options options)
{
    struct signet_error err = {0};

    sim_board_stop(&b->sims[i]);
    options.link = b->ports[i];
    options.control = b->controls[i];
    if (!options.endpoint)
        options.endpoint =
            i == 0 ? "anjay-zephyr-demo-0123456789abcdef" : "anjay-zephyr-demo-fedcba9876543210";
    if (sim_board_start(&b->sims[i], &options, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
}

static inline void bench_packet(struct bench *b, size_t pad)
{
    signet_bytes_free(&b->packet);
    make_packet(pad, &b->packet);
}

static inline int bench_setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    *state = b;
    if (!folder_make(b->folder))
        return -1;
    snprintf(b->initial, sizeof b->initial, "%s/initial.hex", b->folder);
    snprintf(b->final, sizeof b->final, "%s/final.hex", b->folder);
    bench_file(b->initial, BENCH_HEX);
    bench_file(b->final, BENCH_HEX);
    for (int i = 0; i < BENCH_BOARDS; i++) {
        snprintf(b->ports[i], sizeof b->ports[i], "%s/port%d", b->folder, i);
        snprintf(b->controls[i], sizeof b->controls[i], "%s/control%d", b->folder, i);
        snprintf(b->rows[i], sizeof b->rows[i], "%s=%s,%s", bench_serial(i), b->controls[i],
                 b->ports[i]);
    }
    bench_tool(b, "nrfjprog", NULL);
    bench_packet(b, 0);
    return 0;
}

static inline int bench_teardown(void **state)
{
    struct bench *b = *state;

    signet_board_close(&b->board);
    for (int i = 0; i < BENCH_BOARDS; i++)
        sim_board_stop(&b->sims[i]);
    signet_bytes_free(&b->packet);
    free(b);
    return 0;
}

/* anjay-zephyr on board i, found by its serial number, with times for a fast bench. */
static inline struct signet_board_options bench_options(const struct bench *b, int i)
{
    return (struct signet_board_options){.flasher = "nrfjprog",
                                         .flash = {.tool = b->tool},
                                         .initial = b->initial,
                                         .final = b->final,
                                         .serial = bench_serial(i),
                                         .smp_timeout_ms = 300};
}

static inline void bench_open(struct bench *b, const char *recipe,
                              struct signet_board_options options,
                              const struct signet_observer *observer,
                              const struct signet_cancel *cancel)
{
    struct signet_error err = {0};

    signet_board_close(&b->board);
    if (signet_board_open(&b->board, recipe, &options, observer, cancel, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
}

static inline int bench_stages(struct bench *b, int *stage, struct signet_error *err)
{
    char name[152];
    int code;

    *stage = 0;
    if ((code = signet_board_prepare(b->board, err)))
        return code;
    *stage = 1;
    if ((code = signet_board_endpoint(b->board, name, err)))
        return code;
    *stage = 2;
    if ((code = signet_board_load(b->board, b->packet.data, b->packet.len, err)))
        return code;
    *stage = 3;
    if ((code = signet_board_result(b->board, err)))
        return code;
    *stage = 4;
    return signet_board_finish(b->board, err);
}

/* All stages; the code of the first that fails, and which it was (0 to 4): the message begins with
 * its name. */
static inline int bench_run(struct bench *b, int *stage, struct signet_error *err)
{
    static const char *const names[] = {"flash: ", "name: ", "load: ", "result: ", "final: "};

    int rc = bench_stages(b, stage, err);

    if (rc != SIGNET_OK && err)
        assert_memory_equal(err->msg, names[*stage], strlen(names[*stage]));
    return rc;
}

static inline void bench_run_ok(struct bench *b)
{
    struct signet_error err = {0};
    int stage;

    if (bench_run(b, &stage, &err) != SIGNET_OK)
        fail_msg("stage %d: %s", stage, err.msg);
}

/* The simulated board holds exactly the packet. */
static inline bool bench_holds(const struct bench *b, int i, const struct signet_bytes *packet)
{
    struct signet_bytes got = {0};
    bool same = sim_board_applied(b->sims[i], &got, NULL) == SIGNET_OK && got.len == packet->len &&
                memcmp(got.data, packet->data, got.len) == 0;

    signet_bytes_free(&got);
    return same;
}

/* No chunk of any upload ever came to it. */
static inline bool bench_untouched(const struct bench *b, int i)
{
    struct sim_board_state state;
    struct signet_bytes got = {0};

    sim_board_state(b->sims[i], &state);
    bool empty = sim_board_applied(b->sims[i], &got, NULL) != SIGNET_OK;
    signet_bytes_free(&got);
    return empty && state.uploads == 0 && !state.provisioned;
}

#endif
