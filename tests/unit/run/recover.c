/* SPDX-License-Identifier: Apache-2.0 */
/* An old copy of the ledger was put back: what is void then, and no failure on the way is passed
 * over.
 * wrap: vault_batch_list vault_track_batch vault_find vault_wipe
 * wrap: source_name source_has_names job_named_device job_remember
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc
 * wrap: signet_ledger_head signet_ledger_devices signet_ledger_expose signet_ledger_order_note
 */
#include "run/private.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/starve.h"

/* What is called, and which call fails. */
static char told[1024];
static int calls, fails_at; /* 0: none */
static enum signet_code fails_with;

static int call(struct signet_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static int call(struct signet_error *err, const char *fmt, ...)
{
    size_t used = strlen(told);
    va_list args;

    assert_true(fails_at == 0 || calls < fails_at); /* nothing follows a failure */
    va_start(args, fmt);
    vsnprintf(told + used, sizeof(told) - used, fmt, args);
    va_end(args);
    return ++calls == fails_at ? error_set(err, fails_with, "it failed") : SIGNET_OK;
}

/* What is not there is an answer, no failure: that one fails otherwise. */
static int ask(struct signet_error *err, const char *what, const char *which)
{
    enum signet_code with = fails_with;
    int rc;

    fails_with = with == SIGNET_E_NOT_FOUND ? SIGNET_E_NOMEM : with;
    rc = call(err, "%s%s ", what, which);
    fails_with = with;
    return rc;
}

int __wrap_vault_batch_list(struct vault *v, uint64_t **numbers, size_t *count,
                            struct signet_error *err);
int __wrap_vault_batch_list(struct vault *v, uint64_t **numbers, size_t *count,
                            struct signet_error *err)
{
    int rc = call(err, "list ");

    (void)v;
    if (rc != SIGNET_OK)
        return rc;
    *numbers = calloc(2, sizeof(**numbers));
    if (!*numbers)
        return error_nomem(err);
    (*numbers)[0] = 7;
    (*numbers)[1] = 9;
    *count = 2;
    return SIGNET_OK;
}

int __wrap_vault_track_batch(struct vault *v, uint64_t number, int64_t first, int64_t last,
                             size_t left, struct signet_error *err);
int __wrap_vault_track_batch(struct vault *v, uint64_t number, int64_t first, int64_t last,
                             size_t left, struct signet_error *err)
{
    (void)v;
    assert_true(first == INT64_MIN && last == INT64_MAX && left == 1);
    return call(err, "track%d ", (int)number);
}

/* Sealed is what has an s in its name; of one with a b it is damaged. */
int __wrap_vault_find(struct vault *v, const char *endpoint, int64_t index, struct secret *packet,
                      struct signet_error *err);
int __wrap_vault_find(struct vault *v, const char *endpoint, int64_t index, struct secret *packet,
                      struct signet_error *err)
{
    int rc = ask(err, "find-", endpoint);

    (void)v, (void)index, (void)packet;
    if (rc != SIGNET_OK || strchr(endpoint, 's'))
        return rc;
    return error_set(err, strchr(endpoint, 'b') ? SIGNET_E_SEAL : SIGNET_E_NOT_FOUND, "none");
}

int __wrap_vault_wipe(struct vault *v, const char *endpoint, struct signet_error *err);
int __wrap_vault_wipe(struct vault *v, const char *endpoint, struct signet_error *err)
{
    (void)v;
    return call(err, "wipe-%s ", endpoint);
}

static const char *const names[] = {"n0", "n1", "n2", "n3s", "n4"};
static bool has_names;

bool __wrap_source_has_names(const struct source *s);
bool __wrap_source_has_names(const struct source *s)
{
    (void)s;
    return has_names;
}

int __wrap_source_name(void *ctx, int64_t index, char endpoint[SIGNET_ENDPOINT_SIZE],
                       struct signet_error *err);
int __wrap_source_name(void *ctx, int64_t index, char endpoint[SIGNET_ENDPOINT_SIZE],
                       struct signet_error *err)
{
    (void)ctx;
    if (index >= (int64_t)COUNT_OF(names))
        return error_set(err, SIGNET_E_NOT_FOUND, "that was all");
    int rc = ask(err, "name-", names[index]);
    snprintf(endpoint, SIGNET_ENDPOINT_SIZE, "%s", names[index]);
    return rc;
}

/* n2 is another order's. */
int __wrap_job_named_device(struct signet_ledger *l, const char *endpoint, struct job_named *out,
                            struct signet_error *err);
int __wrap_job_named_device(struct signet_ledger *l, const char *endpoint, struct job_named *out,
                            struct signet_error *err)
{
    (void)l;
    snprintf(out->order, sizeof(out->order), "%s", strcmp(endpoint, "n2") == 0 ? "other" : "");
    return call(err, "known-%s ", endpoint);
}

int __wrap_job_remember(struct job *job, int64_t index, struct signet_error *err);
int __wrap_job_remember(struct job *job, int64_t index, struct signet_error *err)
{
    (void)job;
    return call(err, "remember%d", (int)index);
}

int __wrap_signet_ledger_head(struct signet_ledger *l, int64_t order,
                              struct signet_ledger_head *head, struct signet_error *err);
int __wrap_signet_ledger_head(struct signet_ledger *l, int64_t order,
                              struct signet_ledger_head *head, struct signet_error *err)
{
    (void)l, (void)order;
    *head = (struct signet_ledger_head){.names = 1, .issued = 4};
    return call(err, "head ");
}

static const struct signet_ledger_device *in_ledger;
static size_t in_ledger_count;

int __wrap_signet_ledger_devices(struct signet_ledger *l, const struct signet_ledger_filter *filter,
                                 signet_ledger_device_each *row, void *ctx,
                                 struct signet_error *err);
int __wrap_signet_ledger_devices(struct signet_ledger *l, const struct signet_ledger_filter *filter,
                                 signet_ledger_device_each *row, void *ctx,
                                 struct signet_error *err)
{
    int rc = call(err, "devices ");

    (void)l;
    assert_string_equal(filter->order, "o");
    for (size_t i = 0; rc == SIGNET_OK && i < in_ledger_count; i++)
        rc = row(ctx, &in_ledger[i], err);
    return rc;
}

int __wrap_signet_ledger_expose(struct signet_ledger *l, int64_t order,
                                const struct signet_ledger_lost *lost, size_t count,
                                const char *reason, struct signet_error *err);
int __wrap_signet_ledger_expose(struct signet_ledger *l, int64_t order,
                                const struct signet_ledger_lost *lost, size_t count,
                                const char *reason, struct signet_error *err)
{
    char all[200] = "";

    (void)l, (void)order, (void)reason;
    for (size_t i = 0; i < count; i++)
        snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s/%d,", lost[i].endpoint,
                 (int)lost[i].number);
    return call(err, "void:%s ", all);
}

