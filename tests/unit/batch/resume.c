/* SPDX-License-Identifier: Apache-2.0 */
/* What a run before left: what was sealed is written again, the same bytes; what may have left the
 * host gets no other credentials. */
#include "unit/batch/kill.h"

enum { COUNT = 4, QUOTA = 6 };

/* Each device is done, once in the output, and nothing is sealed any more. */
static void all_done(struct plant *p, size_t devices)
{
    assert_int_equal(plant_count(p, p->packets, "\n"), devices);
    assert_int_equal(plant_count(p, p->records, "\n"), devices + 1);
    for (size_t i = 1; i <= devices; i++) {
        char name[24], row[40];

        snprintf(name, sizeof(name), "d-%03zu", i);
        snprintf(row, sizeof(row), "\"endpoint\": \"%s\"", name);
        assert_int_equal(plant_state_of(p, name), SIGNET_DEVICE_DONE);
        assert_int_equal(plant_count(p, p->packets, row), 1);
    }
    assert_int_equal(plant_seals(p), 0);
}

static int see_hash(void *ctx, const struct signet_ledger_device *device, struct signet_error *err)
{
    (void)err;
    snprintf(ctx, 65, "%s", device->packet_sha256);
    return SIGNET_OK;
}

static void hash_of(struct plant *p, const char *endpoint, char out[65])
{
    const struct signet_ledger_filter filter = {.endpoint = endpoint, .state = -1};

    out[0] = '\0';
    good(p, signet_ledger_devices(p->job.ledger, &filter, see_hash, out, &p->err));
}

