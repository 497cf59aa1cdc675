/* SPDX-License-Identifier: Apache-2.0 */
/* A thousand devices, made and registered: what the order says, to its end. Started again after
 * anything, it continues.
 *
 *     thousand ORDER.yaml
 */
#include <inttypes.h>
#include <signet/signet.h>
#include <stdio.h>

/* Warnings, and devices that were set aside. */
static void show(void *ctx, const struct signet_event *event)
{
    (void)ctx;
    if (event->error)
        fprintf(stderr, "%s%s%s\n", event->endpoint ? event->endpoint : "",
                event->endpoint ? ": " : "", event->error->msg);
}

static int make(const struct signet_order *order, struct signet_error *err)
{
    const struct signet_observer observer = {.on_event = show};
    const struct signet_run_options options = {.size = sizeof(options), .observer = &observer};
    struct signet_run_report report = {0};
    struct signet_run *run = NULL;
    int rc = signet_run_open(&run, order, &options, err);

    if (rc == SIGNET_OK)
        rc = signet_run_make(run, &report, err);
    if (rc == SIGNET_OK)
        printf("%" PRId64 " of %" PRId64 " devices done in %.1f s\n",
               report.states[SIGNET_DEVICE_DONE], report.quota, report.seconds);
    for (size_t i = 0; i < report.delivery.server_count; i++)
        printf("%s: %" PRIu64 " registered, %" PRId64 " wait\n", report.delivery.servers[i].name,
               report.delivery.servers[i].registered, report.delivery.servers[i].waiting);
    signet_run_report_free(&report);
    signet_run_close(&run);
    return rc;
}

int main(int argc, char **argv)
{
    struct signet_order *order = NULL;
    struct signet_error err = {0};

    if (argc != 2)
        return fprintf(stderr, "usage: thousand ORDER.yaml\n"), 2;
    int rc = signet_order_load(&order, argv[1], &err);
    if (rc == SIGNET_OK)
        rc = make(order, &err);
    if (rc != SIGNET_OK)
        fprintf(stderr, "thousand: %s\n%s\n", err.msg, err.hint);
    signet_order_free(&order);
    return rc == SIGNET_OK ? 0 : 1;
}
