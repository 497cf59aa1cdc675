/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the panel, and how they look at a given width. */
#include "panel_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *word, *colour;
} lamps[] = {
    [LAMP_EMPTY] = {"empty", "\033[2m"},   [LAMP_WORK] = {"WORK", "\033[1;33m"},
    [LAMP_PASS] = {"PASS", "\033[1;32m"},  [LAMP_FAIL] = {"FAIL", "\033[1;31m"},
    [LAMP_CLOSED] = {"closed", "\033[2m"},
};

/* In the order in which they come, for the bar. */
static const char *const stages[] = {"flash", "name", "credentials", "load", "result", "final"};
enum { STAGES = sizeof(stages) / sizeof(stages[0]) };

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

bool panel_rows_init(struct panel_rows *p, const struct signet_order *order)
{
    *p = (struct panel_rows){.order = order->name,
                             .count = order->slot_count,
                             .quota = (uint64_t)order->quota,
                             .begin = now()};
    p->rows = calloc(order->slot_count + 1, sizeof(*p->rows));
    for (size_t i = 0; p->rows && i < p->count; i++)
        p->rows[i].name = order->slots[i].name;
    return p->rows != NULL;
}

void panel_rows_free(struct panel_rows *p)
{
    free(p->rows);
    p->rows = NULL;
}

static void take_slot(struct panel_rows *p, struct panel_row *row, const struct signet_event *event)
{
    const char *state = event->stage;
    if (!strcmp(state, "working")) {
        *row = (struct panel_row){.name = row->name, .lamp = LAMP_WORK, .since = now()};
        return;
    }
    if (!strcmp(state, "pass") || !strcmp(state, "fail")) {
        bool pass = state[0] == 'p';
        row->took = now() - row->since;
        row->lamp = pass ? LAMP_PASS : LAMP_FAIL;
        p->passed += pass;
        p->failed += !pass;
        p->first_pass += pass && !row->again;
    } else if (!strcmp(state, "empty")) {
        row->lamp = LAMP_EMPTY;
    } else if (row->lamp != LAMP_PASS && row->lamp != LAMP_FAIL) {
        row->lamp = LAMP_CLOSED; /* else the last board's lamp stays: that is what counts */
    }
}

bool panel_again(const struct signet_event *event)
{
    return event->kind == SIGNET_EVENT_RETRY && event->board && event->stage &&
           !strcmp(event->stage, "device");
}

void panel_rows_take(struct panel_rows *p, const struct signet_event *event)
{
    struct panel_row *row = NULL;
    if (event->kind == SIGNET_EVENT_TOTALS && !strcmp(event->stage, "order")) {
        p->made = event->done;
        p->quota = event->total;
        p->before = p->counted ? p->before : p->made;
        p->counted = true;
    } else if (event->kind == SIGNET_EVENT_PROGRESS && !p->count) {
        p->made = event->done;
    } else if (event->kind == SIGNET_EVENT_TOTALS) {
        p->waiting = event->total;
    }
    for (size_t i = 0; event->board && i < p->count; i++)
        if (!strcmp(p->rows[i].name, event->board))
            row = &p->rows[i];
    if (!row)
        return;
    if (event->endpoint)
        snprintf(row->endpoint, sizeof(row->endpoint), "%s", event->endpoint);
    if (event->kind == SIGNET_EVENT_SLOT)
        take_slot(p, row, event);
    row->again = row->again || panel_again(event);
    if (event->kind == SIGNET_EVENT_STAGE_BEGIN) {
        snprintf(row->stage, sizeof(row->stage), "%s", event->stage);
        row->done = row->total = 0;
        for (unsigned i = 0; i < STAGES; i++)
            if (!strcmp(stages[i], event->stage))
                row->step = i;
    }
    if (event->kind == SIGNET_EVENT_PROGRESS) {
        row->done = event->done;
        row->total = event->total;
    }
}

static void put_bar(FILE *to, const struct panel_row *row, int width)
{
    double part = row->total ? (double)row->done / (double)row->total : 0;
    double whole = ((double)row->step + (part > 1 ? 1 : part)) / (double)STAGES;
    int full = row->lamp == LAMP_PASS ? width : (int)(whole * width + 0.5);
    if (row->lamp == LAMP_EMPTY || row->lamp == LAMP_CLOSED)
        full = 0;
    fputc('[', to);
    for (int i = 0; i < width; i++)
        fputc(i < full ? '#' : '.', to);
    fputc(']', to);
}

/* Names differ at their ends: that is what is left of one without room. */
static void put_end(FILE *to, const char *name, size_t room)
{
    size_t len = strlen(name);
    if (len <= room)
        fprintf(to, "  %s", name);
    else
        fprintf(to, "  ..%s", name + len - (room - 2));
}

