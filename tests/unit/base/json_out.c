/* SPDX-License-Identifier: Apache-2.0 */
/* JSON objects, member by member. */
#include "base/base.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void members_of_objects_and_arrays(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_json_open(&b, NULL, '{');
    buf_json_put(&b, J_GIVEN("name", "a \"b\" {"));
    buf_json_put(&b, J_GIVEN("nothing", ""));
    buf_json_put(&b, J_GIVEN("none", NULL));
    buf_json_put(&b, J_INT("count", -7));
    buf_json_put(&b, J_REAL("seconds", 2.5));
    buf_json_put(&b, J_REAL("endless", INFINITY));
    buf_json_put(&b, J_BOOL("yes", true));
    buf_json_put(&b, J_BOOL("no", false));
    buf_json_open(&b, "empty", '[');
    buf_byte(&b, ']');
    buf_json_open(&b, "list", '[');
    buf_json_put(&b, J_GIVEN(NULL, "x["));
    buf_json_put(&b, J_INT(NULL, 1));
    buf_json_open(&b, NULL, '{');
    buf_text(&b, "}]}");
    buf_byte(&b, '\0');
    assert_false(b.failed);
    assert_string_equal((const char *)b.data,
                        "{\"name\": \"a \\\"b\\\" {\", \"count\": -7, \"seconds\": 2.5,"
                        " \"endless\": null, \"yes\": true, \"no\": false, \"empty\": [],"
                        " \"list\": [\"x[\", 1, {}]}");
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(members_of_objects_and_arrays)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
