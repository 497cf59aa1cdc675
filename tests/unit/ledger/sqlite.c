/* SPDX-License-Identifier: Apache-2.0 */
/* Disks that are full, broken, read-only, and go without power: what was reported as recorded is
 * there afterwards, and the error says what to do.
 * wrap: sqlite3_busy_timeout */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "disk.h"
#include "place.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { STEPS = 40 };

/* What was reported as recorded: events of which OK was said. */
struct story {
    int64_t said;
    bool opened, ordered;
    int rc; /* of the step that failed, or SIGNET_OK */
    struct signet_error why;
    size_t marks[STEPS * 4]; /* length of the log when OK was said, event by event */
};

static const struct signet_ledger_options options = {.station = "A"};

static bool told(struct story *s, int rc, int64_t events)
{
    if (rc != SIGNET_OK) {
        s->rc = rc;
        s->why = err;
        return false;
    }
    for (int64_t i = 0; i < events; i++)
        s->marks[s->said++] = disk.length;
    return true;
}

/* From an open to a close; each step as far as the one before came. */
static void tell_story(struct story *s, int devices)
{
    struct signet_lease lease;
    char name[32];

    *s = (struct story){0};
    err = (struct signet_error){0};
    if (!told(s, signet_ledger_open(&ledger, place, &options, &err), 0))
        return;
    s->opened = true;
    if (!told(s, signet_ledger_order(ledger, "o", "h", 100, &order, &err), 1))
        return;
    s->ordered = true;
    for (int i = 0; i < devices; i++) {
        const struct signet_device_facts facts = {.hw_id = name};
        snprintf(name, sizeof(name), "dev-%d", i);
        if (!told(s, signet_ledger_reserve(ledger, order, name, "1", &lease, &err), 1) ||
            !told(s, signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_KEYED, &facts, &err), 1) ||
            !told(s, signet_ledger_advance(ledger, &lease, SIGNET_DEVICE_WRITING, NULL, &err), 1) ||
            !told(s, signet_ledger_release(ledger, &lease, &err), 0))
            return;
    }
}

/* The ledger as it is found by the next program: whole, with all that was said. A change that was
 * under way may be there too, if it came that far. */
static void check_found(const struct story *s, bool may_have_more)
{
    char out[16];

    signet_ledger_close(&ledger);
    int rc = signet_ledger_open(&ledger, place, &options, &err);
    if (rc != SIGNET_OK)
        fail_msg("it cannot be opened any more: %s", err.msg);
    sql_text("PRAGMA integrity_check", out, sizeof(out));
    assert_string_equal(out, "ok");
    int64_t events = verified();
    if (events != s->said && !(may_have_more && events == s->said + 1))
        fail_msg("%lld events were recorded, %lld are there", (long long)s->said,
                 (long long)events);
    must(signet_ledger_order(ledger, "o", "h", 100, &order, &err));
    must(signet_ledger_recover(ledger, order, &err));
    reserve("goes-on", "1");
    verified();
}

static int reset(void)
{
    place_teardown(NULL);
    return place_setup(NULL);
}

/* The Nth call fails, for all N until none is left to fail; without SIGNET_TORTURE for one of
 * three, each kind for others. */
static void every_call_fails(void **state)
{
    static const int codes[] = {SQLITE_IOERR, SQLITE_FULL};
    const int step = getenv("SIGNET_TORTURE") ? 1 : 11;
    struct story s;
    size_t failed = 0;
    (void)state;
    for (int kind = 0; kind < 4; kind++)
        for (int64_t n = 1 + kind % step;; n += step) {
            disk_set(n, kind >= 2, codes[kind % 2]);
            tell_story(&s, 3);
            bool hit = disk.failed > 0;
            if (s.rc != SIGNET_OK) {
                assert_true(hit);
                if (s.rc != SIGNET_E_IO || !strstr(s.why.msg, "disk") || !s.why.hint[0])
                    fail_msg("call %lld: %d '%s' '%s'", (long long)n, s.rc, s.why.msg, s.why.hint);
                failed++;
            }
            disk_set(0, false, 0);
            if (s.rc != SIGNET_OK && ledger && kind < 2) { /* the same handle goes on */
                must(signet_ledger_order(ledger, "o", "h", 100, &order, &err));
                reserve("same-handle", "1");
                s.said = verified();
            }
            check_found(&s, true);
            assert_int_equal(reset(), 0);
            if (!hit)
                break;
        }
    assert_true(failed > 60);
}

