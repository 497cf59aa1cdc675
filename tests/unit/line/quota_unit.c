/* SPDX-License-Identifier: Apache-2.0 */
/* Whether there is a unit for the board in the slot, before it is erased.
 * wrap: job_count signet_ledger_in_work signet_ledger_head signet_ledger_release work_judged
 * wrap: work_take_scanned work_erases work_claim work_reserve source_has_names
 */
#include "line/work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct row {
    bool scanned, leased, spare, keeps, names; /* keeps: the order erases no boards */
    int claim, reserve;                        /* what the ledger says */
    int64_t issued;                            /* of 9 */
    size_t boards;                             /* in work at this station, with this one */
    int64_t reserved, writing, written, verified, elsewhere; /* devices; in work elsewhere */
    int count, in_work, head;                                /* calls that fail */
    int expected;
    const char *did; /* s scanned, c claims, r reserves, h head, w in work */
} rows[] = {
    {.scanned = true, .did = "s"},
    {.leased = true, .names = true, .did = ""},
    {.spare = true, .names = true, .did = ""},
    {.keeps = true, .names = true, .did = ""},
    /* an order that names its devices */
    {.names = true, .did = "c"},
    {.names = true, .claim = SIGNET_E_NOT_FOUND, .did = "cr"},
    {.names = true, .claim = SIGNET_E_LEDGER, .expected = SIGNET_E_LEDGER, .did = "c"},
    {.names = true,
     .claim = SIGNET_E_NOT_FOUND,
     .reserve = SIGNET_E_LEDGER,
     .expected = SIGNET_E_LEDGER,
     .did = "cr"},
    {.names = true,
     .claim = SIGNET_E_NOT_FOUND,
     .reserve = SIGNET_E_QUOTA,
     .boards = 1,
     .expected = SIGNET_E_QUOTA,
     .did = "crw"},
    {.names = true,
     .claim = SIGNET_E_NOT_FOUND,
     .reserve = SIGNET_E_QUOTA,
     .boards = 1,
     .writing = 1,
     .did = "crw"},
    /* boards that name themselves */
    {.issued = 8, .did = "h"},
    {.head = SIGNET_E_LEDGER, .issued = 9, .expected = SIGNET_E_LEDGER, .did = "h"},
    {.issued = 9, .boards = 1, .expected = SIGNET_E_QUOTA, .did = "hw"},
    {.issued = 10, .boards = 1, .expected = SIGNET_E_QUOTA, .did = "hw"},
    {.issued = 9, .boards = 1, .reserved = 1, .did = "hw"},
    {.issued = 9, .boards = 1, .written = 1, .did = "hw"},
    {.issued = 9, .boards = 1, .verified = 1, .expected = SIGNET_E_QUOTA, .did = "hw"},
    {.issued = 9, .boards = 2, .reserved = 1, .expected = SIGNET_E_QUOTA, .did = "hw"},
    {.issued = 9, .boards = 2, .reserved = 1, .writing = 1, .did = "hw"},
    {.issued = 9,
     .boards = 1,
     .reserved = 2,
     .elsewhere = 2,
     .expected = SIGNET_E_QUOTA,
     .did = "hw"},
    {.issued = 9, .boards = 1, .reserved = 3, .elsewhere = 2, .did = "hw"},
    {.issued = 9,
     .boards = 1,
     .reserved = 1,
     .count = SIGNET_E_LEDGER,
     .expected = SIGNET_E_LEDGER,
     .did = "h"},
    {.issued = 9,
     .boards = 1,
     .reserved = 1,
     .in_work = SIGNET_E_LEDGER,
     .expected = SIGNET_E_LEDGER,
     .did = "hw"},
};
static const struct row *row;
static char did[16];

static int say(char what, int rc, struct signet_error *err)
{
    snprintf(did + strlen(did), 2, "%c", what);
    return rc == SIGNET_OK ? rc : error_set(err, (enum signet_code)rc, "so it is");
}

int __wrap_job_count(struct job *job, struct signet_error *err);
int __wrap_job_count(struct job *job, struct signet_error *err)
{
    job->figures.states[SIGNET_DEVICE_RESERVED] = row->reserved;
    job->figures.states[SIGNET_DEVICE_WRITING] = row->writing;
    job->figures.states[SIGNET_DEVICE_WRITTEN] = row->written;
    job->figures.states[SIGNET_DEVICE_VERIFIED] = row->verified;
    return row->count ? error_set(err, (enum signet_code)row->count, "so it is") : SIGNET_OK;
}

