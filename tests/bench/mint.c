/* SPDX-License-Identifier: Apache-2.0 */
/* `signet run` without a board, as a process of its own: devices a second, and its peak memory for
 * many and for few. Certificates against the least that OpenSSL needs, on as many threads, in the
 * same run. */
#include "base/base.h"
#include "bench.h"
#include "template/template.h"

#include <pthread.h>
#include <signet/config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FEW = 1000, MANY = 100000, CERTS = 10000, RUNS = 5, PER_THREAD = 1500, THREADS_MAX = 64 };

static const char model[] =
    "{OID.Security: {1: {RID.Security.ServerURI: 'coaps://eu.iot.avsystem.cloud:5684',\n"
    " RID.Security.Bootstrap: False, RID.Security.Mode: %d, RID.Security.ShortServerID: 1%s}},\n"
    " OID.Server: {1: {RID.Server.ShortServerID: 1, RID.Server.Lifetime: 86400,\n"
    " RID.Server.NotificationStoring: False, RID.Server.Binding: 'U'}}}\n";

struct place {
    char folder[40], program[4096];
};

static void write_text(const struct place *p, const char *name, const char *text)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", p->folder, name);
    bench_require(file_write(path, text, strlen(text), 0600, NULL) == SIGNET_OK, "cannot write");
}

static void open_place(struct place *p)
{
    char text[1024], command[8400];

    strcpy(p->folder, "/tmp/signet-bench-XXXXXX");
    snprintf(p->program, sizeof(p->program), "%s/signet", getenv("SIGNET_BUILD"));
    bench_require(mkdtemp(p->folder) != NULL, "no temporary folder");
    snprintf(text, sizeof(text), model, 0, "");
    write_text(p, "psk", text);
    snprintf(text, sizeof(text), model, 2, "");
    write_text(p, "cert", text);
    snprintf(command, sizeof(command),
             "'%s' cert make --endpoint server.example --output %s/server >/dev/null", p->program,
             p->folder);
    bench_require(system(command) == 0, "no server certificate");
}

static void close_place(const struct place *p)
{
    char command[80];

    snprintf(command, sizeof(command), "rm -rf %s", p->folder);
    bench_require(system(command) == 0, "cannot clean up");
}

/* Seconds of a whole run of a new order; its ledger is new, too. */
static double mint(const struct place *p, const char *kind, long count, int run, bool folder,
                   double *peak)
{
    char text[1024], name[32], order[128];
    bool cert = kind[0] == 'c';

    snprintf(name, sizeof(name), "%s-%ld-%d", kind, count, run);
    snprintf(text, sizeof(text),
             "name: %s\nquota: %ld\ntemplate: %s\nledger: %s.db\nstation: bench\nwork: %s.work\n"
             "names:\n  pattern: \"urn:dev:os:0023C7-{serial:06}\"\n"
             "output:\n  packets: %s%s\n  records: %s.csv\n%s",
             name, count, kind, name, name, name, folder ? "/" : ".ndjson", name,
             cert ? "credentials:\n  server_cert: server/client_cert.crt\n" : "");
    snprintf(order, sizeof(order), "%s.yaml", name);
    write_text(p, order, text);
    char *const argv[] = {(char *)p->program, "run", "--plain", order, NULL};
    double begin = clock_seconds();
    *peak = bench_peak(argv, p->folder);
    return clock_seconds() - begin;
}

static void check_output(const struct place *p, const char *name, long lines)
{
    char command[160];

    snprintf(command, sizeof(command), "test $(wc -l < %s/%s.csv) -eq %ld", p->folder, name,
             lines + 1);
    bench_require(system(command) == 0, "the records are not complete");
}

/* The same rows and bytes written by SQLite and the disk alone. */
static double least_seconds(const struct place *p, const char *name)
{
    char ledger[40], packets[40], records[40];
    const char *const outputs[] = {packets, records};

    snprintf(ledger, sizeof(ledger), "%s.db", name);
    snprintf(packets, sizeof(packets), "%s.ndjson", name);
    snprintf(records, sizeof(records), "%s.csv", name);
    return bench_limit(p->folder, ledger, outputs, MANY);
}

