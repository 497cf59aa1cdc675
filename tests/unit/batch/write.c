/* SPDX-License-Identifier: Apache-2.0 */
/* One batch from its credentials to the end: who is left out of it, and what the others get. */
#include "unit/batch/kill.h"

static void a_whole_order(void **state)
{
    struct plant p;

    (void)state;
    set_up(&p, 70); /* more than one batch */
    good(&p, plant_run(&p));
    assert_int_equal(p.report.made, 70);
    assert_int_equal(p.report.failed, 0);
    assert_int_equal(plant_count(&p, p.packets, "\n"), 70);
    assert_int_equal(plant_count(&p, p.records, "\n"), 71);
    assert_int_equal(plant_count(&p, p.records, "endpoint,mode"), 1);
    assert_int_equal(plant_state_of(&p, "d-070"), SIGNET_DEVICE_DONE);
    assert_int_equal(plant_seals(&p), 0);
    assert_int_equal(strlen(p.report.packets.sha256), 64);
    good(&p, plant_run(&p)); /* nothing is left */
    assert_int_equal(p.report.made, 0);
    assert_int_equal(plant_count(&p, p.packets, "\n"), 70);
    unlink(p.packets); /* nor does anything follow */
    good(&p, plant_run(&p));
    p.order.quota = p.job.quota = 71;
    source_close(&p.source);
    plant_source(&p);
    good(&p, signet_ledger_order(p.job.ledger, "o", "hash", 71, &p.job.order, &p.err));
    refused(&p, plant_run(&p), SIGNET_E_NOT_FOUND, "packets.ndjson' is gone");
    assert_int_equal(plant_state_of(&p, "d-071"), -1);
    tear_down(&p);
}

/* An identity that another device has. */
static void reserve_with_identity(struct plant *p, const char *endpoint, const char *identity)
{
    const struct signet_device_facts facts = {.psk_identity = identity};
    struct signet_lease lease;

    good(p, signet_ledger_reserve(p->job.ledger, p->job.order, endpoint, "1", &lease, &p->err));
    good(p, signet_ledger_advance(p->job.ledger, &lease, SIGNET_DEVICE_WRITING, &facts, &p->err));
}

static void one_that_another_stands_in_the_way_of(void **state)
{
    struct plant p;
    struct batch b;

    (void)state;
    set_up(&p, 5);
    good(&p, plant_open(&p, true));
    reserve_with_identity(&p, "x", "d-002");
    plant_make(&p, &b, 3);
    good(&p, batch_write(p.run, &b, &p.err));
    assert_int_equal(p.report.failed, 1);
    assert_int_equal(p.report.made, 2);
    assert_non_null(strstr(p.told, "x"));
    assert_int_equal(plant_state_of(&p, "d-001"), SIGNET_DEVICE_DONE);
    assert_int_equal(plant_state_of(&p, "d-002"), SIGNET_DEVICE_FAILED);
    assert_int_equal(plant_state_of(&p, "d-003"), SIGNET_DEVICE_DONE);
    assert_int_equal(plant_count(&p, p.packets, "\"d-002\""), 0);
    assert_int_equal(plant_count(&p, p.packets, "\n"), 2);
    assert_int_equal(plant_seals(&p), 0);
    batch_free(&b);
    tear_down(&p);
}

static void all_of_a_batch_stand_in_the_way(void **state)
{
    struct plant p;
    struct batch b;

    (void)state;
    set_up(&p, 5);
    good(&p, plant_open(&p, true));
    reserve_with_identity(&p, "x", "d-001");
    plant_make(&p, &b, 1);
    good(&p, batch_write(p.run, &b, &p.err));
    assert_int_equal(p.report.failed, 1);
    assert_int_equal(p.report.made, 0);
    assert_int_equal(plant_seals(&p), 0);
    assert_int_equal(p.run->turns.to_write, 2); /* the next batch is not held up */
    assert_int_equal(p.run->turns.to_mark, 2);
    batch_free(&b);
    tear_down(&p);
}

/* A person makes devices void while their batch is under way. */
static void those_that_are_lost(void **state)
{
    static const struct {
        const char *lost[4];
        size_t left;
    } rows[] = {{{"d-001"}, 2}, {{"d-001", "d-003"}, 1}, {{"d-001", "d-002", "d-003"}, 0}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct plant p;
        struct batch b;

        set_up(&p, 3);
        good(&p, plant_open(&p, true));
        plant_make(&p, &b, 3);
        for (size_t k = 0; rows[i].lost[k]; k++)
            good(&p, signet_ledger_void(p.job.ledger, rows[i].lost[k], "test", &p.err));
        good(&p, batch_write(p.run, &b, &p.err));
        assert_int_equal(p.warnings, 1);
        char words[40];
        snprintf(words, sizeof(words), "%zu of a batch left out", 3 - rows[i].left);
        assert_non_null(strstr(p.told, words));
        assert_int_equal(p.report.made, rows[i].left);
        assert_int_equal(p.report.failed, 0);
        assert_int_equal(plant_count(&p, p.packets, "\n"), rows[i].left);
        assert_int_equal(plant_count(&p, p.packets, "\"d-001\""), 0);
        assert_int_equal(plant_seals(&p), 0);
        batch_free(&b);
        tear_down(&p);
    }
}

