/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices still need what is sealed. */
#include "unit/vault/fixture.h"

/* Needs its seal: the devices that are named. */
static int needs(void *ctx, const struct vault_entry *entry, bool *out, struct signet_error *err)
{
    (void)err;
    *out = strstr(ctx, entry->endpoint) != NULL;
    return SIGNET_OK;
}

static int fails(void *ctx, const struct vault_entry *entry, bool *out, struct signet_error *err)
{
    (void)ctx;
    (void)entry;
    (void)out;
    return error_set(err, SIGNET_E_LEDGER, "asked in vain");
}

static int look(struct fixture *f, uint64_t number, const char *names)
{

    return vault_wipe_unneeded(f->vault, number, needs, (void *)(uintptr_t)names, &f->err);
}

static void a_seal_goes_with_its_last_device(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    seal_batch(&f, 1, 1, 3);
    good(&f, vault_track_batch(f.vault, 1, 1, 3, 3, &f.err));
    finds(&f, "d2", 2, "d2 of 1");
    good(&f, vault_release(f.vault, "d1", 1, &f.err));
    good(&f, vault_release(f.vault, "d3", 3, &f.err));
    assert_true(is_sealed(&f, 1));
    finds(&f, "d2", 2, "d2 of 1");
    good(&f, vault_release(f.vault, "d2", 2, &f.err));
    assert_false(is_sealed(&f, 1));
    finds_not(&f, "d2", 2, SIGNET_E_NOT_FOUND, "nothing is sealed");
    good(&f, vault_release(f.vault, "d2", 2, &f.err)); /* it has nothing any more */
    tear_down(&f);
}

static void a_look_counts_who_needs_it(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    seal_batch(&f, 1, 1, 3);
    good(&f, look(&f, 1, "d1 d2"));
    good(&f, vault_release(f.vault, "d1", 1, &f.err));
    assert_true(is_sealed(&f, 1));
    good(&f, vault_release(f.vault, "d2", 2, &f.err));
    assert_false(is_sealed(&f, 1));
    seal_batch(&f, 2, 1, 3);
    good(&f, look(&f, 2, ""));
    assert_false(is_sealed(&f, 2));
    tear_down(&f);
}

static void a_look_that_fails_wipes_nothing(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    seal_batch(&f, 1, 1, 3);
    assert_int_equal(vault_wipe_unneeded(f.vault, 1, fails, NULL, &f.err), SIGNET_E_LEDGER);
    assert_true(is_sealed(&f, 1));
    tear_down(&f);
}

/* A device that was made anew is in an older batch, too. */
static void the_newest_batch_counts(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    seal_batch(&f, 1, 1, 9);
    seal_batch(&f, 2, 4, 4);
    good(&f, look(&f, 1, "d1 d4"));
    good(&f, look(&f, 2, "d4"));
    finds(&f, "d4", 4, "d4 of 2");
    finds(&f, "d1", 1, "d1 of 1");
    finds(&f, "d9", 9, "d9 of 1");
    tear_down(&f);
}

/* More batches than are held open. */
static void devices_of_many_batches_are_found_in_any_order(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    for (int b = 0; b < 9; b++) {
        seal_batch(&f, (uint64_t)b + 1, b * 10, b * 10 + 9);
        good(&f, vault_track_batch(f.vault, (uint64_t)b + 1, b * 10, b * 10 + 9, 10, &f.err));
    }
    for (int i = 89; i >= 0; i -= 7) {
        char name[8], packet[32];

        snprintf(name, sizeof(name), "d%d", i);
        snprintf(packet, sizeof(packet), "d%d of %d", i, i / 10 + 1);
        finds(&f, name, i, packet);
    }
    tear_down(&f);
}

static void a_damaged_batch_blames_only_whom_nobody_has(void **state)
{
    struct fixture f;
    char path[400];

    (void)state;
    set_up(&f);
    seal_batch(&f, 1, 1, 3);
    seal_batch(&f, 2, 4, 6);
    path_of_batch(&f, 1, path);
    damage(path);
    good(&f, look(&f, 1, "d1"));
    good(&f, look(&f, 2, "d4 d5 d6"));
    finds(&f, "d5", 5, "d5 of 2");
    finds_not(&f, "d1", 1, SIGNET_E_SEAL, "is damaged");
    seal_one(&f, "d2", "its own file");
    finds(&f, "d2", 2, "its own file");
    assert_true(is_sealed(&f, 1)); /* a person may have a copy of it */
    tear_down(&f);
}

/* It was sealed so: its key opens it, and its entries end in the middle of one. */
static void a_batch_that_is_cut_short_is_damaged(void **state)
{
    const struct vault_entry entry = {
        .endpoint = "d1", .index = 1, .packet = (const uint8_t *)"packet", .len = 6};
    struct buf plain = {0};
    struct fixture f;

    (void)state;
    set_up(&f);
    vault_entry_add(&plain, &entry);
    plain.len -= 2;
    good(&f, vault_batch_seal(f.vault, 1, &plain, &f.err));
    buf_free(&plain);
    good(&f, look(&f, 1, "d1"));
    finds_not(&f, "d1", 1, SIGNET_E_SEAL, "is damaged");
    assert_true(is_sealed(&f, 1));
    tear_down(&f);
}

static void damage_in_the_middle_of_a_run_is_the_same(void **state)
{
    struct fixture f;
    char path[400];

    (void)state;
    set_up(&f);
    seal_batch(&f, 1, 1, 3);
    good(&f, look(&f, 1, "d1 d2 d3"));
    path_of_batch(&f, 1, path);
    damage(path);
    finds_not(&f, "d1", 1, SIGNET_E_SEAL, "is damaged");
    finds_not(&f, "d1", 1, SIGNET_E_SEAL, "is damaged"); /* and again */
    tear_down(&f);
}

static void a_batch_that_is_wiped_is_forgotten(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    seal_batch(&f, 1, 1, 3);
    good(&f, look(&f, 1, "d1"));
    finds(&f, "d1", 1, "d1 of 1");
    good(&f, vault_batch_wipe(f.vault, 1, &f.err));
    assert_false(is_sealed(&f, 1));
    finds_not(&f, "d1", 1, SIGNET_E_NOT_FOUND, "nothing is sealed");
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seal_goes_with_its_last_device),
        cmocka_unit_test(a_look_counts_who_needs_it),
        cmocka_unit_test(a_look_that_fails_wipes_nothing),
        cmocka_unit_test(the_newest_batch_counts),
        cmocka_unit_test(devices_of_many_batches_are_found_in_any_order),
        cmocka_unit_test(a_damaged_batch_blames_only_whom_nobody_has),
        cmocka_unit_test(a_batch_that_is_cut_short_is_damaged),
        cmocka_unit_test(damage_in_the_middle_of_a_run_is_the_same),
        cmocka_unit_test(a_batch_that_is_wiped_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
