/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FACTORY_TAKT_H
#define FACTORY_TAKT_H

#include "factory/factory.h"

/* How long a stage takes, over any number of devices in a fixed space: a histogram whose steps are
 * 2 % apart, from a millisecond to a day. */
#define TAKT_STEPS 930
struct takt {
    uint64_t count;
    uint32_t steps[TAKT_STEPS];
};

void takt_add(struct takt *t, double seconds);
/* The time that the fraction (0 .. 1) of all stayed within; 0 without any. */
double takt_quantile(const struct takt *t, double fraction);

#endif
