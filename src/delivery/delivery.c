/* SPDX-License-Identifier: Apache-2.0 */
/* One thread for each server, one for the label printer and one for labels that are scanned back,
 * which wait for nobody but their own, and one for proof and end. */
#include "delivery/private.h"

#include <stdlib.h>

enum { FIRST_PAUSE_MS = 1000, LAST_PAUSE_MS = 30000, LABEL_PAUSE_MS = 2000, AT_END_SECONDS = 10 };

struct worker {
    struct delivery *delivery;
    struct server_worker *server; /* one of these, */
    struct label_worker *label;
    struct read_back *reader; /* or none: proof and end */
    pthread_t thread;
    bool reported; /* that its server is unreachable */
    unsigned news; /* changes whenever there is something for it; with the job's lock */
};

struct delivery {
    struct delivery_setup setup;
    struct job *job;
    struct device_cache *opened;
    struct worker workers[SIGNET_ORDER_SERVERS + 1]; /* the last of count: proof and end */
    size_t count, started;
    size_t open_workers; /* threads; with the job's lock, like what follows */
    bool closing;        /* nothing more will become verified */
    int64_t end_at;      /* clock_ms(): how long servers are tried then */
};

bool delivery_follows(const struct signet_order *order)
{
    return order->server_count > 0 || order->prove || order->label.printer;
}

/* Others wait for it: it is not the one for proof and end. */
static bool brings(const struct worker *w)
{
    return w->server || w->label || w->reader;
}

static const char *what_waits(const struct worker *w)
{
    return w->server   ? "devices wait for their registration"
           : w->label  ? "devices wait for their labels"
           : w->reader ? "devices wait until their labels are read"
                       : "devices wait for their proof";
}

/* Once for each time that a server goes away. Slots tell of their labels until the end. */
static void report_away(struct worker *w, struct signet_error *away, bool stopped, bool closing)
{
    bool tells = !w->reader || (closing && read_back_asks(w->reader)),
         is_new = away->code != SIGNET_OK && away->code != SIGNET_E_CANCELLED && tells &&
                  (stopped || !w->reported);

    w->reported = away->code != SIGNET_OK && tells;
    if (!is_new)
        return;
    if (!stopped)
        error_prefix(away, "%s", what_waits(w));
    job_report_stage(w->delivery->job, SIGNET_EVENT_WARNING,
                     w->server               ? STAGE_REGISTER
                     : w->label || w->reader ? STAGE_LABEL
                                             : STAGE_PROVE,
                     0, NULL, away);
}

/* One walk; what it changed is counted, and wakes whom it makes work. */
static int walk_round(struct worker *w, struct round *round, struct signet_error *err)
{
    struct delivery *d = w->delivery;
    struct round removals = {0};
    int rc = w->server   ? remove_round(&d->setup, (size_t)(w - d->workers), &removals, err)
             : w->label  ? label_round(w->label, round, err)
             : w->reader ? read_back_round(w->reader, round, err)
                         : finish_round(&d->setup, d->opened, round, err);

    if (rc == SIGNET_OK && w->server)
        rc = server_round(w->server, round, err);
    round->moved += removals.moved;
    if (round->away.code == SIGNET_OK)
        round->away = removals.away;

    if (rc != SIGNET_OK || round->moved == 0)
        return rc;
    if (brings(w)) {
        pthread_mutex_lock(&d->job->lock);
        d->workers[d->count - 1].news++;
        pthread_mutex_unlock(&d->job->lock);
    }
    return job_count(d->job, err);
}

/* What there is to know before a walk begins. */
struct view {
    unsigned news;
    bool closing; /* nothing new will come */
};

/* With the job's lock held. For proof and end something new may come while other threads run. */
static struct view look_at(const struct worker *w)
{
    const struct delivery *d = w->delivery;

    return (struct view){.news = w->news,
                         .closing = d->closing && (brings(w) || d->open_workers == 1)};
}

/* Until there is something to do. until: what waits is tried again then; INT64_MAX: nothing does.
 * news: new devices are no reason to wait, since the server is there. False: it is time to end. */
