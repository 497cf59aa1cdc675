/* SPDX-License-Identifier: Apache-2.0 */
/* Two boards change places while one of them is provisioned: at whatever moment, no chunk of a
 * packet comes to a board of another name, and a success means that the right board has it.
 * SIGNET_SWAPS=N makes N swaps instead of the short form's. */
#include "base/base.h"
#include "sim.h"

#include <pthread.h>
#include <setjmp.h>
#include <signet/board.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/board/packet.h"
#include "unit/folder.h"

enum { SWAPS_MAX = 100000, THREADS = 24, SWAPS = 240, SPREAD_MS = 1800 };

/* What all runs did, by the number in a board's name: a pty's number is soon used again, and then a
 * run may meet a board of another run, which is as good a swap as its own. */
static struct {
    atomic_bool meant;   /* a recipe read this name and provisioned that board */
    atomic_bool reached; /* a chunk came to this board */
} boards[2 * SWAPS_MAX];

static void name_of(unsigned number, char name[static 40])
{
    snprintf(name, 40, "urn:dev:mac:%016x", number);
}

struct place {
    unsigned number;
    char folder[FOLDER_SIZE],
        ports[2][96]; /* port i is a link that board i or the other one makes */
    struct sim_board *boards[2];
    bool holds[2];
    struct signet_bytes packet;
    int64_t swap_at;
    struct signet_cancel *stop; /* the swapper's */
    bool swapped, spoilt;
    char why[512];
};

static void spoil(struct place *p, const char *what, const char *detail)
{
    if (!p->spoilt)
        snprintf(p->why, sizeof p->why, "swap %u at %lld ms: %s %s", p->number,
                 (long long)p->swap_at, what, detail);
    p->spoilt = true;
}

static void start(struct place *p, int board, int port)
{
    char name[40];
    name_of(2 * p->number + (unsigned)board, name);
    struct sim_board_options options = {.link = p->ports[port],
                                        .firmware = SIM_FIRMWARE_INITIAL,
                                        .endpoint = name,
                                        .baud = 115200,
                                        .generation =
                                            p->number % 2 ? SIM_ZEPHYR_32 : SIM_ZEPHYR_36};
    struct signet_error err = {0};

    if (sim_board_start(&p->boards[board], &options, &err))
        spoil(p, "the simulator:", err.msg);
}

/* Pulls a board, and keeps what it has seen. */
static void stop(struct place *p, int board)
{
    struct sim_board_state state;
    struct signet_bytes applied = {0};

    if (!p->boards[board])
        return;
    sim_board_state(p->boards[board], &state);
    if (state.chunks)
        boards[2 * p->number + (unsigned)board].reached = true;
    if (!sim_board_applied(p->boards[board], &applied, NULL)) {
        p->holds[board] = true;
        if (applied.len != p->packet.len || memcmp(applied.data, p->packet.data, applied.len) != 0)
            spoil(p, "another packet than was sent is on", "a board");
    }
    signet_bytes_free(&applied);
    sim_board_stop(&p->boards[board]);
}

static void *swapper(void *arg)
{
    struct place *p = arg;

    if (cancel_sleep_until(p->stop, clock_ms() + p->swap_at, NULL))
        return NULL;
    stop(p, 0);
    stop(p, 1);
    p->swapped = true;
    start(p, 0, 1);
    start(p, 1, 0);
    return NULL;
}

/* The stages of the recipe, at port 0. *name is whose credentials they were; true: all done. */
static bool provision(struct place *p, char name[152], struct signet_error *err)
{
    struct signet_board_options options = {.flasher = "none",
                                           .port = p->ports[0],
                                           .smp_timeout_ms = 300,
                                           .ready_timeout_ms = 5000,
                                           .result_timeout_ms = 5000,
                                           .smp_version = p->number % 2 ? 1 : 2};
    struct signet_board *board = NULL;

    name[0] = '\0';
    int code = signet_board_open(&board, "anjay-zephyr", &options, NULL, NULL, err);
    if (!code)
        code = signet_board_prepare(board, err);
    if (!code)
        code = signet_board_endpoint(board, name, err);
    if (!code)
        code = signet_board_load(board, p->packet.data, p->packet.len, err);
    if (!code)
        code = signet_board_result(board, err);
    signet_board_close(&board);
    return !code;
}

static void one_swap(struct place *p)
{
    struct signet_error err = {0};
    pthread_t thread;
    char name[152];

    p->holds[0] = p->holds[1] = p->swapped = false;
    signet_cancel_new(&p->stop, NULL);
    start(p, 0, 0);
    start(p, 1, 1);
    pthread_create(&thread, NULL, swapper, p);
    bool done = provision(p, name, &err);
    signet_cancel_fire(p->stop);
    pthread_join(thread, NULL);
    stop(p, 0);
    stop(p, 1);
    unsigned number = name[0] ? (unsigned)strtoul(name + 12, NULL, 16) : 2 * SWAPS_MAX;
    if (number < 2 * SWAPS_MAX)
        boards[number].meant = true;
    for (unsigned i = 0; i < 2; i++)
        if (done && number == 2 * p->number + i && !p->holds[i])
            spoil(p, "success without a packet on", name);
    if (!done && !err.msg[0])
        spoil(p, "a failure without", "a message");
    signet_cancel_free(&p->stop);
}

struct worker {
    pthread_t thread;
    struct place place;
    unsigned first, count, swapped, succeeded;
};

static void *work(void *arg)
{
    struct worker *w = arg;

    for (unsigned i = 0; i < w->count && !w->place.spoilt; i++) {
        w->place.number = w->first + i * THREADS;
        w->place.swap_at = (int64_t)(w->place.number * 7919u % SPREAD_MS);
        one_swap(&w->place);
        w->swapped += w->place.swapped;
        w->succeeded += w->place.holds[0] || w->place.holds[1];
    }
    return NULL;
}

static void no_credentials_reach_the_wrong_board(void **state)
{
    static struct worker workers[THREADS];
    const char *wanted = getenv("SIGNET_SWAPS");
    unsigned total = wanted ? (unsigned)strtoul(wanted, NULL, 10) : SWAPS;
    unsigned swapped = 0, succeeded = 0;
    struct signet_bytes packet = {0};

    (void)state;
    assert_in_range(total, 1, SWAPS_MAX);
    make_packet(6000, &packet); /* about a second on the line */
    for (unsigned i = 0; i < THREADS; i++) {
        struct place *p = &workers[i].place;
        assert_true(folder_make(p->folder));
        for (int k = 0; k < 2; k++) {
            strcpy(p->ports[k], p->folder);
            strcat(p->ports[k], k ? "/port1" : "/port0");
        }
        p->packet = packet;
        workers[i].first = i;
        workers[i].count = total / THREADS + (i < total % THREADS);
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        swapped += workers[i].swapped;
        succeeded += workers[i].succeeded;
    }
    signet_bytes_free(&packet);
    for (unsigned i = 0; i < THREADS; i++)
        if (workers[i].place.spoilt)
            fail_msg("%s", workers[i].place.why);
    for (unsigned i = 0; i < 2 * total; i++)
        if (boards[i].reached && !boards[i].meant)
            fail_msg("credentials of another came to board %u of run %u", i % 2, i / 2);
    print_message("%u runs, %u with a swap in them, %u boards provisioned\n", total, swapped,
                  succeeded);
    assert_true(swapped * 2 > total); /* most swaps come in the middle */
    assert_true(succeeded > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_credentials_reach_the_wrong_board)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
