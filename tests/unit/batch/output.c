/* SPDX-License-Identifier: Apache-2.0 */
/* Where an order writes to: what is there already, what it changes to, what a run before left. */
#include "unit/batch/kill.h"

static void put(const char *path, const char *text)
{
    FILE *to = fopen(path, "w");

    assert_non_null(to);
    fputs(text, to);
    assert_int_equal(fclose(to), 0);
}

static void a_look_makes_nothing(void **state)
{
    struct plant p;

    (void)state;
    set_up(&p, 1);
    good(&p, plant_open(&p, false));
    batch_close(&p.run);
    assert_int_equal(access(p.packets, F_OK), -1);
    assert_int_equal(access(p.records, F_OK), -1);
    good(&p, plant_open(&p, true));
    assert_int_equal(p.run->out.folder, -1);
    batch_close(&p.run);
    batch_close(&p.run);
    assert_int_equal(access(p.packets, F_OK), 0);
    tear_down(&p);
}

static void what_is_there_is_not_ours(void **state)
{
    struct plant p;
    char path[FOLDER_SIZE + 48];

    (void)state;
    set_up(&p, 2);
    put(p.records, "mine\n");
    for (int change = 0; change < 2; change++)
        refused(&p, plant_open(&p, change), SIGNET_E_EXISTS, "records.csv' is there already");
    assert_int_equal(plant_count(&p, p.records, "mine\n"), 1);
    unlink(p.records);
    assert_int_equal(symlink("nothing", p.records), 0);
    refused(&p, plant_open(&p, true), SIGNET_E_EXISTS, "records.csv' is there already");
    unlink(p.records);
    good(&p, plant_run(&p));
    assert_int_equal(p.warnings, 0);
    snprintf(path, sizeof(path), "%s/second.csv", p.folder);
    put(path, "mine\n");
    p.order.records = path;
    refused(&p, plant_open(&p, true), SIGNET_E_EXISTS, "second.csv' is there already");
    unlink(path);
    good(&p, plant_open(&p, true));
    assert_int_equal(p.warnings, 1);
    assert_non_null(strstr(p.told, "records are written to"));
    assert_non_null(strstr(p.told, "those before are elsewhere"));
    batch_close(&p.run);
    p.order.records = NULL; /* no records any more: nothing to tell */
    good(&p, plant_open(&p, true));
    assert_int_equal(p.warnings, 1);
    tear_down(&p);
}

/* Before anything was written, another name is nothing to tell of. */
static void another_name_in_time(void **state)
{
    struct plant p;
    char path[FOLDER_SIZE + 48];

    (void)state;
    set_up(&p, 2);
    good(&p, plant_open(&p, true));
    batch_close(&p.run);
    snprintf(path, sizeof(path), "%s/second.csv", p.folder);
    p.order.records = path;
    good(&p, plant_open(&p, true));
    assert_int_equal(p.warnings, 0);
    tear_down(&p);
}

static void no_other_file_while_a_batch_is_half_written(void **state)
{
    struct plant p;
    char path[FOLDER_SIZE + 48];
    const char *const others[] = {path, NULL};

    (void)state;
    set_up(&p, 4);
    plant_kill(&p, 2, "after-append");
    snprintf(path, sizeof(path), "%s/second.csv", p.folder);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        p.order.records = others[i];
        refused(&p, plant_open(&p, true), SIGNET_E_CONFLICT, "cut off while it wrote records");
    }
    p.order.records = p.records;
    good(&p, plant_run(&p));
    p.order.records = path;
    good(&p, plant_open(&p, true));
    tear_down(&p);
}

/* Its batches are sealed, and the last of them is marked: it may go on elsewhere. */
static void a_marked_batch_is_not_half_written(void **state)
{
    struct plant p;
    char path[FOLDER_SIZE + 48];

    (void)state;
    set_up(&p, 4);
    plant_kill(&p, 2, "after-mark");
    assert_int_equal(plant_seals(&p), 1);
    snprintf(path, sizeof(path), "%s/second.csv", p.folder);
    p.order.records = path;
    good(&p, plant_run(&p));
    assert_int_equal(plant_count(&p, path, "\n"), 3);
    assert_int_equal(plant_count(&p, p.records, "\n"), 3);
    tear_down(&p);
}

/* What stands behind its mark is of the next batch. */
static void a_marked_batch_explains_no_end(void **state)
{
    struct plant p;

    (void)state;
    set_up(&p, 4);
    plant_kill(&p, 2, "after-mark");
    plant_kill(&p, 2, "after-append");
    assert_int_equal(plant_seals(&p), 2);
    assert_int_equal(plant_count(&p, p.packets, "\n"), 4);
    good(&p, plant_open(&p, true));
    assert_int_equal(plant_count(&p, p.packets, "\n"), 2); /* it is written again */
    tear_down(&p);
}