static bool wait_for_work(struct worker *w, const struct view *before, int64_t until, bool news)
{
    struct job *job = w->delivery->job;

    pthread_mutex_lock(&job->lock);
    while (!job_stopped(job) && look_at(w).closing == before->closing && clock_ms() < until &&
           !(news && w->news != before->news))
        job_wait(job, until);
    pthread_mutex_unlock(&job->lock);
    return !job_stopped(job);
}

/* How long it is tried at the end. */
static int64_t end_of(const struct worker *w)
{
    int64_t end_at = w->delivery->end_at;

    return w->reader ? read_back_until(w->reader, end_at) : end_at;
}

/* Boards stand in their slots while a printer waits: it is asked more often. */
static int64_t next_try(const struct worker *w, int64_t *pause, const struct view *view)
{
    int64_t until = clock_ms() + (view->closing ? FIRST_PAUSE_MS : *pause);
    int64_t most = w->label || w->reader ? LABEL_PAUSE_MS : LAST_PAUSE_MS;

    *pause = *pause * 2 < most ? *pause * 2 : most;
    return view->closing && until > end_of(w) ? end_of(w) : until;
}

/* What was verified during a walk has not been tried, but a server that is away has been. */
static bool is_last(const struct worker *w, const struct view *before, bool away)
{
    struct delivery *d = w->delivery;
    bool last;

    pthread_mutex_lock(&d->job->lock);
    last = away ? (before->closing || (brings(w) && d->closing)) && clock_ms() >= end_of(w)
                : before->closing;
    pthread_mutex_unlock(&d->job->lock);
    return last;
}

static int run_rounds(struct worker *w, struct signet_error *err)
{
    struct job *job = w->delivery->job;
    int64_t pause = FIRST_PAUSE_MS, until;
    struct view view;
    bool news;

    do {
        struct round round = {0};

        pthread_mutex_lock(&job->lock);
        view = look_at(w);
        pthread_mutex_unlock(&job->lock);
        int rc = walk_round(w, &round, err);
        if (rc != SIGNET_OK)
            return rc;
        bool away = round.away.code != SIGNET_OK;
        report_away(w, &round.away, round.stopped, view.closing);
        if (round.stopped || is_last(w, &view, away))
            return SIGNET_OK;
        until = away ? next_try(w, &pause, &view) : INT64_MAX;
        pause = away ? pause : FIRST_PAUSE_MS;
        news = !away || round.there;
    } while (wait_for_work(w, &view, until, news));
    return SIGNET_OK;
}

static void *run_worker(void *arg)
{
    struct worker *w = arg;
    struct delivery *d = w->delivery;
    struct signet_error err = {0};

    if (run_rounds(w, &err) != SIGNET_OK)
        job_fail(d->job, &err);
    job_thread_ended(d->job, &d->open_workers);
    return NULL;
}

static void free_delivery(struct delivery *d)
{
    for (size_t i = 0; i < d->count; i++) {
        server_worker_free(d->workers[i].server);
        label_worker_free(d->workers[i].label);
        read_back_free(d->workers[i].reader);
    }
    device_cache_free(d->opened);
    free(d);
}

/* What waits for labels: a printer, and who reads them back. */
static size_t label_receivers(const struct signet_order *order)
{
    return !order->label.printer ? 0 : order->label.scan_back ? 2 : 1;
}

static int name_servers(struct signet_delivery_report *report, const struct signet_order *order,
                        struct signet_error *err)
{
    size_t labels = label_receivers(order);

    report->servers = calloc(order->server_count + 2, sizeof(*report->servers));
    if (!report->servers)
        return error_nomem(err);
    report->server_count = order->server_count + labels;
    report->servers[order->server_count].name = SIGNET_LEDGER_LABEL;
    report->servers[order->server_count + 1].name = SIGNET_LEDGER_SCANNER;
    for (size_t i = 0; i < order->server_count; i++)
        report->servers[i].name = order->servers[i].name;
    return SIGNET_OK;
}

static int make_workers(struct delivery *d, struct signet_error *err)
{
    size_t servers = d->setup.order->server_count;
    int rc = name_servers(d->setup.report, d->setup.order, err);

    for (size_t i = 0; rc == SIGNET_OK && i < d->count; i++) {
        d->workers[i].delivery = d;
        if (i + 1 == d->count)
            break;
        if (i < servers)
            rc = server_worker_new(&d->workers[i].server, &d->setup, d->opened, i, err);
        else if (i == servers)
            rc = label_worker_new(&d->workers[i].label, &d->setup, err);
        else
            rc = read_back_new(&d->workers[i].reader, &d->setup, err);
    }
    return rc;
}

