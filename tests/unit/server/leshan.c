/* SPDX-License-Identifier: Apache-2.0 */
/* What Leshan's answers mean. The real ones are in tests/interop/leshan.py.
 * wrap: http_send
 */
#include <setjmp.h>
#include <signet/config.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/server/script.h"

static struct signet_server *server;

static void open_as(const char *kind)
{
    char url[] = "https://leshan.example";
    const struct signet_server_info info = {.kind = (char *)(uintptr_t)kind, .url = url};

    signet_server_close(&server);
    assert_int_equal(signet_server_open(&server, &info, NULL, NULL, 0, NULL, NULL, NULL),
                     SIGNET_OK);
}

static int set_up(void **state)
{
    (void)state;
    open_as("leshan");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    signet_server_close(&server);
    return 0;
}

/* The first device shows which of two bodies a server takes. */
static void older_servers(void **state)
{
    static const long statuses[] = {400, 500};
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        open_as("leshan");
        SCRIPT({statuses[i]}, {204});
        assert_int_equal(script_add(server, NULL, &err), SIGNET_OK);
        assert_string_not_equal(script_asked[0], script_asked[1]);
        char older[2048];
        memcpy(older, script_asked[1], sizeof(older));
        SCRIPT({204}); /* from now on that one */
        assert_int_equal(script_add(server, NULL, &err), SIGNET_OK);
        assert_string_equal(script_asked[0], older);
    }
    open_as("leshan");
    SCRIPT({400, "first"}, {500, "second"}); /* neither: the newer one's answer counts */
    assert_int_equal(script_add(server, NULL, &err), SIGNET_E_SERVER);
    assert_int_equal(err.sys, 400);
    SCRIPT({403}); /* no matter of bodies */
    assert_int_equal(script_add(server, NULL, &err), SIGNET_E_AUTH);
    SCRIPT({404});
    assert_int_equal(script_add(server, NULL, &err), SIGNET_E_SERVER);
    assert_int_equal(signet_error_class(&err), SIGNET_CLASS_AWAY);
    SCRIPT({400, "identity is already used"});
    assert_int_equal(script_add(server, NULL, &err), SIGNET_E_EXISTS);
}

static void names_are_compared_whole(void **state)
{
    static const struct {
        const char *list;
        int rc;
    } rows[] = {
        {"[{\"endpoint\": \"ab\"}]", SIGNET_OK},
        {"[{\"endpoint\": \"x\"}, {\"endpoint\": \"ab\"}]", SIGNET_OK},
        {"[{\"endpoint\": \"abc\"}]", SIGNET_E_NOT_FOUND},
        {"[{\"endpoint\": \"a\"}]", SIGNET_E_NOT_FOUND},
        {"[{}]", SIGNET_E_NOT_FOUND},
        {"[]", SIGNET_E_NOT_FOUND},
        {"no JSON", SIGNET_E_SERVER},
    };
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        SCRIPT({200, rows[i].list});
        assert_int_equal(signet_server_find(server, "ab", &err), rows[i].rc);
    }
}

#define JETTY(text) "<html><h2>HTTP ERROR " text "</h2></html>"

/* 2.x says 200 also to a name that it has not, 1.x answers with pages. */
static void removals(void **state)
{
    static const struct {
        struct reply replies[2];
        size_t count;
        int rc;
        bool existed;
    } rows[] = {
        {{{200}}, 1, SIGNET_OK, true},
        {{{204}}, 1, SIGNET_OK, true},
        {{{200, JETTY("200 OK")}}, 1, SIGNET_OK, true},
        {{{200, "{\"message\":\"not_found\"}"}}, 1, SIGNET_OK},
        {{{200, "{\"message\":\"not_found\"}", .maybe_done = true}}, 1, SIGNET_OK, true},
        {{{404, JETTY("404 Not Found")}}, 1, SIGNET_OK},
        {{{404, "no config"}}, 1, SIGNET_OK},
        {{{404}, {200, "[]"}}, 2, SIGNET_OK}, /* 2.0.0-M4 has no words for it */
        {{{404}, {200, "[{\"endpoint\": \"a b\"}]"}}, 2, SIGNET_E_SERVER},
        {{{404}, {404, JETTY("404 Not Found")}}, 2, SIGNET_E_SERVER},
        {{{404, "<html>"}, {500}}, 2, SIGNET_E_SERVER}, /* whatever speaks there */
        {{{200, "<html>please log in</html>"}}, 1, SIGNET_E_SERVER},
        {{{500}}, 1, SIGNET_E_SERVER},
        {{{0}}, 1, SIGNET_E_NET},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err = {0};
        bool existed = true;

        script_set(rows[i].replies, rows[i].count);
        int rc = signet_server_remove(server, "a b", &existed, &err);
        if (rc != rows[i].rc || (int)err.code != rc || existed != rows[i].existed ||
            script_sent != script_len)
            fail_msg("case %zu: %d %s", i, rc, err.msg);
        assert_string_equal(script_asked[0], "DELETE /api/security/clients/a%20b ");
    }
}