int __wrap_signet_ledger_order_note(struct signet_ledger *l, int64_t order, const char *kind,
                                    const char *detail, struct signet_error *err);
int __wrap_signet_ledger_order_note(struct signet_ledger *l, int64_t order, const char *kind,
                                    const char *detail, struct signet_error *err)
{
    (void)l, (void)order, (void)detail;
    return call(err, "%s ", kind);
}

static int rows_told;
static int row(void *ctx, const struct signet_run_lost *lost, struct signet_error *err)
{
    (void)ctx, (void)lost, (void)err;
    rows_told++;
    return SIGNET_OK;
}

static struct signet_order order = {.name = "o", .station = "A"};

static int recover(int64_t names_known, bool dry_run, struct signet_run_recovery *found,
                   struct signet_error *err)
{
    static int ledger;
    struct signet_run run = {.order = &order, .age = SIGNET_LEDGER_BEHIND};

    told[0] = '\0';
    calls = rows_told = 0;
    run.options.dry_run = dry_run;
    run.job.ledger = (struct signet_ledger *)(void *)&ledger;
    run.job.delivers = true;
    run.job.memory.head = (struct signet_ledger_head){.names = names_known, .issued = 6};
    return signet_run_recover(&run, row, NULL, found, err);
}

static const struct signet_ledger_device devices[] = {
    {.endpoint = "a", .station = "A", .state = SIGNET_DEVICE_RESERVED},
    {.endpoint = "as", .station = "A", .state = SIGNET_DEVICE_WRITTEN}};

