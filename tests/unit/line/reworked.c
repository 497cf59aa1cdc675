/* SPDX-License-Identifier: Apache-2.0 */
/* A board whose device a person let be made again: by its serial number, or by the slot.
 * wrap: signet_ledger_claim source_has_names job_is_retired work_judged device_free
 */
#include "line/work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static int by_serial, by_slot, retires; /* what the ledger says */
static bool has_names, retired;
static char asked[32];

int __wrap_signet_ledger_claim(struct signet_ledger *l, int64_t order, const char *endpoint,
                               const char *hw_id, const char *slot, struct signet_lease *lease,
                               struct signet_error *err);
int __wrap_signet_ledger_claim(struct signet_ledger *l, int64_t order, const char *endpoint,
                               const char *hw_id, const char *slot, struct signet_lease *lease,
                               struct signet_error *err)
{
    int rc = strchr(hw_id, ':') ? by_slot : by_serial;

    (void)l;
    (void)order;
    assert_null(endpoint);
    assert_string_equal(slot, "3");
    snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "%s,", hw_id);
    lease->device = rc == SIGNET_OK;
    return rc == SIGNET_OK ? rc : error_set(err, (enum signet_code)rc, "so it is");
}

bool __wrap_source_has_names(const struct source *source);
bool __wrap_source_has_names(const struct source *source)
{
    (void)source;
    return has_names;
}

int __wrap_job_is_retired(struct job *job, const char *endpoint, const char *sha256, bool *out,
                          struct signet_error *err);
int __wrap_job_is_retired(struct job *job, const char *endpoint, const char *sha256, bool *out,
                          struct signet_error *err)
{
    (void)job;
    assert_string_equal(endpoint, "dev");
    assert_string_equal(sha256, "sum");
    *out = retired;
    return retires ? error_set(err, (enum signet_code)retires, "so it is") : SIGNET_OK;
}

int __wrap_work_judged(struct work *w, int rc);
int __wrap_work_judged(struct work *w, int rc)
{
    (void)w;
    return rc;
}

static int freed;
void __wrap_device_free(struct device *device);
void __wrap_device_free(struct device *device)
{
    (void)device;
    freed++;
}

static void claimed(void **state)
{
    static const struct {
        const char *serial;
        int by_serial, by_slot, expected;
        const char *asked;
    } rows[] = {
        {"7", SIGNET_OK, SIGNET_OK, SIGNET_OK, "7,"},
        {"7", SIGNET_E_NOT_FOUND, SIGNET_OK, SIGNET_OK, "7,slot:A/3,"},
        {"7", SIGNET_E_NOT_FOUND, SIGNET_E_NOT_FOUND, SIGNET_E_PROVISIONED, "7,slot:A/3,"},
        {"7", SIGNET_E_EXISTS, SIGNET_OK, SIGNET_E_PROVISIONED, "7,"},
        {"7", SIGNET_E_LEDGER, SIGNET_OK, SIGNET_E_LEDGER, "7,"},
        {"7", SIGNET_E_NOT_FOUND, SIGNET_E_LEDGER, SIGNET_E_LEDGER, "7,slot:A/3,"},
        {"", SIGNET_OK, SIGNET_OK, SIGNET_OK, "slot:A/3,"},
        {"", SIGNET_OK, SIGNET_E_NOT_FOUND, SIGNET_E_PROVISIONED, "slot:A/3,"},
    };
    const struct signet_slot place = {.name = "3"};
    struct signet_order order = {.station = (char[]){"A"}};
    const struct line_setup setup = {.order = &order};
    struct job job = {0};
    struct line line = {.setup = &setup, .job = &job};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct slot slot = {.line = &line, .order = &place};
        struct signet_error err = {0};

        asked[0] = '\0';
        by_serial = rows[i].by_serial;
        by_slot = rows[i].by_slot;
        int rc = reworked_claim(&slot, rows[i].serial, &err);
        if (rc != rows[i].expected || strcmp(asked, rows[i].asked) != 0 ||
            (rc != SIGNET_OK && rc != SIGNET_E_PROVISIONED && err.code != (enum signet_code)rc))
            fail_msg("row %zu: %d, asked for %s: %s", i, rc, asked, err.msg);
        assert_int_equal(slot.lease.device, rc == SIGNET_OK);
    }
}

static void another_name(void **state)
{
    const struct line_setup setup = {0};
    struct signet_lease lease = {.endpoint = "dev"};
    struct work w = {.setup = &setup, .lease = &lease, .name = "other"};
    (void)state;
    has_names = false;
    assert_true(work_is_another(&w));
    has_names = true; /* the order names its devices, whatever boards say */
    assert_false(work_is_another(&w));
    has_names = false;
    snprintf(w.name, sizeof(w.name), "dev");
    assert_false(work_is_another(&w));
    w.name[0] = '\0';
    assert_false(work_is_another(&w));
}

/* What is sealed is dropped when it is that of the edition before, and the board got nothing yet.
 */
static void edition_before(void **state)
{
    static const struct {
        enum signet_device_state state;
        bool retired;
        int retires, expected;
    } rows[] = {
        {SIGNET_DEVICE_KEYED, true, SIGNET_OK, SIGNET_E_NOT_FOUND},
        {SIGNET_DEVICE_KEYED, false, SIGNET_OK, SIGNET_OK},
        {SIGNET_DEVICE_KEYED, true, SIGNET_E_LEDGER, SIGNET_E_LEDGER},
        {SIGNET_DEVICE_WRITING, true, SIGNET_OK, SIGNET_OK},
        {SIGNET_DEVICE_WRITTEN, true, SIGNET_OK, SIGNET_OK},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct signet_lease lease = {.endpoint = "dev", .state = rows[i].state};
        struct work w = {.lease = &lease, .device.facts.packet_sha256 = "sum"};
        struct signet_error err = {0};

        freed = 0;
        retired = rows[i].retired;
        retires = rows[i].retires;
        int rc = work_drop_retired(&w, &err);
        if (rc != rows[i].expected || freed != (rc == SIGNET_E_NOT_FOUND) ||
            (w.device.facts.packet_sha256 == NULL) != (rc == SIGNET_E_NOT_FOUND))
            fail_msg("row %zu: %d, %d freed", i, rc, freed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(claimed), cmocka_unit_test(another_name),
                                       cmocka_unit_test(edition_before)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
