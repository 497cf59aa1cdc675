/* SPDX-License-Identifier: Apache-2.0 */
/* Devices on their way to one server, a batch at a time. */
#include "outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 64, BATCH_MAX = 512 };

/* All arrays have room for size devices. */
struct courier {
    struct line *line;
    struct signet_server *server;
    struct signet_line_server_report *report;
    size_t size;
    int64_t after;                 /* the ledger's place in this round */
    struct signet_error elsewhere; /* in this round: why a device's credentials are not here */
    struct signet_lease *leases;
    struct signet_error *outcomes;
    struct signet_line_unit *units; /* those that could be opened, without gaps */
    struct signet_device *devices;
    struct signet_server_result *results;
    size_t *lease_of; /* of a unit */
};

int courier_open(struct courier **out, struct line *line, size_t server, struct signet_error *err)
{
    struct courier *c = calloc(1, sizeof(*c));
    struct signet_server_capabilities can;

    if (!c)
        return error_nomem(err);
    c->line = line;
    c->server = line->job->servers[server];
    c->report = &line->report.servers[server];
    signet_server_capabilities(c->server, &can);
    c->size = can.batch_max > BATCH ? can.batch_max : BATCH;
    c->size = c->size > BATCH_MAX ? BATCH_MAX : c->size;
    c->leases = calloc(c->size, sizeof(*c->leases));
    c->outcomes = calloc(c->size, sizeof(*c->outcomes));
    c->units = calloc(c->size, sizeof(*c->units));
    c->devices = calloc(c->size, sizeof(*c->devices));
    c->results = calloc(c->size, sizeof(*c->results));
    c->lease_of = calloc(c->size, sizeof(*c->lease_of));
    if (!c->leases || !c->outcomes || !c->units || !c->devices || !c->results || !c->lease_of) {
        courier_close(&c);
        return error_nomem(err);
    }
    *out = c;
    return SIGNET_OK;
}

void courier_close(struct courier **courier)
{
    struct courier *c = *courier;

    if (!c)
        return;
    free(c->leases);
    free(c->outcomes);
    free(c->units);
    free(c->devices);
    free(c->results);
    free(c->lease_of);
    free(c);
    *courier = NULL;
}

/* What was sealed for the devices; *opened of them. Whose credentials are not here waits: they may
 * be at the station that made it. */
static int open_units(struct courier *c, size_t count, size_t *opened, struct signet_error *err)
{
    const struct signet_line_units *units = c->line->job->units;
    int rc = SIGNET_OK;

    *opened = 0;
    for (size_t i = 0; rc == SIGNET_OK && i < count; i++) {
        struct signet_line_unit *unit = &c->units[*opened];

        c->outcomes[i] = (struct signet_error){0};
        rc = units->open(units->ctx, c->leases[i].endpoint, unit, &c->outcomes[i]);
        if (rc == SIGNET_OK) {
            c->devices[*opened] = unit->device;
            c->lease_of[(*opened)++] = i;
        } else if (rc == SIGNET_E_NOMEM || rc == SIGNET_E_IO) {
            if (err)
                *err = c->outcomes[i];
        } else {
            rc = SIGNET_OK;
        }
    }
    return rc;
}

static void close_units(struct courier *c, size_t opened)
{
    const struct signet_line_units *units = c->line->job->units;

    for (size_t i = 0; i < opened; i++)
        units->free(units->ctx, &c->units[i]);
}

/* What could not be had now stays as it is. */
static void put_off(struct courier *c, struct signet_error *outcome, struct signet_error *why)
{
    if (why->code == SIGNET_OK) {
        *why = *outcome;
        error_prefix(why, "%s", c->report->name);
    }
    outcome->code = SIGNET_E_BUSY; /* the ledger's word for it */
}

