/* SPDX-License-Identifier: Apache-2.0 */
/* What comes after the slots: one thread for each server, which waits for nobody but its own, and
 * one for proof and end. */
#include "outbox.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_PAUSE_MS = 1000, LAST_PAUSE_MS = 30000 };

struct runner {
    struct line *line;
    struct courier *courier; /* NULL: proof and end */
    pthread_t thread;
    bool started;
    bool told; /* that it is away */
};

struct outbox {
    size_t count;
    struct runner *runners;
};

bool is_away(int rc, const struct signet_error *err)
{
    switch (rc) {
    case SIGNET_E_NET:
    case SIGNET_E_TIMEOUT:
    case SIGNET_E_AUTH:
    case SIGNET_E_CANCELLED:
    case SIGNET_E_BUSY: /* an export's file is in use */
    case SIGNET_E_IO:   /* or its disk is full */
    case SIGNET_E_NOMEM:
        return true;
    case SIGNET_E_SERVER: /* a redirect or a wrong path is nobody's own either */
        return err->sys >= 500 || err->sys < 400 || err->sys == 404 || err->sys == 405 ||
               err->sys == 408 || err->sys == 429;
    default:
        return false;
    }
}

void outbox_tell(struct line *line, enum signet_event_kind kind, enum job_stage stage,
                 double seconds, const char *endpoint, const struct signet_error *why)
{
    const struct signet_event event = {.kind = kind,
                                       .stage = job_stage_name(stage),
                                       .endpoint = endpoint,
                                       .seconds = seconds,
                                       .error = why};

    line_tell(line, &event);
}

void outbox_refused(struct line *line, enum job_stage stage, const char *endpoint,
                    const struct signet_error *why)
{
    pthread_mutex_lock(&line->lock);
    line->report.refused++;
    if ((unsigned)why->code < SIGNET_LINE_CODES)
        line->report.errors[why->code]++;
    pthread_mutex_unlock(&line->lock);
    outbox_tell(line, SIGNET_EVENT_STAGE_END, stage, 0, endpoint, why);
}

/* Once for each time that it goes away. */
static void tell_away(struct runner *r, struct signet_error *away)
{
    bool new = away->code != SIGNET_OK && away->code != SIGNET_E_CANCELLED && !r->told;

    r->told = away->code != SIGNET_OK;
    if (!new)
        return;
    error_prefix(away, r->courier ? "devices wait for their registration"
                                  : "devices wait for their proof");
    outbox_tell(r->line, SIGNET_EVENT_WARNING, r->courier ? STAGE_REGISTER : STAGE_PROVE, 0, NULL,
                away);
}

/* One walk; what it changed is counted, and told to whom it makes work. */
static int walk(struct runner *r, struct round *round, struct signet_error *err)
{
    struct line *line = r->line;
    int rc = r->courier ? courier_round(r->courier, round, err) : settle_round(line, round, err);

    if (rc != SIGNET_OK || round->moved == 0)
        return rc;
    pthread_mutex_lock(&line->lock);
    line->delivered += r->courier != NULL;
    pthread_cond_broadcast(&line->changed);
    pthread_mutex_unlock(&line->lock);
    return line_count(line, err);
}

/* What there is to know before a walk begins. */
struct view {
    unsigned verified, delivered;
    bool closing; /* nothing new will come */
};

static struct view look(struct runner *r)
{
    struct line *line = r->line;
    return (struct view){.verified = line->verified,
                         .delivered = line->delivered,
                         .closing = line->closing && (r->courier || line->open_couriers == 0)};
}

static bool new_work(const struct runner *r, const struct view *before, const struct view *now)
{
    bool verified = before->verified != now->verified;
    return r->courier ? verified : verified || before->delivered != now->delivered;
}

/* Until there is something to do. until: a server that is away is tried again then, whatever
 * comes; 0: it is there. False: it is time to end. */
static bool wait_for_work(struct runner *r, const struct view *before, int64_t until)
{
    struct line *line = r->line;

    pthread_mutex_lock(&line->lock);
    for (;;) {
        struct view now = look(r);

        if (line_stopped(line) || now.closing != before->closing)
            break;
        if (until ? clock_ms() >= until : new_work(r, before, &now))
            break;
        if (until) {
            const struct timespec at = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000L};
            pthread_cond_timedwait(&line->changed, &line->lock, &at);
        } else {
            pthread_cond_wait(&line->changed, &line->lock);
        }
    }
    pthread_mutex_unlock(&line->lock);
    return !line_stopped(line);
}

