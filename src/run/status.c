/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job.h"
#include "run/control.h"
#include "run/figures.h"

#include <signet/status.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = STAGE_FINAL + 1 }; /* the stages of a board */

static const char *const slot_states[] = {
    [SIGNET_SLOT_EMPTY] = "empty",   [SIGNET_SLOT_WORKING] = "working",
    [SIGNET_SLOT_PASS] = "pass",     [SIGNET_SLOT_FAIL] = "fail",
    [SIGNET_SLOT_CLOSED] = "closed", [SIGNET_SLOT_MADE_BEFORE] = "made-before",
    [SIGNET_SLOT_HALTED] = "halted", [SIGNET_SLOT_WAITING] = "waiting",
};

const char *signet_slot_state_name(enum signet_slot_state state)
{
    return (size_t)state < SIGNET_SLOT_STATES ? slot_states[state] : "?";
}

int control_state(const char *name)
{
    int i = 0;

    while (i < SIGNET_SLOT_STATES && strcmp(slot_states[i], name) != 0)
        i++;
    return i;
}

struct slot_status {
    struct signet_slot_status now;
    double began; /* clock_seconds() */
    enum job_stage step;
};

struct signet_status {
    pthread_mutex_t lock;
    struct signet_order_status order;
    struct status_figures figures;
    double began;
    bool counted; /* made_before is known */
    size_t count;
    struct slot_status slots[];
};

_Static_assert((int)SIGNET_PERSON_SIZE == PERSON_MAX + 1, "the names that are checked fit");

static void put_person(char to[SIGNET_PERSON_SIZE], const char *name)
{
    snprintf(to, SIGNET_PERSON_SIZE, "%s", name ? name : "");
}

int signet_status_new(struct signet_status **out, const struct signet_order *order,
                      struct signet_error *err)
{
    struct signet_status *s = calloc(1, sizeof(*s) + order->slot_count * sizeof(s->slots[0]));

    if (!s)
        return error_nomem(err);
    pthread_mutex_init(&s->lock, NULL);
    s->order = (struct signet_order_status){.name = order->name, .quota = (uint64_t)order->quota};
    s->order.scans = order->scan.used || order->label.scan_back;
    s->order.server_count = order->server_count;
    for (size_t i = 0; i < order->server_count; i++)
        s->order.servers[i] = order->servers[i].name;
    s->order.notify_count = order->notify_count;
    for (size_t i = 0; i < order->notify_count; i++)
        s->order.notify[i].name = order->notify[i].name;
    if (order->label.printer) /* devices wait for it as for a server */
        s->order.servers[s->order.server_count++] = SIGNET_LEDGER_LABEL;
    if (order->label.scan_back)
        s->order.servers[s->order.server_count++] = SIGNET_LEDGER_SCANNER;
    put_person(s->order.operator_name, order->operator_name);
    put_person(s->order.shift, order->shift);
    s->began = clock_seconds();
    s->count = order->slot_count;
    for (size_t i = 0; i < s->count; i++)
        s->slots[i].now.name = order->slots[i].name;
    *out = s;
    return SIGNET_OK;
}

void signet_status_free(struct signet_status **status)
{
    if (*status)
        pthread_mutex_destroy(&(*status)->lock);
    free(*status);
    *status = NULL;
}

static void set_reason(struct slot_status *slot, const struct signet_error *why)
{
    snprintf(slot->now.reason, sizeof(slot->now.reason), "%.255s", why ? why->msg : "");
    snprintf(slot->now.hint, sizeof(slot->now.hint), "%.255s", why ? why->hint : "");
}

static void end_slot(struct signet_status *s, struct slot_status *slot,
                     enum signet_slot_state state, const struct signet_error *why)
{
    bool pass = state == SIGNET_SLOT_PASS;

    slot->now.state = state;
    slot->now.seconds = clock_seconds() - slot->began;
    if (pass)
        slot->now.part = 1;
    if (why)
        set_reason(slot, why);
    figures_add_board(&s->figures, state, slot->now.seconds, why);
    s->order.passed += pass;
    s->order.failed += state == SIGNET_SLOT_FAIL;
    s->order.first_pass += pass && !slot->now.retried;
}

static void add_state(struct signet_status *s, struct slot_status *slot,
                      const struct signet_event *event)
{
    int known = control_state(event->stage); /* a slot that is stopped is closed, too */
    enum signet_slot_state now = slot->now.state, state = known < SIGNET_SLOT_STATES
                                                              ? (enum signet_slot_state)known
                                                              : SIGNET_SLOT_CLOSED;
    bool ended = now == SIGNET_SLOT_PASS || now == SIGNET_SLOT_FAIL ||
                 now == SIGNET_SLOT_MADE_BEFORE || now == SIGNET_SLOT_HALTED;

    switch (state) {
    case SIGNET_SLOT_WAITING:
    case SIGNET_SLOT_HALTED:
        slot->now.state = state;
        set_reason(slot, event->error);
        break;
    case SIGNET_SLOT_WORKING:
        *slot = (struct slot_status){
            .now = {.name = slot->now.name, .off = slot->now.off, .state = state},
            .began = clock_seconds()};
        break;
    case SIGNET_SLOT_PASS:
    case SIGNET_SLOT_FAIL:
    case SIGNET_SLOT_MADE_BEFORE:
        end_slot(s, slot, state, event->error);
        break;
    case SIGNET_SLOT_CLOSED: /* the last board's outcome stays: that is what counts */
        slot->now.state = ended ? now : state;
        break;
    case SIGNET_SLOT_EMPTY:
        slot->now.state = state;
    }
}

