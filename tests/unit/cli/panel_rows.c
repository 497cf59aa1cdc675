/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of the panel, character by character, on terminals of many sizes: data/golden/panel_rows.
 * No line is as wide as its terminal.
 * wrap: signet_status_order signet_status_slot signet_status_slot_count time */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../cli/panel.h"
#include "unit/golden.h"

void __wrap_signet_status_order(struct signet_status *status, struct signet_order_status *out);
void __wrap_signet_status_slot(struct signet_status *status, size_t i,
                               struct signet_slot_status *out);
size_t __wrap_signet_status_slot_count(const struct signet_status *status);
time_t __wrap_time(time_t *out);

static struct signet_order_status order;
static size_t count;

static const struct signet_slot_status slots[] = {
    {.name = "1",
     .state = SIGNET_SLOT_WORKING,
     .stage = "provision",
     .endpoint = "urn:dev:os:working-0000001",
     .part = 0.4,
     .seconds = 12.34},
    {.name = "2",
     .state = SIGNET_SLOT_PASS,
     .endpoint = "urn:dev:os:passed-0000002",
     .seconds = 99.96},
    {.name = "left-3",
     .state = SIGNET_SLOT_FAIL,
     .off = true,
     .endpoint = "urn:dev:os:failed-0000003",
     .reason = "flash: the programmer says that the part is locked, and that nothing was written",
     .seconds = 3},
    {.name = "4", .state = SIGNET_SLOT_EMPTY, .off = true, .endpoint = "urn:dev:os:gone"},
    {.name = "5",
     .state = SIGNET_SLOT_MADE_BEFORE,
     .endpoint = "urn:dev:os:before-0000005",
     .reason = "it was made before"},
    {.name = "6",
     .state = SIGNET_SLOT_WAITING,
     .endpoint = "",
     .stage = "scan",
     .seconds = 7.5,
     .part = 1},
    {.name = "s\xc3\xa4ule-\xe6\x97\xa5\xe6\x9c\xac-7",
     .state = SIGNET_SLOT_HALTED,
     .endpoint = "urn:dev:os:halted-0000007",
     .reason = "three boards \xe6\x97\xa5\xe6\x9c\xac in a row \x1b[31mfailed"},
    {.name = "8", .state = SIGNET_SLOT_CLOSED, .endpoint = "urn:dev:os:closed"},
    {.name = "9",
     .state = SIGNET_SLOT_WORKING,
     .stage = "handshake",
     .endpoint = "urn:dev:os:working-0000009",
     .part = 0,
     .seconds = 0.04},
};

void __wrap_signet_status_order(struct signet_status *status, struct signet_order_status *out)
{
    (void)status;
    *out = order;
}

void __wrap_signet_status_slot(struct signet_status *status, size_t i,
                               struct signet_slot_status *out)
{
    (void)status;
    *out = slots[i];
}

size_t __wrap_signet_status_slot_count(const struct signet_status *status)
{
    (void)status;
    return count;
}

time_t __wrap_time(time_t *out)
{
    (void)out;
    return 1700000000;
}

/* Escapes are shown, and where a line ends. */
static void show(FILE *to, const char *frame, int width)
{
    int column = 0;

    for (bool style = false; *frame; frame++) {
        style = style || *frame == '\033';
        if (*frame == '\033')
            fputs("\\e", to);
        else
            fprintf(to, *frame == '\n' ? "|%c" : "%c", *frame);
        column += !style && ((unsigned char)*frame & 0xc0) != 0x80;
        if (*frame != '\n' && column >= width)
            fail_msg("wider than %d", width);
        column = *frame == '\n' ? 0 : column;
        style = style && *frame != 'm';
    }
}

static void draw(FILE *to, size_t shown, struct panel_look look, const char *foot)
{
    char *frame = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&frame, &len);

    count = shown;
    panel_rows_draw(NULL, f, &look, foot);
    fclose(f);
    fprintf(to, "== %zu slots, %d x %d%s%s\n", shown, look.width, look.height,
            look.colour ? ", colour" : "", look.blocks ? ", blocks" : "");
    show(to, frame, look.width);
    free(frame);
}

static void frames(FILE *to)
{
    static const struct panel_look looks[] = {
        {80, 24, false, true}, {80, 24, true, false},  {79, 40, true, true}, {100, 30, true, true},
        {132, 60, true, true}, {200, 8, false, false}, {60, 12, true, true}, {50, 8, false, false},
        {40, 24, true, true},  {30, 6, false, false},  {28, 5, true, false}, {14, 5, false, false},
        {13, 5, false, false}, {80, 4, false, false},  {80, 3, true, true},  {90, 13, false, true}};

    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
        draw(to, 9, looks[i], i % 2 ? "q ends  ? more" : NULL);
        draw(to, i % 8 + 1, looks[i], NULL);
    }
}

/* The totals and the header, for each of what an order can be. */
static void headers(FILE *to)
{
    static const struct signet_order_status orders[] = {
        {.name = "o", .quota = 1, .left = -1},
        {.name = "o",
         .quota = 9,
         .made = 5,
         .made_before = 2,
         .passed = 3,
         .failed = 1,
         .first_pass = 2,
         .seconds = 1800,
         .left = 3661,
         .waiting = 1,
         .paused = true},
        {.name = "an order",
         .operator_name = "Anna",
         .shift = "late",
         .quota = 9,
         .made = 9,
         .passed = 8,
         .first_pass = 8,
         .failed = 8,
         .seconds = 7,
         .left = 0,
         .waiting = 2,
         .stopping = true,
         .paused = true,
         .notify_count = 2,
         .notify = {{.name = "a", .waiting = 1, .away = "away"}, {.name = "b", .waiting = 4}}},
        {.name = "o",
         .shift = "early",
         .quota = 100000,
         .made = 4000,
         .seconds = 2,
         .left = 360000,
         .notify_count = 2,
         .notify = {{.name = "a", .waiting = 7, .away = "away"},
                    {.name = "b", .waiting = 4, .away = "away"}}},
        {.name = "o",
         .operator_name = "Bo",
         .quota = 7,
         .left = 359999.4,
         .seconds = 0.5,
         .made = 1},
    };

    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        order = orders[i];
        draw(to, 0, (struct panel_look){120, 6, false, false}, NULL);
        draw(to, 1, (struct panel_look){120, 6, false, false}, NULL);
    }
}

static void frames_are_these(void **state)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    (void)state;
    setenv("TZ", "UTC", 1);
    headers(to);
    frames(to);
    fclose(to);
    golden_is("panel_rows", text);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(frames_are_these)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
