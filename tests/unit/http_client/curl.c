/* SPDX-License-Identifier: Apache-2.0 */
/* A machine without libcurl.
 * wrap: dlopen
 */
#include "http_client/http_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void *__wrap_dlopen(const char *name, int flags);

void *__wrap_dlopen(const char *name, int flags)
{
    (void)name;
    (void)flags;
    return NULL;
}

static void libcurl_is_missing(void **state)
{
    const struct http_options options = {.url = "https://h"};
    const struct http_auth auth = {.token = "t", .token_len = 1};
    struct signet_error err = {0};
    struct http *http = NULL;

    (void)state;
    assert_int_equal(http_open(&http, &options, &auth, NULL, NULL, &err), SIGNET_E_UNSUPPORTED);
    assert_string_equal(err.hint, "install Debian's package libcurl4");
    assert_null(http);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libcurl_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
