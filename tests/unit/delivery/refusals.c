/* SPDX-License-Identifier: Apache-2.0 */
/* What many answers say of a server. */
#include "delivery/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct signet_error answer(enum signet_code code, int status, const char *text)
{
    struct signet_error err = {.code = code, .sys = status};

    snprintf(err.msg, sizeof(err.msg), "%s", text);
    return err;
}

static bool refuse(struct refusals *r, int n, int status, const char *words)
{
    char endpoint[32], text[128];

    snprintf(endpoint, sizeof(endpoint), "urn:dev:os:sig-%d", n);
    snprintf(text, sizeof(text), "%s for %s, request 7f%dab", words, endpoint, n);
    const struct signet_error why = answer(SIGNET_E_SERVER, status, text);
    return refusals_too_many(r, endpoint, &why);
}

static void equal_ones_stop_it(void **state)
{
    struct refusals *r = refusals_new(3);
    struct signet_error err = {0};

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_false(refusals_stop(r, "a", &err));
        assert_false(refuse(r, i, 400, "no quota"));
    }
    assert_true(refusals_in_a_row(r));
    assert_true(refusals_stop(r, "coiote", &err));
    assert_non_null(strstr(err.msg, "coiote refuses every device: 'no quota for urn:dev:os:sig-2"));
    assert_non_null(strstr(err.msg, "'; the others wait"));
    assert_true(refuse(r, 3, 400, "no quota")); /* and it waits */
    assert_true(refuse(r, 4, 400, "no quota"));
    refusals_took_one(r);
    assert_false(refusals_in_a_row(r));
    assert_false(refusals_stop(r, "a", &err));
    free(r);
}

static void others_do_not(void **state)
{
    struct refusals *r = refusals_new(2), *none = refusals_new(0);
    struct signet_error err = {0};

    (void)state;
    assert_false(refuse(r, 1, 400, "no such thing"));
    assert_false(refuse(r, 2, 409, "no such thing")); /* another status */
    assert_false(refuse(r, 3, 409, "no place"));
    refusals_took_one(r);
    assert_false(refuse(r, 4, 409, "no place"));
    assert_false(refusals_stop(r, "a", &err));
    for (int i = 0; i < 20; i++)
        assert_false(refuse(none, i, 400, "no"));
    assert_false(refusals_stop(none, "a", &err));
    free(r);
    free(none);
}

/* What was recorded before this run: so many that one more is enough. */
static void those_of_the_run_before(void **state)
{
    static const char said[] = "urn:dev:os:sig-9 is made, but a refuses it: no quota for "
                               "urn:dev:os:sig-9, request 7f9ab";
    struct refusals *r = refusals_new(3), *none = refusals_new(0);
    struct signet_error err = {0};

    (void)state;
    assert_false(refusals_remember(none, "urn:dev:os:sig-9", said));
    assert_true(refusals_remember(r, "urn:dev:os:sig-9", said));
    assert_false(refusals_remember(r, "urn:dev:os:sig-9", NULL)); /* it took one before that */
    assert_true(refusals_remember(r, "urn:dev:os:sig-9", said));
    assert_false(refusals_remember(r, "urn:dev:os:sig-9", said)); /* enough */
    assert_false(refusals_stop(r, "a", &err));
    assert_false(refuse(r, 1, 400, "no quota")); /* it is set aside, */
    assert_true(refusals_stop(r, "a", &err));
    assert_true(refuse(r, 2, 400, "no quota")); /* and this one waits */
    refusals_took_one(r);
    assert_false(refusals_stop(r, "a", &err));
    free(r);
    r = refusals_new(3);
    assert_true(refusals_remember(r, "x", "no quota"));
    assert_false(refusals_remember(r, "x", "no room"));
    assert_false(refuse(r, 1, 400, "no room"));
    assert_false(refusals_stop(r, "a", &err));
    free(r);
    free(none);
}

/* A name that is taken and not found is counted when others went through, and after a pause. */
static void one_that_is_held_up(void **state)
{
    const struct signet_error taken = answer(SIGNET_E_NET, 409, "taken"),
                              away = answer(SIGNET_E_NET, 111, "refused");
    struct refusals *r = refusals_new(5);
    struct signet_error why = taken;
    int64_t now = 1000;

    (void)state;
    for (int i = 0; i < 20; i++, now += 60000) { /* no others */
        assert_false(refusals_held(r, 7, now, &why));
        why = away;
        assert_false(refusals_held(r, 8, now, &why));
        why = taken;
    }
    for (int i = 0; i < 20; i++, now += 10) { /* too soon, all but one */
        refusals_took_one(r);
        assert_false(refusals_held(r, 7, now, &why));
    }
    assert_true(refusals_rests(r, 7, now, &why));
    assert_string_equal(why.msg, "taken");
    assert_false(refusals_rests(r, 7 + 256, now, &why));
    for (int i = 3; i < 5; i++) {
        now += 60000;
        assert_false(refusals_rests(r, 7, now, &why));
        refusals_took_one(r);
        assert_false(refusals_held(r, 7, now, &why));
    }
    refusals_took_one(r);
    assert_true(refusals_held(r, 7, now + 60000, &why));
    assert_int_equal(signet_error_class(&why), SIGNET_CLASS_DEVICE);
    assert_string_equal(why.msg, "5 times, while it took others: taken");
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_ones_stop_it),
        cmocka_unit_test(others_do_not),
        cmocka_unit_test(those_of_the_run_before),
        cmocka_unit_test(one_that_is_held_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