/* Slot, lamp, endpoint, stage, bar, seconds; what does not fit is left out, the lamp last. */
static void put_row(FILE *to, const struct panel_row *row, int width, bool colour)
{
    bool shows = row->lamp == LAMP_WORK || row->lamp == LAMP_PASS || row->lamp == LAMP_FAIL;
    double seconds = row->lamp == LAMP_WORK ? now() - row->since : shows ? row->took : 0;
    int left = width - 16; /* slot 8, blank, lamp 6, blank */
    fprintf(to, "%-8.8s %s%-6s%s", row->name, colour ? lamps[row->lamp].colour : "",
            lamps[row->lamp].word, colour ? "\033[0m" : "");
    if (left >= 10) {
        fprintf(to, " %7.1f s", seconds);
        left -= 10;
    }
    if (left >= 13) {
        fprintf(to, "  %-11.11s", shows ? row->stage : "");
        left -= 13;
    }
    int bar = left >= 60 ? 20 : left >= 30 ? 10 : 0;
    if (bar) {
        fputc(' ', to);
        put_bar(to, row, bar);
        left -= bar + 3;
    }
    if (left >= 8 && shows)
        put_end(to, row->endpoint, (size_t)left - 2);
    fputc('\n', to);
}

static void put_time(char *to, size_t size, double seconds)
{
    int s = (int)(seconds + 0.5);
    snprintf(to, size, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
}

/* Without slots: one line is all. */
static void put_mint(const struct panel_rows *p, FILE *to, int width)
{
    char text[320], eta[32] = "-", wait[64] = "";
    double elapsed = now() - p->begin;
    double rate = elapsed > 0 ? (double)(p->made - p->before) / elapsed : 0;
    uint64_t left = p->quota > p->made ? p->quota - p->made : 0;
    if (rate > 0 && (double)left / rate < 360000)
        put_time(eta, sizeof(eta), (double)left / rate);
    if (p->waiting)
        snprintf(wait, sizeof(wait), "  %" PRIu64 " wait for servers", p->waiting);
    snprintf(text, sizeof(text), "%s: %" PRIu64 "/%" PRIu64 " devices  %.0f/s  ETA %s%s", p->order,
             p->made, p->quota, rate, eta, wait);
    fprintf(to, "%.*s\n", width, text);
}

static void put_totals(const struct panel_rows *p, FILE *to, int width)
{
    char text[320], eta[32] = "-";
    double elapsed = now() - p->begin;
    double rate = elapsed > 0 ? (double)p->passed / elapsed : 0;
    uint64_t left = p->quota > p->made ? p->quota - p->made : 0;
    uint64_t boards = p->passed + p->failed;
    if (rate > 0 && (double)left / rate < 360000)
        put_time(eta, sizeof(eta), (double)left / rate);
    snprintf(text, sizeof(text),
             "%s: %" PRIu64 "/%" PRIu64 "  failed %" PRIu64 "  first pass %.0f %%  %.0f/h  ETA %s"
             "%s",
             p->order, p->made, p->quota, p->failed,
             boards ? 100.0 * (double)p->first_pass / (double)boards : 0, rate * 3600, eta,
             p->waiting ? "  " : "");
    size_t used = strlen(text);
    if (p->waiting)
        snprintf(text + used, sizeof(text) - used, "%" PRIu64 " wait for servers", p->waiting);
    fprintf(to, "%.*s\n", width, text);
}

/* Slots that have no line of their own. */
static void put_rest(const struct panel_rows *p, FILE *to, size_t first, int width)
{
    size_t counts[sizeof(lamps) / sizeof(lamps[0])] = {0};
    char text[160];
    int used = snprintf(text, sizeof(text), "... %zu more slots:", p->count - first);
    for (size_t i = first; i < p->count; i++)
        counts[p->rows[i].lamp]++;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        if (counts[i])
            used += snprintf(text + used, sizeof(text) - (size_t)used, "  %zu %s", counts[i],
                             lamps[i].word);
    fprintf(to, "%.*s\n", width, text);
}

int panel_rows_draw(const struct panel_rows *p, FILE *to, int width, int height, bool colour)
{
    size_t room = height > 2 ? (size_t)height - 1 : 1;
    size_t shown = p->count <= room ? p->count : room - 1;
    int lines = 1;
    if (!p->count) {
        put_mint(p, to, width - 1);
        return lines;
    }
    for (size_t i = 0; i < shown; i++, lines++)
        put_row(to, &p->rows[i], width - 1, colour);
    if (shown < p->count) {
        put_rest(p, to, shown, width - 1);
        lines++;
    }
    put_totals(p, to, width - 1);
    return lines;
}
