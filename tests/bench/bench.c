/* SPDX-License-Identifier: Apache-2.0 */
/* bench [NAME...]: all benches, or those named. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct bench benches[] = {
    {"cert", bench_cert},     {"ledger", bench_ledger}, {"line", bench_line},
    {"mint", bench_mint},     {"packet", bench_packet}, {"process", bench_process},
    {"server", bench_server}, {"smp", bench_smp},       {"token", bench_token},
    {"units", bench_units},
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *samples, int count)
{
    qsort(samples, (size_t)count, sizeof(*samples), compare);
    return samples[count / 2];
}

void bench_require(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

void bench_figure(const char *what, double figure, const char *unit, double aim, bool more)
{
    char target[40] = "", verdict[8] = "";
    int digits = figure >= 1000 ? 0 : 2;
    if (aim > 0) {
        snprintf(target, sizeof(target), "%s %.*f %s", more ? "over" : "under", aim >= 10 ? 0 : 2,
                 aim, unit);
        snprintf(verdict, sizeof(verdict), "%s",
                 (more ? figure >= aim : figure <= aim) ? "ok" : "below");
    }
    printf("%-44s %12.*f %-7s %-16s %s\n", what, digits, figure, unit, target, verdict);
    fflush(stdout);
}

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], name))
            return true;
    return argc < 2;
}

int main(int argc, char **argv)
{
    printf("%-44s %12s %-7s %-16s\n", "what", "median", "", "aim");
    for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++)
        if (wanted(benches[i].name, argc, argv))
            benches[i].run();
    return 0;
}
