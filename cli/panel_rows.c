/* SPDX-License-Identifier: Apache-2.0 */
/* How the status of a run looks on a terminal: a header, the slots, the keys. Where there is room a
 * slot has several lines, and its outcome a block in large letters. */
#include "panel.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *word, *colour; /* word: of four letters, where it is large */
    bool outcome;              /* a block; else words */
} states[] = {
    [SIGNET_SLOT_EMPTY] = {"empty", "\033[2m", false},
    [SIGNET_SLOT_WORKING] = {"work", "\033[1;33m", false},
    [SIGNET_SLOT_PASS] = {"PASS", "\033[1;30;42m", true},
    [SIGNET_SLOT_FAIL] = {"FAIL", "\033[1;97;41m", true},
    [SIGNET_SLOT_MADE_BEFORE] = {"MADE", "\033[1;30;46m", true},
    [SIGNET_SLOT_HALTED] = {"STOP", "\033[1;97;41m", true},
    [SIGNET_SLOT_WAITING] = {"wait", "\033[1;33m", false},
    [SIGNET_SLOT_CLOSED] = {"closed", "\033[2m", false},
};
enum { NAME_MIN = 3, STATE_WIDTH = 8, CELL_MIN = 28, LINES_MAX = 6 };

/* Where the rows of slots stand. */
struct layout {
    int columns, lines; /* of slots beside each other; of each */
    int cell, name;     /* widths */
    size_t shown;
};

static void begin_style(FILE *to, const struct panel_look *look, enum signet_slot_state state)
{
    if (look->colour)
        fputs(states[state].colour, to);
    else if (states[state].outcome)
        fputs("\033[7m", to);
}

static void end_style(FILE *to)
{
    fputs("\033[0m", to);
}

static void put_bar(FILE *to, double part, int width)
{
    int full = (int)(part * width + 0.5);
    fputc('[', to);
    for (int i = 0; i < width; i++)
        fputc(i < full ? '#' : '.', to);
    fputc(']', to);
}

/* What a slot without an outcome does now, or how long the last board took. */
static void put_slot_progress(FILE *to, const struct signet_slot_status *s, int width)
{
    char text[64] = "";
    if (s->state == SIGNET_SLOT_EMPTY || s->state == SIGNET_SLOT_CLOSED || width < 9) {
        panel_put(to, "", width);
        return;
    }
    bool stage = s->state != SIGNET_SLOT_PASS && width >= 20;
    int used = snprintf(text, sizeof(text), "%6.1f s %.11s", s->seconds, stage ? s->stage : "");
    int bar = s->state == SIGNET_SLOT_WORKING && width - used > 9 ? width - used - 3 : 0;
    bar = bar > 30 ? 30 : bar;
    panel_put(to, text, bar ? used + 1 : width);
    if (bar) {
        put_bar(to, s->part, bar);
        panel_put(to, "", width - used - bar - 3);
    }
}

static bool has_reason(const struct signet_slot_status *s)
{
    return s->reason[0] && (s->state == SIGNET_SLOT_FAIL || s->state == SIGNET_SLOT_MADE_BEFORE ||
                            s->state == SIGNET_SLOT_WAITING || s->state == SIGNET_SLOT_HALTED);
}

static const char *shown_endpoint(const struct signet_slot_status *s)
{
    bool is_over = s->state == SIGNET_SLOT_EMPTY || s->state == SIGNET_SLOT_CLOSED;
    return is_over ? "" : s->endpoint;
}

static void put_state(FILE *to, const struct panel_look *look, const struct signet_slot_status *s)
{
    bool fails = s->state == SIGNET_SLOT_FAIL || s->state == SIGNET_SLOT_HALTED;
    char text[STATE_WIDTH + 1]; /* without colours FAIL differs by more than its letters */
    snprintf(text, sizeof(text), fails ? "!%s!" : " %s ",
             s->off && !states[s->state].outcome ? "OFF" : states[s->state].word);
    begin_style(to, look, s->state);
    panel_put(to, text, STATE_WIDTH);
    end_style(to);
    fputs(s->off ? "x" : " ", to);
}

