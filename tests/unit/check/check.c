/* SPDX-License-Identifier: Apache-2.0 */
/* What a device would refuse, what is suspicious, and what passes. Each row is a good device
 * with one thing changed. */
#include <setjmp.h>
#include <signet/config.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A good device in PSK mode; %s: more of Security 1, of Server 1, and more objects. A key that a
 * row gives again wins, as it would in Python: written with ** merging. */
#define SECURITY                                                                                   \
    "0: 'coaps://lwm2m.example.com:5684', 1: False, 2: 0, 3: b'identity', "                        \
    "5: b'0123456789abcdef', 10: 1"
#define SERVER "0: 1, 1: 86400, 6: False, 7: 'U'"

struct row {
    const char *drop;     /* a member of SECURITY or SERVER, as written there; NULL: none */
    const char *security; /* what replaces it */
    const char *server;
    const char *objects;
    const char *what; /* in the message; NULL: a device takes it */
};

#define ROW(...)                                                                                   \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static const struct row refused[] = {
    ROW("0: 'coaps://lwm2m.example.com:5684', ", "", "", "", "ServerURI"),
    ROW("0: 'coaps://lwm2m.example.com:5684'", "0: 'coap://a'", "", "", "ServerURI"),
    ROW("0: 'coaps://lwm2m.example.com:5684'", "0: 'http://a'", "", "", "ServerURI"),
    ROW("0: 'coaps://lwm2m.example.com:5684'", "0: ''", "", "", "ServerURI"),
    ROW("0: 'coaps://lwm2m.example.com:5684'", "0: 'coaps://a\\x7f'", "", "", "ServerURI"),
    ROW("0: 'coaps://lwm2m.example.com:5684'", "0: 'coaps://'", "", "", "ServerURI"),
    ROW("7: 'U'", "", "7: 'U', 13: -1", "", "must be an unsigned integer, not an integer"),
    ROW("7: 'U'", "", "7: 'U', 12: 1.5", "", "must be a time in seconds, not a number"),
    ROW("7: 'U'", "", "7: 'U', 10: 1", "", "must be an object link, not an integer"),
    ROW("0: 'coaps://lwm2m.example.com:5684'", "0: 5", "", "", "string"),
    ROW("1: False", "1: 0", "", "", "True or False"),
    ROW("2: 0", "2: 1", "", "", "Mode"),
    ROW("2: 0", "2: 5", "", "", "Mode"),
    ROW("2: 0", "2: 'psk'", "", "", "integer"),
    ROW("2: 0", "2: 3", "", "", "ServerURI"), /* nosec over coaps */
    ROW("3: b'identity', ", "", "", "", "PKOrIdentity"),
    ROW("3: b'identity'", "3: b''", "", "", "PKOrIdentity"),
    ROW("3: b'identity'", "3: 'identity'", "", "", "bytes"),
    ROW("5: b'0123456789abcdef', ", "", "", "", "SecretKey"),
    ROW("5: b'0123456789abcdef'", "5: b''", "", "", "SecretKey"),
    ROW("10: 1", "10: 0", "", "", "ShortServerID"),
    ROW("10: 1", "10: 65535", "", "", "ShortServerID"),
    ROW(", 10: 1", "", "", "", "ShortServerID"),
    ROW("10: 1", "10: 1, 99: 1", "", "", "not a resource of OID.Security"),
    ROW("1: 86400, ", "", "", "", "Lifetime"),
    ROW("1: 86400", "", "1: -1", "", "Lifetime"),
    ROW("1: 86400", "", "1: 2147483648", "", "Lifetime"),
    ROW("1: 86400", "", "1: 1.5", "", "integer"),
    ROW("6: False, ", "", "", "", "NotificationStoring"),
    ROW(", 7: 'U'", "", "", "", "Binding"),
    ROW("7: 'U'", "", "7: 'X'", "", "Binding"),
    ROW("7: 'U'", "", "7: 'Q'", "", "Binding"),
    ROW("7: 'U'", "", "7: b'U'", "", "string"),
    ROW("7: 'U'", "", "7: 'U', 4: 1", "", "executable"),
    ROW("0: 1, ", "", "", "", "ShortServerID"),
    ROW(NULL, "", "", "0: {1: {" SECURITY "}, 2: {" SECURITY "}}", "another instance"),
    ROW(NULL, "", "",
        "0: {1: {" SECURITY
        "}, 2: {0: 'coap://b', 1: True, 2: 3}, 3: {0: 'coap://c', 1: True, 2: 3}}",
        "ootstrap"),
    ROW(NULL, "", "", "3: {0: {0: 'vendor'}}", "read-only"),
};