/* One that may be in the output is not left out: the next run looks at it. */
static void lost_where_it_may_be_in_the_output(void **state)
{
    struct plant p;

    (void)state;
    set_up(&p, 3);
    plant_kill(&p, 3, "before-mark");
    struct batch b;
    size_t count;
    good(&p, plant_open(&p, true));
    good(&p, batch_init(&b, 3, &p.err));
    good(&p,
         signet_ledger_resume(p.job.ledger, p.job.order, BATCH_SLOT, b.leases, 3, &count, &p.err));
    assert_int_equal(count, 3);
    good(&p, leases_add(&p.run->again, b.leases, 3, &p.err));
    leases_sort(&p.run->again);
    good(&p, batch_read(p.run, &b, 1, true, &p.err));
    b.leases[0].state = SIGNET_DEVICE_RESERVED; /* as if it was reworked: it is announced again */
    good(&p, signet_ledger_void(p.job.ledger, "d-002", "test", &p.err));
    good(&p, signet_ledger_void(p.job.ledger, "d-001", "test", &p.err));
    refused(&p, batch_write(p.run, &b, &p.err), SIGNET_E_BUSY, "d-002");
    assert_int_equal(plant_seals(&p), 1);
    assert_int_equal(plant_count(&p, p.packets, "\n"), 0);
    batch_free(&b);
    tear_down(&p);
}

/* One is void when the batch is in the output: the others are done. */
static void lost_when_all_is_written(void **state)
{
    struct plant p;
    const struct delivery_setup setup = {.job = &p.job, .order = &p.order, .once = true};
    struct delivery_setup whole = setup;

    (void)state;
    set_up(&p, 3);
    plant_kill(&p, 3, "before-done");
    whole.vault = p.vault;
    whole.report = &p.delivered;
    struct batch b;
    size_t count;
    good(&p, plant_open(&p, true));
    good(&p, delivery_begin(&p.run->delivery, &whole, &p.err));
    good(&p, batch_init(&b, 3, &p.err));
    good(&p,
         signet_ledger_resume(p.job.ledger, p.job.order, BATCH_SLOT, b.leases, 3, &count, &p.err));
    good(&p, leases_add(&p.run->again, b.leases, 3, &p.err));
    leases_sort(&p.run->again);
    good(&p, batch_read(p.run, &b, 1, true, &p.err));
    good(&p, signet_ledger_void(p.job.ledger, "d-002", "test", &p.err));
    good(&p, batch_finish(p.run, &b, &p.err));
    assert_int_equal(plant_state_of(&p, "d-001"), SIGNET_DEVICE_DONE);
    assert_int_equal(plant_state_of(&p, "d-003"), SIGNET_DEVICE_DONE);
    assert_int_equal(p.warnings, 1);
    assert_int_equal(p.report.made, 3); /* all of them are in the output */
    assert_int_equal(plant_seals(&p), 0);
    good(&p, delivery_end(&p.run->delivery, &p.err));
    batch_free(&b);
    tear_down(&p);
}

/* Of a batch in the output two are ours: the third may be tried again, with what is sealed. */
static void a_seal_that_another_may_need(void **state)
{
    struct plant p;
    struct batch b;
    size_t count;

    (void)state;
    set_up(&p, 3);
    plant_kill(&p, 3, "before-done");
    const struct delivery_setup whole = {
        .job = &p.job, .order = &p.order, .vault = p.vault, .report = &p.delivered, .once = true};
    good(&p, plant_open(&p, true));
    good(&p, delivery_begin(&p.run->delivery, &whole, &p.err));
    good(&p, batch_init(&b, 3, &p.err));
    good(&p,
         signet_ledger_resume(p.job.ledger, p.job.order, BATCH_SLOT, b.leases, 2, &count, &p.err));
    assert_int_equal(count, 2);
    good(&p, leases_add(&p.run->again, b.leases, 2, &p.err));
    leases_sort(&p.run->again);
    good(&p, batch_read(p.run, &b, 1, true, &p.err));
    good(&p, batch_finish(p.run, &b, &p.err));
    assert_int_equal(p.report.made, 2);
    assert_int_equal(plant_seals(&p), 1);
    good(&p, delivery_end(&p.run->delivery, &p.err));
    batch_free(&b);
    tear_down(&p);
}

/* A batch whose turn comes after one that failed is not written. */
static void behind_one_that_failed(void **state)
{
    struct plant p;
    struct batch b;

    (void)state;
    set_up(&p, 3);
    good(&p, plant_open(&p, true));
    p.run->turns.next = 2;
    plant_make(&p, &b, 2);
    job_fail(&p.job, &(struct signet_error){.code = SIGNET_E_IO, .msg = "the disk"});
    refused(&p, batch_write(p.run, &b, &p.err), SIGNET_E_CANCELLED, "another batch failed");
    assert_int_equal(plant_count(&p, p.packets, "\n"), 0);
    assert_int_equal(plant_seals(&p), 1); /* a run after this one goes on */
    batch_free(&b);
    tear_down(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_order),
        cmocka_unit_test(one_that_another_stands_in_the_way_of),
        cmocka_unit_test(all_of_a_batch_stand_in_the_way),
        cmocka_unit_test(those_that_are_lost),
        cmocka_unit_test(lost_where_it_may_be_in_the_output),
        cmocka_unit_test(lost_when_all_is_written),
        cmocka_unit_test(a_seal_that_another_may_need),
        cmocka_unit_test(behind_one_that_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
