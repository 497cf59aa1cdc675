/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that are verified wait in the ledger until every server has taken them. */
#include "slots.h"

#include <string.h>

enum { BATCH = 32, FIRST_PAUSE_MS = 1000, LAST_PAUSE_MS = 30000, LOOK_MS = 500, SYNC_SECONDS = 10 };

/* The server could not be asked; the device is as good as before. */
static bool is_away(int rc, const struct signet_error *err)
{
    return rc == SIGNET_E_NET || rc == SIGNET_E_TIMEOUT || rc == SIGNET_E_AUTH ||
           rc == SIGNET_E_CANCELLED ||
           (rc == SIGNET_E_SERVER && (err->sys >= 500 || !err->sys || err->sys == 429));
}

static int ask_servers(struct line *line, const struct signet_lease *lease,
                       struct signet_error *err)
{
    const struct signet_line *job = line->job;
    const struct signet_line_units *units = job->units;
    struct signet_line_unit unit = {0};

    if (job->server_count == 0)
        return SIGNET_OK;
    int rc = units->open(units->ctx, lease->endpoint, &unit, err);
    if (rc != SIGNET_OK)
        return rc;
    for (size_t i = 0; rc == SIGNET_OK && i < job->server_count; i++) {
        failpoint("before-register");
        rc = signet_server_add(job->servers[i], &unit.device, NULL, err);
        failpoint("after-register");
    }
    units->free(units->ctx, &unit);
    return rc;
}

/* From settled to done. What was sealed ends before the ledger says that the device is done:
 * nothing is left over. */
static int finish(struct line *line, struct signet_lease *lease, struct signet_error *err)
{
    const struct signet_line_units *units = line->job->units;

    failpoint("before-wipe");
    int rc = units->wipe(units->ctx, lease->endpoint, err);
    failpoint("after-wipe");
    if (rc == SIGNET_OK) {
        failpoint("before-done");
        rc = signet_ledger_advance(line->job->ledger, lease, SIGNET_DEVICE_DONE, NULL, err);
        failpoint("after-done");
    }
    return rc == SIGNET_E_BUSY ? SIGNET_OK : rc; /* another station was faster */
}

static int finish_settled(struct line *line, struct signet_error *err)
{
    static const char *const servers[] = {"servers"};
    struct signet_lease leases[BATCH];
    size_t count = BATCH;
    int rc = SIGNET_OK;

    while (rc == SIGNET_OK && count == BATCH) {
        failpoint("before-registered");
        rc = signet_ledger_settled(line->job->ledger, line->job->order, servers,
                                   line->job->server_count > 0, leases, BATCH, &count, err);
        failpoint("after-registered");
        for (size_t i = 0; i < count && rc == SIGNET_OK; i++)
            rc = finish(line, &leases[i], err);
    }
    return rc;
}

static void tell(struct line *line, enum signet_event_kind kind, double seconds,
                 const char *endpoint, const struct signet_error *why)
{
    const struct signet_event event = {
        .kind = kind, .stage = "register", .endpoint = endpoint, .seconds = seconds, .error = why};

    line_tell(line, &event);
}

/* One device. *away is set when a server could not be asked; the return value is the ledger's. */
static int deliver(struct line *line, const struct signet_lease *lease, uint64_t *registered,
                   struct signet_error *away, struct signet_error *err)
{
    struct signet_error why = {0};
    double begin = clock_seconds();
    int rc = ask_servers(line, lease, &why);

    if (rc == SIGNET_OK) {
        double seconds = clock_seconds() - begin;
        why = (struct signet_error){0};
        ++*registered;
        pthread_mutex_lock(&line->lock);
        takt_add(&line->takts[STAGE_REGISTER], seconds);
        pthread_mutex_unlock(&line->lock);
        tell(line, SIGNET_EVENT_STAGE_END, seconds, lease->endpoint, NULL);
    } else if (is_away(rc, &why)) {
        *away = why;
        why.code = SIGNET_E_BUSY;
    } else {
        pthread_mutex_lock(&line->lock);
        line->report.failed++;
        if (rc < SIGNET_LINE_CODES)
            line->report.errors[rc]++;
        pthread_mutex_unlock(&line->lock);
        error_prefix(&why, "%s is on its board, but the server refuses it", lease->endpoint);
        tell(line, SIGNET_EVENT_STAGE_END, 0, lease->endpoint, &why);
    }
    return signet_ledger_delivered(line->job->ledger, "servers", lease, 1, &why, err);
}

