/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BATCH_KILL_H
#define TESTS_BATCH_KILL_H

/* A run that ends at a place as if it were killed there: nothing that follows happens. */
#include <setjmp.h>

#include "unit/batch/plant.h"

static jmp_buf killed;
static const char *kill_place; /* NULL: nowhere */

void failpoint(const char *name)
{
    if (kill_place && strcmp(name, kill_place) == 0) {
        kill_place = NULL;
        longjmp(killed, 1);
    }
}

/* Makes a batch of so many devices, and is killed while it writes it; then another process begins.
 */
static inline void plant_kill(struct plant *p, size_t count, const char *place)
{
    struct batch b;

    good(p, plant_open(p, true));
    uint64_t next = p->run->out.state.batch + 1;
    p->run->turns = (struct turns){next, next, next};
    plant_make(p, &b, count);
    kill_place = place;
    if (setjmp(killed) == 0) {
        good(p, batch_write(p->run, &b, &p->err));
        fail_msg("%s was not passed", place);
    }
    batch_free(&b);
    plant_end(p);
    plant_begin(p);
}

#endif
