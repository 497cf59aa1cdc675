/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a run, at its end. */
#include "run/private.h"

#include <stdio.h>
#include <stdlib.h>

_Static_assert((int)SIGNET_RUN_STAGES >= (int)STAGES, "the report has room for all stages");

static int add_station(void *ctx, const struct signet_ledger_in_work *in_work,
                       struct signet_error *err)
{
    struct signet_run_report *report = ctx;
    size_t count = report->elsewhere_count;

    if (list_room(report->elsewhere, count, err) != SIGNET_OK)
        return SIGNET_E_NOMEM;
    report->elsewhere[count] = (struct signet_elsewhere_report){
        .begun = in_work->begun, .exposed = in_work->exposed, .waiting = in_work->waiting};
    snprintf(report->elsewhere[count].station, sizeof(report->elsewhere->station), "%s",
             in_work->station);
    report->elsewhere_count++;
    return SIGNET_OK;
}

enum { REWORKED_NAMES = 16 };

/* One whose slot was named is known in that slot. */
static int add_reworked(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    struct signet_run_report *report = ctx;
    size_t count = report->reworked_name_count;

    if (d->edition == 1 || d->imported || strncmp(d->hw_id, "slot:", 5) == 0)
        return SIGNET_OK;
    report->reworked++;
    if (count == REWORKED_NAMES)
        return SIGNET_OK;
    if (list_room(report->reworked_names, count, err) != SIGNET_OK)
        return SIGNET_E_NOMEM;
    snprintf(report->reworked_names[count], SIGNET_ENDPOINT_SIZE, "%s", d->endpoint);
    report->reworked_name_count++;
    return SIGNET_OK;
}

static int find_reworked(const struct signet_run *r, struct signet_run_report *report,
                         struct signet_error *err)
{
    const struct signet_ledger_filter reserved = {.order = r->order->name,
                                                  .state = SIGNET_DEVICE_RESERVED};

    return report->line.made_before && report->states[SIGNET_DEVICE_RESERVED]
               ? signet_ledger_devices(r->job.ledger, &reserved, add_reworked, report, err)
               : SIGNET_OK;
}

static void count_left(struct signet_run_report *report)
{
    const int64_t *s = report->states;
    struct signet_run_left *left = &report->left;

    left->exposed = s[SIGNET_DEVICE_WRITING] + s[SIGNET_DEVICE_WRITTEN];
    left->waiting = s[SIGNET_DEVICE_VERIFIED] + s[SIGNET_DEVICE_REGISTERED];
    left->open = report->quota - left->exposed - left->waiting - s[SIGNET_DEVICE_DONE] -
                 s[SIGNET_DEVICE_FAILED] - s[SIGNET_DEVICE_VOID];
    for (size_t i = 0; i < report->elsewhere_count; i++) {
        const struct signet_elsewhere_report *e = &report->elsewhere[i];

        left->open -= e->begun;
        left->exposed -= e->exposed;
        left->waiting -= e->waiting;
        left->in_work += e->begun + e->exposed + e->waiting;
    }
    for (size_t i = 0; i < report->delivery.server_count; i++)
        left->removing += report->delivery.servers[i].removing;
    left->open = left->open > 0 ? left->open : 0;
    left->exposed = left->exposed > 0 ? left->exposed : 0;
    left->waiting = left->waiting > 0 ? left->waiting : 0;
}

static void fill_report(const struct signet_run *r, struct signet_run_report *report)
{
    const struct job_figures *f = &r->job.figures;

    report->quota = r->order->quota;
    memcpy(report->states, f->states, sizeof(report->states));
    memcpy(report->errors, f->errors, sizeof(report->errors));
    for (enum job_stage i = 0; i < STAGES; i++)
        if (f->cycles[i].count)
            report->stages[report->stage_count++] =
                (struct signet_stage_report){.name = job_stage_name(i),
                                             .count = f->cycles[i].count,
                                             .median = cycle_time_quantile(&f->cycles[i], 0.5),
                                             .p95 = cycle_time_quantile(&f->cycles[i], 0.95)};
}

/* The ledger keeps it. */
static int keep_report(const struct signet_run *r, const struct signet_run_report *report,
                       struct signet_error *err)
{
    struct signet_bytes json = {0};
    int rc = signet_run_report_json(r->order, report, &json, err);

    if (rc == SIGNET_OK)
        rc = signet_ledger_run(r->job.ledger, r->job.order, (const char *)json.data, err);
    signet_bytes_free(&json);
    return rc;
}

int run_report(struct signet_run *r, double begin, struct signet_run_report *report,
               struct signet_error *err)
{
    bool failed = job_failed(&r->job);
    int rc = signet_ledger_in_work(r->job.ledger, r->job.order, add_station, report, err);

    if (rc == SIGNET_OK)
        rc = job_count(&r->job, err);
    report->seconds = clock_seconds() - begin;
    fill_report(r, report);
    count_left(report);
    if (rc == SIGNET_OK)
        rc = find_reworked(r, report, err);
    report->finished = rc == SIGNET_OK && !failed && report->left.open == 0 &&
                       report->left.exposed == 0 && report->left.waiting == 0 &&
                       report->left.removing == 0 && report->states[SIGNET_DEVICE_FAILED] == 0;
    return rc == SIGNET_OK ? keep_report(r, report, err) : rc;
}

void signet_run_report_free(struct signet_run_report *report)
{
    free(report->line.slots);
    free(report->delivery.servers);
    free(report->elsewhere);
    free(report->reworked_names);
    *report = (struct signet_run_report){0};
}
