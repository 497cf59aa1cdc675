/* SPDX-License-Identifier: Apache-2.0 */
/* A thread for each target: it reads what the station recorded, and tells it in that order. */
#include "notify/private.h"

#include <signal.h>
#include <stdlib.h>

enum { PAGE = 32, POLL_MS = 300, PAUSE_MS = 1000, PAUSE_MAX_MS = 60000, AT_END_SECONDS = 10 };
enum { GRACE_MS = 500, REFUSALS = 3, COUNT_PAGE = 1000 };

struct target {
    struct notify *notify;
    const struct signet_order_notify *order;
    const struct notify_ops *ops;
    void *state;
    struct signet_ledger *ledger;
    struct notify_cursor cursor;
    int64_t after;   /* all up to it was told, or is not for this target */
    int64_t counted; /* the waiting ones, up to it */
    struct notify_message page[PAGE];
    size_t count; /* of the page */
    pthread_t thread;
    unsigned failures; /* in a row */
    unsigned refusals; /* in a row, of the same event */
    int64_t wait_ms;   /* that it asked for; below 0: none */
    struct signet_notify_report report;
    bool changed; /* since it was reported */
};

struct notify {
    struct notify_setup setup;
    struct signet_cancel *cancel;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t running;
    bool ending;
    int64_t end_at;
    size_t count, started;
    struct target targets[];
};

static const struct notify_ops *notify_ops_of(const struct signet_order_notify *target)
{
    switch (target->kind) {
    case SIGNET_NOTIFY_WEBHOOK:
        return &notify_webhook;
    case SIGNET_NOTIFY_MQTT:
        return &notify_mqtt;
    case SIGNET_NOTIFY_FILE:
        return &notify_file;
    }
    return NULL;
}

int notify_check(const struct signet_order *order, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < order->notify_count; i++) {
        const struct notify_ops *ops = notify_ops_of(&order->notify[i]);
        void *state = NULL;

        rc = ops->open(&state, &order->notify[i], NULL, err);
        if (rc == SIGNET_OK)
            ops->close(state);
        rc = error_pass(rc, err, "notify: %s", order->notify[i].name);
    }
    return rc;
}

/* A handle of its own, which reads alone: the line's is never waited for. */
static int target_open(struct target *t, struct signet_error *err)
{
    struct notify *n = t->notify;
    const struct signet_order *o = n->setup.order;
    const struct signet_ledger_options options = {
        .size = sizeof(options), .station = o->station, .read_only = true, .cancel = n->cancel};

    if (t->ledger)
        return SIGNET_OK;
    int rc = t->state ? SIGNET_OK : t->ops->open(&t->state, t->order, n->cancel, err);
    if (rc == SIGNET_OK)
        rc = signet_ledger_open(&t->ledger, o->ledger, &options, err);
    if (rc == SIGNET_OK)
        rc = cursor_open(&t->cursor, &n->setup, t->order->name, t->ledger, err);
    if (rc != SIGNET_OK)
        signet_ledger_close(&t->ledger);
    t->after = t->counted = t->cursor.last.seq;
    return rc;
}

static int add_to_page(void *ctx, const struct signet_ledger_news *news, struct signet_error *err)
{
    struct target *t = ctx;
    const struct signet_order *o = t->notify->setup.order;

    if (!message_wanted(o, t->order, news))
        return SIGNET_OK;
    int rc = message_make(&t->page[t->count], o, t->order, news, err);
    if (rc == SIGNET_OK)
        t->count++;
    else
        message_free(&t->page[t->count]);
    return rc;
}

static bool is_ending(struct notify *n, bool *over)
{
    pthread_mutex_lock(&n->lock);
    bool ending = n->ending;
    *over = ending && !n->setup.patient && clock_ms() >= n->end_at;
    pthread_mutex_unlock(&n->lock);
    return ending;
}

/* What is refused again and again is passed over, so that it holds up no other; the ledger has it.
 */
static bool passed_over(struct target *t, int rc, const struct signet_error *err)
{
    bool refused = rc != SIGNET_OK && signet_error_class(err) == SIGNET_CLASS_DEVICE;

    t->refusals = refused ? t->refusals + 1 : 0;
    if (t->refusals < REFUSALS)
        return false;
    t->refusals = 0;
    t->report.refused++;
    t->changed = true;
    return true;
}

/* After the first `told` of a page were: they wait no more. */
static void count_told(struct target *t, size_t told)
{
    if (t->counted <= t->after) {
        t->counted = t->after;
        t->report.waiting = 0;
    } else {
        t->report.waiting -= told;
    }
}