int outbox_round(struct line *line, uint64_t *registered, struct signet_error *away,
                 struct signet_error *err)
{
    const struct signet_error later = {.code = SIGNET_E_BUSY};
    struct signet_lease leases[BATCH];
    int64_t after = 0;
    size_t count = line->job->server_count > 0;
    int rc = SIGNET_OK;

    while (rc == SIGNET_OK && count > 0 && !away->code) {
        rc = signet_ledger_waiting(line->job->ledger, line->job->order, "servers", &after, leases,
                                   BATCH, &count, err);
        for (size_t i = 0; i < count && rc == SIGNET_OK; i++) {
            if (away->code)
                rc = signet_ledger_delivered(line->job->ledger, "servers", &leases[i], 1, &later,
                                             err);
            else
                rc = deliver(line, &leases[i], registered, away, err);
        }
        if (rc == SIGNET_OK)
            rc = finish_settled(line, err);
    }
    return rc == SIGNET_OK ? finish_settled(line, err) : rc;
}

/* Until something is there to do, or the time is over. False: it is time to end. */
static bool wait_for_work(struct line *line, unsigned *seen, int64_t until)
{
    bool go_on = true;

    pthread_mutex_lock(&line->lock);
    while (go_on && clock_ms() < until && (*seen == line->poked || until != INT64_MAX)) {
        struct timespec at;
        if (line->closing && until == INT64_MAX) {
            go_on = false;
            break;
        }
        clock_gettime(CLOCK_MONOTONIC, &at);
        at.tv_nsec += LOOK_MS * 1000000L / 5;
        if (at.tv_nsec >= 1000000000L) {
            at.tv_sec++;
            at.tv_nsec -= 1000000000L;
        }
        pthread_cond_timedwait(&line->changed, &line->lock, &at);
        go_on = !signet_cancel_fired(line->stop);
    }
    *seen = line->poked;
    pthread_mutex_unlock(&line->lock);
    return go_on && !signet_cancel_fired(line->stop);
}

static bool is_closing(struct line *line)
{
    pthread_mutex_lock(&line->lock);
    bool closing = line->closing;
    pthread_mutex_unlock(&line->lock);
    return closing;
}

void *outbox_run(void *arg)
{
    struct line *line = arg;
    struct signet_error err = {0}, away = {0};
    int64_t pause = FIRST_PAUSE_MS, end = 0;
    int sync = line->job->sync_seconds > 0 ? line->job->sync_seconds : SYNC_SECONDS;
    uint64_t registered = 0;
    unsigned seen = 0;
    bool told = false;

    for (;;) {
        bool closing = is_closing(line);
        if (closing && !end)
            end = clock_ms() + (int64_t)sync * 1000;
        away = (struct signet_error){0};
        registered = 0;
        if (outbox_round(line, &registered, &away, &err) != SIGNET_OK) {
            line_stop(line, &err);
            break;
        }
        pthread_mutex_lock(&line->lock);
        line->report.registered += line->job->server_count > 0 ? registered : 0;
        pthread_mutex_unlock(&line->lock);
        if ((registered || away.code) && line_count(line, &err) != SIGNET_OK)
            line_stop(line, &err);
        if (away.code && !told && away.code != SIGNET_E_CANCELLED) {
            error_prefix(&away, "devices wait for their registration");
            tell(line, SIGNET_EVENT_WARNING, 0, NULL, &away);
        }
        told = away.code != SIGNET_OK;
        if (closing && (!away.code || clock_ms() >= end))
            break;
        pause = !away.code ? FIRST_PAUSE_MS : pause * 2 < LAST_PAUSE_MS ? pause * 2 : LAST_PAUSE_MS;
        int64_t until = away.code ? clock_ms() + (closing ? FIRST_PAUSE_MS : pause) : INT64_MAX;
        if (!wait_for_work(line, &seen, until) && (signet_cancel_fired(line->stop)))
            break;
    }
    return NULL;
}