static void all_of_it(void **state)
{
    struct signet_run_recovery found;
    struct signet_error err = {0};

    (void)state;
    has_names = true;
    in_ledger = devices;
    in_ledger_count = 2;
    assert_int_equal(recover(9, false, &found, &err), SIGNET_OK);
    assert_string_equal(told,
                        "list track7 track9 head devices find-a find-as void:a/-1, wipe-a "
                        "name-n1 known-n1 find-n1 name-n2 known-n2 name-n3s known-n3s find-n3s "
                        "name-n4 known-n4 find-n4 void:n1/1,n3s/3,n4/4, wipe-n1 wipe-n3s "
                        "wipe-n4 recovered remember-1");
    assert_int_equal(found.names, 3);
    assert_int_equal(found.devices, 1);
    assert_int_equal(rows_told, 4);
    assert_int_equal(recover(3, true, &found, &err), SIGNET_OK); /* nothing is changed */
    assert_string_equal(told, "list track7 track9 head devices find-a find-as "
                              "name-n1 known-n1 find-n1 name-n2 known-n2 ");
    has_names = false; /* they are the boards' own */
    assert_int_equal(recover(9, false, &found, &err), SIGNET_OK);
    assert_string_equal(told,
                        "list track7 track9 head devices find-a find-as recovered remember-1");
    assert_int_equal(found.unnamed, 2);
}

/* Whatever fails: it is said, and nothing follows. What is not found is no end of the manifest, but
 * a seal or a name. */
static void each_call_fails(void **state)
{
    static const enum signet_code with[] = {SIGNET_E_IO, SIGNET_E_NOT_FOUND};
    struct signet_run_recovery found;
    struct signet_error err;

    (void)state;
    has_names = true;
    in_ledger = devices;
    in_ledger_count = 2;
    assert_int_equal(recover(9, false, &found, &err), SIGNET_OK);
    int all = calls;
    for (size_t i = 0; i < COUNT_OF(with); i++)
        for (fails_at = 1, fails_with = with[i]; fails_at <= all; fails_at++) {
            int rc = recover(9, false, &found, &err);

            assert_true(rc == (int)with[i] || (rc == SIGNET_E_NOMEM && i == 1));
            assert_int_equal(err.code, rc);
            assert_int_equal(calls, fails_at);
        }
    fails_at = 0;
}

static int recover_all(struct signet_error *err)
{
    struct signet_run_recovery found;

    return recover(9, false, &found, err);
}

static void without_memory(void **state)
{
    (void)state;
    has_names = true;
    in_ledger = devices;
    in_ledger_count = 2;
    starve_each(recover_all);
}

/* Which devices of the ledger are in doubt, by state, station and seal. */
static void who_is_in_doubt(void **state)
{
    static const struct {
        enum signet_device_state state;
        const char *endpoint, *station;
        bool exposed, names, doubt;
    } rows[] = {
        {SIGNET_DEVICE_RESERVED, "as", "B", false, true, true},
        {SIGNET_DEVICE_RESERVED, "a", "A", false, false, false},
        {SIGNET_DEVICE_KEYED, "as", "B", false, true, true},
        {SIGNET_DEVICE_KEYED, "a", "A", false, false, false},
        {SIGNET_DEVICE_FAILED, "a", "B", false, true, true},
        {SIGNET_DEVICE_FAILED, "a", "A", true, true, false},
        {SIGNET_DEVICE_FAILED, "a", "A", false, false, false},
        {SIGNET_DEVICE_WRITING, "a", "A", true, false, true},
        {SIGNET_DEVICE_WRITING, "b", "A", true, true, true}, /* damaged */
        {SIGNET_DEVICE_WRITING, "as", "A", true, true, false},
        {SIGNET_DEVICE_WRITING, "a", "B", true, true, false},
        {SIGNET_DEVICE_WRITTEN, "a", "A", true, true, true},
        {SIGNET_DEVICE_WRITTEN, "as", "A", true, true, false},
        {SIGNET_DEVICE_VERIFIED, "a", "A", true, true, true},
        {SIGNET_DEVICE_VERIFIED, "as", "A", true, true, false},
        {SIGNET_DEVICE_VERIFIED, "a", "B", true, true, false},
        {SIGNET_DEVICE_REGISTERED, "a", "A", true, true, true},
        {SIGNET_DEVICE_DONE, "a", "A", true, true, false},
        {SIGNET_DEVICE_VOID, "a", "A", true, true, false},
        {SIGNET_DEVICE_RETIRED, "a", "A", true, true, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct signet_ledger_device one = {
            .endpoint = rows[i].endpoint, .station = rows[i].station, .state = rows[i].state};
        struct signet_run_recovery found;
        struct signet_error err;

        one.exposed = rows[i].exposed;
        has_names = rows[i].names;
        in_ledger = &one;
        in_ledger_count = 1;
        assert_int_equal(recover(0, false, &found, &err), SIGNET_OK);
        if (found.devices != rows[i].doubt)
            fail_msg("%zu: %s", i, told);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it), cmocka_unit_test(each_call_fails),
        cmocka_unit_test(without_memory), cmocka_unit_test(who_is_in_doubt)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
