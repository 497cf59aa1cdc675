/* SPDX-License-Identifier: Apache-2.0 */
/* Batches that are sealed to a certificate: what has been seen of one never changes.
 * wrap: fsync */
#include "unit/batch/kill.h"

#include <errno.h>
#include <signal.h>
#include <signet/cert.h>
#include <sys/resource.h>

static char cert[FOLDER_SIZE + 16], place[FOLDER_SIZE + 8];
static int syncs_left = -1; /* before one fails */

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    errno = EIO;
    return syncs_left == 0 ? -1 : (syncs_left--, __real_fsync(fd));
}

static void set_up_sealed(struct plant *p, int64_t quota)
{
    struct signet_key *key = NULL;
    struct signet_cert *made = NULL;
    struct signet_bytes pem = {0};

    set_up(p, quota);
    snprintf(place, sizeof(place), "%s/out", p->folder);
    snprintf(cert, sizeof(cert), "%s/to.pem", p->folder);
    good(p, file_mkdir(place, &p->err));
    snprintf(p->packets, sizeof(p->packets), "%s/p", place);
    snprintf(p->records, sizeof(p->records), "%s/r.csv", place);
    good(p, signet_key_generate(&key, NULL, NULL, &p->err));
    good(p, signet_cert_make(&made, key, NULL, "receiver", NULL, &p->err));
    good(p, signet_cert_pem(made, &pem, &p->err));
    good(p, file_write(cert, pem.data, pem.len, 0600, &p->err));
    signet_bytes_free(&pem);
    signet_cert_free(&made);
    signet_key_free(&key);
    p->order.seal_to[0] = cert;
    p->order.seal_to_count = 1;
}

static const char *in(const char *name, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s", place, name);
    return out;
}

static bool is_there(const char *name)
{
    char path[PATH_MAX];

    return access(in(name, path), F_OK) == 0;
}

static void put(const char *name)
{
    char path[PATH_MAX];
    FILE *to = fopen(in(name, path), "w");

    assert_non_null(to);
    fputs("mine\n", to);
    assert_int_equal(fclose(to), 0);
}

static void has_batch(const char *number, bool there)
{
    static const char *const names[][2] = {{"p", "cms"}, {"r.csv", "cms"}, {"p", "manifest"}};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char name[NAME_MAX + 1];

        snprintf(name, sizeof(name), ".%s.%s.%s", names[i][0], number, names[i][1]);
        if (is_there(name + 1) != there)
            fail_msg("%s is %s", name + 1, there ? "missing" : "there");
        assert_false(is_there(name)); /* nothing is hidden any more */
    }
}

static void write_one(struct plant *p, size_t count)
{
    struct batch b;

    plant_make(p, &b, count);
    good(p, batch_write(p->run, &b, &p->err));
    batch_free(&b);
}

static void each_batch_has_its_files(void **state)
{
    struct plant p;
    char path[PATH_MAX], line[100];

    (void)state;
    set_up_sealed(&p, 9);
    good(&p, plant_open(&p, true));
    write_one(&p, 2);
    has_batch("00000001", true);
    assert_int_equal(plant_count(&p, in("p.00000001.manifest", path), "previous -\n"), 1);
    assert_int_equal(plant_count(&p, path, "\nfile p.00000001.cms "), 1);
    assert_int_equal(plant_count(&p, path, "\nfile r.csv.00000001.cms "), 1);
    assert_int_equal(plant_count(&p, path, "\ndevices 2\n"), 1);
    snprintf(line, sizeof(line), "previous %s\n", p.run->out.sealed.head);
    write_one(&p, 3);
    has_batch("00000002", true);
    assert_int_equal(plant_count(&p, in("p.00000002.manifest", path), line), 1);
    snprintf(line, sizeof(line), "previous %s\n", p.run->out.sealed.head);
    const struct mark packets = p.run->out.state.marks[PACKETS];
    assert_true(packets.bytes > 0 && p.run->out.state.marks[RECORDS].bytes > 0);
    batch_close(&p.run);
    good(&p, plant_open(&p, true)); /* the chain goes on */
    assert_int_equal(p.run->out.sealed.bytes[PACKETS], packets.bytes);
    p.run->turns = (struct turns){3, 3, 3};
    write_one(&p, 1);
    assert_int_equal(plant_count(&p, in("p.00000003.manifest", path), line), 1);
    tear_down(&p);
}