static void who_is_registered(void **state)
{
    struct signet_error err;

    (void)state;
    SCRIPT({200, "{}"});
    assert_int_equal(signet_server_seen(server, "ab", &err), SIGNET_OK);
    SCRIPT({404, "no registered client"});
    assert_int_equal(signet_server_seen(server, "ab", &err), SIGNET_E_NOT_FOUND);
    SCRIPT({400, "no registered client"}); /* of 1.x */
    assert_int_equal(signet_server_seen(server, "ab", &err), SIGNET_E_NOT_FOUND);
    SCRIPT({404, "<html>"}); /* something before the server spoke */
    assert_int_equal(signet_server_seen(server, "ab", &err), SIGNET_E_SERVER);
    SCRIPT({400, "<html>"});
    assert_int_equal(signet_server_seen(server, "ab", &err), SIGNET_E_SERVER);
    SCRIPT({500});
    assert_int_equal(signet_server_seen(server, "ab", &err), SIGNET_E_SERVER);
    SCRIPT({0});
    assert_int_equal(signet_server_seen(server, "ab", &err), SIGNET_E_NET);
}

/* Without security any name may come in, unless there are credentials for it. */
static void without_security(void **state)
{
    const struct signet_device device = {.endpoint = "ab", .mode = SIGNET_MODE_NOSEC};
    struct signet_error err = {0};

    (void)state;
    SCRIPT({200, "[]"});
    assert_int_equal(signet_server_add(server, &device, NULL, &err), SIGNET_OK);
    assert_int_equal(err.code, 0);
    SCRIPT({200, "[{\"endpoint\": \"ab\"}]"});
    assert_int_equal(signet_server_add(server, &device, NULL, &err), SIGNET_E_EXISTS);
    SCRIPT({500});
    assert_int_equal(signet_server_add(server, &device, NULL, &err), SIGNET_E_SERVER);
}

#define BOOTSTRAP "0: {0: 'coap://b', 1: True, 2: 3}"
#define MANAGER   "1: {0: 'coap://m', 1: False, 2: 3, 10: 1}"
#define SERVERS   ", 1: {1: {0: 1, 1: 60, 6: False, 7: 'U'}}"

static void what_a_bootstrap_server_needs(void **state)
{
    static const struct {
        const char *text;
        int rc;
    } rows[] = {
        {"{0: {" BOOTSTRAP ", " MANAGER "}" SERVERS "}", SIGNET_OK},
        {"{0: {" BOOTSTRAP "}}", SIGNET_E_MEANING},
        {"{0: {" MANAGER "}" SERVERS "}", SIGNET_E_MEANING},
        {"{0: {" BOOTSTRAP ", 1: {1: False, 2: 3, 10: 1}}" SERVERS "}", SIGNET_E_MEANING},
        {"{0: {" BOOTSTRAP ", 1: {0: 'coap://m', 1: False, 2: 3}}" SERVERS "}", SIGNET_E_MEANING},
        {"{0: {" BOOTSTRAP ", 1: {0: 'coap://m', 1: False, 2: 4, 10: 1}}" SERVERS "}",
         SIGNET_E_MEANING},
    };

    (void)state;
    open_as("leshan-bootstrap");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_device device = {.endpoint = "ab", .mode = SIGNET_MODE_NOSEC};
        struct signet_error err = {0};
        struct signet_tree *tree = NULL;

        assert_int_equal(signet_config_parse(rows[i].text, strlen(rows[i].text), "t", &tree, &err),
                         SIGNET_OK);
        device.tree = tree;
        if (signet_server_validate(server, &device, &err) != rows[i].rc)
            fail_msg("%s: %s", rows[i].text, err.msg);
        signet_tree_free(&tree);
    }
}