/* Without a thread for each, those that run end. */
static void start_workers(struct delivery *d)
{
    struct signet_error why = {0};
    int rc = 0;

    for (struct worker *w = d->workers; rc == 0 && d->started < d->count; w++) {
        rc = job_start_thread(d->job, &w->thread, &d->open_workers, run_worker, w);
        d->started += rc == 0;
    }
    if (rc != 0) {
        error_sys(&why, SIGNET_E_NOMEM, rc, "cannot start a thread");
        job_fail(d->job, &why);
    }
}

int delivery_begin(struct delivery **out, const struct delivery_setup *setup,
                   struct signet_error *err)
{
    struct delivery *d = calloc(1, sizeof(*d));

    if (!d)
        return error_nomem(err);
    d->setup = *setup;
    d->job = setup->job;
    d->count = setup->order->server_count + 1 + (setup->label ? label_receivers(setup->order) : 0);
    int rc = device_cache_new(&d->opened, setup->vault, err);
    if (rc == SIGNET_OK)
        rc = make_workers(d, err);
    if (rc == SIGNET_OK)
        rc = seals_wipe_unneeded(&d->setup, err);
    if (rc != SIGNET_OK) {
        free_delivery(d);
        return rc;
    }
    start_workers(d);
    *out = d;
    return SIGNET_OK;
}

void delivery_notify(struct delivery *d)
{
    pthread_mutex_lock(&d->job->lock);
    for (size_t i = 0; i < d->count; i++)
        d->workers[i].news++;
    pthread_cond_broadcast(&d->job->changed);
    pthread_mutex_unlock(&d->job->lock);
}

/* The order has labels: they come behind its servers. */
static struct label_worker *label_worker_of(struct delivery *d)
{
    return d->workers[d->setup.order->server_count].label;
}

void delivery_watch_label(struct delivery *d, struct label_wait *wait)
{
    label_worker_watch(label_worker_of(d), wait);
}

void delivery_leave_label(struct delivery *d, struct label_wait *wait)
{
    label_worker_leave(label_worker_of(d), wait);
}

int delivery_review_seal(struct delivery *d, uint64_t number, struct signet_error *err)
{
    return seals_wipe_batch(&d->setup, number, err);
}

int delivery_end(struct delivery **delivery, struct signet_error *err)
{
    struct delivery *d = *delivery;
    struct round last = {0};
    int rc = SIGNET_OK;

    if (!d)
        return SIGNET_OK;
    size_t servers = d->setup.order->server_count;
    struct signet_server_report *reports = d->setup.report->servers; /* the printer is behind */
    int seconds = d->setup.seconds > 0 ? d->setup.seconds : AT_END_SECONDS;
    pthread_mutex_lock(&d->job->lock);
    d->closing = true;
    d->end_at = d->setup.once ? 0 : clock_ms() + (int64_t)seconds * 1000;
    if (d->setup.label)
        label_worker_end(label_worker_of(d), clock_ms() + (int64_t)seconds * 1000);
    pthread_cond_broadcast(&d->job->changed);
    pthread_mutex_unlock(&d->job->lock);
    job_attend(d->job, &d->open_workers);
    for (size_t i = 0; i < d->started; i++)
        pthread_join(d->workers[i].thread, NULL);
    for (size_t i = 0; rc == SIGNET_OK && i < servers + (d->setup.label ? 1 : 0); i++)
        rc = signet_ledger_undelivered(d->job->ledger, d->job->order, reports[i].name,
                                       &reports[i].waiting, err);
    if (rc == SIGNET_OK && d->setup.label && d->setup.order->label.scan_back)
        rc = read_back_round(d->workers[d->count - 2].reader, &last, err);
    for (size_t i = 0; rc == SIGNET_OK && i < servers; i++)
        rc = remove_count(&d->setup, i, err);
    if (rc == SIGNET_OK)
        rc = seals_wipe_ended(&d->setup, err);
    free_delivery(d);
    *delivery = NULL;
    return rc;
}
