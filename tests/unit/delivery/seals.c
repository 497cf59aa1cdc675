/* SPDX-License-Identifier: Apache-2.0 */
/* What void devices leave sealed is wiped, and nothing of anybody else. */
#include "delivery/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char folder[200], path[3][256];
    struct job job;
    struct vault *vault;
    struct signet_order order;
    struct delivery_setup setup;
    struct signet_error err;
};

static void good(const struct fixture *f, int rc)
{
    if (rc != SIGNET_OK)
        fail_msg("%s", f->err.msg);
}

static void set_up(struct fixture *f)
{
    const char *tmp = getenv("TMPDIR");
    static const char *const names[] = {"ledger.db", "work", "key"};
    const struct signet_ledger_options station = {.station = "A"};

    *f = (struct fixture){.order = {.name = "o", .quota = 9}};
    snprintf(f->folder, sizeof(f->folder), "%s/signet-seals-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(f->folder));
    for (size_t i = 0; i < 3; i++)
        snprintf(f->path[i], sizeof(f->path[i]), "%s/%s", f->folder, names[i]);
    f->job.quota = f->order.quota;
    good(f, job_open(&f->job, &f->err));
    good(f, signet_ledger_open(&f->job.ledger, f->path[0], &station, &f->err));
    good(f, signet_ledger_order(f->job.ledger, "o", "hash", 9, &f->job.order, &f->err));
    good(f,
         vault_open(&f->vault, f->path[1], &(struct vault_key){.file = f->path[2]}, "o", &f->err));
    f->setup = (struct delivery_setup){.job = &f->job, .vault = f->vault, .order = &f->order};
}

static void tear_down(struct fixture *f)
{
    char command[240];

    vault_close(&f->vault);
    signet_ledger_close(&f->job.ledger);
    job_close(&f->job);
    snprintf(command, sizeof(command), "rm -r %s", f->folder);
    assert_int_equal(system(command), 0);
}

/* A device that comes to a state, with something sealed for it. */
static void make(struct fixture *f, const char *endpoint, enum signet_device_state state)
{
    static const char text[] = "its packet";
    const struct signet_bytes packet = {.data = (uint8_t *)(uintptr_t)text, .len = sizeof(text)};
    struct signet_lease lease;

    good(f, signet_ledger_reserve(f->job.ledger, f->job.order, endpoint, "1", &lease, &f->err));
    good(f, vault_seal(f->vault, endpoint, &packet, &f->err));
    if (state > SIGNET_DEVICE_RESERVED)
        good(f, signet_ledger_advance(f->job.ledger, &lease, SIGNET_DEVICE_WRITING, NULL, &f->err));
    good(f, signet_ledger_release(f->job.ledger, &lease, &f->err));
}

static bool is_sealed(struct fixture *f, const char *endpoint)
{
    struct secret packet = {0};
    int rc = vault_find(f->vault, endpoint, -1, &packet, &f->err);

    secret_wipe(&packet);
    assert_true(rc == SIGNET_OK || rc == SIGNET_E_NOT_FOUND);
    return rc == SIGNET_OK;
}

static void end(struct fixture *f)
{
    good(f, job_count(&f->job, &f->err));
    good(f, seals_wipe_ended(&f->setup, &f->err));
}

static void a_void_device_leaves_nothing_sealed(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    make(&f, "d1", SIGNET_DEVICE_WRITING);
    make(&f, "d2", SIGNET_DEVICE_WRITING);
    end(&f);
    assert_true(is_sealed(&f, "d1"));
    good(&f, signet_ledger_void(f.job.ledger, "d1", "it broke", &f.err));
    end(&f);
    assert_false(is_sealed(&f, "d1"));
    assert_true(is_sealed(&f, "d2"));
    tear_down(&f);
}

/* A device that never left the host gives its name back: another device may have it by now. */
static void a_name_that_was_given_back_is_anothers(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    make(&f, "d1", SIGNET_DEVICE_RESERVED);
    good(&f, signet_ledger_void(f.job.ledger, "d1", "a mistake", &f.err));
    make(&f, "d1", SIGNET_DEVICE_WRITING);
    make(&f, "d2", SIGNET_DEVICE_WRITING);
    good(&f, signet_ledger_void(f.job.ledger, "d2", "it broke", &f.err));
    end(&f);
    assert_true(is_sealed(&f, "d1"));
    assert_false(is_sealed(&f, "d2"));
    tear_down(&f);
}

/* What is not sealed here may be in another work folder: the device waits, and is not set aside. */
static void what_cannot_be_opened(void **state)
{
    static const struct {
        enum signet_code code;
        int rc;
    } rows[] = {
        {SIGNET_E_NOT_FOUND, SIGNET_E_BUSY},
        {SIGNET_E_CONFLICT, SIGNET_OK},
        {SIGNET_E_NET, SIGNET_E_BUSY},
        {SIGNET_E_CANCELLED, SIGNET_E_BUSY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct signet_error why = {.code = rows[i].code};

        assert_int_equal(judge_unopened(&why), rows[i].rc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_void_device_leaves_nothing_sealed),
        cmocka_unit_test(a_name_that_was_given_back_is_anothers),
        cmocka_unit_test(what_cannot_be_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
