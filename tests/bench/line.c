/* SPDX-License-Identifier: Apache-2.0 */
/* A line of boards at 115200 baud: 32 slots against one, the same program with the same work for
 * each slot. The boards are a process of their own, on the same machine. */
#include "base/base.h"
#include "bench.h"
#include "sim.h"

#include <signal.h>
#include <signet/run.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLOTS = 32, TIMES = 3, BAUD = 115200, HOLD_MS = 300 };

static const char template[] = "{OID.Security: {1: {RID.Security.ServerURI: 'coaps://localhost',"
                               " RID.Security.Bootstrap: False, RID.Security.Mode: 0,"
                               " RID.Security.ShortServerID: 1}},"
                               " OID.Server: {1: {RID.Server.ShortServerID: 1,"
                               " RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False,"
                               " RID.Server.Binding: 'U'}}}";

struct hall {
    char folder[40];
    size_t slots;
    unsigned boards; /* one after the other in each slot */
    pid_t pid;
    int wire; /* closed: the boards go */
};

static void be_boards(const struct hall *h, int wire, int ready)
{
    struct sim_board *boards[SLOTS] = {0};
    char byte = 0;

    for (size_t i = 0; i < h->slots; i++) {
        char link[64], name[64];
        snprintf(link, sizeof link, "%s/%zu", h->folder, i + 1);
        snprintf(name, sizeof name, "urn:dev:os:bench-%08zu", (i + 1) * 1000);
        const struct sim_board_options options = {.link = link,
                                                  .baud = BAUD,
                                                  .firmware = SIM_FIRMWARE_INITIAL,
                                                  .endpoint = name,
                                                  .boards = h->boards,
                                                  .hold_ms = HOLD_MS};
        if (sim_board_start(&boards[i], &options, NULL) != SIGNET_OK)
            _exit(1);
    }
    if (write(ready, &byte, 1) == 1)
        (void)!read(wire, &byte, 1);
    for (size_t i = 0; i < h->slots; i++)
        sim_board_stop(&boards[i]);
    _exit(0);
}

static void open_hall(struct hall *h)
{
    int wire[2], ready[2];
    char byte;

    strcpy(h->folder, "/tmp/signet-bench-XXXXXX");
    bench_require(mkdtemp(h->folder) && !pipe(wire) && !pipe(ready), "no folder");
    h->pid = fork();
    if (h->pid == 0) {
        close(wire[1]);
        be_boards(h, wire[0], ready[1]);
    }
    close(wire[0]);
    close(ready[1]);
    h->wire = wire[1];
    bench_require(read(ready[0], &byte, 1) == 1, "no simulated boards");
    close(ready[0]);
    usleep(500000); /* all have booted: that is not what is measured */
}

static void close_hall(struct hall *h)
{
    char command[64];

    close(h->wire);
    waitpid(h->pid, NULL, 0);
    snprintf(command, sizeof command, "rm -r %s", h->folder);
    bench_require(system(command) == 0, "cannot clear away");
}

static void write_template(const struct hall *h, char path[96])
{
    snprintf(path, 96, "%s/template", h->folder);
    bench_require(signet_bytes_write(path, template, strlen(template), NULL) == SIGNET_OK,
                  "no template");
}

/* Somebody must get the devices' keys: a list. */
static void write_server(const struct hall *h, char path[96])
{
    char text[160];

    snprintf(path, 96, "%s/list.json", h->folder);
    snprintf(text, sizeof(text), "{\"kind\": \"export\", \"file\": \"%s/list.csv\"}", h->folder);
    bench_require(signet_bytes_write(path, text, strlen(text), NULL) == SIGNET_OK, "no server");
}

static struct signet_order make_order(const struct hall *h)
{
    static char names[SLOTS][24], places[SLOTS][64], ledger[64], work[64], key[64],
        template_file[96], server[96];
    struct signet_order order = {.name = "o",
                                 .quota = (int64_t)(h->slots * h->boards),
                                 .template_file = template_file,
                                 .ledger = ledger,
                                 .work = work,
                                 .key_file = key,
                                 .station = "bench",
                                 .recipe = "anjay-zephyr",
                                 .psk_len = 32,
                                 .identity = "{endpoint}",
                                 .slot_count = h->slots};

    write_template(h, template_file);
    write_server(h, server);
    order.servers[order.server_count++] =
        (struct signet_order_server){.name = "list", .file = server};
    snprintf(ledger, sizeof(ledger), "%s/ledger.db", h->folder);
    snprintf(work, sizeof(work), "%s/work", h->folder);
    snprintf(key, sizeof(key), "%s/key", h->folder);
    for (size_t i = 0; i < h->slots; i++) {
        snprintf(names[i], sizeof(names[i]), "%zu", i + 1);
        snprintf(places[i], sizeof(places[i]), "%s/%zu", h->folder, i + 1);
        order.slots[i] =
            (struct signet_slot){.name = names[i], .kind = SIGNET_SLOT_PORT, .where = places[i]};
    }
    return order;
}

/* Seconds for a whole order; *per_hour is the report's. */
static double run_line(size_t slots, unsigned boards, double *per_hour)
{
    const struct signet_run_options options = {.size = sizeof(options)};
    struct hall h = {.slots = slots, .boards = boards};
    struct signet_run_report report = {0};
    struct signet_run *run = NULL;
    struct signet_error err = {0};

    open_hall(&h);
    const struct signet_order order = make_order(&h);
    bench_require(!signet_run_open(&run, &order, &options, &err), err.msg);
    bench_require(!signet_run_make(run, &report, &err), err.msg);
    bench_require(report.states[SIGNET_DEVICE_DONE] == order.quota && report.line.retries == 0,
                  "not every device is done at once");
    double seconds = report.seconds;
    *per_hour = report.line.per_hour;
    signet_run_report_free(&report);
    signet_run_close(&run);
    close_hall(&h);
    return seconds;
}

static void compare(unsigned boards)
{
    double one[TIMES], all[TIMES], one_rate[TIMES], all_rate[TIMES];
    char what[80];

    for (int i = 0; i < TIMES; i++) { /* in turns: both see the same machine */
        one[i] = run_line(1, boards, &one_rate[i]);
        all[i] = run_line(SLOTS, boards, &all_rate[i]);
    }
    snprintf(what, sizeof what, "line: 1 slot, boards in turn: %u", boards);
    bench_figure(what, bench_median(one_rate, TIMES), "dev/h", 0, true);
    snprintf(what, sizeof what, "line: %d slots, boards in turn: %u", SLOTS, boards);
    bench_figure(what, bench_median(all_rate, TIMES), "dev/h", 0, true);
    snprintf(what, sizeof what, "line: time of %d slots by time of one", SLOTS);
    bench_figure(what, bench_median(all, TIMES) / bench_median(one, TIMES), "x", 1.05, false);
}

void bench_line(void)
{
    compare(4); /* with one each, the start of 32 slots would be most of what is measured */
}
