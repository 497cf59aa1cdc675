/* SPDX-License-Identifier: Apache-2.0 */
/* Devices a second with all that belongs to each: new credentials, packet, fingerprints. PSK
 * devices on one core; P-256 devices on all cores, against bare OpenSSL on all cores. */
#include "base/base.h"
#include "bench.h"
#include "template/template.h"

#include <pthread.h>
#include <signet/config.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS = 9, PSKS = 20000, CERTS = 600, ROWS = 20000, THREADS_MAX = 64 };

static const char text[] = "{OID.Security: {1: {RID.Security.ServerURI: 'coaps://127.0.0.1:5684',"
                           " RID.Security.Bootstrap: False, RID.Security.Mode: %d,%s"
                           " RID.Security.ShortServerID: 1}},"
                           " OID.Server: {1: {RID.Server.ShortServerID: 1,"
                           " RID.Server.Lifetime: 86400, RID.Server.NotificationStoring: False,"
                           " RID.Server.Binding: 'U'}}}";

struct hall {
    char folder[64], manifest[96], server[96];
    struct source *units;
    atomic_llong next;
};

static void write_manifest(const struct hall *h)
{
    FILE *to = fopen(h->manifest, "w");

    bench_require(to, "no manifest");
    fputs("endpoint,psk\n", to);
    for (int i = 0; i < ROWS; i++)
        fprintf(to, "urn:dev:os:0023C7-%06d,%032x%032x\n", i, i + 1, i + 77);
    bench_require(fclose(to) == 0, "no manifest");
}

static void write_server(const struct hall *h)
{
    struct signet_key *key = NULL;
    struct signet_cert *cert = NULL;
    struct signet_bytes der = {0};

    bench_require(signet_key_generate(&key, NULL, NULL, NULL) == SIGNET_OK &&
                      signet_cert_make(&cert, key, NULL, "server", NULL, NULL) == SIGNET_OK &&
                      signet_cert_der(cert, &der, NULL) == SIGNET_OK &&
                      signet_bytes_write(h->server, der.data, der.len, NULL) == SIGNET_OK,
                  "no server certificate");
    signet_bytes_free(&der);
    signet_cert_free(&cert);
    signet_key_free(&key);
}

static void open_hall(struct hall *h, int mode, bool manifest)
{
    struct signet_tree *tree = NULL;
    struct signet_error err = {0};
    char whole[1024];

    *h = (struct hall){.folder = "/tmp/signet-bench-XXXXXX"};
    bench_require(mkdtemp(h->folder), "no folder");
    snprintf(h->manifest, sizeof(h->manifest), "%s/devices.csv", h->folder);
    snprintf(h->server, sizeof(h->server), "%s/server.der", h->folder);
    write_manifest(h);
    write_server(h);
    int n = snprintf(whole, sizeof(whole), text, mode,
                     manifest ? " RID.Security.SecretKey: b'{psk:hex}'," : "");
    bench_require(signet_config_parse(whole, (size_t)n, "template", &tree, &err) == SIGNET_OK,
                  err.msg);
    const struct source_options options = {.model = tree,
                                           .model_name = "template",
                                           .psk_len = 32,
                                           .identity = "{endpoint}",
                                           .delimiter = ',',
                                           .manifest = manifest ? h->manifest : NULL,
                                           .pattern =
                                               manifest ? NULL : "urn:dev:os:0023C7-{serial:06}",
                                           .count = ROWS,
                                           .server_cert = h->server};
    bench_require(source_open(&h->units, &options, &err) == SIGNET_OK, err.msg);
    signet_tree_free(&tree);
}

static void close_hall(struct hall *h)
{
    char command[96];

    source_close(&h->units);
    snprintf(command, sizeof(command), "rm -r %s", h->folder);
    bench_require(system(command) == 0, "the folder stays");
}

static void *make_some(void *arg)
{
    struct hall *h = arg;

    for (long long i; (i = atomic_fetch_sub(&h->next, 1)) > 0;) {
        struct device unit = {0};
        char endpoint[152];
        int64_t index = ROWS - i;

        bench_require(source_name(h->units, index, endpoint, NULL) == SIGNET_OK &&
                          source_make(h->units, endpoint, index, &unit, NULL) == SIGNET_OK &&
                          unit.packet.len > 100,
                      "no device");
        device_free(&unit);
    }
    return NULL;
}

static void *raw_some(void *arg)
{
    struct hall *h = arg;

    while (atomic_fetch_sub(&h->next, 1) > 0)
        bench_raw_pair();
    return NULL;
}

static double rate(struct hall *h, void *(*some)(void *), long threads, int count)
{
    pthread_t ids[THREADS_MAX];
    double start = clock_seconds();

    h->next = count;
    for (long i = 0; i < threads; i++)
        bench_require(pthread_create(&ids[i], NULL, some, h) == 0, "no thread");
    for (long i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    return count / (clock_seconds() - start);
}

static double median_rate(int mode, bool manifest, long threads)
{
    struct hall h;
    double samples[RUNS];

    open_hall(&h, mode, manifest);
    for (int run = 0; run < RUNS; run++)
        samples[run] = rate(&h, make_some, threads, PSKS);
    close_hall(&h);
    return bench_median(samples, RUNS);
}

static void certs_on_all_cores(long cores)
{
    double ours[RUNS], raw[RUNS], ratio[RUNS];
    struct hall h;

    open_hall(&h, SIGNET_MODE_CERT, false);
    for (int run = 0; run < RUNS; run++) { /* in turn: a noisy machine is noisy to both */
        raw[run] = rate(&h, raw_some, cores, CERTS);
        ours[run] = rate(&h, make_some, cores, CERTS);
        ratio[run] = 100 * ours[run] / raw[run];
    }
    close_hall(&h);
    bench_figure("P-256 devices on all cores", bench_median(ours, RUNS), "/s", 0, true);
    bench_figure("raw OpenSSL on all cores", bench_median(raw, RUNS), "/s", 0, true);
    bench_figure("P-256 devices against raw OpenSSL", bench_median(ratio, RUNS), "%", 90, true);
}

void bench_units(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    cores = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : cores;
    bench_figure("PSK devices made, one core", 1e6 / median_rate(SIGNET_MODE_PSK, false, 1), "us",
                 15, false);
    bench_figure("PSK devices of a manifest, one core", 1e6 / median_rate(SIGNET_MODE_PSK, true, 1),
                 "us", 15, false);
    bench_figure("PSK devices of a manifest, all cores", median_rate(SIGNET_MODE_PSK, true, cores),
                 "/s", 0, true);
    certs_on_all_cores(cores);
}
