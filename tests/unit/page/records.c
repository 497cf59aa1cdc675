/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger is read once for all viewers.
 * wrap: clock_ms signet_ledger_open signet_ledger_close
 */
#include "page/records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

int64_t __wrap_clock_ms(void);
int __wrap_signet_ledger_open(struct signet_ledger **out, const char *where,
                              const struct signet_ledger_options *options,
                              struct signet_error *err);
void __wrap_signet_ledger_close(struct signet_ledger **ledger);

static int64_t now_ms = 100000;
static int opened, closed, made, answer;
static char place[8];

int64_t __wrap_clock_ms(void)
{
    return now_ms;
}

int __wrap_signet_ledger_open(struct signet_ledger **out, const char *where,
                              const struct signet_ledger_options *options, struct signet_error *err)
{
    (void)err;
    assert_string_equal(where, "l.db");
    assert_true(options->read_only);
    opened++;
    *out = (struct signet_ledger *)place;
    return SIGNET_OK;
}

void __wrap_signet_ledger_close(struct signet_ledger **ledger)
{
    closed += *ledger != NULL;
    *ledger = NULL;
}

static int make(struct signet_ledger *ledger, const void *ctx, struct buf *out,
                struct signet_error *err)
{
    assert_ptr_equal(ledger, place);
    buf_printf(out, "%s %d", (const char *)ctx, ++made);
    return answer == SIGNET_OK ? SIGNET_OK
                               : error_set(err, (enum signet_code)answer, "it cannot be read");
}

static int make_much(struct signet_ledger *ledger, const void *ctx, struct buf *out,
                     struct signet_error *err)
{
    static const char piece[4096];

    (void)ledger, (void)err;
    for (int i = 0; i < *(const int *)ctx; i++)
        buf_append(out, piece, sizeof(piece));
    return SIGNET_OK;
}

static void gives(struct records *r, const char *key, const char *text)
{
    struct buf out = {0};

    assert_int_equal(records_get(r, key, 3, make, key, &out, NULL), SIGNET_OK);
    assert_string_equal((const char *)out.data, text);
    buf_free(&out);
}

static void what_was_read_is_shared(void **state)
{
    struct records *r = NULL;
    struct buf out = {0};
    char key[400];

    (void)state;
    assert_int_equal(records_open(&r, NULL), SIGNET_OK);
    assert_int_equal(records_get(r, "a", 3, make, "a", &out, NULL), SIGNET_E_NOT_FOUND);
    assert_int_equal(records_show(r, "l.db", NULL), SIGNET_OK);
    gives(r, "a", "a 1");
    now_ms += 2999;
    gives(r, "a", "a 1");
    gives(r, "b", "b 2"); /* another question */
    now_ms += 1;
    gives(r, "a", "a 3");
    assert_int_equal(opened, 1);
    for (int i = 0; i < 20; i++) { /* no more than so many are kept; the last ones */
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(records_get(r, key, 3, make, key, &out, NULL), SIGNET_OK);
    }
    buf_reset(&out);
    now_ms += 1;
    gives(r, "k19", "k19 23");
    memset(key, 'x', sizeof(key));
    key[399] = '\0';
    assert_int_equal(records_get(r, key, 3, make, key, &out, NULL), SIGNET_E_LIMIT);

    /* a ledger that failed is opened anew; nothing of what failed is given out */
    now_ms += 10000;
    answer = SIGNET_E_LEDGER;
    assert_int_equal(records_get(r, "a", 3, make, "a", &out, NULL), SIGNET_E_LEDGER);
    assert_int_equal(out.len, 0);
    assert_int_equal(closed, 1);
    answer = SIGNET_OK;
    gives(r, "a", "a 25");
    assert_int_equal(opened, 2);
    assert_int_equal(records_show(r, NULL, NULL), SIGNET_OK); /* forgets all */
    assert_int_equal(records_get(r, "a", 3, make, "a", &out, NULL), SIGNET_E_NOT_FOUND);
    buf_free(&out);
    records_close(&r);
    records_close(&r);
    assert_int_equal(closed, 2);
}

static void what_is_kept_is_bounded(void **state)
{
    static const int most = 1024, more = 1025; /* 4 MiB */
    struct records *r = NULL;
    struct buf out = {0};

    (void)state;
    assert_int_equal(records_open(&r, NULL), SIGNET_OK);
    assert_int_equal(records_show(r, "l.db", NULL), SIGNET_OK);
    assert_int_equal(records_get(r, "a", 3, make_much, &most, &out, NULL), SIGNET_OK);
    buf_reset(&out);
    assert_int_equal(records_get(r, "b", 3, make_much, &more, &out, NULL), SIGNET_E_LIMIT);
    assert_int_equal(out.len, 0);
    buf_free(&out);
    records_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_was_read_is_shared),
                                       cmocka_unit_test(what_is_kept_is_bounded)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
