/* SPDX-License-Identifier: Apache-2.0 */
/* Which board got a device's credentials, as a run finds it after a kill.
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc
 */
#include "line/private.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#include "unit/folder.h"
#include "unit/starve.h"

static const struct presence board = {
    .there = true, .path = "/dev/ttyACM0", .device = 5, .inode = 7, .changed = 9};
static char folder[FOLDER_SIZE], other[FOLDER_SIZE];
static struct signet_order order = {.work = folder};
static struct line_setup setup = {.order = &order};
static struct line line = {.setup = &setup};
static const struct signet_slot first = {.name = "1"}, second = {.name = "2"};
static struct slot slot;

static int set_up(void **state)
{
    (void)state;
    assert_true(folder_make(folder) && folder_make(other));
    order.work = folder;
    slot = (struct slot){.line = &line, .order = &first, .presence = board};
    snprintf(slot.lease.endpoint, sizeof(slot.lease.endpoint), "urn:dev:os:1");
    return mark_write(&slot, NULL);
}

static void want(const struct slot *now, const char *endpoint)
{
    char found[SIGNET_ENDPOINT_SIZE] = "";

    assert_int_equal(mark_fits(now, found), endpoint != NULL);
    assert_string_equal(found, endpoint ? endpoint : "");
}

/* Each trace that another board may have come in between. */
static void the_board_of_before(void **state)
{
    struct slot now = slot;

    (void)state;
    want(&now, "urn:dev:os:1");
    now.presence.there = false;
    want(&now, NULL);
    now.presence = board;
    now.presence.inode = 0;
    want(&now, NULL);
    now.presence.inode = 8;
    want(&now, NULL);
    now.presence = board;
    now.presence.device = 6;
    want(&now, NULL);
    now.presence = board;
    now.presence.changed = 10;
    want(&now, NULL);
    now.presence = board;
    now.presence.path[11] = '1';
    want(&now, NULL);
    now.presence = board;
    now.order = &second; /* in another slot */
    want(&now, NULL);
    now.order = &first;
    order.work = other;
    want(&now, NULL);
    order.work = folder;
    want(&now, "urn:dev:os:1");
}

/* What is at no port of this computer leaves no mark, and the one of before stays. */
static void a_board_without_a_node(void **state)
{
    struct slot now = slot;

    (void)state;
    now.presence.inode = 0;
    snprintf(now.lease.endpoint, sizeof(now.lease.endpoint), "urn:dev:os:2");
    assert_int_equal(mark_write(&now, NULL), SIGNET_OK);
    want(&slot, "urn:dev:os:1");
}

static void names_of_any_length(void **state)
{
    (void)state;
    for (size_t len = SIGNET_ENDPOINT_SIZE - 2; len < SIGNET_ENDPOINT_SIZE; len++) {
        memset(slot.lease.endpoint, 'n', len);
        slot.lease.endpoint[len] = '\0';
        assert_int_equal(mark_write(&slot, NULL), SIGNET_OK);
        want(&slot, slot.lease.endpoint);
    }
    slot.lease.endpoint[0] = '\0'; /* nobody's */
    assert_int_equal(mark_write(&slot, NULL), SIGNET_OK);
    want(&slot, NULL);
}

/* Another program wrote it: a name that is longer than any. */
static void a_mark_of_somebody_else(void **state)
{
    char command[FOLDER_SIZE + 100];

    (void)state;
    memset(slot.lease.endpoint, 'n', SIGNET_ENDPOINT_SIZE - 1);
    assert_int_equal(mark_write(&slot, NULL), SIGNET_OK);
    snprintf(command, sizeof(command), "printf n | tee -a %s/slot-* > /dev/null", folder);
    assert_int_equal(system(command), 0);
    want(&slot, NULL);
}

static int write_one(struct signet_error *err)
{
    return mark_write(&slot, err);
}

static int read_one(struct signet_error *err)
{
    char found[SIGNET_ENDPOINT_SIZE] = "";
    bool fits = mark_fits(&slot, found);

    assert_string_equal(found, fits ? "urn:dev:os:1" : "");
    return fits ? SIGNET_OK : error_nomem(err);
}

static void without_memory(void **state)
{
    (void)state;
    starve_each(write_one);
    want(&slot, "urn:dev:os:1");
    starve_each(read_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_board_of_before, set_up),
        cmocka_unit_test_setup(a_board_without_a_node, set_up),
        cmocka_unit_test_setup(names_of_any_length, set_up),
        cmocka_unit_test_setup(a_mark_of_somebody_else, set_up),
        cmocka_unit_test_setup(without_memory, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