/* 1.x has no credentials of its own: they are in what it writes. */
static void an_old_bootstrap_server(void **state)
{
    static const char text[] =
        "{0: {0: {0: 'coaps://b', 1: True, 2: 0, 3: b'id', 5: b'key'}, " MANAGER "}" SERVERS "}";
    struct signet_device device = {.endpoint = "ab", .mode = SIGNET_MODE_NOSEC};
    struct signet_error err = {0};
    struct signet_tree *tree = NULL;

    (void)state;
    open_as("leshan-bootstrap");
    assert_int_equal(signet_config_parse(text, strlen(text), "t", &tree, &err), SIGNET_OK);
    device.tree = tree;
    SCRIPT({404}, {404, JETTY("404 Not Found")}, {204});
    if (signet_server_add(server, &device, NULL, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
    assert_non_null(strstr(script_asked[2], "/ab {\"toDelete\""));
    assert_null(strstr(script_asked[2], "\"servers\": {}")); /* its manager */
    assert_null(strstr(script_asked[2], "\"security\": {}"));
    SCRIPT({204}, {500});
    assert_int_equal(signet_server_add(server, &device, NULL, &err), SIGNET_E_SERVER);
    SCRIPT({403});
    assert_int_equal(signet_server_add(server, &device, NULL, &err), SIGNET_E_AUTH);
    signet_tree_free(&tree);
}

/* They would be parts of a path, encoded or not. */
static void names_that_no_path_holds(void **state)
{
    static const char *const names[] = {"a/b", "a\\b", "a%b", "a;b"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct signet_device device = {.endpoint = names[i], .mode = SIGNET_MODE_NOSEC};
        struct signet_error err = {0};

        assert_int_equal(signet_server_validate(server, &device, &err), SIGNET_E_MEANING);
        assert_non_null(strstr(err.msg, "a slash, backslash, percent sign or semicolon"));
    }
}

static void what_a_bootstrap_server_has(void **state)
{
    static const char text[] =
        "{0: {0: {0: 'coaps://b', 1: True, 2: 0, 3: b'id', 5: b''}, " MANAGER "}" SERVERS "}";
    struct signet_device device = {.endpoint = "ab"};
    struct signet_error err = {0};
    struct signet_tree *tree = NULL;

    (void)state;
    open_as("leshan-bootstrap");
    SCRIPT({200, "{\"ab\": {}}"}, {200, "{\"abc\": {}}"});
    assert_int_equal(signet_server_find(server, "ab", &err), SIGNET_OK);
    assert_int_equal(signet_server_find(server, "ab", &err), SIGNET_E_NOT_FOUND);
    assert_string_equal(err.msg, "Leshan's bootstrap server has no device 'ab'");
    SCRIPT({200, "{}"}, {200, "<html>"});
    assert_int_equal(signet_server_check(server, &err), SIGNET_OK);
    assert_string_equal(script_asked[0], "GET /api/bootstrap ");
    assert_int_equal(signet_server_check(server, &err), SIGNET_E_SERVER);
    assert_string_equal(err.msg, "Leshan answered with a web page");
    assert_int_equal(signet_config_parse(text, strlen(text), "t", &tree, &err), SIGNET_OK);
    device.tree = tree;
    assert_int_equal(signet_server_validate(server, &device, &err), SIGNET_E_MEANING);
    assert_string_equal(err.msg, "the bootstrap account: mode psk needs a PSK identity and a key");
    signet_tree_free(&tree);
}

/* Its credentials for the bootstrap server go too, where it has some. */
static void taken_from_a_bootstrap_server(void **state)
{
    static const struct {
        struct reply replies[3];
        size_t count;
        int rc;
        bool existed;
    } rows[] = {
        {{{204}, {200}}, 2, SIGNET_OK, true},
        {{{204}, {200, "{\"message\":\"not_found\"}"}}, 2, SIGNET_OK, true},
        {{{204}, {404, JETTY("404 Not Found")}}, 2, SIGNET_OK, true}, /* 1.x */
        {{{404, "no config for ab"}, {200}}, 2, SIGNET_OK, true},
        {{{404, "no config for ab"}, {404, JETTY("404 Not Found")}}, 2, SIGNET_OK},
        {{{204}, {405}}, 2, SIGNET_OK, true},
        {{{404}, {200, "{}"}, {405}}, 3, SIGNET_OK},
        {{{404}, {404, JETTY("404 Not Found")}}, 2, SIGNET_E_SERVER}, /* no bootstrap server */
        {{{204}, {500}}, 2, SIGNET_E_SERVER},
        {{{204}, {403}}, 2, SIGNET_E_AUTH},
        {{{500}}, 1, SIGNET_E_SERVER},
    };

    (void)state;
    open_as("leshan-bootstrap");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err = {0};
        bool existed = true;

        script_set(rows[i].replies, rows[i].count);
        int rc = signet_server_remove(server, "ab", &existed, &err);
        if (rc != rows[i].rc || (int)err.code != rc || script_sent != script_len ||
            existed != rows[i].existed)
            fail_msg("case %zu: %d %s", i, rc, err.msg);
    }
    assert_string_equal(script_asked[0], "DELETE /api/bootstrap/ab ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(older_servers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_are_compared_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_registered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_security, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_bootstrap_server_needs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_old_bootstrap_server, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_that_no_path_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_bootstrap_server_has, set_up, tear_down),
        cmocka_unit_test_setup_teardown(taken_from_a_bootstrap_server, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
