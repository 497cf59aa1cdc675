/* SPDX-License-Identifier: Apache-2.0 */
/* One walk over what a server does not have: whom it is asked for, and what each answer means.
 * wrap: signet_server_add_batch signet_server_capabilities
 * wrap: device_cache_take device_cache_give
 */
#include "delivery/private.h"

#include <errno.h>
#include <setjmp.h>
#include <signet/server.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/folder.h"

enum { DEVICES = 8 };

/* What is scripted for each device, in the order of the ledger. */
struct answer {
    enum signet_code code;
    int sys;
};

static struct {
    struct answer opened[DEVICES], answers[DEVICES];
    int asked[DEVICES];
    unsigned calls, batch_max, in_use;
} script;

/* Devices are called d0, d1 ... */
static size_t number_of(const char *endpoint)
{
    return (size_t)(endpoint[1] - '0');
}

static int say(const struct answer *answer, struct signet_error *err)
{
    *err = (struct signet_error){0};
    if (answer->code == SIGNET_OK)
        return SIGNET_OK;
    error_set(err, answer->code, "so it is");
    err->sys = answer->sys;
    return (int)answer->code;
}

int __wrap_signet_server_add_batch(struct signet_server *server,
                                   const struct signet_device *devices, size_t count,
                                   struct signet_server_result *results, struct signet_error *err);
int __wrap_signet_server_add_batch(struct signet_server *server,
                                   const struct signet_device *devices, size_t count,
                                   struct signet_server_result *results, struct signet_error *err)
{
    (void)server, (void)err;
    assert_true(count > 0);
    script.calls++;
    for (size_t i = 0; i < count; i++) {
        size_t number = number_of(devices[i].endpoint);

        script.asked[number]++;
        say(&script.answers[number], &results[i].error);
    }
    return SIGNET_OK;
}

void __wrap_signet_server_capabilities(const struct signet_server *server,
                                       struct signet_server_capabilities *out);
void __wrap_signet_server_capabilities(const struct signet_server *server,
                                       struct signet_server_capabilities *out)
{
    (void)server;
    *out = (struct signet_server_capabilities){.batch_max = script.batch_max};
}

int __wrap_device_cache_take(struct device_cache *cache, const struct signet_lease *lease,
                             struct device **out, struct signet_error *err);
int __wrap_device_cache_take(struct device_cache *cache, const struct signet_lease *lease,
                             struct device **out, struct signet_error *err)
{
    int rc = say(&script.opened[number_of(lease->endpoint)], err);

    (void)cache;
    if (rc != SIGNET_OK)
        return rc;
    struct device *device = calloc(1, sizeof(*device));
    assert_non_null(device);
    device->view.endpoint = lease->endpoint;
    *out = device;
    script.in_use++;
    return SIGNET_OK;
}

void __wrap_device_cache_give(struct device_cache *cache, struct device *device);
void __wrap_device_cache_give(struct device_cache *cache, struct device *device)
{
    (void)cache;
    free(device);
    script.in_use--;
}

struct fixture {
    struct job job;
    struct signet_order order;
    struct signet_server *servers[1];
    struct signet_server_report report;
    struct signet_delivery_report delivered;
    struct delivery_setup setup;
    struct server_worker *worker;
    struct round round;
    struct signet_error err;
};

static void good(const struct fixture *f, int rc)
{
    if (rc != SIGNET_OK)
        fail_msg("%s", f->err.msg);
}

static void make_devices(struct fixture *f, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct signet_lease lease;
        char name[8];

        snprintf(name, sizeof(name), "d%zu", i);
        good(f, signet_ledger_reserve(f->job.ledger, f->job.order, name, "1", &lease, &f->err));
        for (enum signet_device_state to = SIGNET_DEVICE_WRITING; to <= SIGNET_DEVICE_VERIFIED;
             to++)
            good(f, signet_ledger_advance(f->job.ledger, &lease, to, NULL, &f->err));
        good(f, signet_ledger_release(f->job.ledger, &lease, &f->err));
    }
}

static void set_up(struct fixture *f, size_t count)
{
    const struct signet_ledger_options station = {.station = "A"};
    char folder[FOLDER_SIZE], where[FOLDER_SIZE + 16];

    *f = (struct fixture){.order = {.name = "o", .quota = DEVICES, .stop_after_refusals = 3}};
    script.batch_max = 1;
    script.calls = script.in_use = 0;
    memset(script.asked, 0, sizeof(script.asked));
    assert_true(folder_make(folder));
    snprintf(where, sizeof(where), "%s/ledger.db", folder);
    f->job.quota = f->order.quota;
    good(f, job_open(&f->job, &f->err));
    good(f, signet_ledger_open(&f->job.ledger, where, &station, &f->err));
    good(f, signet_ledger_order(f->job.ledger, "o", "hash", DEVICES, &f->job.order, &f->err));
    make_devices(f, count);
    f->report.name = "s";
    f->delivered = (struct signet_delivery_report){.servers = &f->report, .server_count = 1};
    f->setup = (struct delivery_setup){
        .job = &f->job, .order = &f->order, .servers = f->servers, .report = &f->delivered};
    good(f, server_worker_new(&f->worker, &f->setup, NULL, 0, &f->err));
}

static void tear_down(struct fixture *f)
{
    assert_int_equal(script.in_use, 0);
    server_worker_free(f->worker);
    signet_ledger_close(&f->job.ledger);
    job_close(&f->job);
    memset(&script, 0, sizeof(script));
}

static void walk(struct fixture *f)
{
    f->round = (struct round){0};
    good(f, server_round(f->worker, &f->round, &f->err));
}