static void write_image(const char *name, const struct disk_image *image)
{
    FILE *f = fopen(name, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(image->data, 1, (size_t)image->size, f), (size_t)image->size);
    fclose(f);
}

/* The power goes at each moment; of what was not synced, any part is there: one of all
 * that may be, with SIGNET_TORTURE six. */
static void power_cuts(void **state)
{
    const int parts = getenv("SIGNET_TORTURE") ? 6 : 1;
    struct story s;
    char live[320], wal[336];
    unsigned seed = 1;
    size_t states = 0;
    (void)state;
    disk_set(0, false, 0);
    disk.logging = true;
    tell_story(&s, getenv("SIGNET_TORTURE") ? 12 : 5);
    assert_int_equal(s.rc, SIGNET_OK);
    signet_ledger_close(&ledger); /* with its checkpoint */
    disk.logging = false;
    size_t first = s.marks[0]; /* of an order that was never recorded there is nothing to ask */
    memcpy(live, place, sizeof(live));
    for (size_t end = first; end <= disk.length; end++)
        for (int again = 0; again < parts; again++) {
            struct disk_image db = {0}, log = {0};
            struct story part = {0};
            disk_build(&db, DISK_DB, end, &seed);
            disk_build(&log, DISK_WAL, end, &seed);
            while (part.said < s.said && s.marks[part.said] <= end)
                part.said++;
            assert_int_equal(reset(), 0);
            snprintf(wal, sizeof(wal), "%s-wal", place);
            write_image(place, &db);
            if (log.size)
                write_image(wal, &log);
            free(db.data);
            free(log.data);
            check_found(&part, true);
            states++;
        }
    disk_forget();
    assert_true(states > 50 * (size_t)parts);
}

static void a_full_disk(void **state)
{
    struct signet_lease lease;
    char name[32];
    int rc = SIGNET_OK;
    int64_t said = 1;
    (void)state;
    if (geteuid() != 0 ||
        mount("none", folder, "tmpfs", MS_NOSUID, "size=1m") != 0) { /* containers may not */
        print_message("not run: a tmpfs of 1 MiB cannot be mounted here\n");
        skip();
    }
    begin(100000);
    for (int i = 0; rc == SIGNET_OK && i < 100000; i++) {
        snprintf(name, sizeof(name), "dev-%d", i);
        rc = signet_ledger_reserve(ledger, order, name, "1", &lease, &err);
        said += rc == SIGNET_OK;
    }
    assert_int_equal(rc, SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "disk"));
    assert_non_null(strstr(err.hint, "free"));
    assert_int_equal(verified(), said);
    /* somebody makes room, and the same process goes on */
    assert_int_equal(mount("none", folder, "tmpfs", MS_REMOUNT | MS_NOSUID, "size=8m"), 0);
    reserve("goes-on", "1");
    assert_int_equal(verified(), said + 1);
    signet_ledger_close(&ledger);
    assert_int_equal(umount2(folder, MNT_DETACH), 0);
}

/* Root may write anywhere: another user tries. */
static void become_nobody(void)
{
    char above[320];

    snprintf(above, sizeof(above), "%.*s", (int)(strrchr(folder, '/') - folder), folder);
    if (geteuid() == 0) {
        assert_int_equal(chmod(above, 0711), 0);
        assert_int_equal(seteuid(65534), 0);
    }
}

static void become_oneself(void)
{
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
}

static void without_rights(void **state)
{
    (void)state;
    begin(9);
    reserve("one", "1");
    signet_ledger_close(&ledger);
    sql("PRAGMA wal_checkpoint(TRUNCATE)");
    chmod(place, 0444);
    chmod(folder, 0555);
    become_nobody();
    int rc = signet_ledger_open(&ledger, place, &options, &err);
    if (rc == SIGNET_OK)
        rc = signet_ledger_order(ledger, "p", "h", 1, &order, &err);
    struct signet_error why = err;
    signet_ledger_close(&ledger);
    char other[336];
    snprintf(other, sizeof(other), "%s/new.db", folder);
    int made = signet_ledger_open(&ledger, other, &options, &err);
    become_oneself();
    chmod(folder, 0755);
    chmod(place, 0644);
    assert_int_equal(rc, SIGNET_E_IO);
    assert_non_null(strstr(why.hint, "also to write it and its folder"));
    assert_int_equal(made, SIGNET_E_IO);
    assert_non_null(strstr(err.hint, "also to write it and its folder"));
    open_as("A");
    assert_int_equal(verified(), 2);
}

