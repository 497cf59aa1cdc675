/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of the boards that stand in the slots between two runs. */
#include "line/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct bench {
    struct signet_slot place;
    struct line_setup setup;
    struct line line;
    struct slot slot;
};

static void set_up(struct bench *b, char where[static 1])
{
    struct signet_error err = {0};

    *b = (struct bench){.place = {.name = "1", .kind = SIGNET_SLOT_PORT, .where = where}};
    assert_int_equal(signet_boards_new(&b->setup.boards, &err), SIGNET_OK);
    b->line.setup = &b->setup;
    b->slot = (struct slot){.line = &b->line,
                            .order = &b->place,
                            .verdict = "pass",
                            .presence = {.there = true, .inode = 7}};
}

/* Which board the next run finds in this slot; 0: none. */
static ino_t recalled(const struct bench *b)
{
    struct slot next = {.line = b->slot.line, .order = b->slot.order};

    return boards_recall(&next) ? next.presence.inode : 0;
}

static void a_board_that_stands_there_is_known(void **state)
{
    static const struct {
        const char *verdict;
        bool gone, known;
    } rows[] = {{"pass", false, true},
                {"fail", false, true},
                {NULL, false, false}, /* it was not judged: it is begun */
                {"pass", true, false},
                {NULL, true, false}};
    char port[] = "/dev/ttyACM0", other[] = "/dev/ttyACM1";
    struct bench b;

    (void)state;
    set_up(&b, port);
    assert_int_equal(recalled(&b), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (int before = 0; before < 2; before++) { /* kept, or in place of one that was */
            b.slot.verdict = "pass";
            b.slot.gone = !before;
            b.slot.presence.inode = 6;
            boards_keep(&b.slot);
            b.slot.verdict = rows[i].verdict;
            b.slot.gone = rows[i].gone;
            b.slot.presence.inode = 7;
            boards_keep(&b.slot);
            assert_int_equal(recalled(&b), rows[i].known ? 7 : 0);
        }
    b.slot.verdict = "pass";
    b.slot.gone = false;
    boards_keep(&b.slot);
    b.place.where = other;
    assert_int_equal(recalled(&b), 0);
    b.place.where = port;
    b.place.kind = SIGNET_SLOT_HUB;
    assert_int_equal(recalled(&b), 0);
    b.place.kind = SIGNET_SLOT_PORT;
    assert_int_equal(recalled(&b), 7);
    signet_boards_free(&b.setup.boards);
    assert_null(b.setup.boards);
    signet_boards_free(&b.setup.boards);
}

/* Its name would be cut off, and be that of another slot. */
static void a_place_with_a_long_name_is_not_kept(void **state)
{
    char longest[257];
    struct bench b;

    (void)state;
    for (size_t len = 255; len <= 256; len++) {
        memset(longest, 'x', len);
        longest[len] = '\0';
        set_up(&b, longest);
        boards_keep(&b.slot);
        assert_int_equal(recalled(&b), len == 255 ? 7 : 0);
        signet_boards_free(&b.setup.boards);
    }
}

static void nobody_remembers(void **state)
{
    char port[] = "/dev/ttyACM0";
    struct bench b;

    (void)state;
    set_up(&b, port);
    signet_boards_free(&b.setup.boards);
    boards_keep(&b.slot);
    assert_int_equal(recalled(&b), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_board_that_stands_there_is_known),
        cmocka_unit_test(a_place_with_a_long_name_is_not_kept),
        cmocka_unit_test(nobody_remembers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
