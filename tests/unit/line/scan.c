/* SPDX-License-Identifier: Apache-2.0 */
/* Which code a slot takes and when, what becomes of it with the board, and which device the board
 * is then.
 * wrap: slot_lamp hook_run work_claim work_reserve work_judged signet_ledger_note
 */
#include "line/work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct signet_slot places[2] = {{.name = "1"}, {.name = "2"}};
static struct signet_order order;
static struct job job = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
static struct line_scans scans;
static struct line_setup setup = {.job = &job, .order = &order, .scans = &scans};
static struct line line = {.setup = &setup, .job = &job};
static struct slot slot = {.line = &line, .order = &places[0]};
static struct work work = {.slot = &slot, .lease = &slot.lease, .setup = &setup, .job = &job};

static char said[1024]; /* by the lamp */
static char did[64];    /* c NAME HW: claims; r NAME: reserves; n TEXT: notes */
static int claims[2];   /* what the ledger says to a claim without and with a serial number */

void __wrap_slot_lamp(struct slot *s, const char *state, const char *endpoint,
                      const struct signet_error *why);
void __wrap_slot_lamp(struct slot *s, const char *state, const char *endpoint,
                      const struct signet_error *why)
{
    (void)s;
    snprintf(said, sizeof(said), "%s %s: %s (%s)", state, endpoint ? endpoint : "-", why->msg,
             why->hint);
}

void __wrap_hook_run(struct slot *s, const struct signet_error *why);
void __wrap_hook_run(struct slot *s, const struct signet_error *why)
{
    snprintf(said, sizeof(said), "%s %s %s: %s", s->order->name, s->verdict, s->stage, why->msg);
}

static int say(const char *what, const char *name, int rc, struct signet_lease *lease,
               struct signet_error *err)
{
    size_t at = strlen(did);

    snprintf(did + at, sizeof(did) - at, "%s %s,", what, name);
    if (rc != SIGNET_OK)
        return error_set(err, (enum signet_code)rc, "so it is");
    if (lease) {
        lease->device = 7;
        snprintf(lease->endpoint, sizeof(lease->endpoint), "%s", name);
    }
    return rc;
}

int __wrap_work_claim(struct work *w, const char *endpoint, const char *hw_id,
                      struct signet_lease *lease, struct signet_error *err);
int __wrap_work_claim(struct work *w, const char *endpoint, const char *hw_id,
                      struct signet_lease *lease, struct signet_error *err)
{
    (void)w;
    return say(hw_id ? hw_id : "claim", endpoint, claims[hw_id != NULL], lease, err);
}

int __wrap_work_reserve(struct work *w, const char *name, struct signet_lease *lease,
                        struct signet_error *err);
int __wrap_work_reserve(struct work *w, const char *name, struct signet_lease *lease,
                        struct signet_error *err)
{
    (void)w;
    return say("reserve", name, SIGNET_OK, lease, err);
}

int __wrap_work_judged(struct work *w, int rc);
int __wrap_work_judged(struct work *w, int rc)
{
    (void)w;
    return rc;
}

int __wrap_signet_ledger_note(struct signet_ledger *l, const struct signet_lease *lease,
                              const char *kind, const char *detail, struct signet_error *err);
int __wrap_signet_ledger_note(struct signet_ledger *l, const struct signet_lease *lease,
                              const char *kind, const char *detail, struct signet_error *err)
{
    (void)l;
    assert_int_equal(lease->device, 7);
    return say(kind, detail, SIGNET_OK, NULL, err);
}

static int begin(void **state)
{
    (void)state;
    order = (struct signet_order){.slot_count = 2, .scan.used = true};
    memcpy(order.slots, places, sizeof(places));
    slot = (struct slot){.line = &line, .order = &order.slots[0]};
    scans = (struct line_scans){.carrier = "tray"};
    work.spare.device = 0;
    work.hw_id[0] = did[0] = '\0';
    claims[0] = claims[1] = SIGNET_OK;
    return 0;
}

