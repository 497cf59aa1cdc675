/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SMP_BENCH_H
#define TESTS_SMP_BENCH_H

/* A simulated board and an SMP client that talks to it over a pty. Include after cmocka.h. */
#include "sim.h"

#include <signet/smp.h>

struct bench {
    struct sim_board *board;
    struct signet_link *link;
    struct signet_smp *smp;
    struct signet_error err;
};

static inline void set_up(struct bench *b, const struct sim_board_options *board,
                          const struct signet_smp_options *options)
{
    *b = (struct bench){0};
    if (sim_board_start(&b->board, board, &b->err) ||
        signet_link_open(&b->link, sim_board_path(b->board), 115200, NULL, &b->err) ||
        signet_smp_new(&b->smp, b->link, options, NULL, &b->err))
        fail_msg("%s", b->err.msg);
}

static inline void tear_down(struct bench *b)
{
    signet_smp_free(&b->smp);
    signet_link_close(&b->link);
    sim_board_stop(&b->board);
    assert_null(b->smp);
    assert_null(b->link);
    assert_null(b->board);
}

#define OK(b, call)                                                                                \
    do {                                                                                           \
        if ((call) != SIGNET_OK)                                                                   \
            fail_msg("%s: %s", #call, (b)->err.msg);                                               \
    } while (0)

#endif