/* A slot in one line: its name, its state, and the reason or the board. */
static void put_line_slot(FILE *to, const struct panel_look *look, const struct layout *l,
                          const struct signet_slot_status *s)
{
    int left = l->cell - l->name - STATE_WIDTH - 4; /* blanks, one of them behind it */
    panel_put(to, s->name, l->name);
    fputc(' ', to);
    put_state(to, look, s);
    fputc(' ', to);
    int progress = has_reason(s) ? 0 : left >= 60 ? 40 : left >= 40 ? 20 : left >= 22 ? 9 : 0;
    if (has_reason(s)) {
        panel_put(to, s->reason, left);
    } else {
        put_slot_progress(to, s, progress);
        fputs(progress ? " " : "", to);
        panel_put_end(to, shown_endpoint(s), left - progress - (progress ? 1 : 0));
    }
    fputc(' ', to);
}

/* One line of the block with the outcome; its lines are those of the slot, but for a blank one. */
static void put_block(FILE *to, const struct panel_look *look, const struct signet_slot_status *s,
                      int width, int lines, int line)
{
    const char *word = states[s->state].word;
    bool large = lines >= 3 && look->blocks && states[s->state].outcome;
    int word_width = large ? panel_letters_width(word, lines) : (int)strlen(word);
    int before = (width - word_width) / 2;
    begin_style(to, look, s->state);
    fprintf(to, "%*s", before, "");
    if (large)
        panel_put_letters(to, word, lines, line);
    else
        panel_put(to, line == (lines - 1) / 2 ? word : "", word_width);
    fprintf(to, "%*s", width - before - word_width, "");
    end_style(to);
}

/* The name of a slot, and behind it the board where that has no line of its own. */
static void put_title(FILE *to, const struct signet_slot_status *s, int width, bool with_board)
{
    char name[SIGNET_ENDPOINT_SIZE];
    snprintf(name, sizeof(name), "%s%s", s->name, s->off ? "  (off)" : "");
    int used = panel_width(name) + 2;
    bool both = with_board && width - used >= 12;
    fputs("\033[1m", to);
    panel_put(to, name, both ? used : width);
    end_style(to);
    if (both)
        panel_put_end(to, shown_endpoint(s), width - used);
}

/* What stands beside the block, in so many lines. */
static void put_beside(FILE *to, const struct signet_slot_status *s, int width, int lines, int line,
                       const char **reason)
{
    bool wide = lines > 2 && width >= 60 && shown_endpoint(s)[0]; /* beside the board's name */
    if (line == 0) {
        put_title(to, s, width, lines == 2);
    } else if (lines > 2 && line == 1 && shown_endpoint(s)[0] &&
               !(has_reason(s) && **reason && width < 40)) {
        int room = wide ? width / 2 : 0;
        panel_put_end(to, shown_endpoint(s), width - room);
        put_slot_progress(to, s, room);
    } else if (**reason) {
        panel_put_piece(to, reason, width);
    } else if (lines == 2 || (line == 2 && !wide)) {
        put_slot_progress(to, s, width);
    }
}

static void put_large_slot(FILE *to, const struct panel_look *look, const struct layout *l,
                           const struct signet_slot_status *s)
{
    int lines = l->lines >= 6 && l->cell >= 70 ? 5 : l->lines >= 4 ? 3 : 2;
    int block = lines == 5 ? 34 : lines == 3 ? 19 : 10;
    char plain[1024];
    const char *reason = has_reason(s) ? signet_text_plain(s->reason, plain, sizeof(plain)) : "";
    for (int line = 0; line < l->lines; line++) {
        if (line < lines || line + 1 < l->lines) { /* the last one parts the slots */
            if (line < lines)
                put_block(to, look, s, block, lines, line);
            else
                panel_put(to, "", block);
            fputs("  ", to);
            put_beside(to, s, l->cell - block - 2, lines, line, &reason);
        }
        fputc('\n', to);
    }
}

/* The order, who is at work, the time. */
static void put_header(FILE *to, const struct signet_order_status *o, int width)
{
    char left[600], clock[16];
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
    snprintf(left, sizeof(left), " %s%s%s%s%s%s", o->name,
             o->stopping ? "  ENDING"
             : o->paused ? "  PAUSED"
                         : "",
             o->operator_name[0] ? "  operator " : "", o->operator_name,
             o->shift[0] ? "  shift " : "", o->shift);
    fputs("\033[7m", to);
    panel_put(to, left, width - 10);
    fprintf(to, " %s ", clock);
    end_style(to);
    fputc('\n', to);
}