static void bench_psk(const struct place *p)
{
    double rate[RUNS], limit[RUNS], ratio[RUNS], few = 0, many = 0, peak, seconds;
    char name[32];

    for (int run = 0; run < RUNS; run++) { /* in turn: a noisy disk is noisy to all */
        mint(p, "psk", FEW, run, false, &peak);
        few = peak > few ? peak : few;
        rate[run] = MANY / mint(p, "psk", MANY, run, false, &peak);
        many = peak > many ? peak : many;
        snprintf(name, sizeof(name), "psk-%d-%d", MANY, run);
        check_output(p, name, MANY);
        limit[run] = MANY / least_seconds(p, name);
        ratio[run] = 100 * rate[run] / limit[run];
    }
    bench_figure("100,000 PSK devices, ledger and files", bench_median(rate, RUNS), "dev/s", 0,
                 true);
    bench_figure("limit: the same rows and bytes, SQLite alone", bench_median(limit, RUNS), "dev/s",
                 0, true);
    bench_figure("against that limit", bench_median(ratio, RUNS), "%", 60, true);
    bench_figure("peak RSS of that run", many, "MiB", 64, false);
    bench_figure("more than with 1,000", many - few, "MiB", 1, false);
    seconds = mint(p, "psk", MANY, RUNS, true, &peak);
    bench_figure("the same into a folder of files", MANY / seconds, "dev/s", 0, true);
}

/* certificates */

struct team {
    struct source *units; /* NULL: raw OpenSSL */
    int64_t next;
};

static void unit_one(const struct team *t, int64_t index)
{
    struct device unit = {0};
    char endpoint[152];

    bench_require(source_name(t->units, index, endpoint, NULL) == SIGNET_OK &&
                      source_make(t->units, endpoint, index, &unit, NULL) == SIGNET_OK,
                  "a device cannot be made");
    device_free(&unit);
}

static void *member(void *arg)
{
    struct team *t = arg;

    for (int i = 0; i < PER_THREAD; i++) {
        if (t->units)
            unit_one(t, __atomic_fetch_add(&t->next, 1, __ATOMIC_RELAXED));
        else
            bench_raw_pair();
    }
    return NULL;
}

/* A second, on all cores. */
static double team_rate(struct team *t, int threads)
{
    pthread_t ids[THREADS_MAX];
    double begin = clock_seconds();

    for (int i = 0; i < threads; i++)
        bench_require(pthread_create(&ids[i], NULL, member, t) == 0, "no thread");
    for (int i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    return threads * PER_THREAD / (clock_seconds() - begin);
}

static struct source *open_units(const struct place *p)
{
    char template[128], cert[128];
    struct signet_tree *tree = NULL;
    struct source *units = NULL;
    struct source_options o = {.model_name = "template",
                               .psk_len = 32,
                               .identity = "{endpoint}",
                               .server_cert = cert,
                               .pattern = "{serial}",
                               .count = INT32_MAX};

    snprintf(template, sizeof(template), "%s/cert", p->folder);
    snprintf(cert, sizeof(cert), "%s/server/client_cert.crt", p->folder);
    bench_require(signet_config_load(template, &tree, NULL) == SIGNET_OK, "no template");
    o.model = tree;
    bench_require(source_open(&units, &o, NULL) == SIGNET_OK, "no units");
    signet_tree_free(&tree);
    return units;
}

static void bench_certs(const struct place *p)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int threads = cores < THREADS_MAX ? (int)cores : THREADS_MAX;
    struct team ours = {.units = open_units(p)}, raw = {.units = NULL};
    double made[RUNS], least[RUNS], ratio[RUNS], whole[RUNS], whole_ratio[RUNS], peak;

    for (int run = 0; run < RUNS; run++) { /* in turn: a noisy machine is noisy to all */
        least[run] = team_rate(&raw, threads);
        made[run] = team_rate(&ours, threads);
        ratio[run] = 100 * made[run] / least[run];
        whole[run] = CERTS / mint(p, "cert", CERTS, run, false, &peak);
        whole_ratio[run] = 100 * whole[run] / least[run];
    }
    bench_figure("raw OpenSSL, P-256, all cores", bench_median(least, RUNS), "/s", 0, true);
    bench_figure("devices with certificates made, all cores", bench_median(made, RUNS), "/s", 0,
                 true);
    bench_figure("against raw OpenSSL", bench_median(ratio, RUNS), "%", 90, true);
    bench_figure("10,000 of them, ledger and files", bench_median(whole, RUNS), "dev/s", 0, true);
    bench_figure("against raw OpenSSL, all cores", bench_median(whole_ratio, RUNS), "%", 0, true);
    source_close(&ours.units);
}

void bench_mint(void)
{
    struct place p;

    if (!getenv("SIGNET_BUILD")) {
        fprintf(stderr, "bench: mint: SIGNET_BUILD is not set (scripts/bench sets it)\n");
        return;
    }
    open_place(&p);
    bench_psk(&p);
    bench_certs(&p);
    close_place(&p);
}