static const struct row taken[] = {
    ROW(NULL, "", "", "", NULL),
    ROW("1: False, ", "", "", "", NULL),
    ROW("7: 'U'", "", "7: 'UQ'", "", NULL),
    ROW("1: 86400", "", "1: 2147483647", "", NULL),
    ROW(NULL, "", "",
        "0: {1: {" SECURITY "}, 2: {0: 'coaps://bs.example.com:5684', 1: True, 2: 0, 3: b'b', 5: "
        "b'fedcba9876543210'}}",
        NULL),
    ROW(NULL, "", "", "9999: {0: {0: 'text', 1: 5, 2: 1.5, 3: True, 4: b'x', 5: Objlink(1, 1)}}",
        NULL),
    ROW(NULL, "", "", "5: {0: {1: 'coap://a/b'}}", NULL),
};

static char *replace(char *in, const char *old, const char *now)
{
    const char *at = strstr(in, old);
    char *out = malloc(strlen(in) + strlen(now) + 1);

    assert_non_null(at);
    sprintf(out, "%.*s%s%s", (int)(at - in), in, now, at + strlen(old));
    free(in);
    return out;
}

static struct signet_tree *build(const struct row *row)
{
    char *security = strdup(SECURITY), *server = strdup(SERVER), text[2000];
    struct signet_tree *tree = NULL;
    struct signet_error err = {0};

    if (row->drop && row->server[0])
        server = replace(server, row->drop, row->server);
    else if (row->drop && strstr(security, row->drop) && !strstr(server, row->drop))
        security = replace(security, row->drop, row->security);
    else if (row->drop && row->security[0])
        security = replace(security, row->drop, row->security);
    else if (row->drop)
        server = replace(server, row->drop, "");
    snprintf(text, sizeof text, "{%s%s%s1: {1: {%s}}%s%s}",
             strncmp(row->objects, "0:", 2) ? "0: {1: {" : "",
             strncmp(row->objects, "0:", 2) ? security : "",
             strncmp(row->objects, "0:", 2) ? "}}, " : "", server, row->objects[0] ? ", " : "",
             row->objects);
    free(security);
    free(server);
    if (signet_config_parse(text, strlen(text), "cfg", &tree, &err))
        fail_msg("%s: %s", text, err.msg);
    return tree;
}

static void count_warning(void *ctx, const struct signet_event *event)
{
    if (event->kind == SIGNET_EVENT_WARNING) {
        ++*(int *)ctx;
        assert_true(event->error->msg[0] != '\0');
    }
}

static void a_device_refuses(void **state)
{
    bool good = true;

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct signet_tree *tree = build(&refused[i]);
        struct signet_error err = {0};
        int warnings = 0;
        const struct signet_observer observer = {count_warning, &warnings};

        int code = signet_tree_check(tree, 0, NULL, &err);
        bool fits = code == SIGNET_E_MEANING && strstr(err.msg, refused[i].what);
        if (!fits)
            print_message("row %zu: %d '%s', wanted '%s'\n", i, code, err.msg, refused[i].what);
        good = good && fits;
        assert_int_equal(signet_tree_check(tree, SIGNET_CHECK_WARN_ONLY, &observer, &err), 0);
        assert_true(warnings > 0);
        signet_tree_free(&tree);
    }
    assert_true(good);
}

static void a_device_takes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        struct signet_tree *tree = build(&taken[i]);
        struct signet_error err = {0};

        if (signet_tree_check(tree, 0, NULL, &err))
            fail_msg("row %zu: %s", i, err.msg);
        signet_tree_free(&tree);
    }
}

static void suspicious(void **state)
{
    static const struct row rows[] = {
        ROW("1: 86400", "", "1: 0", "", NULL),
        ROW("5: b'0123456789abcdef'", "5: b'short'", "", "", NULL),
        ROW("5: b'0123456789abcdef'", "5: b'x' * 65", "", "", NULL),
        ROW("5: b'0123456789abcdef'", "5: b'3x@mpl3P5K53cr3tK3y'", "", "", NULL),
        ROW("10: 1", "10: 2", "", "", NULL), /* no Server instance of that id */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signet_tree *tree = build(&rows[i]);
        int warnings = 0;
        const struct signet_observer observer = {count_warning, &warnings};
        struct signet_error err = {0};

        if (signet_tree_check(tree, 0, &observer, &err))
            fail_msg("row %zu: %s", i, err.msg);
        if (!warnings)
            fail_msg("row %zu: no warning", i);
        signet_tree_free(&tree);
    }
    struct signet_tree *tree = build(&taken[0]);
    int warnings = 0;
    const struct signet_observer observer = {count_warning, &warnings};
    assert_int_equal(signet_tree_check(tree, 0, &observer, NULL), 0);
    assert_int_equal(warnings, 0); /* a good device gets none */
    signet_tree_free(&tree);
}