/* Without records, and without anything of a batch of which nobody is left. */
static void only_what_there_is(void **state)
{
    struct plant p;
    struct batch b;

    (void)state;
    set_up_sealed(&p, 9);
    p.order.records = NULL;
    good(&p, plant_open(&p, true));
    write_one(&p, 2);
    assert_true(is_there("p.00000001.cms") && is_there("p.00000001.manifest"));
    assert_false(is_there("r.csv.00000001.cms"));
    assert_int_equal(p.run->out.state.marks[RECORDS].bytes, 0);
    plant_make(&p, &b, 1);
    good(&p, signet_ledger_void(p.job.ledger, "d-003", "test", &p.err));
    good(&p, batch_write(p.run, &b, &p.err));
    assert_false(is_there("p.00000002.cms") || is_there("p.00000002.manifest"));
    batch_free(&b);
    tear_down(&p);
}

static void killed_anywhere(void **state)
{
    static const char *const places[] = {"before-append", "after-append",   "before-mark",
                                         "after-mark",    "before-publish", "between-publish",
                                         "after-publish", "before-done"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        struct plant p;
        char path[PATH_MAX];

        set_up_sealed(&p, 4);
        plant_kill(&p, 2, places[i]);
        bool seen = is_there("p.00000001.cms");
        assert_int_equal(seen, i > 4);
        good(&p, plant_open(&p, false)); /* a look changes nothing */
        batch_close(&p.run);
        assert_int_equal(is_there("p.00000001.cms"), seen);
        good(&p, plant_run(&p));
        has_batch("00000001", true);
        assert_int_equal(plant_count(&p, in("p.00000001.manifest", path), "\ndevices 2\n"), 1);
        has_batch("00000002", true);
        assert_int_equal(plant_state_of(&p, "d-004"), SIGNET_DEVICE_DONE);
        assert_int_equal(plant_seals(&p), 0);
        tear_down(&p);
    }
}

/* Where an output begins, none of its names may be taken; others are nobody's matter. */
static void names_that_are_taken(void **state)
{
    static const char *const taken[] = {"p.00000001.cms", "p.00000007.manifest",
                                        "r.csv.00000001.cms", "p.123456789.cms"},
                             *const others[] = {"p.1.cms",          "p.00000001.cms.old",
                                                "p.00000001.txt",   "p",
                                                "q.00000001.cms",   "px00000001.cms",
                                                ".p.00000001x.cms", "r.csv.00000001.manifest"};
    struct plant p;
    char path[PATH_MAX];

    (void)state;
    set_up_sealed(&p, 4);
    for (size_t i = 0; i < COUNT_OF(taken); i++) {
        put(taken[i]);
        for (int change = 0; change < 2; change++)
            refused(&p, plant_open(&p, change), SIGNET_E_EXISTS, taken[i]);
        unlink(in(taken[i], path));
    }
    for (size_t i = 0; i < COUNT_OF(others); i++)
        put(others[i]);
    good(&p, plant_open(&p, true));
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (!is_there(others[i]))
            fail_msg("%s", others[i]);
    write_one(&p, 2); /* once it has begun, only the names that come are looked at */
    batch_close(&p.run);
    put("p.00000007.cms");
    good(&p, plant_open(&p, true));
    p.run->turns = (struct turns){7, 7, 7};
    struct batch b;
    plant_make(&p, &b, 1);
    refused(&p, batch_write(p.run, &b, &p.err), SIGNET_E_EXISTS, "p.00000007.cms");
    assert_int_equal(plant_count(&p, in("p.00000007.cms", path), "mine"), 1);
    batch_free(&b);
    tear_down(&p);
}