static void which_code(void **state)
{
    static const struct {
        const char *when;
        struct line_scan here, other;
        int expected;
        const char *says;
    } rows[] = {
        {NULL, {0}, {0}, SIGNET_OK, ""},
        {NULL, {.waits = true}, {0}, SIGNET_OK, ""},
        {NULL, {.ready = true, .code = "B"}, {0}, SIGNET_E_BUSY, "slot 1 has the code 'B' already"},
        {NULL, {.at_work = true}, {0}, SIGNET_E_BUSY, "a board is being made in slot 1"},
        {NULL, {0}, {.ready = true, .endpoint = "a"}, SIGNET_E_CONFLICT, "already, for slot 2"},
        {NULL, {0}, {.at_work = true, .endpoint = "a"}, SIGNET_E_CONFLICT, "already, for slot 2"},
        {NULL, {0}, {.endpoint = "a"}, SIGNET_OK, ""}, /* its board is over */
        {NULL, {.endpoint = "a"}, {0}, SIGNET_OK, ""},
        {NULL, {0}, {.ready = true, .endpoint = "b"}, SIGNET_OK, ""},
        {"before", {.waits = true}, {0}, SIGNET_E_CONFLICT, "the board in slot 1 came before"},
        {"before", {0}, {0}, SIGNET_OK, ""},
        {"after", {0}, {0}, SIGNET_E_CONFLICT, "no board waits for a code in slot 1"},
        {"after", {.waits = true}, {0}, SIGNET_OK, ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct signet_error err = {0};

        begin(state);
        order.scan.when = (char *)(uintptr_t)rows[i].when;
        scans.slots[0] = rows[i].here;
        scans.slots[1] = rows[i].other;
        int rc = line_scan(&job, &scans, &order, 0, "a", "A", &err);
        if (rc != rows[i].expected || !strstr(err.msg, rows[i].says))
            fail_msg("row %zu: %d %s", i, rc, err.msg);
        assert_int_equal(slot_scan_is_ready(&slot), rc == SIGNET_OK || rows[i].here.ready);
        if (rc == SIGNET_OK) {
            assert_string_equal(scans.slots[0].endpoint, "a");
            assert_string_equal(scans.slots[0].code, "A");
            assert_string_equal(scans.slots[0].carrier, "tray");
        }
    }
    line_scan_drop(&job, &scans, 0);
    assert_false(slot_scan_is_ready(&slot));
}

static void put_scan(const char *endpoint, const char *code)
{
    struct signet_error err = {0};

    assert_int_equal(line_scan(&job, &scans, &order, 0, endpoint, code, &err), SIGNET_OK);
}

/* A code is for one board: in work it is no other's, and gone with it unless the board never came.
 */
static void one_board(void **state)
{
    (void)state;
    assert_false(slot_scan_take(&slot)); /* nothing was scanned */
    put_scan("a", "A");
    assert_true(slot_scan_take(&slot));
    assert_string_equal(slot.scanned.endpoint, "a");
    assert_string_equal(slot.scanned.carrier, "tray");
    assert_true(scans.slots[0].at_work);
    assert_false(slot_scan_is_ready(&slot));
    slot.absent = true;
    slot_scan_end(&slot);
    assert_true(slot_scan_is_ready(&slot)); /* its board is still to come */
    assert_true(slot_scan_take(&slot));
    slot.absent = false;
    slot_scan_end(&slot);
    assert_false(slot_scan_is_ready(&slot));
    assert_false(scans.slots[0].at_work);
    slot.absent = true;
    slot_scan_end(&slot); /* a slot without a code gets none */
    assert_false(slot_scan_is_ready(&slot));
    slot.again.asked = true; /* the same board once more has the code that it had */
    assert_true(slot_scan_take(&slot));
    assert_string_equal(scans.slots[0].endpoint, "a");
    assert_string_equal(scans.slots[0].code, "A");
    slot.absent = false;
    slot_scan_end(&slot);
    put_scan("b", "B");
    assert_false(slot_scan_take(&slot)); /* that of the next board */
    slot.again.asked = false;
    assert_true(slot_scan_take(&slot));
    assert_string_equal(slot.scanned.endpoint, "b");
}

static void waiting(void **state)
{
    (void)state;
    assert_true(slot_scan_waits(&slot, true));
    assert_true(scans.slots[0].waits);
    assert_false(slot_scan_waits(&slot, false));
    assert_false(scans.slots[0].waits);
    slot.again.asked = true;
    assert_false(slot_scan_waits(&slot, true));
    slot.again.asked = false;
    put_scan("a", "A");
    assert_false(slot_scan_waits(&slot, true));
    slot_scan_show(&slot);
    assert_non_null(strstr(said, "waiting a: the code 'A' waits for its board (put its board in"));
    slot_scan_ask(&slot);
    assert_string_equal(said, "waiting -: the board waits for its code (scan its code)");
    order.scan.when = (char *)(uintptr_t) "after";
    slot_scan_ask(&slot);
    assert_string_equal(said, "waiting -: the board waits for its code (scan its code)");
    order.scan.when = (char *)(uintptr_t) "before";
    slot_scan_ask(&slot);
    assert_string_equal(said, "waiting -: the board came before its code (take the board out, scan "
                              "its code, put it in)");
    order.scan.used = false; /* only labels are read */
    assert_true(slot_scan_take(&slot));
    assert_false(slot_scan_waits(&slot, true));
    assert_false(slot_scan_is_ready(&slot));
    slot_scan_end(&slot);
    assert_true(scans.slots[0].ready);
}

static void hook_of_a_refusal(void **state)
{
    const struct signet_error why = {.msg = "no such code"};

    (void)state;
    line_scan_refused(&setup, &places[1], &why);
    assert_string_equal(said, "2 refused-scan scan: no such code");
}

/* The device of the code is leased before its board is touched, unless the ledger wants to know
 * which board it is. */
static void the_device_of_a_code(void **state)
{
    static const struct {
        int claims[2];
        const char *hw_id, *leased; /* the slot's device before; "": none */
        int taken, identified;
        const char *did;
    } rows[] = {
        {{SIGNET_OK}, "", "", SIGNET_OK, SIGNET_OK, "claim a,scanned A, carrier tray,"},
        {{SIGNET_E_NOT_FOUND},
         "",
         "",
         SIGNET_OK,
         SIGNET_OK,
         "claim a,reserve a,scanned A, carrier tray,"},
        {{SIGNET_E_EXISTS}, "", "", SIGNET_E_EXISTS, SIGNET_E_EXISTS, "claim a,claim a,"},
        {{SIGNET_E_CONFLICT}, "", "", SIGNET_OK, SIGNET_E_CONFLICT, "claim a,claim a,"},
        {{SIGNET_E_CONFLICT},
         "H",
         "",
         SIGNET_OK,
         SIGNET_OK,
         "claim a,claim a,H a,scanned A, carrier tray,"},
        {{SIGNET_E_CONFLICT, SIGNET_E_CONFLICT},
         "H",
         "",
         SIGNET_OK,
         SIGNET_E_CONFLICT,
         "claim a,claim a,H a,"},
        {{SIGNET_OK}, "", "b", SIGNET_E_WRONG_BOARD, SIGNET_OK, "claim a,scanned A, carrier tray,"},
        {{SIGNET_OK}, "", "a", SIGNET_OK, SIGNET_OK, "claim a,scanned A, carrier tray,"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct signet_error err = {0};

        begin(state);
        put_scan("a", "A");
        assert_true(slot_scan_take(&slot));
        memcpy(claims, rows[i].claims, sizeof(claims));
        snprintf(work.hw_id, sizeof(work.hw_id), "%s", rows[i].hw_id);
        slot.lease.device = *rows[i].leased ? 7 : 0;
        snprintf(slot.lease.endpoint, sizeof(slot.lease.endpoint), "%s", rows[i].leased);
        int taken = work_take_scanned(&work, &err);
        bool spare = work.spare.device != 0;
        int identified = work_identify_scanned(&work, &err);
        if (taken != rows[i].taken || identified != rows[i].identified ||
            strcmp(did, rows[i].did) != 0)
            fail_msg("row %zu: %d %d %s: %s", i, taken, identified, did, err.msg);
        if (spare)
            assert_int_equal(work.spare.device, 0);
        if (identified == SIGNET_OK)
            assert_string_equal(slot.lease.endpoint, "a");
    }
}

/* A unit that is there already is kept, and a code without a carrier is noted alone. */
static void kept_unit(void **state)
{
    struct signet_error err = {0};

    (void)state;
    scans.carrier[0] = '\0';
    put_scan("a", "A");
    assert_true(slot_scan_take(&slot));
    work.spare = (struct signet_lease){.device = 7, .endpoint = "a"};
    assert_int_equal(work_take_scanned(&work, &err), SIGNET_OK);
    assert_int_equal(work_identify_scanned(&work, &err), SIGNET_OK);
    assert_string_equal(did, "scanned A,");
    assert_int_equal(work.spare.device, 0);
    assert_int_equal(slot.lease.device, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(which_code, begin),
        cmocka_unit_test_setup(one_board, begin),
        cmocka_unit_test_setup(waiting, begin),
        cmocka_unit_test_setup(hook_of_a_refusal, begin),
        cmocka_unit_test_setup(the_device_of_a_code, begin),
        cmocka_unit_test_setup(kept_unit, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
