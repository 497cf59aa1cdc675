/* SPDX-License-Identifier: Apache-2.0 */
/* The end of devices that all servers have: who is proved, set aside, done or waits, and when a
 * secret ends.
 * wrap: device_cache_take device_cache_give device_cache_drop
 * wrap: proof_of_device vault_wipe vault_release
 */
#include "unit/delivery/room.h"

static struct {
    const char *in_proof, *in_wipe; /* who becomes void when a proof, or a wipe, has begun */
    struct answer wipe;
    unsigned wiped[DEVICES], released[DEVICES], dropped;
    struct fixture *f;
} more;

static void lose(const char **name)
{
    const char *endpoint = *name;

    *name = NULL;
    if (endpoint)
        good(more.f, signet_ledger_void(more.f->job.ledger, endpoint, "test", &more.f->err));
}

int __wrap_proof_of_device(const struct delivery_setup *setup, const struct device *device,
                           struct signet_error *err);
int __wrap_proof_of_device(const struct delivery_setup *setup, const struct device *device,
                           struct signet_error *err)
{
    size_t number = number_of(device->view.endpoint);

    (void)setup;
    assert_int_equal(more.wiped[number], 0);
    script.asked[number]++;
    lose(&more.in_proof);
    return say(&script.answers[number], err);
}

int __wrap_vault_wipe(struct vault *vault, const char *endpoint, struct signet_error *err);
int __wrap_vault_wipe(struct vault *vault, const char *endpoint, struct signet_error *err)
{
    (void)vault;
    more.wiped[number_of(endpoint)]++;
    lose(&more.in_wipe);
    return say(&more.wipe, err);
}

int __wrap_vault_release(struct vault *vault, const char *endpoint, int64_t index,
                         struct signet_error *err);
int __wrap_vault_release(struct vault *vault, const char *endpoint, int64_t index,
                         struct signet_error *err)
{
    (void)vault, (void)index, (void)err;
    more.released[number_of(endpoint)]++;
    return SIGNET_OK;
}

void __wrap_device_cache_drop(struct device_cache *cache, const struct signet_lease *lease);
void __wrap_device_cache_drop(struct device_cache *cache, const struct signet_lease *lease)
{
    (void)cache, (void)lease;
    more.dropped++;
}

static void begin(struct fixture *f, size_t count, bool prove)
{
    memset(&more, 0, sizeof(more));
    set_up(f, count);
    more.f = f;
    f->order.prove = prove;
}

static int finish(struct fixture *f)
{
    f->round = (struct round){0};
    return finish_round(&f->setup, NULL, &f->round, &f->err);
}

static int keep_state(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    (void)err;
    ((char *)ctx)[number_of(d->endpoint)] = "..w.v.DFV"[d->state];
    return SIGNET_OK;
}

/* v verified, D done, F failed, V void. */
static void want(struct fixture *f, const char *states)
{
    const struct signet_ledger_filter all = {.state = -1};
    char now[DEVICES + 1] = "";

    good(f, signet_ledger_devices(f->job.ledger, &all, keep_state, now, &f->err));
    assert_string_equal(now, states);
}

static void secrets_ended(const char *which)
{
    for (size_t i = 0; which[i]; i++)
        if ((more.wiped[i] > 0) != (which[i] != '-') || more.released[i] != (which[i] == 'r'))
            fail_msg("d%zu: %u wiped, %u released", i, more.wiped[i], more.released[i]);
}

static void without_a_proof(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 3, false);
    good(&f, finish(&f));
    want(&f, "DDD");
    secrets_ended("rrr");
    assert_int_equal(asked(), 0);
    assert_int_equal(more.dropped, 3);
    assert_int_equal(f.delivered.done, 3);
    assert_int_equal(f.delivered.proved, 0);
    assert_int_equal(f.round.moved, 3);
    good(&f, finish(&f)); /* once */
    assert_int_equal(f.delivered.done, 3);
    tear_down(&f);
}

