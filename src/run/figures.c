/* SPDX-License-Identifier: Apache-2.0 */
#include "run/figures.h"
#include "base/base.h"

#include <signet/run.h>
#include <stdio.h>

_Static_assert((int)SIGNET_STATUS_CODES == (int)SIGNET_RUN_CODES, "both count by code");

static const double bounds[SIGNET_CYCLE_BOUNDS] = {1, 2, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300};

double signet_cycle_bound(size_t i)
{
    return bounds[i];
}

void figures_add_board(struct status_figures *f, enum signet_slot_state state, double seconds,
                       const struct signet_error *why)
{
    size_t i = 0;

    if (state == SIGNET_SLOT_MADE_BEFORE)
        f->now.made_before++;
    if (state == SIGNET_SLOT_FAIL && why && (unsigned)why->code < SIGNET_STATUS_CODES)
        f->now.errors[why->code]++;
    if (state != SIGNET_SLOT_PASS)
        return;
    while (i < SIGNET_CYCLE_BOUNDS && seconds > bounds[i])
        i++;
    f->now.cycles[i]++;
    f->now.cycle_seconds += seconds;
}

/* The place of an alarm with this text; else a free one, or that of the oldest. */
static size_t alarm_place(const struct status_figures *f, const char *text)
{
    size_t oldest = 0;

    for (size_t i = 0; i < f->now.alarm_count; i++) {
        if (strcmp(f->now.alarms[i].text, text) == 0)
            return i;
        oldest = f->came[i] < f->came[oldest] ? i : oldest;
    }
    return f->now.alarm_count < SIGNET_ALARMS ? f->now.alarm_count : oldest;
}

static void add_alarm(struct status_figures *f, const struct signet_error *why)
{
    struct signet_alarm alarm = {.count = 1};

    snprintf(alarm.text, sizeof(alarm.text), "%.255s", why->msg);
    snprintf(alarm.hint, sizeof(alarm.hint), "%.255s", why->hint);
    size_t i = alarm_place(f, alarm.text);
    if (i == f->now.alarm_count)
        f->now.alarm_count++;
    else if (strcmp(f->now.alarms[i].text, alarm.text) == 0)
        alarm.count += f->now.alarms[i].count;
    f->now.alarms[i] = alarm;
    f->came[i] = clock_seconds();
}

bool signet_event_is_retry(const struct signet_event *event)
{
    return event->kind == SIGNET_EVENT_RETRY && event->board && event->stage &&
           strcmp(event->stage, "device") == 0;
}

/* A device that is set aside after its board passed, or without a board, is seen in no slot. */
static bool is_alarm(const struct signet_event *event)
{
    return event->kind == SIGNET_EVENT_WARNING || event->kind == SIGNET_EVENT_ERROR ||
           (event->kind == SIGNET_EVENT_STAGE_END && !event->board);
}

void figures_add_event(struct status_figures *f, const struct signet_event *event)
{
    f->now.retries += signet_event_is_retry(event);
    if (event->error && is_alarm(event))
        add_alarm(f, event->error);
}

void figures_read(const struct status_figures *f, struct signet_figures *out)
{
    *out = f->now;
    for (size_t i = 0; i < out->alarm_count; i++)
        out->alarms[i].seconds = clock_seconds() - f->came[i];
}