/* What a person may ask for is over once one did. */
static void add_may(struct slot_status *slot, const struct signet_event *event)
{
    bool asked = strcmp(event->stage, "retry") == 0 || strcmp(event->stage, "rework") == 0;

    if (event->kind == SIGNET_EVENT_SLOT || asked)
        snprintf(slot->now.may, sizeof(slot->now.may), "%s", event->may ? event->may : "");
}

static void add_part(struct slot_status *slot, uint64_t done, uint64_t total)
{
    double part = total ? (double)done / (double)total : 0;

    slot->now.part = ((double)slot->step + (part > 1 ? 1 : part)) / (double)STEPS;
}

static void add_to_slot(struct signet_status *s, struct slot_status *slot,
                        const struct signet_event *event)
{
    if (event->endpoint)
        snprintf(slot->now.endpoint, sizeof(slot->now.endpoint), "%s", event->endpoint);
    if (event->kind == SIGNET_EVENT_SLOT)
        add_state(s, slot, event);
    if (event->kind == SIGNET_EVENT_LINE)
        slot->now.off =
            strcmp(event->stage, "off") == 0 || (slot->now.off && strcmp(event->stage, "on") != 0);
    if (event->kind == SIGNET_EVENT_SLOT || event->kind == SIGNET_EVENT_LINE)
        add_may(slot, event);
    slot->now.retried = slot->now.retried || signet_event_is_retry(event);
    if (event->kind == SIGNET_EVENT_STAGE_BEGIN) {
        snprintf(slot->now.stage, sizeof(slot->now.stage), "%s", event->stage);
        for (enum job_stage i = 0; i <= STAGE_FINAL; i++)
            slot->step = strcmp(job_stage_name(i), event->stage) == 0 ? i : slot->step;
        add_part(slot, 0, 0);
    }
    if (event->kind == SIGNET_EVENT_PROGRESS)
        add_part(slot, event->done, event->total);
}

/* What somebody changed while the line runs. */
static void add_change(struct signet_order_status *o, const struct signet_event *event)
{
    if (strcmp(event->stage, "operator") == 0)
        put_person(o->operator_name, event->name);
    else if (strcmp(event->stage, "shift") == 0)
        put_person(o->shift, event->name);
    else if (strcmp(event->stage, "stopping") == 0)
        o->stopping = true;
    else if (strcmp(event->stage, "paused") == 0 || strcmp(event->stage, "resumed") == 0)
        o->paused = strcmp(event->stage, "paused") == 0;
}

static void add_told(struct signet_order_status *o, const struct signet_event *event)
{
    for (size_t i = 0; i < o->notify_count; i++) {
        struct signet_notify_status *n = &o->notify[i];

        if (strcmp(n->name, event->name) != 0)
            continue;
        n->told = event->done;
        n->waiting = event->total - event->done;
        snprintf(n->away, sizeof(n->away), "%.255s", event->error ? event->error->msg : "");
    }
}

static void add_to_order(struct signet_status *s, const struct signet_event *event)
{
    struct signet_order_status *o = &s->order;

    if (event->kind == SIGNET_EVENT_TOTALS && strcmp(event->stage, "order") == 0) {
        o->made = event->done;
        o->quota = event->total;
        o->made_before = s->counted ? o->made_before : o->made;
        s->counted = true;
    } else if (event->kind == SIGNET_EVENT_TOTALS && strcmp(event->stage, "notify") == 0) {
        add_told(o, event);
    } else if (event->kind == SIGNET_EVENT_TOTALS) {
        o->waiting = event->total;
    } else if (event->kind == SIGNET_EVENT_PROGRESS && s->count == 0) {
        o->made = event->done;
    } else if (event->kind == SIGNET_EVENT_LINE) {
        add_change(o, event);
    }
}

void signet_status_add(struct signet_status *s, const struct signet_event *event)
{
    pthread_mutex_lock(&s->lock);
    add_to_order(s, event);
    figures_add_event(&s->figures, event);
    for (size_t i = 0; event->board && i < s->count; i++)
        if (strcmp(s->slots[i].now.name, event->board) == 0)
            add_to_slot(s, &s->slots[i], event);
    pthread_mutex_unlock(&s->lock);
}

size_t signet_status_slot_count(const struct signet_status *status)
{
    return status->count;
}

void signet_status_slot(struct signet_status *s, size_t i, struct signet_slot_status *out)
{
    pthread_mutex_lock(&s->lock);
    *out = s->slots[i].now;
    if (out->state == SIGNET_SLOT_WORKING)
        out->seconds = clock_seconds() - s->slots[i].began;
    pthread_mutex_unlock(&s->lock);
}

void signet_status_order(struct signet_status *s, struct signet_order_status *out)
{
    pthread_mutex_lock(&s->lock);
    *out = s->order;
    pthread_mutex_unlock(&s->lock);
    out->seconds = clock_seconds() - s->began;
    double made = (double)(out->made - out->made_before);
    double left = out->quota > out->made ? (double)(out->quota - out->made) : 0;
    out->left = out->made > out->made_before ? out->seconds / made * left : -1;
}

void signet_status_figures(struct signet_status *s, struct signet_figures *out)
{
    pthread_mutex_lock(&s->lock);
    figures_read(&s->figures, out);
    pthread_mutex_unlock(&s->lock);
}
