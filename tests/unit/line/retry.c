/* SPDX-License-Identifier: Apache-2.0 */
/* A board that is begun once more because a person asked for it: what may be asked for, and what
 * the ledger has to say of it.
 * wrap: signet_ledger_decide work_erases work_claim work_failpoint
 */
#include "line/work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct signet_order order;
static struct job job = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
static struct line_changes changes;
static struct line_scans scans;
static struct line_setup setup = {.job = &job, .order = &order, .changes = &changes};
static struct line line = {.setup = &setup, .job = &job};
static struct slot slot;
static bool erases;

/* What the ledger says of the device, each time that it is asked. */
static struct {
    const char *order;
    enum signet_device_state state;
    int edition;
    struct signet_error error;
    bool leaves; /* meanwhile the board does, */
    bool other;  /* or is another */
    int previews, decisions, claims, claim;
} says;

int __wrap_signet_ledger_decide(struct signet_ledger *l, const struct signet_ledger_selection *s,
                                const struct signet_ledger_decision *how,
                                signet_ledger_decided_each *each, void *ctx,
                                struct signet_error *err);
int __wrap_signet_ledger_decide(struct signet_ledger *l, const struct signet_ledger_selection *s,
                                const struct signet_ledger_decision *how,
                                signet_ledger_decided_each *each, void *ctx,
                                struct signet_error *err)
{
    const struct signet_ledger_decided d = {.order = says.order,
                                            .endpoint = s->names[0],
                                            .state = says.state,
                                            .edition = says.edition,
                                            .error = &says.error};

    (void)l;
    assert_string_equal(s->names[0], "dev");
    assert_int_equal(how->what, SIGNET_LEDGER_REWORK);
    assert_true(how->preview == !how->reason);
    if (how->reason) { /* as it was judged */
        assert_string_equal(how->reason, "antenna");
        assert_string_equal(s->order, "o");
        assert_int_equal(s->state, says.state);
    } else {
        assert_int_equal(s->state, -1);
    }
    says.previews += how->preview;
    says.decisions += !how->preview;
    if (says.leaves)
        changes.ended[0] = NULL;
    if (says.other)
        snprintf(slot.endpoint, sizeof(slot.endpoint), "other");
    return each(ctx, &d, err);
}

bool __wrap_work_erases(const struct signet_order *o);
bool __wrap_work_erases(const struct signet_order *o)
{
    (void)o;
    return erases;
}

void __wrap_work_failpoint(const char *when, const char *what);
void __wrap_work_failpoint(const char *when, const char *what)
{
    (void)when;
    (void)what;
}

int __wrap_work_claim(struct work *w, const char *endpoint, const char *hw_id,
                      struct signet_lease *lease, struct signet_error *err);
int __wrap_work_claim(struct work *w, const char *endpoint, const char *hw_id,
                      struct signet_lease *lease, struct signet_error *err)
{
    (void)w;
    (void)lease;
    assert_string_equal(endpoint, "dev");
    assert_string_equal(hw_id, "hw");
    says.claims++;
    return says.claim ? error_set(err, (enum signet_code)says.claim, "so it is") : SIGNET_OK;
}

/* A board came to its end in the only slot. */
static void came_to_its_end(const char *verdict, const char *endpoint, bool needs_rework)
{
    order = (struct signet_order){.name = (char[]){"o"}, .slot_count = 1};
    order.slots[0].name = (char[]){"3"};
    changes = (struct line_changes){0};
    scans = (struct line_scans){0};
    setup.scans = &scans;
    slot = (struct slot){.line = &line,
                         .order = &order.slots[0],
                         .verdict = verdict,
                         .hw_id = "hw",
                         .needs_rework = needs_rework};
    snprintf(slot.endpoint, sizeof(slot.endpoint), "%s", endpoint);
    memset(&says, 0, sizeof(says));
    says.order = "o";
    says.state = strcmp(verdict, "fail") == 0 ? SIGNET_DEVICE_FAILED : SIGNET_DEVICE_DONE;
    says.edition = 2;
    again_offer(&slot);
}

