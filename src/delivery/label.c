/* SPDX-License-Identifier: Apache-2.0 */
/* Labels on their way to the printer. A label is printed once the ledger says that its device is
 * verified, and never twice without a person: what may have been printed waits for one. */
#include "delivery/private.h"

#include <stdio.h>
#include <stdlib.h>

/* A device whose label waits for a person, which was told. */
struct doubt {
    char endpoint[SIGNET_ENDPOINT_SIZE];
    struct signet_error why;
    struct doubt *next;
};

struct label_worker {
    const struct delivery_setup *setup;
    struct signet_server_report *report;
    struct doubt *doubts; /* with the job's lock, like */
    struct label_wait *waits;
    int64_t end_at;                   /* clock_ms() */
    const struct signet_lease *lease; /* that is being printed */
};

int label_worker_new(struct label_worker **out, const struct delivery_setup *setup,
                     struct signet_error *err)
{
    struct label_worker *w = calloc(1, sizeof(*w));

    if (!w)
        return error_nomem(err);
    w->setup = setup;
    w->end_at = INT64_MAX;
    w->report = &setup->report->servers[setup->order->server_count];
    *out = w;
    return SIGNET_OK;
}

void label_worker_free(struct label_worker *w)
{
    while (w && w->doubts) {
        struct doubt *doubt = w->doubts;

        w->doubts = doubt->next;
        free(doubt);
    }
    free(w);
}

void label_worker_end(struct label_worker *w, int64_t at)
{
    w->end_at = at;
}

static const struct doubt *find_doubt(const struct label_worker *w, const char *endpoint)
{
    const struct doubt *doubt = w->doubts;

    while (doubt && strcmp(doubt->endpoint, endpoint) != 0)
        doubt = doubt->next;
    return doubt;
}

/* What became of the label before the slot asked shows in the ledger. */
void label_worker_watch(struct label_worker *w, struct label_wait *wait)
{
    struct job *job = w->setup->job;
    enum signet_ledger_label state = SIGNET_LABEL_NONE;

    pthread_mutex_lock(&job->lock);
    wait->next = w->waits;
    w->waits = wait;
    pthread_mutex_unlock(&job->lock);
    signet_ledger_label_state(job->ledger, wait->endpoint, &state, NULL);
    pthread_mutex_lock(&job->lock);
    const struct doubt *doubt = find_doubt(w, wait->endpoint);
    if (wait->state == LABEL_WAITS && state == SIGNET_LABEL_PRINTED)
        wait->state = LABEL_PRINTED;
    if (wait->state == LABEL_WAITS && doubt) {
        wait->state = LABEL_DOUBTFUL;
        wait->why = doubt->why;
    }
    pthread_mutex_unlock(&job->lock);
}

void label_worker_leave(struct label_worker *w, struct label_wait *wait)
{
    struct job *job = w->setup->job;
    struct label_wait **at = &w->waits;

    pthread_mutex_lock(&job->lock);
    while (*at != wait)
        at = &(*at)->next;
    *at = wait->next;
    pthread_mutex_unlock(&job->lock);
}

/* endpoint NULL: all that wait */
static void tell_slots(struct label_worker *w, const char *endpoint, enum label_wait_state state,
                       const struct signet_error *why)
{
    struct job *job = w->setup->job;

    pthread_mutex_lock(&job->lock);
    for (struct label_wait *wait = w->waits; wait; wait = wait->next)
        if (wait->state == LABEL_WAITS && (!endpoint || strcmp(wait->endpoint, endpoint) == 0)) {
            wait->state = state;
            wait->why = why ? *why : (struct signet_error){0};
        }
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
}

/* Told once in a run. why NULL: a run before this one was cut off. */
static int leave_to_person(struct label_worker *w, const struct signet_lease *lease,
                           const struct signet_error *why, struct signet_error *err)
{
    struct job *job = w->setup->job;
    struct doubt *doubt = calloc(1, sizeof(*doubt));

    if (!doubt)
        return error_nomem(err);
    snprintf(doubt->endpoint, sizeof(doubt->endpoint), "%s", lease->endpoint);
    error_set_hint(&doubt->why, SIGNET_E_CONFLICT,
                   "look for it: then confirm that it is there, or print it again",
                   "%s: its label may have been printed, or not: %s", lease->endpoint,
                   why ? why->msg : "a run was cut off while the printer had it");
    const struct signet_error told = doubt->why;
    pthread_mutex_lock(&job->lock);
    doubt->next = w->doubts;
    w->doubts = doubt;
    pthread_mutex_unlock(&job->lock);
    job_report_stage(job, SIGNET_EVENT_WARNING, STAGE_LABEL, 0, lease->endpoint, &told);
    tell_slots(w, lease->endpoint, LABEL_DOUBTFUL, &told);
    return SIGNET_OK;
}

static int before_first_byte(void *ctx, struct signet_error *err)
{
    const struct label_worker *w = ctx;

    failpoint("before-label-sent");
    int rc = signet_ledger_label(w->setup->job->ledger, w->lease->endpoint, SIGNET_LABEL_SENT,
                                 w->setup->order->label.printer, err);
    failpoint("after-label-sent");
    return rc;
}

