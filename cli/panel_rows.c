/* SPDX-License-Identifier: Apache-2.0 */
/* How the status of a run looks at a given width of a terminal. */
#include "panel.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    const char *word, *colour;
} states[] = {
    [SIGNET_SLOT_EMPTY] = {"empty", "\033[2m"},
    [SIGNET_SLOT_WORKING] = {"WORK", "\033[1;33m"},
    [SIGNET_SLOT_PASS] = {"PASS", "\033[1;32m"},
    [SIGNET_SLOT_FAIL] = {"FAIL", "\033[1;31m"},
    [SIGNET_SLOT_MADE_BEFORE] = {"MADE", "\033[1;36m"},
    [SIGNET_SLOT_HALTED] = {"STOP", "\033[1;31m"},
    [SIGNET_SLOT_WAITING] = {"WAIT", "\033[1;33m"},
    [SIGNET_SLOT_CLOSED] = {"closed", "\033[2m"},
};

static void put_slot_bar(FILE *to, const struct signet_slot_status *slot, int width)
{
    int full = (int)(slot->part * width + 0.5);
    if (slot->state == SIGNET_SLOT_EMPTY || slot->state == SIGNET_SLOT_CLOSED)
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

/* Slot, lamp, endpoint, stage, bar, seconds; what does not fit is left out, the state last. */
static void put_slot(FILE *to, const struct signet_slot_status *slot, int width, bool colour)
{
    bool shows = slot->state == SIGNET_SLOT_WORKING || slot->state == SIGNET_SLOT_PASS ||
                 slot->state == SIGNET_SLOT_MADE_BEFORE || slot->state == SIGNET_SLOT_FAIL;
    double seconds = shows ? slot->seconds : 0;
    int left = width - 16; /* slot 8, blank, state 6, blank */
    fprintf(to, "%-8.8s %s%-6s%s", slot->name, colour ? states[slot->state].colour : "",
            states[slot->state].word, colour ? "\033[0m" : "");
    if (left >= 10) {
        fprintf(to, " %7.1f s", seconds);
        left -= 10;
    }
    if (left >= 13) {
        fprintf(to, "  %-11.11s", shows ? slot->stage : "");
        left -= 13;
    }
    int bar = left >= 60 ? 20 : left >= 30 ? 10 : 0;
    if (bar) {
        fputc(' ', to);
        put_slot_bar(to, slot, bar);
        left -= bar + 3;
    }
    if (left >= 8 && shows)
        put_end(to, slot->endpoint, (size_t)left - 2);
    fputc('\n', to);
}

static void put_time(char *to, size_t size, double seconds)
{
    int s = (int)(seconds + 0.5);
    snprintf(to, size, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
}

/* Of the order, in one line. */
static void put_totals(const struct signet_order_status *o, bool slots, FILE *to, int width)
{
    char text[480], eta[32] = "-", wait[64] = "";
    uint64_t boards = o->passed + o->failed, made = o->made - o->made_before;
    if (o->left >= 0 && o->left < 360000)
        put_time(eta, sizeof(eta), o->left);
    if (o->waiting)
        snprintf(wait, sizeof(wait), "  %s",
                 COUNT(o->waiting, "waits for servers", "wait for servers"));
    if (slots)
        snprintf(text, sizeof(text),
                 "%s: %" PRIu64 "/%" PRIu64 "  failed %" PRIu64
                 "  first pass %.0f %%  %.0f/h  ETA %s%s",
                 o->name, o->made, o->quota, o->failed,
                 boards ? 100.0 * (double)o->first_pass / (double)boards : 0,
                 o->seconds > 0 ? (double)o->passed / o->seconds * 3600 : 0, eta, wait);
    else
        snprintf(text, sizeof(text), "%s: %" PRIu64 "/%s  %.0f/s  ETA %s%s", o->name, o->made,
                 COUNT(o->quota, "device", "devices"),
                 o->seconds > 0 ? (double)made / o->seconds : 0, eta, wait);
    fprintf(to, "%.*s\n", width, text);
}

/* Slots that have no line of their own. */
static void put_rest(struct signet_status *status, FILE *to, size_t first, int width)
{
    size_t counts[sizeof(states) / sizeof(states[0])] = {0};
    size_t count = signet_status_slot_count(status);
    struct signet_slot_status slot;
    char text[160];
    int used =
        snprintf(text, sizeof(text), "... %s:", COUNT(count - first, "more slot", "more slots"));
    for (size_t i = first; i < count; i++) {
        signet_status_slot(status, i, &slot);
        counts[slot.state]++;
    }
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        if (counts[i])
            used += snprintf(text + used, sizeof(text) - (size_t)used, "  %zu %s", counts[i],
                             states[i].word);
    fprintf(to, "%.*s\n", width, text);
}

void panel_rows_draw(struct signet_status *status, FILE *to, int width, int height, bool colour)
{
    size_t count = signet_status_slot_count(status), room = height > 2 ? (size_t)height - 1 : 1;
    size_t shown = count <= room ? count : room - 1;
    struct signet_order_status order;
    struct signet_slot_status slot;
    for (size_t i = 0; i < shown; i++) {
        signet_status_slot(status, i, &slot);
        put_slot(to, &slot, width - 1, colour);
    }
    if (shown < count)
        put_rest(status, to, shown, width - 1);
    signet_status_order(status, &order);
    put_totals(&order, count > 0, to, width - 1);
}