static void what_may_be_asked(void **state)
{
    static const struct {
        const char *verdict, *endpoint;
        bool needs_rework, erases;
        const char *retry, *rework; /* what each is refused with; NULL: it is not */
    } rows[] = {
        {"fail", "dev", false, true, NULL, "has no device that was set aside"},
        {"fail", "dev", true, false, "another attempt alone is of no use", NULL},
        {"pass", "dev", false, true, "the board in slot 3 did not fail", NULL},
        {"pass", "dev", false, false, "did not fail", "the order erases no boards"},
        {"made-before", "dev", false, true, "did not fail", NULL},
        {"made-before", "", false, true, "did not fail", "nobody knows which device"},
    };
    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
        const char *reason = i % 2 ? "antenna" : NULL;
        const char *want = i % 2 ? rows[i / 2].rework : rows[i / 2].retry;
        struct signet_error err = {0};

        erases = rows[i / 2].erases;
        came_to_its_end(rows[i / 2].verdict, rows[i / 2].endpoint, rows[i / 2].needs_rework);
        int rc = line_again(&job, &changes, &order, 0, reason, &err);
        if ((rc == SIGNET_OK) != !want || (want && !strstr(err.msg, want)))
            fail_msg("row %zu: %d %s", i, rc, err.msg);
        assert_int_equal(again_asked(&slot), rc == SIGNET_OK);
        assert_int_equal(again_has_unit(&slot), rc == SIGNET_OK && reason);
        assert_int_equal(says.previews, rc == SIGNET_OK && reason);
        assert_int_equal(says.decisions, 0);
    }
}

static void not_now(void **state)
{
    struct signet_error err = {0};
    (void)state;
    came_to_its_end("fail", "dev", false);
    scans.slots[0].ready = true;
    assert_int_equal(line_again(&job, &changes, &order, 0, NULL, &err), SIGNET_E_CONFLICT);
    assert_non_null(strstr(err.msg, "the code of the next board was scanned for slot 3"));
    scans.slots[0].ready = false;
    assert_int_equal(line_again(&job, &changes, &order, 0, NULL, &err), SIGNET_OK);
    assert_int_equal(line_again(&job, &changes, &order, 0, NULL, &err), SIGNET_E_CONFLICT);
    assert_non_null(strstr(err.msg, "that was asked for already, for the board in slot 3"));
    again_leave(&slot);
    assert_false(again_asked(&slot));
    assert_int_equal(line_again(&job, &changes, &order, 0, NULL, &err), SIGNET_E_CONFLICT);
    assert_non_null(strstr(err.msg, "no board that came to its end stands in slot 3"));
    came_to_its_end("fail", "dev", false);
    again_leave(&slot);
    slot.halted.code = SIGNET_E_BOARD; /* a rule stopped it: it offers nothing */
    again_offer(&slot);
    assert_int_equal(line_again(&job, &changes, &order, 0, NULL, &err), SIGNET_E_CONFLICT);
    setup.scans = NULL;
    slot.halted.code = SIGNET_OK;
    again_offer(&slot);
    assert_int_equal(line_again(&job, &changes, &order, 0, NULL, &err), SIGNET_OK);
}