static int tell_page(struct target *t, struct signet_error *err)
{
    size_t told = 0;
    bool over = false;
    int rc = SIGNET_OK;

    while (rc == SIGNET_OK && told < t->count && !over) {
        t->wait_ms = -1;
        failpoint("before-notify");
        rc = t->ops->send(t->state, &t->page[told], &t->wait_ms, err);
        failpoint("after-notify");
        bool passed = passed_over(t, rc, err);
        t->report.told += rc == SIGNET_OK;
        t->changed = t->changed || rc == SIGNET_OK;
        rc = passed ? SIGNET_OK : rc;
        t->failures = rc == SIGNET_OK ? 0 : t->failures;
        told += rc == SIGNET_OK;
        is_ending(t->notify, &over);
    }
    struct signet_error unkept = {0};
    int kept = told ? cursor_keep(&t->cursor, &t->page[told - 1], &unkept) : SIGNET_OK;
    if (told < t->count) /* the rest is read again */
        t->after = told ? t->page[told - 1].seq : t->page[0].seq - 1;
    count_told(t, told);
    if (rc == SIGNET_OK && kept != SIGNET_OK)
        rc = error_copy(err, &unkept);
    return rc;
}

/* *more: there may be. */
static int tell_news(struct target *t, bool *more, struct signet_error *err)
{
    int rc = target_open(t, err);
    int64_t before = t->after;

    t->count = 0;
    if (rc == SIGNET_OK)
        rc = signet_ledger_news(t->ledger, t->notify->setup.job->order, &t->after, PAGE,
                                add_to_page, t, err);
    if (rc == SIGNET_OK)
        rc = tell_page(t, err);
    else
        t->after = before;
    *more = rc == SIGNET_OK && t->after != before;
    for (size_t i = 0; i < t->count; i++)
        message_free(&t->page[i]);
    return rc;
}

static int count_one(void *ctx, const struct signet_ledger_news *news, struct signet_error *err)
{
    struct target *t = ctx;

    (void)err;
    t->report.waiting += message_wanted(t->notify->setup.order, t->order, news);
    return SIGNET_OK;
}

/* Goes on where it was at the last time: each event is read once. */
static void count_waiting(struct target *t, struct signet_ledger *ledger)
{
    uint64_t waiting = t->report.waiting;
    int64_t before = -1;
    int rc = SIGNET_OK;

    while (rc == SIGNET_OK && before != t->counted) {
        before = t->counted;
        rc = signet_ledger_news(ledger, t->notify->setup.job->order, &t->counted, COUNT_PAGE,
                                count_one, t, NULL);
    }
    t->changed = t->changed || t->report.waiting != waiting;
}

/* How it stands, for the observer. */
static void report_counts(struct target *t)
{
    const struct signet_notify_report *r = &t->report;
    const uint64_t done = r->told + r->refused;
    const struct signet_event event = {.kind = SIGNET_EVENT_TOTALS,
                                       .stage = "notify",
                                       .name = r->name,
                                       .done = done,
                                       .total = done + r->waiting,
                                       .error = r->away.code ? &r->away : NULL};

    if (t->changed)
        job_report(t->notify->setup.job, &event);
    t->changed = false;
}

/* Once for each time that it goes away; a connection that was lost in between is no news. */
static void report_target(struct target *t, int rc, struct signet_error *err)
{
    struct job *job = t->notify->setup.job;

    if (rc == SIGNET_E_CANCELLED)
        return;
    const struct signet_error none = {0}, *away = rc == SIGNET_OK ? &none : err;

    t->changed = t->changed || strcmp(t->report.away.msg, away->msg) != 0;
    t->report.away = *away;
    t->failures = rc == SIGNET_OK ? 0 : t->failures;
    if (rc == SIGNET_OK)
        return;
    if (++t->failures != 2)
        return;
    const struct signet_event event = {
        .kind = SIGNET_EVENT_WARNING, .stage = "notify", .error = err};
    error_prefix(err, "notify %s: events wait", t->order->name);
    job_report(job, &event);
}

static void wait_target(struct target *t, bool ending, int rc)
{
    struct notify *n = t->notify;
    unsigned shift = t->failures < 7 ? t->failures : 7;
    int64_t pause = (int64_t)PAUSE_MS << (shift ? shift - 1 : 0);

    pause = rc == SIGNET_OK ? POLL_MS : t->wait_ms > pause ? t->wait_ms : pause;
    pause = pause < PAUSE_MAX_MS || t->wait_ms > PAUSE_MAX_MS ? pause : PAUSE_MAX_MS;
    int64_t until = clock_ms() + (ending && pause > PAUSE_MS ? PAUSE_MS : pause);

    pthread_mutex_lock(&n->lock);
    while (n->ending == ending && clock_ms() < until)
        clock_cond_wait(&n->changed, &n->lock, until);
    pthread_mutex_unlock(&n->lock);
}