static void killed_anywhere(void **state)
{
    static const struct {
        const char *place;
        bool told; /* the ledger has what was sealed */
    } rows[] = {
        {"before-seal", false},  {"after-seal", false},   {"before-writing", false},
        {"after-writing", true}, {"before-append", true}, {"between-append", true},
        {"after-append", true},  {"after-output", true},  {"before-mark", true},
        {"after-mark", true},    {"before-done", true},   {"after-done", true},
        {"before-wipe", true},   {"after-wipe", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct plant p;
        char before[65], after[65];

        set_up(&p, QUOTA);
        plant_kill(&p, COUNT, rows[i].place);
        hash_of(&p, "d-002", before);
        assert_int_equal(before[0] != '\0', rows[i].told);
        good(&p, plant_run(&p));
        hash_of(&p, "d-002", after);
        if (rows[i].told)
            assert_string_equal(before, after);
        assert_int_equal(plant_count(&p, p.packets, after), 1);
        all_done(&p, QUOTA);
        tear_down(&p);
    }
}

static void remove_seals(const struct plant *p)
{
    char command[200];

    snprintf(command, sizeof(command), "rm %s/*.sealed", p->work);
    assert_int_equal(system(command), 0);
}

/* Nobody knows what they got: they wait for whoever has the seal, and get nothing new. */
static void a_seal_that_is_lost(void **state)
{
    struct plant p;
    char before[65], after[65];

    (void)state;
    set_up(&p, QUOTA);
    plant_kill(&p, COUNT, "before-append");
    hash_of(&p, "d-002", before);
    remove_seals(&p);
    good(&p, plant_run(&p));
    hash_of(&p, "d-002", after);
    assert_string_equal(before, after);
    assert_int_equal(plant_state_of(&p, "d-002"), SIGNET_DEVICE_WRITING);
    assert_int_equal(plant_state_of(&p, "d-005"), SIGNET_DEVICE_DONE);
    assert_int_equal(plant_count(&p, p.packets, "\n"), QUOTA - COUNT);
    assert_int_equal(p.report.failed, 0);
    assert_int_equal(p.report.made, QUOTA - COUNT);
    tear_down(&p);
}

/* What was never told to the ledger is made anew. */
static void a_seal_that_is_lost_before_it_counts(void **state)
{
    struct plant p;

    (void)state;
    set_up(&p, QUOTA);
    plant_kill(&p, COUNT, "before-writing");
    remove_seals(&p);
    good(&p, plant_run(&p));
    all_done(&p, QUOTA);
    tear_down(&p);
}

static void a_seal_that_is_damaged(void **state)
{
    struct plant p;
    char path[400];

    (void)state;
    set_up(&p, QUOTA);
    plant_kill(&p, COUNT, "before-append");
    snprintf(path, sizeof(path), "%s/mint-%s-00000001.sealed", p.work, vault_tag(p.vault));
    assert_int_equal(truncate(path, 60), 0);
    good(&p, plant_run(&p));
    assert_int_equal(plant_state_of(&p, "d-001"), SIGNET_DEVICE_FAILED);
    assert_int_equal(plant_state_of(&p, "d-004"), SIGNET_DEVICE_FAILED);
    assert_int_equal(p.report.failed, COUNT);
    assert_int_equal(p.report.made, QUOTA - COUNT);
    assert_int_equal(plant_count(&p, p.packets, "\n"), QUOTA - COUNT);
    assert_int_equal(access(path, F_OK), 0);
    tear_down(&p);
}

/* A device that is void is not written, and its seal goes with the others'. */
static void a_device_that_is_void(void **state)
{
    static const struct {
        const char *place;
        bool in_output; /* a name that the ledger gives back is another device's; written is written
                         */
    } rows[] = {{"after-seal", true},
                {"before-append", false},
                {"before-mark", false},
                {"after-mark", true}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct plant p;

        set_up(&p, COUNT);
        plant_kill(&p, COUNT, rows[i].place);
        good(&p, signet_ledger_void(p.job.ledger, "d-002", "test", &p.err));
        good(&p, plant_run(&p));
        assert_int_equal(plant_count(&p, p.packets, "\"d-002\""), rows[i].in_output);
        assert_int_equal(plant_count(&p, p.packets, "\"d-003\""), 1);
        assert_int_equal(plant_state_of(&p, "d-003"), SIGNET_DEVICE_DONE);
        assert_int_equal(plant_seals(&p), 0);
        tear_down(&p);
    }
}

static void a_batch_of_which_all_are_void(void **state)
{
    struct plant p;

    (void)state;
    set_up(&p, 2);
    plant_kill(&p, 2, "after-seal");
    assert_int_equal(plant_seals(&p), 1);
    good(&p, signet_ledger_void(p.job.ledger, "d-001", "test", &p.err));
    good(&p, signet_ledger_void(p.job.ledger, "d-002", "test", &p.err));
    good(&p, plant_open(&p, true));
    good(&p, batch_resume(p.run, &p.err));
    assert_int_equal(plant_seals(&p), 0);
    assert_int_equal(plant_count(&p, p.packets, "\n"), 0);
    tear_down(&p);
}

/* A number is used once, and what comes next comes behind all that is sealed. */
static void numbers_go_on(void **state)
{
    struct plant p;
    const struct buf nobody = {0};

    (void)state;
    set_up(&p, QUOTA);
    good(&p, plant_open(&p, true));
    good(&p, batch_resume(p.run, &p.err));
    assert_int_equal(p.run->turns.next, 1);
    p.run->out.state.batch = 6;
    good(&p, batch_resume(p.run, &p.err));
    assert_int_equal(p.run->turns.next, 7);
    assert_int_equal(p.run->turns.to_write, 7);
    assert_int_equal(p.run->turns.to_mark, 7);
    good(&p, vault_batch_seal(p.vault, 6, &nobody, &p.err));
    good(&p, batch_resume(p.run, &p.err));
    assert_int_equal(p.run->turns.next, 7);
    good(&p, vault_batch_seal(p.vault, 9, &nobody, &p.err));
    good(&p, vault_batch_seal(p.vault, 7, &nobody, &p.err));
    good(&p, batch_resume(p.run, &p.err));
    assert_int_equal(p.run->turns.next, 10);
    tear_down(&p);
}

/* Of a later batch, with new credentials, the older seal is not taken. */
static void the_newest_seal_counts(void **state)
{
    struct plant p;
    struct batch b;
    char after[65];

    (void)state;
    set_up(&p, COUNT);
    plant_kill(&p, COUNT, "after-writing");
    good(&p, plant_open(&p, true)); /* another seal with the same devices, of other credentials */
    good(&p, batch_init(&b, COUNT, &p.err));
    for (int i = 0; i < COUNT; i++) {
        b.leases[i].index = i;
        snprintf(b.leases[i].endpoint, sizeof(b.leases[i].endpoint), "d-%03d", i + 1);
    }
    b.count = COUNT;
    good(&p, batch_make(p.run, &b, &p.err));
    good(&p, vault_batch_seal(p.vault, 2, &b.texts[PLAIN], &p.err));
    batch_free(&b);
    batch_close(&p.run);
    good(&p, plant_run(&p));
    hash_of(&p, "d-002", after);
    assert_int_equal(plant_count(&p, p.packets, after), 1);
    all_done(&p, COUNT);
    tear_down(&p);
}

static void nothing_follows_an_output_that_is_gone(void **state)
{
    struct plant p;

    (void)state;
    set_up(&p, QUOTA);
    plant_kill(&p, COUNT, "after-mark");
    unlink(p.records);
    refused(&p, plant_run(&p), SIGNET_E_NOT_FOUND, "records.csv' is gone");
    assert_int_equal(plant_state_of(&p, "d-001"), SIGNET_DEVICE_WRITING);
    assert_int_equal(plant_state_of(&p, "d-005"), -1);
    assert_int_equal(access(p.records, F_OK), -1);
    tear_down(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_anywhere),
        cmocka_unit_test(a_seal_that_is_lost),
        cmocka_unit_test(a_seal_that_is_lost_before_it_counts),
        cmocka_unit_test(a_seal_that_is_damaged),
        cmocka_unit_test(a_device_that_is_void),
        cmocka_unit_test(a_batch_of_which_all_are_void),
        cmocka_unit_test(numbers_go_on),
        cmocka_unit_test(the_newest_seal_counts),
        cmocka_unit_test(nothing_follows_an_output_that_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
