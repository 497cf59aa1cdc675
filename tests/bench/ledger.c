/* SPDX-License-Identifier: Apache-2.0 */
/* CPU of the ledger for a device, with 1,000, 10,000 and 100,000 devices in work: what it costs
 * must not depend on how many wait. */
#include "bench.h"

#include <signet/ledger.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 64, MAKE = 1000, SAMPLE = 1000, PHASES = 7, SIZES = 3, SERVERS = 2 };

static const char *const phases[PHASES] = {"claim",   "resume", "waiting", "delivered",
                                           "settled", "done",   "close"};
static const char *const servers[SERVERS] = {"a", "b"};

struct hall {
    struct signet_ledger *ledger;
    int64_t order;
    double cpu[PHASES]; /* seconds, of all devices */
};

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(int rc, const struct signet_error *err)
{
    bench_require(rc == SIGNET_OK, err->msg);
}

static int name(void *ctx, int64_t index, char endpoint[152], struct signet_error *err)
{
    (void)ctx;
    (void)err;
    snprintf(endpoint, 152, "urn:dev:os:%08lld", (long long)index);
    return SIGNET_OK;
}

static void reserve(struct hall *h, int64_t count)
{
    static struct signet_lease leases[MAKE];
    const struct signet_ledger_names names = {.name = name};
    struct signet_error err = {0};
    size_t got = 0;

    for (int64_t i = 0; i < count; i += (int64_t)got) {
        must(signet_ledger_reserve_next(h->ledger, h->order, "1", &names, leases, MAKE, &got, &err),
             &err);
        must(signet_ledger_release_many(h->ledger, leases, got, &err), &err);
    }
}

/* Some are claimed one by one, as a slot does; the others are resumed by the page. */
static void make(struct hall *h, int64_t count)
{
    struct signet_lease leases[PAGE];
    struct signet_error err = {0};
    double begin = cpu_seconds();
    size_t got = 0;

    for (int i = 0; i < SAMPLE; i++) {
        must(signet_ledger_claim(h->ledger, h->order, NULL, NULL, "1", &leases[0], &err), &err);
        h->cpu[0] += cpu_seconds() - begin;
        must(signet_ledger_advance(h->ledger, leases, SIGNET_DEVICE_WRITING, NULL, &err), &err);
        must(signet_ledger_release(h->ledger, leases, &err), &err);
        begin = cpu_seconds();
    }
    h->cpu[0] *= (double)count / SAMPLE;
    for (int64_t i = 0; i < count; i += (int64_t)got) {
        begin = cpu_seconds();
        must(signet_ledger_resume(h->ledger, h->order, "1", leases, PAGE, &got, &err), &err);
        h->cpu[1] += cpu_seconds() - begin;
        bench_require(got > 0, "nothing to resume");
        for (size_t k = 0; k < got; k++) /* a page has the same state, but for one */
            if (leases[k].state == SIGNET_DEVICE_RESERVED)
                must(
                    signet_ledger_advance(h->ledger, &leases[k], SIGNET_DEVICE_WRITING, NULL, &err),
                    &err);
        must(signet_ledger_advance_many(h->ledger, leases, got, SIGNET_DEVICE_VERIFIED, NULL, &err),
             &err);
        must(signet_ledger_release_many(h->ledger, leases, got, &err), &err);
    }
}

static void deliver(struct hall *h, int64_t count)
{
    static const struct signet_error good[PAGE];
    struct signet_lease leases[PAGE];
    struct signet_error err = {0};

    for (size_t s = 0; s < SERVERS; s++) {
        int64_t after = 0, sum = 0;
        size_t got = 1;
        while (got > 0) {
            double begin = cpu_seconds();
            must(signet_ledger_waiting(h->ledger, h->order, servers[s], &after, leases, PAGE, &got,
                                       &err),
                 &err);
            double between = cpu_seconds();
            must(signet_ledger_delivered(h->ledger, servers[s], leases, got, good, &err), &err);
            h->cpu[2] += between - begin;
            h->cpu[3] += cpu_seconds() - between;
            sum += (int64_t)got;
        }
        bench_require(sum == count, "not all were delivered");
    }
}

static void finish(struct hall *h, int64_t count)
{
    struct signet_lease leases[PAGE];
    struct signet_error err = {0};
    int64_t sum = 0;
    size_t got = 1;

    while (got > 0) {
        double begin = cpu_seconds();
        must(signet_ledger_settled(h->ledger, h->order, servers, SERVERS, leases, PAGE, &got, &err),
             &err);
        double between = cpu_seconds();
        if (got > 0)
            must(signet_ledger_advance_many(h->ledger, leases, got, SIGNET_DEVICE_DONE, NULL, &err),
                 &err);
        h->cpu[4] += between - begin;
        h->cpu[5] += cpu_seconds() - between;
        sum += (int64_t)got;
    }
    bench_require(sum == count, "not all are done");
}

static void one_size(int64_t count, double us[PHASES])
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    const struct signet_ledger_options options = {.station = "A"};
    struct hall h = {0};
    struct signet_error err = {0};
    char folder[] = "/dev/shm/signet-bench-XXXXXX", place[64], file[80];

    bench_require(mkdtemp(folder), "no folder");
    snprintf(place, sizeof(place), "%s/l.db", folder);
    must(signet_ledger_open(&h.ledger, place, &options, &err), &err);
    must(signet_ledger_order(h.ledger, "o", "h", count, &h.order, &err), &err);
    reserve(&h, count);
    make(&h, count);
    deliver(&h, count);
    finish(&h, count);
    double begin = cpu_seconds();
    signet_ledger_close(&h.ledger); /* and the last of the write-ahead log into the file */
    h.cpu[6] = cpu_seconds() - begin;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        snprintf(file, sizeof(file), "%s%s", place, ends[i]);
        unlink(file);
    }
    rmdir(folder);
    for (int p = 0; p < PHASES; p++)
        us[p] = h.cpu[p] * 1e6 / (double)count;
}

void bench_ledger(void)
{
    static const int64_t sizes[SIZES] = {1000, 10000, 100000};
    double us[SIZES][PHASES], sum[SIZES] = {0};
    char what[64];

    for (int s = 0; s < SIZES; s++) {
        one_size(sizes[s], us[s]);
        for (int p = 0; p < PHASES; p++) {
            snprintf(what, sizeof(what), "ledger: %s, of %lld", phases[p], (long long)sizes[s]);
            bench_figure(what, us[s][p], "us", 0, false);
            sum[s] += us[s][p];
        }
    }
    for (int p = 0; p < PHASES; p++) {
        snprintf(what, sizeof(what), "ledger: %s, 100,000 : 1,000", phases[p]);
        bench_figure(what, us[2][p] / us[0][p], "", 0, false);
    }
    bench_figure("ledger: a device, of 1,000", sum[0], "us", 0, false);
    bench_figure("ledger: a device, of 10,000", sum[1], "us", 0, false);
    bench_figure("ledger: a device, of 100,000", sum[2], "us", 0, false);
    bench_figure("ledger: a device, 100,000 : 1,000", sum[2] / sum[0], "", 1.1, false);
}
