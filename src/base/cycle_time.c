/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <math.h>

static const double first = 0.001, ratio = 1.02;

void cycle_time_add(struct cycle_time *t, double seconds)
{
    double step = fmax(log(seconds / first) / log(ratio), 0); /* -inf and NaN are 0 as well */

    t->steps[step < CYCLE_STEPS - 1 ? (size_t)step : CYCLE_STEPS - 1]++;
    t->count++;
}

double cycle_time_quantile(const struct cycle_time *t, double fraction)
{
    double wanted = fraction * (double)t->count, seen = t->steps[0];
    size_t i = 0;

    if (t->count == 0)
        return 0;
    while (i < CYCLE_STEPS - 1 && (t->steps[i] == 0 || seen < wanted))
        seen += t->steps[++i];
    return first * pow(ratio, (double)i + 0.5); /* the middle of the step */
}
