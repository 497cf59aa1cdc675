/* SPDX-License-Identifier: Apache-2.0 */
/* Devices at a TLS server that answers in 20 ms: one connection for each, against connections that
 * are kept and shared. The server is a process of its own. */
#include "server/server.h"
#include "bench.h"
#include "sim.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SINGLE = 100, MANY = 10000, SLICE = 1000, PARALLEL = 128 };

struct place {
    char folder[40], ca[64];
    uint16_t port;
    pid_t pid;
    int wire;
};

static void start(struct place *p, const char *kind)
{
    int wire[2], up[2];

    strcpy(p->folder, "/tmp/signet-bench-XXXXXX");
    bench_require(mkdtemp(p->folder) && !pipe(wire) && !pipe(up), "no folder");
    snprintf(p->ca, sizeof p->ca, "%s/ca.pem", p->folder);
    p->pid = fork();
    if (p->pid == 0) {
        const struct sim_server_options options = {
            .kind = kind, .misbehave = "latency=20", .ca_file = p->ca};
        struct sim_server *sim = NULL;
        uint16_t port = 0;
        char byte;

        close(wire[1]);
        if (!sim_server_start(&sim, &options, NULL))
            port = sim_server_port(sim);
        if (write(up[1], &port, sizeof port) == sizeof port)
            (void)!read(wire[0], &byte, 1); /* until the bench ends */
        sim_server_stop(&sim);
        _exit(0);
    }
    close(wire[0]);
    close(up[1]);
    p->wire = wire[1];
    bench_require(read(up[0], &p->port, sizeof p->port) == sizeof p->port && p->port,
                  "no simulated server");
    close(up[0]);
}

static void stop(struct place *p)
{
    close(p->wire);
    waitpid(p->pid, NULL, 0);
    unlink(p->ca);
    rmdir(p->folder);
}

static struct signet_server *connect_to(const struct place *p, const char *kind)
{
    char kind_text[16], url[] = "https://127.0.0.1";
    const struct signet_server_options options = {.ca_file = p->ca, .parallel = PARALLEL};
    struct signet_server_info info = {.kind = kind_text, .url = url, .port = p->port};
    struct signet_server *server = NULL;

    snprintf(kind_text, sizeof kind_text, "%s", kind);
    info.options[0] =
        (struct signet_option){"domain", strcmp(kind, "coiote") == 0 ? "/acme/" : NULL};
    bench_require(!signet_server_open(&server, &info, &options, "token", 5, NULL, NULL, NULL),
                  "no server");
    return server;
}

struct device {
    char name[24];
    uint8_t key[16];
};

static struct signet_device describe(struct device *d, const char *series, unsigned n)
{
    snprintf(d->name, sizeof d->name, "%s-%u", series, n);
    memset(d->key, (int)n, sizeof d->key);
    return (struct signet_device){.endpoint = d->name,
                                  .mode = SIGNET_MODE_PSK,
                                  .identity = (const uint8_t *)d->name,
                                  .identity_len = strlen(d->name),
                                  .psk = d->key,
                                  .psk_len = sizeof d->key};
}

static double one_by_one(const struct place *p, const char *kind)
{
    double from = clock_seconds();

    for (unsigned i = 0; i < SINGLE; i++) {
        struct signet_server *server = connect_to(p, kind);
        struct device d;
        const struct signet_device device = describe(&d, "single", i);

        bench_require(!signet_server_add(server, &device, NULL, NULL), "a device was refused");
        signet_server_close(&server);
    }
    return SINGLE / (clock_seconds() - from);
}

static long peak_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* In slices, as the outbox of a line gives them. */
static double many(const struct place *p, const char *kind, long *growth)
{
    static struct device devices[SLICE];
    static struct signet_device described[SLICE];
    static struct signet_server_result results[SLICE];
    struct signet_server *server = connect_to(p, kind);
    double from = clock_seconds(), rate;
    long first = 0;

    for (unsigned n = 0; n < MANY; n += SLICE) {
        for (unsigned i = 0; i < SLICE; i++)
            described[i] = describe(&devices[i], "many", n + i);
        bench_require(!signet_server_add_batch(server, described, SLICE, results, NULL),
                      "a device of many was refused");
        if (!n)
            first = peak_kib();
    }
    rate = MANY / (clock_seconds() - from);
    *growth = peak_kib() - first;
    signet_server_close(&server);
    return rate;
}

void bench_server(void)
{
    static const char *const kinds[] = {"leshan", "coiote"};

    for (size_t i = 0; i < 2; i++) {
        struct place p = {0};
        double single, rate;
        char what[80];
        long growth;

        start(&p, kinds[i]);
        single = one_by_one(&p, kinds[i]);
        rate = many(&p, kinds[i], &growth);
        stop(&p);
        snprintf(what, sizeof what, "%s, TLS, 20 ms: a connection each", kinds[i]);
        bench_figure(what, single, "dev/s", 0, true);
        snprintf(what, sizeof what, "%s: 10,000 devices", kinds[i]);
        bench_figure(what, rate, "dev/s", 0, true);
        snprintf(what, sizeof what, "%s: the latter by the former", kinds[i]);
        bench_figure(what, rate / single, "x", 40, true);
        snprintf(what, sizeof what, "%s: memory, 10,000 over 1,000 devices", kinds[i]);
        bench_figure(what, (double)growth / 1024, "MiB", 2, false);
    }
}