/* What is hidden behind the mark was never seen: it goes, and that of others stays. */
static void what_was_never_seen(void **state)
{
    struct plant p;

    (void)state;
    set_up_sealed(&p, 4);
    good(&p, plant_open(&p, true));
    write_one(&p, 1);
    batch_close(&p.run);
    put(".p.00000002.cms");
    put(".q.00000002.cms");
    good(&p, plant_open(&p, true));
    assert_false(is_there(".p.00000002.cms"));
    assert_true(is_there(".q.00000002.cms"));
    tear_down(&p);
}

static void names_that_are_too_long(void **state)
{
    char name[120] = "";
    struct plant p;

    (void)state;
    set_up_sealed(&p, 2);
    memset(name, 'n', 101);
    snprintf(p.packets, sizeof(p.packets), "%s/p", place);
    char path[PATH_MAX];
    p.order.records = in(name, path);
    refused(&p, plant_open(&p, true), SIGNET_E_LIMIT, "has at most 100 bytes");
    path[strlen(path) - 1] = '\0';
    good(&p, plant_open(&p, true));
    write_one(&p, 1);
    tear_down(&p);
}

static void what_cannot_be_used(void **state)
{
    struct plant p;
    char path[PATH_MAX];

    (void)state;
    set_up_sealed(&p, 2);
    p.order.seal_to[0] = in("none.pem", path);
    assert_int_not_equal(plant_open(&p, true), SIGNET_OK);
    p.order.seal_to[0] = cert;
    assert_int_equal(chmod(place, 0770), 0);
    refused(&p, plant_open(&p, true), SIGNET_E_IO, "others may change");
    assert_int_equal(chmod(place, 0700), 0);
    assert_int_equal(rename(p.sign, in("key", path)), 0);
    assert_int_equal(mkdir(p.sign, 0700), 0);
    assert_int_not_equal(plant_open(&p, true), SIGNET_OK);
    assert_non_null(strstr(p.err.msg, "cannot use the signing key"));
    good(&p, plant_open(&p, false)); /* a look signs nothing */
    batch_close(&p.run);
    assert_int_equal(rmdir(p.sign), 0);
    assert_int_equal(rename(path, p.sign), 0);
    good(&p, plant_open(&p, true));
    tear_down(&p);
}

static void what_cannot_be_written(void **state)
{
    const struct rlimit small = {20, RLIM_INFINITY}, all = {RLIM_INFINITY, RLIM_INFINITY};
    struct plant p;
    struct batch b;

    (void)state;
    set_up_sealed(&p, 5);
    good(&p, plant_open(&p, true));
    plant_make(&p, &b, 1);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = sealed_append(p.run, &b, &p.err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
    refused(&p, rc, SIGNET_E_IO, "cannot write 'p.00000001.cms'");
    assert_non_null(strstr(p.err.msg, "No space left"));
    refused(&p, handover_sync(&p.run->out.sealed, 1, &p.err), SIGNET_E_IO, "cannot sync");
    good(&p, sealed_append(p.run, &b, &p.err)); /* once more, over what is half there */
    for (int i = 0; i < 4; i++) {               /* two files, the manifest, the folder */
        syncs_left = i;
        refused(&p, handover_sync(&p.run->out.sealed, 1, &p.err), SIGNET_E_IO, "cannot sync");
    }
    syncs_left = -1;
    good(&p, handover_sync(&p.run->out.sealed, 1, &p.err));
    put("p.00000001.cms");
    refused(&p, sealed_append(p.run, &b, &p.err), SIGNET_E_EXISTS, "p.00000001.cms' is there");
    refused(&p, handover_publish(&p.run->out.sealed, 8, &p.err), SIGNET_E_IO,
            "cannot give 'p.00000008.cms' its name");
    batch_free(&b);
    tear_down(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_batch_has_its_files), cmocka_unit_test(only_what_there_is),
        cmocka_unit_test(killed_anywhere),          cmocka_unit_test(names_that_are_taken),
        cmocka_unit_test(what_was_never_seen),      cmocka_unit_test(names_that_are_too_long),
        cmocka_unit_test(what_cannot_be_used),      cmocka_unit_test(what_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
