/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused before a server is asked for anything.
 * wrap: locked_free
 */
#include "server/ops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/freed.h"

static struct signet_server *server;

static int open_with(const char *kind, const char *auth, const char *user, const char *token,
                     struct signet_error *err)
{
    char url[] = "https://h.example";
    bool coiote = !kind || strcmp(kind, "coiote") == 0;
    const struct signet_server_info info = {
        .kind = (char *)(uintptr_t)kind,
        .url = url,
        .options = {{"domain", coiote ? "/acme/" : NULL}, {"realm", coiote ? "r" : NULL}},
        .auth = (char *)(uintptr_t)auth,
        .user = (char *)(uintptr_t)user};

    signet_server_close(&server);
    *err = (struct signet_error){0};
    return signet_server_open(&server, &info, NULL, token, strlen(token), NULL, NULL, err);
}

static void logins_and_tokens(void **state)
{
    static const struct {
        const char *kind, *auth, *user, *token;
        int rc;
        const char *words;
    } rows[] = {
        {"coiote", NULL, NULL, "t", SIGNET_OK, ""},
        {"coiote", "token", NULL, "t", SIGNET_OK, ""},
        {"coiote", NULL, NULL, "", SIGNET_E_USAGE, "takes a token, and none is given"},
        {"thingsboard", NULL, NULL, "", SIGNET_E_USAGE, "takes a token, and none is given"},
        {"thingsboard", "password", "anna", "", SIGNET_E_USAGE, "takes a token, and none is given"},
        {"leshan", NULL, NULL, "", SIGNET_OK, ""},
        {"coiote", "password", "anna", "t", SIGNET_OK, ""},
        {"coiote", "password", NULL, "t", SIGNET_E_USAGE, "there is no \"user\""},
        {"coiote", "client-credentials", NULL, "t", SIGNET_E_USAGE, "there is no \"user\""},
        {"coiote", "api-key", NULL, "t", SIGNET_E_USAGE, "'auth' has a word"},
        {"thingsboard", "api-key", NULL, "t", SIGNET_OK, ""},
        {"thingsboard", "client-credentials", "anna", "t", SIGNET_E_USAGE, "'auth' has a word"},
        {"coiote", "pasword", "anna", "t", SIGNET_E_USAGE, "'auth' has a word"},
        {"leshan", "password", "anna", "t", SIGNET_E_USAGE, "'auth' has a word"},
        {"coiot", NULL, NULL, "t", SIGNET_E_USAGE, "unknown kind of server 'coiot'"},
        {NULL, NULL, NULL, "t", SIGNET_OK, ""},
    };
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int rc = open_with(rows[i].kind, rows[i].auth, rows[i].user, rows[i].token, &err);

        if (rc != rows[i].rc || !strstr(err.msg, rows[i].words) || !rc != (server != NULL))
            fail_msg("case %zu: %d %s", i, rc, err.msg);
    }
    assert_int_equal(open_with("coiot", NULL, NULL, "t", &err), SIGNET_E_USAGE);
    assert_string_equal(err.hint, "did you mean 'coiote'?");
    assert_int_equal(open_with("coiote", "pasword", "anna", "t", &err), SIGNET_E_USAGE);
    assert_string_equal(err.hint, "\"auth\": \"password\" is the nearest word known");
    signet_server_close(&server);
}

static void a_password_is_wiped(void **state)
{
    struct signet_error err;

    (void)state;
    assert_int_equal(open_with("coiote", "password", "anna", "a password", &err), SIGNET_OK);
    assert_string_equal((char *)server->password.data, "a password");
    freed_watch(server->password.data, 10);
    signet_server_close(&server);
    assert_true(freed_wiped());
    signet_server_close(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(logins_and_tokens),
                                       cmocka_unit_test(a_password_is_wiped)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