/* Each device has its own verdict. */
static void verdicts(void **state)
{
    struct fixture f;

    (void)state;
    script.answers[1] = (struct answer){SIGNET_E_PROOF, 0};
    script.opened[2] = (struct answer){SIGNET_E_SEAL, 0};
    script.opened[3] = (struct answer){SIGNET_E_NOT_FOUND, 0}; /* in another work folder */
    begin(&f, 5, true);
    good(&f, finish(&f));
    want(&f, "DFFvD");
    secrets_ended("r---r");
    assert_int_equal(f.delivered.proved, 2);
    assert_int_equal(f.delivered.refused, 2);
    assert_int_equal(f.delivered.done, 2);
    assert_int_equal(f.round.moved, 4);
    assert_int_equal(f.round.away.code, SIGNET_E_NOT_FOUND);
    assert_string_equal(f.round.away.msg, "proof of d3: so it is");
    assert_int_equal(f.delivered.unproved.code, SIGNET_E_NOT_FOUND);
    script.opened[3] = (struct answer){SIGNET_OK, 0}; /* it is given back: the next round has it */
    good(&f, finish(&f));
    want(&f, "DFFDD");
    assert_int_equal(f.delivered.unproved.code, SIGNET_OK);
    tear_down(&f);
}

/* Its secret ended after its proof; the run ended before it was done. */
static void what_was_proved_before(void **state)
{
    static const struct {
        const char *notes[3], *states;
    } rows[] = {{{"proved"}, "D"}, {{NULL}, "v"}, {{"reproved"}, "v"}, {{"proved", "other"}, "D"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct signet_lease lease;
        struct fixture f;
        size_t count;

        script.opened[0] = (struct answer){SIGNET_E_NOT_FOUND, 0};
        begin(&f, 1, true);
        good(&f,
             signet_ledger_settled(f.job.ledger, f.job.order, NULL, 0, &lease, 1, &count, &f.err));
        assert_int_equal(count, 1);
        for (size_t k = 0; rows[i].notes[k]; k++)
            good(&f, signet_ledger_note(f.job.ledger, &lease, rows[i].notes[k], "", &f.err));
        good(&f, signet_ledger_release(f.job.ledger, &lease, &f.err));
        good(&f, finish(&f));
        want(&f, rows[i].states);
        assert_int_equal(asked(), 0);
        tear_down(&f);
    }
}

/* Two proofs in a row without an answer: the others wait, and are not asked for. */
static void a_server_that_does_not_answer(void **state)
{
    struct fixture f;

    (void)state;
    script.answers[1] = script.answers[3] = script.answers[4] =
        (struct answer){SIGNET_E_TIMEOUT, 0};
    begin(&f, 7, true);
    good(&f, finish(&f));
    want(&f, "DvDvvvv"); /* the answer between d1 and d3 counts anew */
    assert_int_equal(asked(), 5);
    assert_int_equal(f.round.away.code, SIGNET_E_TIMEOUT);
    tear_down(&f);
}

/* A fault of this station ends the run, and all that was leased is given back. */
static void a_fault_of_the_station(void **state)
{
    struct fixture f;

    (void)state;
    script.opened[1] = (struct answer){SIGNET_E_IO, ENOSPC};
    begin(&f, 3, true);
    assert_int_equal(finish(&f), SIGNET_E_IO);
    want(&f, "vvv");
    secrets_ended("---");
    script.opened[1] = (struct answer){SIGNET_OK, 0};
    more.wipe = (struct answer){SIGNET_E_IO, EIO};
    signet_ledger_recover(f.job.ledger, f.job.order, &f.err); /* as the next run begins */
    assert_int_equal(finish(&f), SIGNET_E_IO);
    want(&f, "vvv"); /* not done while a secret may be left */
    assert_int_equal(f.delivered.done, 0);
    tear_down(&f);
}

/* A person makes a device void in between: the others go on, and it is nobody's fault. */
static void those_that_are_lost(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 3, true);
    more.in_proof = "d1"; /* before its own */
    good(&f, finish(&f));
    want(&f, "DVD");
    secrets_ended("r-r");
    assert_int_equal(f.delivered.done, 2);
    assert_int_equal(script.asked[1], 0);
    tear_down(&f);
    begin(&f, 3, true);
    more.in_wipe = "d1"; /* after its proof */
    good(&f, finish(&f));
    want(&f, "DVD");
    secrets_ended("rwr");
    assert_int_equal(f.delivered.done, 2);
    assert_int_equal(more.wiped[0], 1); /* in the same round */
    tear_down(&f);
    script.answers[0] = (struct answer){SIGNET_E_PROOF, 0};
    begin(&f, 2, true);
    more.in_proof = "d0"; /* the one that is set aside */
    good(&f, finish(&f));
    want(&f, "VD");
    assert_int_equal(f.delivered.refused, 0);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_proof),        cmocka_unit_test(verdicts),
        cmocka_unit_test(what_was_proved_before), cmocka_unit_test(a_server_that_does_not_answer),
        cmocka_unit_test(a_fault_of_the_station), cmocka_unit_test(those_that_are_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
