/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads to the simulated board: at the pace of a UART, and as fast as it goes. */
#include "smp/smp.h"
#include "bench.h"
#include "sim.h"

#include <signet/smp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PACED_RUNS = 3, FREE_RUNS = 5, PACED_SIZE = 16 * 1024, FREE_SIZE = 1024 * 1024 };

static double cpu_seconds(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts); /* the board has a thread of its own */
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

struct sample {
    double rate, limit, cpu;
};

/* limit: what the bytes alone take at that rate, one side after the other. */
static struct sample upload(unsigned baud, unsigned buf_size, size_t len)
{
    const struct sim_board_options options = {
        .firmware = SIM_FIRMWARE_SMP_FILE, .baud = baud, .buf_size = buf_size};
    struct sim_board *board = NULL;
    struct signet_link *link = NULL;
    struct signet_smp *smp = NULL;
    struct signet_smp_parameters parameters;
    struct sim_board_state before, after;
    uint8_t *data = malloc(len);
    bench_require(data && !sim_board_start(&board, &options, NULL) &&
                      !signet_link_open(&link, sim_board_path(board), baud, NULL, NULL) &&
                      !signet_smp_new(&smp, link, NULL, NULL, NULL) &&
                      !signet_smp_parameters(smp, &parameters, NULL),
                  "no simulated board");
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(i * 7 + i / 255);
    sim_board_state(board, &before);
    double start = clock_seconds(), cpu = cpu_seconds();
    bench_require(!signet_smp_upload(smp, "/lfs1/a.bin", data, len, NULL, NULL), "upload failed");
    double wall = clock_seconds() - start;
    cpu = cpu_seconds() - cpu;
    sim_board_state(board, &after);
    bench_require(!signet_smp_compare(smp, "/lfs1/a.bin", data, len, NULL, NULL, NULL),
                  "the board has other bytes");
    double wire = (double)(after.bytes_in - before.bytes_in + after.bytes_out - before.bytes_out);
    signet_smp_free(&smp);
    signet_link_close(&link);
    sim_board_stop(&board);
    free(data);
    return (struct sample){(double)len / wall, (double)len / (wire * 10 / (baud ? baud : 115200)),
                           cpu / wall};
}

void bench_smp(void)
{
    double rates[FREE_RUNS], cpus[FREE_RUNS], limit = 0;
    for (int i = 0; i < PACED_RUNS; i++) {
        struct sample s = upload(115200, 0, PACED_SIZE);
        rates[i] = s.rate;
        cpus[i] = s.cpu * 100;
        limit = s.limit;
    }
    double rate = bench_median(rates, PACED_RUNS);
    bench_figure("smp stop-and-wait limit, 115200 baud", limit, "B/s", 0, true);
    bench_figure("smp upload of 16 KiB, 115200 baud", rate, "B/s", 0.97 * limit, true);
    bench_figure("  of the limit", rate / limit * 100, "%", 97, true);
    bench_figure("  processor, one core", bench_median(cpus, PACED_RUNS), "%", 5, false);
    for (int i = 0; i < FREE_RUNS; i++)
        rates[i] = upload(0, 0, FREE_SIZE).rate / 1e6;
    bench_figure("smp upload of 1 MiB, no pace, 384 bytes", bench_median(rates, FREE_RUNS), "MB/s",
                 1, true);
    for (int i = 0; i < FREE_RUNS; i++)
        rates[i] = upload(0, 4096, FREE_SIZE).rate / 1e6;
    bench_figure("smp upload of 1 MiB, no pace, 4096 bytes", bench_median(rates, FREE_RUNS), "MB/s",
                 1, true);
}