static void put_file(const char *text, size_t len)
{
    FILE *f = fopen(place, "wb");

    assert_non_null(f);
    fwrite(text, 1, len, f);
    fclose(f);
}

/* None of them is changed. */
static void what_is_no_ledger(void **state)
{
    static const char text[] =
        "Dear diary, this is longer than a header of an SQLite file, so that "
        "it is looked at as one; it is not one, of course.";
    const struct signet_ledger_options must_exist = {.station = "A", .must_exist = true};
    struct stat st;
    (void)state;
    refused(signet_ledger_open(&ledger, place, &must_exist, &err), SIGNET_E_NOT_FOUND, "no such");
    assert_string_not_equal(err.hint, "");
    assert_int_not_equal(stat(place, &st), 0);
    refused(signet_ledger_open(&ledger, folder, &options, &err), SIGNET_E_IO, folder);
    refused(signet_ledger_open(&ledger, ":memory:", &options, &err), SIGNET_E_USAGE, "path");
    refused(signet_ledger_open(&ledger, "/nowhere/at/all.db", &options, &err), SIGNET_E_IO,
            "cannot be opened");
    put_file(text, sizeof(text));
    refused(signet_ledger_open(&ledger, place, &options, &err), SIGNET_E_LEDGER, "no ledger");
    assert_int_equal(stat(place, &st), 0);
    assert_int_equal(st.st_size, sizeof(text));
    put_file("", 0);
    refused(signet_ledger_open(&ledger, place, &must_exist, &err), SIGNET_E_NOT_FOUND, "in this");
    sql("CREATE TABLE bookmarks(url TEXT)"); /* another program's */
    refused(signet_ledger_open(&ledger, place, &options, &err), SIGNET_E_LEDGER, "another program");
    char mode[16];
    sql_text("PRAGMA journal_mode", mode, sizeof(mode));
    assert_string_equal(mode, "delete");
    sql("PRAGMA user_version = 2"); /* by chance the same number */
    refused(signet_ledger_open(&ledger, place, &options, &err), SIGNET_E_LEDGER, "another program");
}

static void other_versions_and_halves(void **state)
{
    char copy[336];
    struct stat st;
    (void)state;
    begin(9);
    for (int i = 0; i < 20; i++) {
        snprintf(copy, sizeof(copy), "dev-%d", i);
        if (i < 9)
            reserve(copy, "1");
    }
    signet_ledger_close(&ledger);
    sql("PRAGMA user_version = 1");
    refused(signet_ledger_open(&ledger, place, &options, &err), SIGNET_E_LEDGER, "schema 1");
    assert_string_not_equal(err.hint, "");
    sql("PRAGMA user_version = 6");
    refused(signet_ledger_open(&ledger, place, &options, &err), SIGNET_E_LEDGER,
            "schema 6, which is newer");
    sql("PRAGMA user_version = 5");
    sql("PRAGMA journal_mode = DELETE");
    assert_int_equal(stat(place, &st), 0);
    assert_int_equal(truncate(place, st.st_size / 2 / 4096 * 4096), 0);
    int rc = signet_ledger_open(&ledger, place, &options, &err);
    if (rc == SIGNET_OK) {
        int64_t events;
        char head[65];
        rc = signet_ledger_verify(ledger, &events, head, &err);
    }
    assert_int_equal(rc, SIGNET_E_LEDGER);
    assert_non_null(strstr(err.msg, "damaged"));
    signet_ledger_close(&ledger);
}

