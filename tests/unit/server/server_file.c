/* SPDX-License-Identifier: Apache-2.0 */
/* What a person writes of a server, read from its file and given to its kind. */
#include "server/ops.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

static char folder[FOLDER_SIZE], path[FOLDER_SIZE + 16];

static int load(const char *text, struct signet_server_info *info, struct signet_error *err)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    *err = (struct signet_error){0};
    return signet_server_info_load(path, info, err);
}

static void members_and_options_are_read(void **state)
{
    struct signet_server_info info = {0};
    struct signet_error err;

    (void)state;
    /* options may stand before the kind that has them */
    assert_int_equal(
        load("{\"api\": 2, \"kind\": \"leshan\", \"url\": \"https://h\", \"port\": \"8443\","
             " \"account\": 7, \"ca_file\": \"ca.pem\", \"pin\": \"p\", \"uploads\": \"up\","
             " \"auth\": \"token\", \"user\": \"anna\"}",
             &info, &err),
        SIGNET_OK);
    assert_string_equal(info.kind, "leshan");
    assert_string_equal(info.url, "https://h");
    assert_int_equal(info.port, 8443);
    assert_string_equal(info.account, "7");
    assert_string_equal(info.ca_file, "ca.pem");
    assert_string_equal(info.pin, "p");
    assert_string_equal(info.uploads, "up");
    assert_string_equal(info.auth, "token");
    assert_string_equal(info.user, "anna");
    assert_string_equal(adapter_option(info.options, "api"), "2");
    signet_server_info_free(&info);
    assert_null(info.kind);
    assert_null(info.options[0].name);
}

static void what_no_kind_has_is_refused(void **state)
{
    static const struct {
        const char *text, *words, *hint;
        int rc;
    } rows[] = {
        {"{\"domian\": \"/a/\"}", "unknown member \"domian\"", "did you mean 'domain'?",
         SIGNET_E_SYNTAX},
        {"{\"prot\": 1}", "unknown member \"prot\"", "did you mean 'port'?", SIGNET_E_SYNTAX},
        {"{\"kind\": \"leshan\", \"domain\": \"/a/\"}", "unknown member \"domain\"",
         "known: kind, url, port, auth, user, ca_file, pin, uploads, account, api",
         SIGNET_E_SYNTAX},
        {"{\"kind\": \"thingsboard\", \"domain\": \"/a/\"}", "unknown member \"domain\"",
         "known: kind, url, port, auth, user, ca_file, pin, uploads, account, profile",
         SIGNET_E_SYNTAX},
        {"{\"file\": \"f\", \"kind\": \"exprot\"}", "unknown kind of server 'exprot'",
         "did you mean 'export'?", SIGNET_E_USAGE},
        {"{\"domain\": \"\"}", "\"domain\" must be a string that is not empty",
         "write a string that is not empty", SIGNET_E_SYNTAX},
        {"{\"domain\": [1]}", "\"domain\" must be a string that is not empty",
         "it takes one text in double quotes; parts of it have commas between", SIGNET_E_SYNTAX},
        {"{\"port\": 0}", "\"port\" must be a port from 1 to 65535", "write a port from 1 to 65535",
         SIGNET_E_SYNTAX},
        {"{\"port\": 65536}", "\"port\" must be a port from 1 to 65535",
         "write a port from 1 to 65535", SIGNET_E_SYNTAX},
        {"[]", "this must be a JSON object", "write one object: {\"name\": value}",
         SIGNET_E_SYNTAX},
    };
    struct signet_server_info info = {0};
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int rc = load(rows[i].text, &info, &err);

        if (rc != rows[i].rc || !strstr(err.msg, rows[i].words) ||
            !strstr(err.msg, "server.json:") || strcmp(err.hint, rows[i].hint) != 0)
            fail_msg("case %zu: %d %s (%s)", i, rc, err.msg, err.hint);
        assert_null(info.kind);
    }
}

static int open_with(const char *kind, const char *option, const char *value,
                     struct signet_server **server, struct signet_error *err)
{
    char text[24], url[] = "https://h";
    const struct signet_server_info info = {.kind = text, .url = url, .options = {{option, value}}};

    snprintf(text, sizeof(text), "%s", kind);
    *err = (struct signet_error){0};
    return signet_server_open(server, &info, NULL, "t", 1, NULL, NULL, err);
}

/* What a program fills in does not come by a file. */
static void the_kind_judges_its_options(void **state)
{
    static const struct {
        const char *kind, *option, *value, *words;
    } rows[] = {
        {"leshan", "domain", "/a/", "leshan: unknown option 'domain'"},
        {"thingsboard", "domain", "/a/", "thingsboard: unknown option 'domain'"},
        {"coiote", "domain", "acme/", "must begin and end with a slash"},
        {"coiote", "domain", "/acme", "must begin and end with a slash"},
        {"coiote", "realm", "r", "has no domain"},
        {"leshan", "api", "3", "api must be 1 or 2"},
        {"leshan-bootstrap", "api", "0", "api must be 1 or 2"},
        {"leshan-bootstrap", "api", "11", "api must be 1 or 2"},
        {"export", "format", "csv", "the export has no file"},
    };
    struct signet_server *server = NULL;
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int rc = open_with(rows[i].kind, rows[i].option, rows[i].value, &server, &err);

        if (rc != SIGNET_E_USAGE || server || !strstr(err.msg, rows[i].words))
            fail_msg("case %zu: %d %s", i, rc, err.msg);
    }
    assert_int_equal(open_with("leshan", "api", "1", &server, &err), SIGNET_OK);
    assert_int_equal(server->api, 1);
    signet_server_close(&server);
    assert_int_equal(open_with("leshan", "api", NULL, &server, &err), SIGNET_OK);
    assert_int_equal(server->api, 0);
    signet_server_close(&server);
}

static int make_folder(void **state)
{
    (void)state;
    if (!folder_make(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/server.json", folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(members_and_options_are_read),
                                       cmocka_unit_test(what_no_kind_has_is_refused),
                                       cmocka_unit_test(the_kind_judges_its_options)};

    return cmocka_run_group_tests(tests, make_folder, NULL);
}