static void put_time(char *to, size_t size, double seconds)
{
    int s = (int)(seconds + 0.5);
    snprintf(to, size, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
}

/* What others do not have yet. */
static void put_waiting(const struct signet_order_status *o, char *to, size_t size)
{
    uint64_t events = 0;
    int used = 0;

    for (size_t i = 0; i < o->notify_count; i++)
        events += o->notify[i].away[0] ? o->notify[i].waiting : 0;
    to[0] = '\0';
    if (o->waiting)
        used =
            snprintf(to, size, "  %s", COUNT(o->waiting, "waits for servers", "wait for servers"));
    if (events)
        snprintf(to + used, size - (size_t)used, "  %s",
                 COUNT(events, "event is not told", "events are not told"));
}

/* Of the order, in one line. */
static void put_totals(const struct signet_order_status *o, bool slots, FILE *to, int width)
{
    char text[480], eta[32] = "-", first[16] = "-", wait[96];
    uint64_t boards = o->passed + o->failed, made = o->made - o->made_before;
    if (o->left >= 0 && o->left < 360000)
        put_time(eta, sizeof(eta), o->left);
    put_waiting(o, wait, sizeof(wait));
    if (boards)
        snprintf(first, sizeof(first), "%.0f %%", 100.0 * (double)o->first_pass / (double)boards);
    if (slots)
        snprintf(text, sizeof(text),
                 "%" PRIu64 "/%" PRIu64 " made  failed %" PRIu64
                 "  first pass %s  %.0f/h  ETA %s%s",
                 o->made, o->quota, o->failed, first,
                 o->seconds > 0 ? (double)o->passed / o->seconds * 3600 : 0, eta, wait);
    else
        snprintf(text, sizeof(text), "%" PRIu64 "/%s  %.0f/s  ETA %s%s", o->made,
                 COUNT(o->quota, "device", "devices"),
                 o->seconds > 0 ? (double)made / o->seconds : 0, eta, wait);
    panel_put(to, text, width);
    fputc('\n', to);
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
    panel_put(to, text, width);
    fputc('\n', to);
}

static int longest_name(struct signet_status *status)
{
    struct signet_slot_status slot;
    int width = NAME_MIN;
    for (size_t i = 0; i < signet_status_slot_count(status); i++) {
        signet_status_slot(status, i, &slot);
        int w = panel_width(slot.name);
        width = w > width ? w : width;
    }
    return width;
}

/* One column of slots while they fit, each with as many lines as there are; then columns beside
 * each other. */
static struct layout lay_out(struct signet_status *status, const struct panel_look *look, int room)
{
    int count = (int)signet_status_slot_count(status), width = look->width - 1;
    int columns = room > 0 ? (count + room - 1) / room : 1;
    int most = width / CELL_MIN > 0 ? width / CELL_MIN : 1;
    struct layout l = {.columns = columns < 1 ? 1 : columns > most ? most : columns, .lines = 1};
    if (l.columns == 1 && count > 0 && count <= room)
        l.lines = room / count > LINES_MAX ? LINES_MAX : room / count;
    l.cell = width / l.columns;
    l.name = longest_name(status);
    int fits = l.cell - STATE_WIDTH - 4;
    l.name = l.name > fits ? fits : l.name;
    l.shown = (size_t)(count <= l.columns * room ? count : l.columns * (room - 1));
    return l;
}

/* The slots of each column stand below each other. */
static void put_slots(struct signet_status *status, FILE *to, const struct panel_look *look,
                      const struct layout *l)
{
    size_t rows = (l->shown + (size_t)l->columns - 1) / (size_t)l->columns;
    struct signet_slot_status slot;
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = row; i < l->shown; i += rows) {
            signet_status_slot(status, i, &slot);
            if (l->lines > 1)
                put_large_slot(to, look, l, &slot);
            else
                put_line_slot(to, look, l, &slot);
        }
        if (l->lines == 1)
            fputc('\n', to);
    }
}

void panel_rows_draw(struct signet_status *status, FILE *to, const struct panel_look *look,
                     const char *foot)
{
    size_t count = signet_status_slot_count(status);
    int width = look->width - 1, room = look->height - 2 - (foot != NULL);
    struct signet_order_status order;
    signet_status_order(status, &order);
    if (width < STATE_WIDTH + 5 || room < 2)
        return;
    struct layout l = lay_out(status, look, room);
    put_header(to, &order, width);
    put_slots(status, to, look, &l);
    if (l.shown < count)
        put_rest(status, to, l.shown, width);
    put_totals(&order, count > 0, to, width);
    if (foot) {
        fputs("\033[2m", to);
        panel_put(to, foot, width);
        end_style(to);
        fputc('\n', to);
    }
}