static size_t asked(void)
{
    size_t count = 0;

    for (size_t i = 0; i < DEVICES; i++)
        count += script.asked[i] > 0;
    return count;
}

static int64_t waiting(struct fixture *f)
{
    int64_t count;

    good(f, signet_ledger_at_server(f->job.ledger, "o", "s", &count, &f->err));
    return count;
}

/* All devices get the same answer. Only one that may be about the device alone is worth another
 * device. */
static void a_server_that_says_nothing_of_devices(void **state)
{
    static const struct {
        struct answer answer;
        size_t asked;
    } rows[] = {
        {{SIGNET_E_NET, ECONNREFUSED}, 1}, {{SIGNET_E_TIMEOUT, 0}, 1},  {{SIGNET_E_AUTH, 401}, 1},
        {{SIGNET_E_SERVER, 429}, 1},       {{SIGNET_E_SERVER, 503}, 1}, {{SIGNET_E_SERVER, 500}, 5},
        {{SIGNET_E_SERVER, 502}, 5},       {{SIGNET_E_NET, 404}, 5},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;

        for (size_t d = 0; d < DEVICES; d++)
            script.answers[d] = rows[i].answer;
        set_up(&f, DEVICES);
        walk(&f);
        if (asked() != rows[i].asked || script.calls != rows[i].asked)
            fail_msg("%zu: %zu devices in %u calls", i, asked(), script.calls);
        assert_int_equal(f.round.moved, 0);
        assert_false(f.round.there || f.round.stopped);
        assert_int_equal(f.round.away.code, rows[i].answer.code);
        assert_string_equal(f.round.away.msg, "s: so it is");
        assert_int_equal(f.report.away.code, rows[i].answer.code);
        assert_int_equal(waiting(&f), DEVICES);
        walk(&f); /* the next time with the devices behind those */
        assert_int_equal(asked(), 2 * rows[i].asked < DEVICES ? 2 * rows[i].asked : DEVICES);
        tear_down(&f);
    }
}

/* A device that cannot be opened: another work folder may have it; or it is at its end; or this
 * station has a fault. The server is not asked for it. */
static void what_cannot_be_opened(void **state)
{
    static const struct {
        struct answer opened;
        int rc;
        unsigned waits, set_aside;
    } rows[] = {
        {{SIGNET_E_NOT_FOUND, 0}, SIGNET_OK, 1, 0},
        {{SIGNET_E_NET, 0}, SIGNET_OK, 1, 0},
        {{SIGNET_E_CONFLICT, 0}, SIGNET_OK, 0, 1},
        {{SIGNET_E_IO, ENOSPC}, SIGNET_E_IO, 3, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture f;

        script.opened[0] = rows[i].opened;
        set_up(&f, 3);
        f.round = (struct round){0};
        assert_int_equal(server_round(f.worker, &f.round, &f.err), rows[i].rc);
        if (rows[i].rc != SIGNET_OK)
            assert_string_equal(f.err.msg, "so it is");
        assert_int_equal(script.asked[0], 0);
        assert_int_equal(asked(), rows[i].rc == SIGNET_OK ? 2 : 0);
        assert_int_equal(waiting(&f), rows[i].waits);
        assert_int_equal(f.delivered.refused, rows[i].set_aside);
        assert_int_equal(f.report.refused, 0); /* it was not the server */
        assert_int_equal(f.report.away.code, rows[i].waits == 1 ? rows[i].opened.code : SIGNET_OK);
        tear_down(&f);
    }
}

/* One device is enough to see that the server is there: the others come in batches. */
static void a_server_that_takes_devices(void **state)
{
    struct fixture f;

    (void)state;
    script.answers[2] = (struct answer){SIGNET_E_SERVER, 400};
    script.answers[5] = (struct answer){SIGNET_E_SERVER, 500};
    set_up(&f, DEVICES);
    walk(&f);
    assert_int_equal(script.calls, 2);
    assert_int_equal(asked(), DEVICES);
    assert_int_equal(f.round.moved, DEVICES - 1);
    assert_true(f.round.there);
    assert_int_equal(f.report.registered, DEVICES - 2);
    assert_int_equal(f.report.refused, 1);
    assert_int_equal(f.delivered.refused, 1);
    assert_int_equal(f.round.away.sys, 500);
    assert_int_equal(waiting(&f), 1);
    script.answers[5] = (struct answer){SIGNET_OK, 0};
    walk(&f);
    assert_int_equal(f.round.moved, 1);
    assert_int_equal(f.report.registered, DEVICES - 1);
    assert_int_equal(f.round.away.code, SIGNET_OK);
    assert_int_equal(waiting(&f), 0);
    tear_down(&f);
}

/* Equal refusals, one after the other, behind the last device that it took: the next one is not set
 * aside, and the server is left alone. */
static void a_server_that_refuses_all(void **state)
{
    struct fixture f;

    (void)state;
    for (size_t d = 0; d < DEVICES; d++)
        script.answers[d] = (struct answer){SIGNET_E_SERVER, 400};
    script.answers[1] = (struct answer){SIGNET_OK, 0};
    set_up(&f, DEVICES);
    walk(&f);
    assert_true(f.round.stopped && f.report.stopped);
    assert_int_equal(f.report.registered, 1);
    assert_int_equal(f.report.refused, 4); /* d0, and three behind d1 */
    assert_int_equal(waiting(&f), 3);
    assert_non_null(strstr(f.report.away.msg, "s refuses every device"));
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_opened),
        cmocka_unit_test(a_server_that_takes_devices),
        cmocka_unit_test(a_server_that_refuses_all),
        cmocka_unit_test(a_server_that_says_nothing_of_devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
