/* SPDX-License-Identifier: Apache-2.0 */
/* One walk over what a server does not have: whom it is asked for, and what each answer means.
 * wrap: signet_server_add_batch signet_server_capabilities
 * wrap: device_cache_take device_cache_give
 */
#include "unit/delivery/room.h"

static struct server_worker *worker;

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
    *out = (struct signet_server_capabilities){.batch_max = 1};
}

static void begin(struct fixture *f, size_t count)
{
    set_up(f, count);
    good(f, server_worker_new(&worker, &f->setup, NULL, 0, &f->err));
}

static void end(struct fixture *f)
{
    server_worker_free(worker);
    tear_down(f);
}

static void walk(struct fixture *f)
{
    f->round = (struct round){0};
    good(f, server_round(worker, &f->round, &f->err));
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
        begin(&f, DEVICES);
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
        end(&f);
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
        begin(&f, 3);
        f.round = (struct round){0};
        assert_int_equal(server_round(worker, &f.round, &f.err), rows[i].rc);
        if (rows[i].rc != SIGNET_OK)
            assert_string_equal(f.err.msg, "so it is");
        assert_int_equal(script.asked[0], 0);
        assert_int_equal(asked(), rows[i].rc == SIGNET_OK ? 2 : 0);
        assert_int_equal(waiting(&f), rows[i].waits);
        assert_int_equal(f.delivered.refused, rows[i].set_aside);
        assert_int_equal(f.report.refused, 0); /* it was not the server */
        assert_int_equal(f.report.away.code, rows[i].waits == 1 ? rows[i].opened.code : SIGNET_OK);
        end(&f);
    }
}

/* One device is enough to see that the server is there: the others come in batches. */
static void a_server_that_takes_devices(void **state)
{
    struct fixture f;

    (void)state;
    script.answers[2] = (struct answer){SIGNET_E_SERVER, 400};
    script.answers[5] = (struct answer){SIGNET_E_SERVER, 500};
    begin(&f, DEVICES);
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
    end(&f);
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
    begin(&f, DEVICES);
    walk(&f);
    assert_true(f.round.stopped && f.report.stopped);
    assert_int_equal(f.report.registered, 1);
    assert_int_equal(f.report.refused, 4); /* d0, and three behind d1 */
    assert_int_equal(waiting(&f), 3);
    assert_non_null(strstr(f.report.away.msg, "s refuses every device"));
    end(&f);
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
