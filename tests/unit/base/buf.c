/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrap: locked_free
 */
#include "base/base.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "unit/freed.h"

static void grows_and_keeps(void **state)
{
    struct buf b = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "%03d", i);
    assert_int_equal(buf_check(&b, NULL), SIGNET_OK);
    assert_int_equal(b.len, 3000);
    assert_memory_equal(b.data + 2997, "999", 4);
    buf_reset(&b);
    assert_int_equal(b.len, 0);
    assert_string_equal((char *)b.data, "");
    buf_free(&b);
    assert_null(b.data);
}

static void limit_is_an_error(void **state)
{
    struct buf b = {.max = 10};
    struct signet_error err = {0};

    (void)state;
    buf_text(&b, "0123456789");
    assert_int_equal(buf_check(&b, NULL), SIGNET_OK);
    buf_byte(&b, 'x');
    assert_int_equal(buf_check(&b, NULL), SIGNET_E_LIMIT);
    buf_text(&b, "more"); /* a failed buffer stays failed */
    assert_int_equal(buf_check(&b, &err), SIGNET_E_LIMIT);
    assert_non_null(strstr(err.msg, "10 bytes"));
    assert_null(b.data);
    buf_free(&b);
}

static void take_terminates(void **state)
{
    struct buf b = {0};
    struct signet_bytes out = {0};

    (void)state;
    assert_int_equal(buf_take(&b, &out, NULL), SIGNET_OK);
    assert_int_equal(out.len, 0);
    assert_int_equal(out.data[0], 0);
    signet_bytes_free(&out);
    buf_text(&b, "abc");
    assert_int_equal(buf_take(&b, &out, NULL), SIGNET_OK);
    assert_string_equal((char *)out.data, "abc");
    assert_null(b.data);
    signet_bytes_free(&out);
    signet_bytes_free(&out);
    signet_bytes_free(NULL);
}

/* A buffer may hold a secret: no copy of it stays behind, also not when it grows. */
static void nothing_stays_behind(void **state)
{
    struct buf b = {.max = 100};
    struct signet_bytes out = {0};

    (void)state;
    buf_text(&b, "a secret of twenty-six");
    freed_watch(b.data, b.len);
    buf_reserve(&b, 70);
    assert_true(freed_wiped());
    assert_string_equal((char *)b.data, "a secret of twenty-six");
    buf_reset(&b);
    assert_memory_equal(b.data, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);
    buf_text(&b, "another");
    freed_watch(b.data, b.len);
    buf_free(&b);
    assert_true(freed_wiped());
    b = (struct buf){.max = 8};
    buf_text(&b, "kept");
    freed_watch(b.data, b.len);
    buf_text(&b, "too much"); /* fails */
    assert_true(freed_wiped());
    buf_free(&b);
    buf_text(&b, "taken");
    assert_int_equal(buf_take(&b, &out, NULL), SIGNET_OK);
    freed_watch(out.data, out.len);
    signet_bytes_free(&out);
    assert_true(freed_wiped());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_keeps),
        cmocka_unit_test(limit_is_an_error),
        cmocka_unit_test(take_terminates),
        cmocka_unit_test(nothing_stays_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