/* Another process has the file for long. */
static void a_locked_file(void **state)
{
    struct signet_lease lease;
    sqlite3 *db = NULL;
    (void)state;
    begin(9);
    assert_int_equal(sqlite3_open(place, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    /* looking goes on meanwhile */
    assert_int_equal(verified(), 1);
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    must(signet_ledger_reserve(ledger, order, "one", "1", &lease, &err));
    sqlite3_close(db);
}

static int patience; /* in ms; 0: the ledger's own */

int __real_sqlite3_busy_timeout(sqlite3 *db, int ms);
int __wrap_sqlite3_busy_timeout(sqlite3 *db, int ms);
int __wrap_sqlite3_busy_timeout(sqlite3 *db, int ms)
{
    return __real_sqlite3_busy_timeout(db, patience ? patience : ms);
}

static void a_lock_that_stays(void **state)
{
    struct signet_lease lease;
    sqlite3 *db = NULL;
    (void)state;
    patience = 20;
    begin(9);
    patience = 0;
    assert_int_equal(sqlite3_open(place, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    refused(signet_ledger_reserve(ledger, order, "one", "1", &lease, &err), SIGNET_E_IO,
            "locked by another process");
    assert_non_null(strstr(err.hint, "nothing is lost"));
    sqlite3_close(db);
    reserve("one", "1");
    assert_int_equal(verified(), 2);
}

static void *end_soon(void *db)
{
    usleep(100000);
    sqlite3_close(db);
    return NULL;
}

/* While somebody reads a new file, its journal cannot be changed: SQLite does not wait for that. */
static void a_new_file_that_is_read(void **state)
{
    sqlite3 *db = NULL;
    pthread_t thread;
    (void)state;
    assert_int_equal(sqlite3_open(place, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA application_id = 0; VACUUM; BEGIN;"
                                  " SELECT * FROM sqlite_schema",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(pthread_create(&thread, NULL, end_soon, db), 0);
    begin(9);
    pthread_join(thread, NULL);
    assert_int_equal(verified(), 1);
}

static void a_file_system_without_shared_memory(void **state)
{
    (void)state;
    disk.no_shm = true;
    int rc = signet_ledger_open(&ledger, place, &options, &err);
    disk.no_shm = false;
    assert_int_equal(rc, SIGNET_E_IO);
    assert_non_null(strstr(err.msg, "write-ahead log needs"));
    assert_non_null(strstr(err.hint, "local disk"));
}

/* Nothing can be written beside the file, whose name is no URI. A log that is there is read, too,
 * or said to be unreadable. */
static void a_file_on_a_disk_that_is_read_only(void **state)
{
    const struct signet_ledger_options to_read = {.station = "R", .read_only = true};
    char odd[336], wal[344];
    (void)state;
    begin(9);
    reserve("one", "1");
    signet_ledger_close(&ledger);
    snprintf(odd, sizeof(odd), "%s/l%%41?x#\xc3\xa9", folder);
    snprintf(wal, sizeof(wal), "%s-wal", odd);
    assert_int_equal(rename(place, odd), 0);
    for (int with_wal = 0; with_wal < 3; with_wal++) {
        bool unreadable = with_wal == 2;
        if (with_wal) {
            unlink(wal); /* else only root could write it */
            close(open(wal, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
            assert_int_equal(truncate(wal, 100), 0);
            chmod(wal, unreadable ? 0 : 0444);
        }
        chmod(odd, 0444);
        chmod(folder, 0555);
        become_nobody();
        int rc = signet_ledger_open(&ledger, odd, &to_read, &err);
        if (!unreadable && rc == SIGNET_OK)
            assert_int_equal(verified(), 2);
        signet_ledger_close(&ledger);
        become_oneself();
        chmod(folder, 0755);
        assert_int_equal(rc, unreadable ? SIGNET_E_IO : SIGNET_OK);
        if (unreadable)
            assert_non_null(strstr(err.msg, "changes are in its file -wal"));
    }
    unlink(wal);
    assert_int_equal(rename(odd, place), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_call_fails, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(power_cuts, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(without_rights, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_ledger, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(other_versions_and_halves, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_locked_file, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_lock_that_stays, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_new_file_that_is_read, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_file_system_without_shared_memory, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(a_file_on_a_disk_that_is_read_only, place_setup,
                                        place_teardown),
    };
    unsetenv("SIGNET_TEST_LEDGER"); /* files only */
    disk_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