/* Asks the server; then outcomes are final, but for those that wait. */
static void ask(struct courier *c, size_t count, size_t opened, struct round *round)
{
    for (size_t i = 0; i < count; i++)
        if (c->outcomes[i].code != SIGNET_OK)
            put_off(c, &c->outcomes[i], &c->elsewhere);
    if (opened) {
        failpoint("before-register");
        signet_server_add_batch(c->server, c->devices, opened, c->results, NULL);
        failpoint("after-register");
    }
    for (size_t i = 0; i < opened; i++) {
        struct signet_error *outcome = &c->outcomes[c->lease_of[i]];

        *outcome = c->results[i].error;
        if (outcome->code == SIGNET_OK)
            continue;
        if (is_away((int)outcome->code, outcome))
            put_off(c, outcome, &round->away);
        else
            error_prefix(outcome, "%s is on its board, but %s refuses it", c->devices[i].endpoint,
                         c->report->name);
    }
}

static void tell(struct courier *c, size_t count, double seconds, struct round *round)
{
    struct line *line = c->line;
    uint64_t taken = 0, refused = 0;

    for (size_t i = 0; i < count; i++) {
        struct signet_error *outcome = &c->outcomes[i];

        if (outcome->code == SIGNET_OK) {
            taken++;
            line_cycle(line, STAGE_REGISTER, seconds);
            outbox_tell(line, SIGNET_EVENT_STAGE_END, STAGE_REGISTER, seconds,
                        c->leases[i].endpoint, NULL);
        } else if (outcome->code != SIGNET_E_BUSY) {
            refused++;
            outbox_refused(line, STAGE_REGISTER, c->leases[i].endpoint, outcome);
        }
    }
    pthread_mutex_lock(&line->lock);
    c->report->registered += taken;
    c->report->refused += refused;
    pthread_mutex_unlock(&line->lock);
    round->moved += taken + refused;
}

/* The next devices; *count 0: there are none. */
static int one_batch(struct courier *c, size_t *count, struct round *round,
                     struct signet_error *err)
{
    const struct signet_line *job = c->line->job;
    const char *name = c->report->name;
    double begin = clock_seconds();
    size_t opened = 0;
    int rc = signet_ledger_waiting(job->ledger, job->order, name, &c->after, c->leases, c->size,
                                   count, err);

    if (rc != SIGNET_OK || *count == 0)
        return rc;
    rc = open_units(c, *count, &opened, err);
    if (rc == SIGNET_OK)
        ask(c, *count, opened, round);
    close_units(c, opened);
    failpoint("before-delivered");
    if (rc == SIGNET_OK)
        rc = signet_ledger_delivered(job->ledger, name, c->leases, *count, c->outcomes, err);
    failpoint("after-delivered");
    if (rc == SIGNET_OK)
        tell(c, *count, (clock_seconds() - begin) / (double)*count, round);
    return rc;
}

int courier_round(struct courier *c, struct round *round, struct signet_error *err)
{
    size_t count = 0;
    int rc;

    c->after = 0;
    c->elsewhere = (struct signet_error){0};
    do
        rc = one_batch(c, &count, round, err);
    while (rc == SIGNET_OK && count > 0 && round->away.code == SIGNET_OK && !line_stopped(c->line));
    if (round->away.code == SIGNET_OK)
        round->away = c->elsewhere;
    pthread_mutex_lock(&c->line->lock);
    c->report->away = round->away;
    pthread_mutex_unlock(&c->line->lock);
    return rc;
}

int courier_waiting(struct courier *c, int64_t *waiting, struct signet_error *err)
{
    const struct signet_line *job = c->line->job;
    size_t count = 0;
    int rc;

    *waiting = 0;
    c->after = 0;
    do {
        rc = signet_ledger_waiting(job->ledger, job->order, c->report->name, &c->after, c->leases,
                                   c->size, &count, err);
        for (size_t i = 0; i < count; i++)
            c->outcomes[i] = (struct signet_error){.code = SIGNET_E_BUSY};
        if (rc == SIGNET_OK && count > 0)
            rc = signet_ledger_delivered(job->ledger, c->report->name, c->leases, count,
                                         c->outcomes, err);
        *waiting += (int64_t)count;
    } while (rc == SIGNET_OK && count > 0);
    return rc;
}
