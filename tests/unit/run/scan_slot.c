/* SPDX-License-Identifier: Apache-2.0 */
/* For which slot is a code?
 * wrap: clock_ms scan_port_read source_try
 */
#include "run/private.h"
#include "scan/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int64_t now;
static struct scan_port ports[2];
static char refused[400]; /* why the last code was refused */

int64_t __wrap_clock_ms(void);
void __wrap_scan_port_read(const struct scan_port *port);
int __wrap_source_try(struct source *source, const char *endpoint, struct signet_error *err);

int64_t __wrap_clock_ms(void)
{
    return now;
}

/* A scanner, whose codes the test reads. */
void __wrap_scan_port_read(const struct scan_port *port)
{
    ports[strcmp(port->scanner->port, "b") == 0] = *port;
}

/* Here a code has its slot. */
int __wrap_source_try(struct source *source, const char *endpoint, struct signet_error *err)
{
    (void)source;
    return error_set(err, SIGNET_E_NOT_FOUND, "no device %s", endpoint);
}

static void on_event(void *ctx, const struct signet_event *event)
{
    (void)ctx;
    if (event->kind == SIGNET_EVENT_WARNING)
        snprintf(refused, sizeof(refused), "%s", event->error->msg);
}

static const struct signet_order order = {.slots = {{.name = "1"}, {.name = "2"}},
                                          .slot_count = 2,
                                          .scan = {.used = true,
                                                   .endpoint = "{scan}",
                                                   .slot_prefix = "SLOT-",
                                                   .scanners = {{.port = "a"}, {.port = "b"}},
                                                   .scanner_count = 2}};
static const struct signet_observer observer = {.on_event = on_event};

static void open_run(struct signet_run *run)
{
    *run = (struct signet_run){.order = &order, .job = {.observer = &observer}};
    now = 1000;
    assert_int_equal(job_open(&run->job, NULL), SIGNET_OK);
    assert_int_equal(run_open_scan(run, NULL), SIGNET_OK);
    assert_int_equal(run_begin_scan(run, NULL), SIGNET_OK);
    run_end_scan(run); /* the codes come from this thread */
}

static void close_run(struct signet_run *run)
{
    run_close_scan(run);
    job_close(&run->job);
}

static void is_refused(const char *why)
{
    if (strcmp(refused, why) != 0)
        fail_msg("not '%s': %s", why, refused);
}

static void scans(struct signet_run *run, const char *code, const char *why)
{
    refused[0] = '\0';
    signet_run_scan(run, NULL, code, strlen(code), NULL);
    is_refused(why);
}

static void reads(size_t scanner, const char *code, const char *why)
{
    refused[0] = '\0';
    ports[scanner].on_code(ports[scanner].ctx, code, strlen(code));
    is_refused(why);
}

#define NO_SLOT "refused scan: for which slot is it? None waits for a code"

static void a_slot_is_for_one_code_of_20_seconds(void **state)
{
    struct signet_run run;

    (void)state;
    open_run(&run);
    scans(&run, "x", NO_SLOT);
    scans(&run, "SLOT-2", "");
    now += 19999;
    scans(&run, "x", "refused scan, slot 2: no device x");
    scans(&run, "x", NO_SLOT);
    scans(&run, "SLOT-2", "");
    now += 20000;
    scans(&run, "x", NO_SLOT);
    assert_int_equal(run_refused_scans(&run), 4);
    close_run(&run);
}

/* Two people with a scanner each. */
static void a_slot_is_for_the_scanner_that_read_it(void **state)
{
    struct signet_run run;

    (void)state;
    open_run(&run);
    reads(0, "SLOT-1", "");
    reads(1, "y", NO_SLOT);
    reads(1, "SLOT-2", "");
    scans(&run, "z", NO_SLOT);
    reads(0, "x", "refused scan, slot 1: no device x");
    reads(1, "y", "refused scan, slot 2: no device y");
    close_run(&run);
}

/* As long as a name may be, and longer. */
static void a_code_makes_a_name(void **state)
{
    static const char with[] = "urn:dev:os:0123456789-0123456789-0123456789-";
    char code[SIGNET_ENDPOINT_SIZE + 1 - sizeof(with) + 1], why[300];
    struct signet_order named = order;
    struct signet_run run;

    (void)state;
    named.scan.endpoint = "urn:dev:os:0123456789-0123456789-0123456789-{scan}";
    open_run(&run);
    run.order = &named;
    memset(code, 'y', sizeof(code) - 1);
    code[sizeof(code) - 1] = '\0';
    reads(0, "SLOT-1", "");
    reads(0, code, "refused scan, slot 1: the name of the device would be too long");
    code[sizeof(code) - 2] = '\0';
    snprintf(why, sizeof(why), "refused scan, slot 1: no device %s%s", with, code);
    reads(0, "SLOT-1", "");
    reads(0, code, why);
    close_run(&run);
}

static void the_only_slot_that_waits(void **state)
{
    struct signet_run run;

    (void)state;
    open_run(&run);
    run.scans->slots[1].waits = true;
    scans(&run, "x", "refused scan, slot 2: no device x");
    scans(&run, "SLOT-1", "");
    scans(&run, "x", "refused scan, slot 1: no device x");
    run.scans->slots[0].waits = true;
    scans(&run, "x", "refused scan: 2 slots wait for a code");
    close_run(&run);
}

/* Of a scanner that does not stop each code is counted, and few are told. */
static void a_flood_is_told_in_part(void **state)
{
    struct signet_run run;
    size_t told = 0;
    (void)state;

    open_run(&run);
    for (int i = 0; i < 100; i++) {
        refused[0] = '\0';
        ports[0].on_code(ports[0].ctx, "SLOT-9", 6);
        told += refused[0] != '\0';
    }
    assert_int_equal(told, 20);
    assert_int_equal(run_refused_scans(&run), 100);
    reads(1, "SLOT-9", "refused scan: unknown slot '9'"); /* another one's is */
    scans(&run, "SLOT-9", "refused scan: unknown slot '9'");
    now += 499;
    reads(0, "SLOT-9", "");
    now += 1;
    reads(0, "SLOT-9", "refused scan (81 more before it): unknown slot '9'");
    reads(0, "SLOT-9", "");
    now += 60000; /* when it is quiet again, all are */
    reads(0, "SLOT-9", "refused scan (1 more before it): unknown slot '9'");
    for (int i = 1; i < 20; i++)
        reads(0, "SLOT-9", "refused scan: unknown slot '9'");
    close_run(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_slot_is_for_one_code_of_20_seconds),
                                       cmocka_unit_test(a_code_makes_a_name),
                                       cmocka_unit_test(a_slot_is_for_the_scanner_that_read_it),
                                       cmocka_unit_test(the_only_slot_that_waits),
                                       cmocka_unit_test(a_flood_is_told_in_part)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
