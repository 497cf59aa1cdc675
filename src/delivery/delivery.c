/* SPDX-License-Identifier: Apache-2.0 */
/* One thread for each server, which waits for nobody but its own, and one for proof and end. */
#include "delivery/private.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_PAUSE_MS = 1000, LAST_PAUSE_MS = 30000, AT_END_SECONDS = 10 };

struct worker {
    struct delivery *delivery;
    struct server_worker *server; /* NULL: proof and end */
    pthread_t thread;
    bool started;
    bool reported; /* that its server is unreachable */
};

struct delivery {
    struct delivery_setup setup;
    struct job *job;
    struct opened *opened;
    struct finisher finisher;
    struct worker workers[SIGNET_ORDER_SERVERS + 1]; /* the last of count: proof and end */
    size_t count;
    size_t open_servers, open_workers; /* threads; with the job's lock, like what follows */
    unsigned verified, delivered;      /* change whenever there is something new for a worker */
    bool closing;                      /* nothing more will become verified */
    int64_t end_at;                    /* clock_ms(): how long servers are tried then */
};

bool delivery_follows(const struct signet_order *order)
{
    return order->server_count > 0 || order->prove;
}

/* Once for each time that a server goes away. */
static void report_away(struct worker *w, struct signet_error *away)
{
    bool is_new = away->code != SIGNET_OK && away->code != SIGNET_E_CANCELLED && !w->reported;

    w->reported = away->code != SIGNET_OK;
    if (!is_new)
        return;
    error_prefix(away, w->server ? "devices wait for their registration"
                                 : "devices wait for their proof");
    job_report_stage(w->delivery->job, SIGNET_EVENT_WARNING,
                     w->server ? STAGE_REGISTER : STAGE_PROVE, 0, NULL, away);
}

/* One walk; what it changed is counted, and wakes whom it makes work. */
static int walk(struct worker *w, struct round *round, struct signet_error *err)
{
    struct delivery *d = w->delivery;
    int rc =
        w->server ? server_round(w->server, round, err) : finish_round(&d->finisher, round, err);

    if (rc != SIGNET_OK || round->moved == 0)
        return rc;
    pthread_mutex_lock(&d->job->lock);
    d->delivered += w->server != NULL;
    pthread_cond_broadcast(&d->job->changed);
    pthread_mutex_unlock(&d->job->lock);
    return job_count(d->job, err);
}

/* What there is to know before a walk begins. */
struct view {
    unsigned verified, delivered;
    bool closing; /* nothing new will come */
};

static struct view look(const struct worker *w)
{
    const struct delivery *d = w->delivery;

    return (struct view){.verified = d->verified,
                         .delivered = d->delivered,
                         .closing = d->closing && (w->server || d->open_servers == 0)};
}

static bool has_work(const struct worker *w, const struct view *before, const struct view *now)
{
    bool verified = before->verified != now->verified;

    return verified || (!w->server && before->delivered != now->delivered);
}

/* Until there is something to do. until: a server that is unreachable is tried again then, whatever
 * comes; 0: it is not. False: it is time to end. */
static bool wait_for_work(struct worker *w, const struct view *before, int64_t until)
{
    struct job *job = w->delivery->job;

    pthread_mutex_lock(&job->lock);
    for (;;) {
        struct view now = look(w);

        if (job_stopped(job) || now.closing != before->closing)
            break;
        if (until ? clock_ms() >= until : has_work(w, before, &now))
            break;
        job_wait(job, until ? until : INT64_MAX);
    }
    pthread_mutex_unlock(&job->lock);
    return !job_stopped(job);
}

static int64_t next_try(int64_t *pause, const struct view *view, int64_t end_at)
{
    int64_t until = clock_ms() + (view->closing ? FIRST_PAUSE_MS : *pause);

    *pause = *pause * 2 < LAST_PAUSE_MS ? *pause * 2 : LAST_PAUSE_MS;
    return view->closing && until > end_at ? end_at : until;
}

static void run_rounds(struct worker *w)
{
    struct delivery *d = w->delivery;
    int64_t pause = FIRST_PAUSE_MS;

    for (;;) {
        struct signet_error err = {0};
        struct round round = {0};

        pthread_mutex_lock(&d->job->lock);
        struct view view = look(w);
        int64_t end_at = d->end_at;
        pthread_mutex_unlock(&d->job->lock);
        if (walk(w, &round, &err) != SIGNET_OK) {
            job_fail(d->job, &err);
            return;
        }
        bool away = round.away.code != SIGNET_OK;
        report_away(w, &round.away);
        if (view.closing && (!away || clock_ms() >= end_at))
            return;
        if (!away)
            pause = FIRST_PAUSE_MS;
        if (!wait_for_work(w, &view, away ? next_try(&pause, &view, end_at) : 0))
            return;
    }
}

