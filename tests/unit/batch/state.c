/* SPDX-License-Identifier: Apache-2.0 */
/* What the output holds is known from a file, or not at all. */
#include "unit/batch/plant.h"

#include <sys/wait.h>
#include <unistd.h>

#define SUM "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void fill(struct state *s)
{
    *s = (struct state){.created = 5,
                        .batch = 7,
                        .devices = 1234,
                        .form = RECORDS_ROW_PER_ACCOUNT,
                        .marks = {{.bytes = 99, .sha256 = SUM}, {.bytes = 0, .sha256 = "-"}}};
    snprintf(s->paths[PACKETS], PATH_MAX, "/some where/packets.ndjson");
}

static void path_of(const struct plant *p, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/mint-%s.state", p->work, vault_tag(p->vault));
}

static void is_read_as_it_was_written(void **state)
{
    static const enum records_form forms[] = {RECORDS_ONE_ROW, RECORDS_ROW_PER_ACCOUNT};
    struct plant p;
    bool there = true;

    (void)state;
    set_up(&p, 1);
    struct state s = {0}, found = {0};
    good(&p, state_read(&found, p.vault, &there, &p.err));
    assert_false(there);
    assert_int_equal(found.form, RECORDS_ROW_PER_ACCOUNT);
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        fill(&s);
        s.form = forms[i];
        s.marks[1].sha256[0] = '\0'; /* as it begins */
        good(&p, state_write(&s, p.vault, &p.err));
        found = (struct state){0};
        good(&p, state_read(&found, p.vault, &there, &p.err));
        assert_true(there);
        assert_int_equal(found.form, forms[i]);
        assert_int_equal(found.created, 5);
        assert_int_equal(found.batch, 7);
        assert_int_equal(found.devices, 1234);
        assert_int_equal(found.marks[PACKETS].bytes, 99);
        assert_string_equal(found.marks[PACKETS].sha256, SUM);
        assert_string_equal(found.marks[RECORDS].sha256, "-");
        assert_string_equal(found.paths[PACKETS], "/some where/packets.ndjson");
        assert_string_equal(found.paths[RECORDS], "");
    }
    tear_down(&p);
}

static void of_another_form_is_refused(void **state)
{
    static const char *const changes[][2] = {
        {"signet mint 2", "signet mint 3"},
        {"batch 7", "batch 07"},
        {"batch 7", "botch 7"},
        {"devices 1234", "devices -1"},
        {"packets 99", "packets 99 "},
        {"records", "packets"},
        {"end\n", "end"},
        {"end\n", "end\nmore\n"},
        {"end\n", ""},
        {"order 5 ", "order 5 0"},
        {SUM, SUM "0"},
    };
    struct plant p;
    struct state s, found;
    struct buf text = {0};
    char path[PATH_MAX];
    bool there;

    (void)state;
    set_up(&p, 1);
    path_of(&p, path);
    fill(&s);
    good(&p, state_write(&s, p.vault, &p.err));
    good(&p, file_read(path, 4096, &text, &p.err));
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        struct buf bad = {0};
        const char *at = strstr((const char *)text.data, changes[i][0]);

        assert_non_null(at);
        buf_append(&bad, text.data, (size_t)(at - (const char *)text.data));
        buf_text(&bad, changes[i][1]);
        buf_text(&bad, at + strlen(changes[i][0]));
        good(&p, file_write(path, bad.data, bad.len, 0600, &p.err));
        int rc = state_read(&found, p.vault, &there, &p.err);
        if (rc != SIGNET_E_CONFLICT || !strstr(p.err.msg, "is damaged"))
            fail_msg("%s for %s: %d %s", changes[i][1], changes[i][0], rc, p.err.msg);
        buf_free(&bad);
    }
    good(&p, file_write(path, "", 0, 0600, &p.err));
    refused(&p, state_read(&found, p.vault, &there, &p.err), SIGNET_E_CONFLICT, "is damaged");
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_not_equal(state_read(&found, p.vault, &there, &p.err), SIGNET_OK);
    assert_int_not_equal(state_write(&s, p.vault, &p.err), SIGNET_OK);
    buf_free(&text);
    tear_down(&p);
}

/* In the root folder, where only root writes. */
static void at_root(struct plant *p, const char *name, const char *wanted)
{
    static char out[PATH_MAX];
    int rc = state_path(name, out, &p->err);

    if (access("/", W_OK) != 0) {
        refused(p, rc, SIGNET_E_IO, "cannot write '");
        return;
    }
    good(p, rc);
    assert_string_equal(out, wanted);
}

/* Nobody can write there: told before the first device. */
static void a_folder_without_rights(void **state)
{
    struct plant p;
    int status = 1;

    (void)state;
    set_up(&p, 1);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(2);
        at_root(&p, "/out.csv", "");
        _exit(p.err.code == SIGNET_E_IO && access("/", W_OK) != 0 ? 0 : 3);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    tear_down(&p);
}

static void paths_are_absolute(void **state)
{
    static char out[PATH_MAX], wanted[PATH_MAX], name[PATH_MAX + 8];
    struct plant p;

    (void)state;
    set_up(&p, 1);
    snprintf(name, sizeof(name), "%s/work/../out.csv", p.folder);
    snprintf(wanted, sizeof(wanted), "%s/out.csv", p.folder);
    good(&p, state_path(name, out, &p.err));
    assert_string_equal(out, wanted);
    at_root(&p, "/out.csv", "/out.csv");
    refused(&p, state_path("/a\nb", out, &p.err), SIGNET_E_LIMIT, "is no name for an output");
    snprintf(name, sizeof(name), "%s/none/out.csv", p.folder);
    refused(&p, state_path(name, out, &p.err), SIGNET_E_IO, "there is no folder for");
    memset(name, '/', sizeof(name)); /* the root, at any length */
    name[PATH_MAX] = '\0';
    refused(&p, state_path(name, out, &p.err), SIGNET_E_LIMIT, "is no name for an output");
    name[PATH_MAX - 2] = 'a';
    name[PATH_MAX - 1] = '\0';
    at_root(&p, name, "/a");
    tear_down(&p);
}

/* One that is named in short, in a deep folder that we are in. */
static void a_path_that_becomes_too_long(void **state)
{
    static char part[201], out[PATH_MAX], name[256];
    char *before = getcwd(NULL, 0);
    struct plant p;

    (void)state;
    set_up(&p, 1);
    memset(part, 'x', sizeof(part) - 1);
    memset(name, 'n', sizeof(name) - 1);
    assert_int_equal(chdir(p.folder), 0);
    for (int i = 0; i < 19; i++) {
        assert_int_equal(mkdir(part, 0700), 0);
        assert_int_equal(chdir(part), 0);
    }
    good(&p, state_path("n", out, &p.err));
    refused(&p, state_path(name, out, &p.err), SIGNET_E_LIMIT, "is too long");
    assert_int_equal(chdir(before), 0);
    free(before);
    tear_down(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_read_as_it_was_written),
        cmocka_unit_test(of_another_form_is_refused),
        cmocka_unit_test(paths_are_absolute),
        cmocka_unit_test(a_folder_without_rights),
        cmocka_unit_test(a_path_that_becomes_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