/* Of one refusal all that is said. */
static void what_a_refusal_says(void **state)
{
    static const char text[] = "{1: {1: {\n0: '1', 1: 60, 6: True, 7: 'U'}}}";
    struct signet_tree *tree = NULL;
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(signet_config_parse(text, sizeof text - 1, "test", &tree, &err), 0);
    assert_int_equal(signet_tree_check(tree, 0, NULL, &err), SIGNET_E_MEANING);
    assert_string_equal(
        err.msg, "line 2: RID.Server.ShortServerID (/1/1/0) must be an integer, not a string "
                 "(LwM2M Core 1.2, Appendix C)");
    assert_string_equal(err.hint, "write a number without quotes");
    signet_tree_free(&tree);
}

static void accounts_are_limited(void **state)
{
    const struct signet_value nosec = {SIGNET_TYPE_INTEGER, {.integer = 3}};
    const struct signet_value uri = {SIGNET_TYPE_STRING,
                                     {.bytes = {(const uint8_t *)"coap://a", 8}}};
    struct signet_tree *tree = NULL;
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(signet_tree_new(&tree, NULL), 0);
    for (uint16_t i = 0; i <= 1000; i++) {
        const struct signet_value ssid = {SIGNET_TYPE_INTEGER, {.integer = i + 1}};
        signet_tree_put(tree, (struct signet_path){0, i, 0, SIGNET_NO_ID}, &uri, NULL);
        signet_tree_put(tree, (struct signet_path){0, i, 2, SIGNET_NO_ID}, &nosec, NULL);
        signet_tree_put(tree, (struct signet_path){0, i, 10, SIGNET_NO_ID}, &ssid, NULL);
    }
    assert_int_equal(signet_tree_check(tree, 0, NULL, &err), SIGNET_E_MEANING);
    assert_string_equal(err.msg, "RID.Security.ServerURI (/0/0/0) has more than 1000 instances");
    for (uint16_t rid = 0; rid <= 10; rid++)
        signet_tree_remove(tree, (struct signet_path){0, 5, rid, SIGNET_NO_ID});
    assert_int_equal(signet_tree_check(tree, 0, NULL, &err), 0); /* 1000 of them */
    signet_tree_free(&tree);
}

static void tree_put_find_remove(void **state)
{
    struct signet_tree *tree = NULL, *copy = NULL;
    const struct signet_value one = {SIGNET_TYPE_INTEGER, {.integer = 1}};
    const struct signet_value text = {SIGNET_TYPE_STRING, {.bytes = {(const uint8_t *)"abc", 3}}};
    unsigned seed = 1, present = 0;
    bool have[64] = {false};

    (void)state;
    assert_int_equal(signet_tree_new(&tree, NULL), 0);
    assert_int_equal(
        signet_tree_put(tree, (struct signet_path){65535, 0, 0, SIGNET_NO_ID}, &one, NULL),
        SIGNET_E_SYNTAX);
    for (int i = 0; i < 4000; i++) { /* against a plain table */
        seed = seed * 1103515245u + 12345u;
        uint16_t id = (uint16_t)((seed >> 16) % 64);
        struct signet_path path = {(uint16_t)(id / 16), (uint16_t)(id / 4 % 4), (uint16_t)(id % 4),
                                   SIGNET_NO_ID};
        if ((seed >> 24) % 3) {
            assert_int_equal(signet_tree_put(tree, path, i % 2 ? &one : &text, NULL), 0);
            present += !have[id];
            have[id] = true;
            assert_int_equal(signet_tree_find(tree, path)->value.type,
                             i % 2 ? SIGNET_TYPE_INTEGER : SIGNET_TYPE_STRING);
        } else {
            signet_tree_remove(tree, path);
            present -= have[id];
            have[id] = false;
            assert_null(signet_tree_find(tree, path));
        }
        assert_int_equal(signet_tree_count(tree), present);
    }
    /* the records of an instance stay together */
    for (size_t i = 1; i < signet_tree_count(tree); i++) {
        struct signet_path a = signet_tree_at(tree, i - 1)->path, b = signet_tree_at(tree, i)->path;
        if (a.oid == b.oid && a.iid == b.iid)
            continue;
        for (size_t k = i; k < signet_tree_count(tree); k++) {
            struct signet_path later = signet_tree_at(tree, k)->path;
            assert_false(later.oid == a.oid && later.iid == a.iid);
        }
    }
    assert_int_equal(signet_tree_copy(&copy, tree, NULL), 0);
    signet_tree_free(&tree);
    assert_int_equal(signet_tree_count(copy), present);
    signet_tree_free(&copy);
    assert_null(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_refuses),    cmocka_unit_test(a_device_takes),
        cmocka_unit_test(suspicious),          cmocka_unit_test(tree_put_find_remove),
        cmocka_unit_test(what_a_refusal_says), cmocka_unit_test(accounts_are_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