static void *run(void *arg)
{
    struct worker *w = arg;
    struct delivery *d = w->delivery;

    run_rounds(w);
    if (w->server)
        job_thread_ended(d->job, &d->open_servers);
    job_thread_ended(d->job, &d->open_workers);
    return NULL;
}

static int start(struct worker *w, struct signet_error *err)
{
    struct delivery *d = w->delivery;

    pthread_mutex_lock(&d->job->lock);
    d->open_workers++;
    d->open_servers += w->server != NULL;
    int rc = pthread_create(&w->thread, NULL, run, w);
    w->started = rc == 0;
    if (rc != 0) {
        d->open_workers--;
        d->open_servers -= w->server != NULL;
    }
    pthread_mutex_unlock(&d->job->lock);
    return rc == 0 ? SIGNET_OK : error_sys(err, SIGNET_E_NOMEM, rc, "cannot start a thread");
}

static void free_delivery(struct delivery **delivery)
{
    struct delivery *d = *delivery;

    for (size_t i = 0; i < d->count; i++)
        server_worker_free(&d->workers[i].server);
    opened_free(&d->opened);
    free(d);
    *delivery = NULL;
}

static int make(struct delivery **out, const struct delivery_setup *setup,
                struct signet_delivery_report *report, struct signet_error *err)
{
    struct delivery *d = calloc(1, sizeof(*d));
    int rc = d ? report_new(report, setup->order, err) : error_nomem(err);

    if (rc == SIGNET_OK) {
        d->setup = *setup;
        d->job = setup->job;
        d->count = setup->order->server_count + 1;
        rc = opened_new(&d->opened, setup->vault, err);
        d->finisher = (struct finisher){.setup = &d->setup, .opened = d->opened, .report = report};
    }
    for (size_t i = 0; rc == SIGNET_OK && i < d->count; i++) {
        d->workers[i].delivery = d;
        if (i + 1 < d->count)
            rc = server_worker_new(&d->workers[i].server, &d->setup, d->opened, i, report, err);
    }
    if (rc == SIGNET_OK)
        rc = seals_look(&d->setup, err);
    if (rc == SIGNET_OK)
        *out = d;
    else if (d)
        free_delivery(&d);
    return rc;
}

int delivery_begin(struct delivery **out, const struct delivery_setup *setup,
                   struct signet_delivery_report *report, struct signet_error *err)
{
    struct delivery *d = NULL;
    struct signet_error why = {0};
    int rc = make(&d, setup, report, err);

    for (size_t i = 0; rc == SIGNET_OK && i < d->count; i++) {
        rc = start(&d->workers[i], &why);
        if (rc != SIGNET_OK) {
            job_fail(d->job, &why); /* those that run end */
            rc = SIGNET_OK;
            break;
        }
    }
    if (rc == SIGNET_OK)
        *out = d;
    return rc;
}

void delivery_notify(struct delivery *d)
{
    pthread_mutex_lock(&d->job->lock);
    d->verified++;
    pthread_cond_broadcast(&d->job->changed);
    pthread_mutex_unlock(&d->job->lock);
}

int delivery_review_seal(struct delivery *d, uint64_t number, struct signet_error *err)
{
    return seals_review(&d->setup, number, err);
}

static int count_waiting(struct delivery *d, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i + 1 < d->count; i++)
        rc = server_count_waiting(d->workers[i].server, err);
    return rc;
}

static int sum_up(struct delivery *d, struct signet_error *err)
{
    int rc = count_waiting(d, err);

    return rc == SIGNET_OK ? seals_end(&d->setup, err) : rc;
}

int delivery_end(struct delivery **delivery, struct signet_error *err)
{
    struct delivery *d = *delivery;
    int seconds;

    if (!d)
        return SIGNET_OK;
    seconds = d->setup.seconds > 0 ? d->setup.seconds : AT_END_SECONDS;
    pthread_mutex_lock(&d->job->lock);
    d->closing = true;
    d->end_at = d->setup.once ? 0 : clock_ms() + (int64_t)seconds * 1000;
    pthread_cond_broadcast(&d->job->changed);
    pthread_mutex_unlock(&d->job->lock);
    job_attend(d->job, &d->open_workers);
    for (size_t i = 0; i < d->count; i++)
        if (d->workers[i].started)
            pthread_join(d->workers[i].thread, NULL);
    int rc = sum_up(d, err);
    free_delivery(delivery);
    return rc;
}