/* An end that no seal explains was written by somebody else; a damaged seal explains nothing. */
static void what_no_seal_explains(void **state)
{
    struct plant p;
    char seal[400];

    (void)state;
    set_up(&p, 4);
    plant_kill(&p, 2, "after-append");
    assert_int_equal(plant_count(&p, p.packets, "\n"), 2);
    FILE *to = fopen(p.packets, "a");
    assert_non_null(to);
    fputs("x", to);
    assert_int_equal(fclose(to), 0);
    refused(&p, plant_open(&p, true), SIGNET_E_CONFLICT, "something was added");
    assert_int_equal(plant_count(&p, p.packets, "\nx"), 1);
    snprintf(seal, sizeof(seal), "%s/mint-%s-00000001.sealed", p.work, vault_tag(p.vault));
    assert_int_equal(truncate(seal, 60), 0);
    refused(&p, plant_open(&p, true), SIGNET_E_CONFLICT, "something was added");
    tear_down(&p);
}

static void a_folder_of_packets(void **state)
{
    struct plant p;
    char path[FOLDER_SIZE + 48], file[FOLDER_SIZE + 80];

    (void)state;
    set_up(&p, 2);
    snprintf(path, sizeof(path), "%s/p/", p.folder);
    p.order.packets = path;
    good(&p, plant_run(&p));
    snprintf(file, sizeof(file), "%sd-002.cbor", path);
    assert_int_equal(access(file, F_OK), 0);
    assert_int_equal(plant_count(&p, p.records, "\n"), 3);
    assert_int_equal(p.report.packets.bytes, 0);
    assert_string_equal(p.report.packets.sha256, "");
    assert_int_equal(p.report.records.bytes > 0, true);
    tear_down(&p);
}

/* Version 0.1 began the records: they go on like that, and a new file has a row for each account.
 */
static void the_form_of_the_records(void **state)
{
    struct plant p;
    char path[FOLDER_SIZE + 48];
    bool there;

    (void)state;
    set_up(&p, 4);
    p.order.quota = p.job.quota = 2;
    good(&p, plant_open(&p, true));
    p.run->out.state.form = RECORDS_ONE_ROW; /* a file that is empty is no old one */
    good(&p, state_write(&p.run->out.state, p.vault, &p.err));
    batch_close(&p.run);
    good(&p, plant_open(&p, true));
    assert_false(batch_has_one_account(p.run));
    batch_close(&p.run);
    good(&p, plant_run(&p));
    struct state s;
    good(&p, state_read(&s, p.vault, &there, &p.err));
    s.form = RECORDS_ONE_ROW;
    good(&p, state_write(&s, p.vault, &p.err));
    good(&p, plant_open(&p, true));
    assert_true(batch_has_one_account(p.run));
    batch_close(&p.run);
    snprintf(path, sizeof(path), "%s/second.csv", p.folder);
    p.order.records = path;
    good(&p, plant_open(&p, true));
    assert_false(batch_has_one_account(p.run));
    tear_down(&p);
}

static void a_name_that_is_too_long(void **state)
{
    static char path[PATH_MAX + 8];
    struct plant p;
    size_t folder;

    (void)state;
    set_up(&p, 2);
    folder = (size_t)snprintf(path, sizeof(path), "%s/", p.folder);
    memset(path + folder, 'n', PATH_MAX - 1 - folder);
    path[PATH_MAX - 1] = '\0'; /* as long as a path may be, without .cms */
    p.order.records = path;
    p.order.seal_to_count = 1;
    refused(&p, plant_open(&p, true), SIGNET_E_LIMIT, "is too long");
    path[PATH_MAX - sizeof(".cms") + 1] = '\0';
    refused(&p, plant_open(&p, true), SIGNET_E_LIMIT, "is too long");
    tear_down(&p);
}

static void a_state_that_is_damaged(void **state)
{
    struct plant p;
    char path[PATH_MAX];

    (void)state;
    set_up(&p, 2);
    good(&p, plant_open(&p, true));
    batch_close(&p.run);
    snprintf(path, sizeof(path), "%s/mint-%s.state", p.work, vault_tag(p.vault));
    assert_int_equal(truncate(path, 20), 0);
    refused(&p, plant_open(&p, true), SIGNET_E_CONFLICT, "is damaged");
    assert_null(p.run);
    tear_down(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_look_makes_nothing),
        cmocka_unit_test(what_is_there_is_not_ours),
        cmocka_unit_test(another_name_in_time),
        cmocka_unit_test(no_other_file_while_a_batch_is_half_written),
        cmocka_unit_test(a_marked_batch_is_not_half_written),
        cmocka_unit_test(a_marked_batch_explains_no_end),
        cmocka_unit_test(what_no_seal_explains),
        cmocka_unit_test(a_folder_of_packets),
        cmocka_unit_test(the_form_of_the_records),
        cmocka_unit_test(a_name_that_is_too_long),
        cmocka_unit_test(a_state_that_is_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