/* Who was away before gets one more try at the end; who refuses an event, as many as it needs to be
 * passed over. */
static bool is_over(const struct target *t, int rc, bool more, bool over)
{
    bool gone = (t->failures > 1 && t->refusals == 0) || rc == SIGNET_E_CANCELLED;

    return over || (rc == SIGNET_OK ? !more : gone);
}

static void *run_target(void *arg)
{
    struct target *t = arg;
    struct notify *n = t->notify;
    struct signet_error err = {0};
    bool ending, more, over;
    int rc;

    for (;;) {
        ending = is_ending(n, &over);
        rc = tell_news(t, &more, &err);
        report_target(t, rc, &err);
        if (t->ledger)
            count_waiting(t, t->ledger);
        report_counts(t);
        is_ending(n, &over);
        if (ending && is_over(t, rc, more, over))
            break;
        if (more)
            continue;
        if (rc == SIGNET_OK && t->ops->idle)
            t->ops->idle(t->state);
        wait_target(t, ending, rc);
    }
    pthread_mutex_lock(&n->lock);
    n->running--;
    pthread_cond_broadcast(&n->changed);
    pthread_mutex_unlock(&n->lock);
    return NULL;
}

static int start_targets(struct notify *n, struct signet_error *err)
{
    sigset_t pipe, before;
    int rc = 0;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE); /* libmosquitto writes to connections that ended */
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    for (; rc == 0 && n->started < n->count; n->started += rc == 0) {
        n->running++;
        rc = pthread_create(&n->targets[n->started].thread, NULL, run_target,
                            &n->targets[n->started]);
    }
    n->running -= rc != 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc ? error_sys(err, SIGNET_E_IO, rc, "cannot start a thread") : SIGNET_OK;
}

int notify_begin(struct notify **out, const struct notify_setup *setup, struct signet_error *err)
{
    size_t count = setup->order->notify_count;

    *out = NULL;
    if (count == 0)
        return SIGNET_OK;
    struct notify *n = calloc(1, sizeof(*n) + count * sizeof(n->targets[0]));
    if (!n)
        return error_nomem(err);
    pthread_mutex_init(&n->lock, NULL);
    clock_cond(&n->changed);
    n->setup = *setup;
    n->count = count;
    for (size_t i = 0; i < count; i++) {
        const struct signet_order_notify *target = &setup->order->notify[i];

        n->targets[i] = (struct target){.notify = n,
                                        .order = target,
                                        .ops = notify_ops_of(target),
                                        .report = {.name = target->name}};
    }
    *out = n;
    int rc = signet_cancel_new(&n->cancel, err);
    return rc == SIGNET_OK ? start_targets(n, err) : rc;
}

/* Until all threads are at their end; the caller's wish to stop is passed on. */
static void await_targets(struct notify *n)
{
    const struct signet_cancel *stop = n->setup.job->cancel;

    while (n->running > 0) {
        int64_t now = clock_ms();
        bool late = now >= n->end_at + GRACE_MS;

        if (late && (!n->setup.patient || signet_cancel_fired(stop)))
            signet_cancel_fire(n->cancel);
        clock_cond_wait(&n->changed, &n->lock, now + 100);
    }
}

static void free_target(struct target *t)
{
    if (t->state)
        t->ops->close(t->state);
    signet_ledger_close(&t->ledger);
    cursor_free(&t->cursor);
}

void notify_end(struct notify **notify, struct signet_run_report *report)
{
    struct notify *n = *notify;

    if (!n)
        return;
    int seconds = n->setup.seconds ? n->setup.seconds : AT_END_SECONDS;
    pthread_mutex_lock(&n->lock);
    n->ending = true;
    n->end_at = clock_ms() + (int64_t)seconds * 1000;
    pthread_cond_broadcast(&n->changed);
    await_targets(n);
    pthread_mutex_unlock(&n->lock);
    for (size_t i = 0; i < n->started; i++)
        pthread_join(n->targets[i].thread, NULL);
    for (size_t i = 0; i < n->count; i++) {
        count_waiting(&n->targets[i], n->setup.job->ledger);
        report->notify[report->notify_count++] = n->targets[i].report;
        free_target(&n->targets[i]);
    }
    signet_cancel_free(&n->cancel);
    pthread_cond_destroy(&n->changed);
    pthread_mutex_destroy(&n->lock);
    free(n);
    *notify = NULL;
}