/* The printer has the label, and waits, such as for paper; at the end as long as servers that are
 * away are tried. */
static bool on_printer_waits(void *ctx, const struct signet_error *why)
{
    struct label_worker *w = ctx;
    struct signet_error told = *why;

    error_prefix(&told, "label not printed");
    tell_slots(w, NULL, LABEL_WAITS, &told);
    pthread_mutex_lock(&w->setup->job->lock);
    bool over = clock_ms() >= w->end_at;
    pthread_mutex_unlock(&w->setup->job->lock);
    return !over;
}

static int make_zpl(const struct label_worker *w, const struct signet_lease *lease, struct buf *zpl,
                    struct signet_error *err)
{
    struct job_named named;
    int rc = job_named_device(w->setup->job->ledger, lease->endpoint, &named, err);
    const struct signet_label_device device = {lease->endpoint, lease->index, named.hw_id};

    return rc == SIGNET_OK ? label_make(w->setup->label, &device, zpl, err) : rc;
}

/* *outcome is the ledger's word for what became of it. */
static int print_one(struct label_worker *w, const struct signet_lease *lease,
                     struct signet_error *outcome, struct round *round, struct signet_error *err)
{
    const struct signet_order *order = w->setup->order;
    struct job *job = w->setup->job;
    struct signet_error why = {0};
    struct buf zpl = {0};
    const struct label_printing printing = {.printer = order->label.printer,
                                            .endpoint = lease->endpoint,
                                            .zpl = &zpl,
                                            .cancel = job->stop,
                                            .begin = before_first_byte,
                                            .wait = on_printer_waits,
                                            .ctx = w};
    double begin = clock_seconds();
    bool sent = false;
    int rc = make_zpl(w, lease, &zpl, &why);

    w->lease = lease;
    if (rc == SIGNET_OK)
        rc = label_print(&printing, &sent, &why);
    buf_free(&zpl);
    failpoint("before-label-printed");
    if (rc == SIGNET_OK) {
        rc = signet_ledger_label(job->ledger, lease->endpoint, SIGNET_LABEL_PRINTED,
                                 order->label.printer, err);
        failpoint("after-label-printed");
        job_cycle(job, STAGE_LABEL, clock_seconds() - begin);
        return rc;
    }
    error_set(outcome, SIGNET_E_BUSY, "its label waits");
    if (signet_error_class(&why) == SIGNET_CLASS_STATION && why.code != SIGNET_E_IO)
        return error_copy(err, &why); /* the ledger, or memory */
    if (sent)
        return leave_to_person(w, lease, &why, err);
    error_prefix(&why, "label not printed");
    tell_slots(w, NULL, LABEL_WAITS, &why);
    round->away = why;
    return SIGNET_OK;
}

static int bring_label(struct label_worker *w, const struct signet_lease *lease,
                       struct round *round, struct signet_error *err)
{
    struct job *job = w->setup->job;
    struct signet_error outcome = {0};
    enum signet_ledger_label state;
    int rc = signet_ledger_label_state(job->ledger, lease->endpoint, &state, err);

    if (rc == SIGNET_OK && state == SIGNET_LABEL_SENT) {
        error_set(&outcome, SIGNET_E_BUSY, "its label waits");
        rc = find_doubt(w, lease->endpoint) ? SIGNET_OK : leave_to_person(w, lease, NULL, err);
    } else if (rc == SIGNET_OK && state == SIGNET_LABEL_NONE) {
        rc = print_one(w, lease, &outcome, round, err);
    }
    if (rc == SIGNET_OK)
        rc = signet_ledger_delivered(job->ledger, SIGNET_LEDGER_LABEL, lease, 1, &outcome, err);
    if (rc != SIGNET_OK || outcome.code != SIGNET_OK)
        return rc;
    job_report_stage(job, SIGNET_EVENT_STAGE_END, STAGE_LABEL, 0, lease->endpoint, NULL);
    pthread_mutex_lock(&job->lock);
    w->report->registered++;
    pthread_mutex_unlock(&job->lock);
    round->moved++;
    tell_slots(w, lease->endpoint, LABEL_PRINTED, NULL);
    return SIGNET_OK;
}

int label_round(struct label_worker *w, struct round *round, struct signet_error *err)
{
    struct job *job = w->setup->job;
    int64_t after = 0;
    size_t count = 0;
    int rc;

    do {
        struct signet_lease lease;

        rc = signet_ledger_waiting(job->ledger, job->order, SIGNET_LEDGER_LABEL, &after, &lease, 1,
                                   &count, err);
        if (rc == SIGNET_OK && count > 0)
            rc = bring_label(w, &lease, round, err);
    } while (rc == SIGNET_OK && count > 0 && round->away.code == SIGNET_OK && !job_stopped(job));
    pthread_mutex_lock(&job->lock);
    w->report->away = round->away;
    pthread_mutex_unlock(&job->lock);
    return rc;
}