/* What the ledger has to say of the device, for the person who asks and when the board is begun. */
static void what_the_ledger_says(void **state)
{
    static const struct {
        const char *verdict;
        const char *order;
        enum signet_device_state state;
        enum signet_code error;
        bool leaves, other;
        const char *wrong; /* NULL: it may be made again */
    } rows[] = {
        {"pass", "o", SIGNET_DEVICE_DONE, SIGNET_OK, false, false, NULL},
        {"pass", "", SIGNET_DEVICE_DONE, SIGNET_OK, false, false, NULL},
        {"pass", "p", SIGNET_DEVICE_DONE, SIGNET_OK, false, false, "dev is of order p"},
        {"pass", "o", SIGNET_DEVICE_DONE, SIGNET_E_USAGE, false, false, "so it is"},
        {"pass", "o", SIGNET_DEVICE_DONE, SIGNET_E_NOT_FOUND, false, false, "so it is"},
        {"pass", "o", SIGNET_DEVICE_VERIFIED, SIGNET_OK, false, false,
         "dev is verified: its board"},
        {"pass", "o", SIGNET_DEVICE_FAILED, SIGNET_OK, false, false, "dev is failed: its board"},
        {"fail", "o", SIGNET_DEVICE_FAILED, SIGNET_OK, false, false, NULL},
        {"fail", "o", SIGNET_DEVICE_VOID, SIGNET_OK, false, false, "dev is void"},
        {"fail", "o", SIGNET_DEVICE_FAILED, SIGNET_OK, true, false,
         "no board that came to its end"},
        {"fail", "o", SIGNET_DEVICE_FAILED, SIGNET_OK, false, true,
         "no board that came to its end"},
    };
    (void)state;
    erases = true;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct signet_error err = {0};

        came_to_its_end(rows[i].verdict, "dev", true);
        says.order = rows[i].order;
        says.state = rows[i].state;
        says.leaves = rows[i].leaves;
        says.other = rows[i].other;
        if (rows[i].error)
            error_set_hint(&says.error, rows[i].error, "do this", "so it is");
        int rc = line_again(&job, &changes, &order, 0, "antenna", &err);
        if ((rc == SIGNET_OK) != !rows[i].wrong ||
            (rows[i].wrong && !strstr(err.msg, rows[i].wrong)))
            fail_msg("row %zu: %d %s", i, rc, err.msg);
        if (rows[i].error)
            assert_string_equal(err.hint, "do this");
        assert_true(rc != SIGNET_E_USAGE);
    }
}

/* The rework is in the ledger when the board is begun, as it was judged; the attempt after it is
 * that rework, too. */
static void begun(void **state)
{
    struct work w = {.slot = &slot, .lease = &slot.lease, .setup = &setup, .job = &job};
    struct signet_error err = {0};
    (void)state;
    erases = true;
    came_to_its_end("pass", "dev", false);
    assert_int_equal(again_claim(&w, &err), SIGNET_OK); /* nobody asked */
    assert_int_equal(line_again(&job, &changes, &order, 0, "antenna", &err), SIGNET_OK);
    again_take(&slot);
    assert_null(changes.ended[0]);
    assert_true(again_is_known(&w));
    says.claim = SIGNET_E_BUSY;
    assert_int_equal(again_claim(&w, &err), SIGNET_E_BUSY);
    assert_string_equal(w.made, "dev");
    assert_string_equal(w.hw_id, "hw");
    says.claim = SIGNET_OK;
    assert_int_equal(again_claim(&w, &err), SIGNET_OK); /* the ledger has it already */
    assert_string_equal(w.made, "");
    assert_int_equal(says.previews, 2);
    assert_int_equal(says.decisions, 1);
    assert_int_equal(says.claims, 2);
    slot.lease.device = 7;
    assert_false(again_is_known(&w));
    assert_int_equal(again_claim(&w, &err), SIGNET_OK);
    assert_int_equal(says.claims, 2);
    slot.lease.device = 0;
    again_take(&slot); /* another board */
    assert_false(again_is_known(&w));
}

/* Between the question and the board: another edition, another state. */
static void changed_meanwhile(void **state)
{
    struct work w = {.slot = &slot, .lease = &slot.lease, .setup = &setup, .job = &job};
    struct signet_error err = {0};
    (void)state;
    erases = true;
    for (int i = 0; i < 4; i++) {
        came_to_its_end("pass", "dev", false);
        assert_int_equal(line_again(&job, &changes, &order, 0, "antenna", &err), SIGNET_OK);
        again_take(&slot);
        if (i == 0)
            says.edition = 3;
        else if (i == 1)
            says.state = SIGNET_DEVICE_VOID;
        else
            error_set(&says.error, i == 2 ? SIGNET_E_LEDGER : SIGNET_E_CANCELLED, "so it is");
        assert_int_equal(again_claim(&w, &err), i == 3 ? SIGNET_E_CANCELLED : SIGNET_E_PROVISIONED);
        if (i == 0)
            assert_non_null(strstr(err.msg, "dev got another edition meanwhile"));
        assert_int_equal(says.decisions, 0);
        assert_int_equal(says.claims, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_be_asked), cmocka_unit_test(not_now),
        cmocka_unit_test(what_the_ledger_says), cmocka_unit_test(begun),
        cmocka_unit_test(changed_meanwhile)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