int __wrap_signet_ledger_in_work(struct signet_ledger *l, int64_t order,
                                 signet_ledger_in_work_each *each, void *ctx,
                                 struct signet_error *err);
int __wrap_signet_ledger_in_work(struct signet_ledger *l, int64_t order,
                                 signet_ledger_in_work_each *each, void *ctx,
                                 struct signet_error *err)
{
    const struct signet_ledger_in_work one = {.begun = row->elsewhere > 0,
                                              .exposed = row->elsewhere > 1};

    (void)l;
    (void)order;
    int rc = each(ctx, &one, err);
    return rc == SIGNET_OK ? say('w', row->in_work, err) : rc;
}

int __wrap_signet_ledger_head(struct signet_ledger *l, int64_t order,
                              struct signet_ledger_head *head, struct signet_error *err);
int __wrap_signet_ledger_head(struct signet_ledger *l, int64_t order,
                              struct signet_ledger_head *head, struct signet_error *err)
{
    (void)l;
    (void)order;
    head->issued = row->issued;
    return say('h', row->head, err);
}

int __wrap_signet_ledger_release(struct signet_ledger *l, const struct signet_lease *lease,
                                 struct signet_error *err);
int __wrap_signet_ledger_release(struct signet_ledger *l, const struct signet_lease *lease,
                                 struct signet_error *err)
{
    (void)l;
    assert_int_equal(lease->device, 7);
    return say('l', SIGNET_OK, err);
}

int __wrap_work_judged(struct work *w, int rc);
int __wrap_work_judged(struct work *w, int rc)
{
    (void)w;
    return rc;
}

int __wrap_work_take_scanned(struct work *w, struct signet_error *err);
int __wrap_work_take_scanned(struct work *w, struct signet_error *err)
{
    (void)w;
    return say('s', SIGNET_OK, err);
}

bool __wrap_work_erases(const struct signet_order *order);
bool __wrap_work_erases(const struct signet_order *order)
{
    (void)order;
    return !row->keeps;
}

int __wrap_work_claim(struct work *w, const char *endpoint, const char *hw_id,
                      struct signet_lease *lease, struct signet_error *err);
int __wrap_work_claim(struct work *w, const char *endpoint, const char *hw_id,
                      struct signet_lease *lease, struct signet_error *err)
{
    assert_null(endpoint);
    assert_null(hw_id);
    assert_ptr_equal(lease, &w->spare);
    return say('c', row->claim, err);
}

int __wrap_work_reserve(struct work *w, const char *name, struct signet_lease *lease,
                        struct signet_error *err);
int __wrap_work_reserve(struct work *w, const char *name, struct signet_lease *lease,
                        struct signet_error *err)
{
    assert_null(name);
    assert_ptr_equal(lease, &w->spare);
    return say('r', row->reserve, err);
}

bool __wrap_source_has_names(const struct source *source);
bool __wrap_source_has_names(const struct source *source)
{
    (void)source;
    return row->names;
}

static void units(void **state)
{
    const struct line_setup setup = {0};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct job job = {.lock = PTHREAD_MUTEX_INITIALIZER, .quota = 9};
        struct line line = {.setup = &setup, .job = &job, .boards = rows[i].boards};
        struct slot slot = {.line = &line};
        struct work w = {.slot = &slot, .lease = &slot.lease, .setup = &setup, .job = &job};
        struct signet_error err = {0};

        row = &rows[i];
        did[0] = '\0';
        slot.lease.device = row->leased;
        w.spare.device = row->spare;
        snprintf(slot.scanned.endpoint, 2, "%s", row->scanned ? "a" : "");
        int rc = work_take_unit(&w, &err);
        if (rc != row->expected || strcmp(did, row->did) != 0)
            fail_msg("row %zu: %d %s: %s", i, rc, did, err.msg);
    }
}

/* A unit that no board took is the next one's; a ledger that is broken is not asked. */
static void given_back(void **state)
{
    struct job job = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct work w = {.job = &job};
    struct signet_error err = {0};
    (void)state;
    did[0] = '\0';
    assert_int_equal(work_drop_spare(&w, &err), SIGNET_OK);
    assert_string_equal(did, "");
    w.spare.device = 7;
    assert_int_equal(work_drop_spare(&w, &err), SIGNET_OK);
    assert_string_equal(did, "l");
    assert_int_equal(w.spare.device, 0);
    w.spare.device = 7;
    w.ledger_broken = true;
    assert_int_equal(work_drop_spare(&w, &err), SIGNET_OK);
    assert_string_equal(did, "l");
    assert_int_equal(w.spare.device, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(units), cmocka_unit_test(given_back)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
