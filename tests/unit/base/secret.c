/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrap: locked_free
 */
#include "base/base.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "unit/freed.h"

static void is_wiped_when_it_goes(void **state)
{
    struct secret s = {0};

    (void)state;
    assert_int_equal(secret_set(&s, "key of a board", 14, NULL), SIGNET_OK);
    assert_string_equal((char *)s.data, "key of a board"); /* with a zero behind it */
    freed_watch(s.data, 14);
    secret_wipe(&s);
    assert_true(freed_wiped());
    assert_null(s.data);
    assert_int_equal(s.len, 0);
    secret_wipe(&s);
    wipe(NULL, 0);
}

static void is_wiped_when_it_is_replaced(void **state)
{
    struct secret s = {0};

    (void)state;
    assert_int_equal(secret_set(&s, "first", 5, NULL), SIGNET_OK);
    freed_watch(s.data, 5);
    assert_int_equal(secret_set(&s, "second", 6, NULL), SIGNET_OK);
    assert_true(freed_wiped());
    assert_int_equal(s.len, 6);
    freed_watch(s.data, 6);
    assert_int_equal(secret_alloc(&s, 3, NULL), SIGNET_OK);
    assert_true(freed_wiped());
    assert_memory_equal(s.data, "\0\0\0", 4);
    assert_int_equal(secret_set(&s, s.data, 2, NULL), SIGNET_OK); /* a part of itself */
    assert_int_equal(s.len, 2);
    assert_int_equal(secret_set(&s, NULL, 0, NULL), SIGNET_OK);
    assert_int_equal(s.data[0], 0);
    secret_wipe(&s);
}

static void stays_when_there_is_no_memory(void **state)
{
    struct signet_error err;
    struct secret s = {0};

    (void)state;
    assert_int_equal(secret_set(&s, "kept", 4, NULL), SIGNET_OK);
    assert_int_equal(secret_alloc(&s, SIZE_MAX, &err), SIGNET_E_NOMEM); /* len + 1 would be 0 */
    assert_int_equal(secret_alloc(&s, SIZE_MAX - 1, &err), SIGNET_E_NOMEM);
    assert_int_equal(secret_set(&s, "x", SIZE_MAX, &err), SIGNET_E_NOMEM);
    assert_string_equal((char *)s.data, "kept");
    secret_wipe(&s);
}

static void takes_a_buffer_over(void **state)
{
    struct buf b = {0};
    struct signet_error err;
    struct secret s = {0};

    (void)state;
    buf_text(&b, "from a buffer");
    freed_watch(b.data, b.len);
    assert_int_equal(secret_from_buf(&s, &b, &err), SIGNET_OK);
    assert_true(freed_wiped());
    assert_null(b.data);
    assert_string_equal((char *)s.data, "from a buffer");
    b = (struct buf){.max = 4};
    buf_text(&b, "more than four");
    assert_int_equal(secret_from_buf(&s, &b, &err), SIGNET_E_LIMIT);
    assert_false(b.failed);
    assert_string_equal((char *)s.data, "from a buffer");
    secret_wipe(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_wiped_when_it_goes),
        cmocka_unit_test(is_wiped_when_it_is_replaced),
        cmocka_unit_test(stays_when_there_is_no_memory),
        cmocka_unit_test(takes_a_buffer_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