static void run_rounds(struct runner *r)
{
    struct line *line = r->line;
    int64_t pause = FIRST_PAUSE_MS / 2;

    for (;;) {
        struct signet_error err = {0};
        struct round round = {0};

        pthread_mutex_lock(&line->lock);
        struct view view = look(r);
        int64_t end_at = line->end_at;
        pthread_mutex_unlock(&line->lock);
        if (walk(r, &round, &err) != SIGNET_OK) {
            line_stop(line, &err);
            return;
        }
        bool away = round.away.code != SIGNET_OK;
        tell_away(r, &round.away);
        if (view.closing && (!away || clock_ms() >= end_at))
            return;
        pause = !away || view.closing       ? FIRST_PAUSE_MS / 2
                : pause * 2 < LAST_PAUSE_MS ? pause * 2
                                            : LAST_PAUSE_MS;
        int64_t until = !away ? 0 : clock_ms() + (view.closing ? FIRST_PAUSE_MS : pause);
        if (view.closing && until > end_at)
            until = end_at;
        if (!wait_for_work(r, &view, until))
            return;
    }
}

static void count_runner(struct runner *r, bool starts)
{
    struct line *line = r->line;

    pthread_mutex_lock(&line->lock);
    if (starts) {
        line->open_runners++;
        line->open_couriers += r->courier != NULL;
    } else {
        line->open_runners--;
        line->open_couriers -= r->courier != NULL;
    }
    pthread_cond_broadcast(&line->changed);
    pthread_mutex_unlock(&line->lock);
}

static void *run(void *arg)
{
    struct runner *r = arg;

    run_rounds(r);
    count_runner(r, false);
    return NULL;
}

static int start(struct runner *r, struct signet_error *err)
{
    count_runner(r, true);
    int rc = pthread_create(&r->thread, NULL, run, r);
    r->started = rc == 0;
    if (rc == 0)
        return SIGNET_OK;
    count_runner(r, false);
    return error_sys(err, SIGNET_E_NOMEM, rc, "cannot start a thread");
}

static void free_outbox(struct outbox *o)
{
    for (size_t i = 0; i < o->count; i++)
        courier_close(&o->runners[i].courier);
    free(o->runners);
    free(o);
}

static int make(struct outbox **out, struct line *line, struct signet_error *err)
{
    struct outbox *o = calloc(1, sizeof(*o));
    int rc = SIGNET_OK;

    if (!o)
        return error_nomem(err);
    o->count = line->job->server_count + 1; /* the last one: proof and end */
    o->runners = calloc(o->count, sizeof(*o->runners));
    if (!o->runners) {
        free(o);
        return error_nomem(err);
    }
    for (size_t i = 0; i < o->count; i++) {
        o->runners[i].line = line;
        if (rc == SIGNET_OK && i + 1 < o->count)
            rc = courier_open(&o->runners[i].courier, line, i, err);
    }
    if (rc == SIGNET_OK)
        *out = o;
    else
        free_outbox(o);
    return rc;
}

int outbox_begin(struct outbox **out, struct line *line, struct signet_error *err)
{
    struct outbox *o = NULL;
    int rc = make(&o, line, err);

    for (size_t i = 0; rc == SIGNET_OK && i < o->count; i++)
        rc = start(&o->runners[i], err);
    *out = o;
    return rc;
}

static int count_waiting(struct outbox *o, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i + 1 < o->count; i++)
        rc = courier_waiting(o->runners[i].courier, &o->runners[i].line->report.servers[i].waiting,
                             err);
    return rc;
}

void outbox_finish(struct outbox **outbox)
{
    struct outbox *o = *outbox;
    struct signet_error err = {0};

    if (!o)
        return;
    for (size_t i = 0; i < o->count; i++)
        if (o->runners[i].started)
            pthread_join(o->runners[i].thread, NULL);
    if (count_waiting(o, &err) != SIGNET_OK)
        line_stop(o->runners[0].line, &err);
    free_outbox(o);
    *outbox = NULL;
}

int outbox_once(struct line *line, struct signet_error *away, struct signet_error *err)
{
    struct outbox *o = NULL;
    int rc = make(&o, line, err);

    for (size_t i = 0; rc == SIGNET_OK && i < o->count; i++) {
        struct round round = {0};

        rc = walk(&o->runners[i], &round, err);
        if (away->code == SIGNET_OK)
            *away = round.away;
        tell_away(&o->runners[i], &round.away);
    }
    if (rc == SIGNET_OK)
        rc = count_waiting(o, err);
    if (o)
        free_outbox(o);
    return rc;
}
