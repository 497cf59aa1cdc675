/* SPDX-License-Identifier: Apache-2.0 */
/* Whose device is it that ThingsBoard has already, and what its answers mean.
 * wrap: http_send wipe
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc
 */
#include <setjmp.h>
#include <signet/config.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/server/script.h"
#include "unit/starve.h"

void __real_wipe(void *data, size_t len);
void __wrap_wipe(void *data, size_t len);
static size_t keys_wiped; /* in the room that a key of any length has */

void __wrap_wipe(void *data, size_t len)
{
    keys_wiped += len == 64 && memcmp(data, "0123456789abcdef", 16) == 0;
    __real_wipe(data, len);
}

static struct signet_server *server;

static void open_with(const char *profile)
{
    char kind[] = "thingsboard", url[] = "https://tb.example";
    const struct signet_server_info info = {
        .kind = kind, .url = url, .options = {{"profile", profile}}};

    signet_server_close(&server);
    assert_int_equal(signet_server_open(&server, &info, NULL, "token", 5, NULL, NULL, NULL),
                     SIGNET_OK);
}

static int set_up(void **state)
{
    (void)state;
    open_with(NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    signet_server_close(&server);
    return 0;
}

#define UUID "0123abcd-0000-11ee-8000-0123456789ab"
#define ID   "{\"id\": {\"entityType\": \"DEVICE\", \"id\": \"" UUID "\"}}"
#define THERE(mode, name, identity, key)                                                           \
    "{\"credentialsValue\": \"{\\\"client\\\": {\\\"securityConfigClientMode\\\": \\\"" mode       \
    "\\\", \\\"endpoint\\\": \\\"" name "\\\", \\\"identity\\\": \\\"" identity                    \
    "\\\", \\\"key\\\": \\\"" key "\\\"}}\"}"
#define SAME THERE("PSK", "urn:dev:os:1", "id-1", SCRIPT_HEX)

static void the_same_or_another(void **state)
{
    static const struct {
        const char *there, *differs; /* NULL: it is ours */
    } rows[] = {
        {SAME, NULL},
        {THERE("PSK", "urn:dev:os:1", "id-1", SCRIPT_HEX "aa"), "its PSK"}, /* a longer key */
        {THERE("PSK", "urn:dev:os:1", "id-1", "303132333435363738396162636465"), "its PSK"},
        {THERE("PSK", "urn:dev:os:1", "id-1", "30313233343536373839616263646567"), "its PSK"},
        {THERE("PSK", "urn:dev:os:1", "id-1", ""), "its PSK"},
        {THERE("PSK", "urn:dev:os:1", "id-1", "xx"), "its PSK"},
        {THERE("PSK", "urn:dev:os:1", "id-12", SCRIPT_HEX), "its PSK identity"},
        {THERE("PSK", "urn:dev:os:1", "id-2", SCRIPT_HEX), "its PSK identity"},
        {THERE("PSK", "urn:dev:os:12", "id-1", SCRIPT_HEX), "its endpoint name"},
        {THERE("PSK", "urn:dev:os:2", "id-1", SCRIPT_HEX), "its endpoint name"},
        {THERE("NO_SEC", "urn:dev:os:1", "id-1", SCRIPT_HEX), "its security mode"},
        {"{\"credentialsValue\": {}}", "its security mode"},
        {"{}", "its security mode"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err;
        bool existed = false;

        SCRIPT({400, "{\"message\": \"there\"}"}, {200, ID}, {200, rows[i].there});
        int rc = script_add(server, &existed, &err);
        if (rc != (rows[i].differs ? SIGNET_E_EXISTS : SIGNET_OK) || existed != !rows[i].differs ||
            (rc && !strstr(err.msg, rows[i].differs)))
            fail_msg("%s: %d %s", rows[i].there, rc, err.msg);
        assert_string_equal(script_asked[2], "GET /api/device/" UUID "/credentials ");
    }
    keys_wiped = 0;
    SCRIPT({409}, {200, ID}, {200, SAME});
    assert_int_equal(script_add(server, NULL, &(struct signet_error){0}), SIGNET_OK);
    assert_int_equal(keys_wiped, 1);
}

#define NO_DEVICE                                                                                  \
    {                                                                                              \
        404, "{\"message\": \"Requested item wasn't found!\", \"errorCode\": 32}"                  \
    }

static void lost_answers(void **state)
{
    static const struct reply lost = {.maybe_done = true}, never = {.maybe_done = false};
    static const struct reply stopped = {.maybe_done = true, .rc = SIGNET_E_CANCELLED};
    struct signet_error err;
    bool existed = true;

    (void)state;
    SCRIPT(lost, {200, ID}, {200, SAME});
    assert_int_equal(script_add(server, &existed, &err), SIGNET_OK);
    assert_false(existed); /* we made it */
    SCRIPT(lost, NO_DEVICE, {200, ID});
    assert_int_equal(script_add(server, &existed, &err), SIGNET_OK); /* it never arrived */
    SCRIPT(lost, NO_DEVICE, lost, NO_DEVICE, lost, NO_DEVICE);
    assert_int_equal(script_add(server, &existed, &err), SIGNET_E_NET);
    SCRIPT(lost, {500});
    assert_int_equal(script_add(server, &existed, &err), SIGNET_E_NET);
    SCRIPT(never);
    assert_int_equal(script_add(server, &existed, &err), SIGNET_E_NET);
    SCRIPT(stopped);
    assert_int_equal(script_add(server, &existed, &err), SIGNET_E_CANCELLED);
    SCRIPT({400, "{\"message\": \"bad\", \"errorCode\": 31}"},
           NO_DEVICE); /* refused, and not there */
    assert_int_equal(script_add(server, &existed, &err), SIGNET_E_SERVER);
    assert_int_equal(err.sys, 400);
    SCRIPT({404}); /* no such API: no fault of the device */
    assert_int_equal(script_add(server, &existed, &err), SIGNET_E_SERVER);
    assert_int_equal(signet_error_class(&err), SIGNET_CLASS_AWAY);
}

/* An identifier goes into a path: it is what one looks like, or the answer is no answer. */
static void identifiers(void **state)
{
    static const struct {
        const char *body;
        int rc;
    } rows[] = {
        {ID, SIGNET_OK},
        {"{\"id\": {\"id\": \"0123abcd-0000-11ee-8000-0123456789a\"}}", SIGNET_E_SERVER},
        {"{\"id\": {\"id\": \"0123abcd-0000-11ee-8000-0123456789abc\"}}", SIGNET_E_SERVER},
        {"{\"id\": {\"id\": \"0123abcd/0000/11ee/8000/0123456789ab\"}}", SIGNET_E_SERVER},
        {"{\"id\": {\"id\": \"" UUID "/x\"}}", SIGNET_E_SERVER},
        {"{\"id\": {\"id\": \"\"}}", SIGNET_E_SERVER},
        {"{\"id\": \"" UUID "\"}", SIGNET_E_SERVER},
        {"no JSON", SIGNET_E_SERVER},
    };
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        SCRIPT({200, rows[i].body});
        assert_int_equal(signet_server_find(server, "a", &err), rows[i].rc);
    }
    SCRIPT(NO_DEVICE);
    assert_int_equal(signet_server_find(server, "a", &err), SIGNET_E_NOT_FOUND);
    SCRIPT({404, "<html>"}); /* a wrong address */
    assert_int_equal(signet_server_find(server, "a", &err), SIGNET_E_SERVER);
    SCRIPT({401});
    assert_int_equal(signet_server_find(server, "a", &err), SIGNET_E_AUTH);
}

#define PROFILE(name, transport)                                                                   \
    "{\"name\": \"" name "\", \"id\": {\"id\": \"" UUID "\"}, \"transportType\": \"" transport "\"}"
#define PAGE(list) "{\"data\": [" list "]}"

static void profiles(void **state)
{
    static const struct {
        const char *page;
        int rc;
    } rows[] = {
        {PAGE(PROFILE("lwm2m", "LWM2M")), SIGNET_OK},
        {PAGE(PROFILE("lwm2m-2", "LWM2M") "," PROFILE("lwm2m", "LWM2M")), SIGNET_OK},
        {PAGE("{\"name\": \"lwm2m\", \"id\": {\"id\": \"" UUID "\"}}"), SIGNET_OK}, /* not told */
        {PAGE(PROFILE("lwm2m-2", "LWM2M")), SIGNET_E_NOT_FOUND},
        {PAGE("{\"name\": \"lwm2m\"}"), SIGNET_E_NOT_FOUND},
        {PAGE(""), SIGNET_E_NOT_FOUND},
        {"{}", SIGNET_E_NOT_FOUND},
        {PAGE(PROFILE("lwm2m", "MQTT")), SIGNET_E_UNSUPPORTED},
    };

    (void)state;
    open_with("lwm2m");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err = {0};

        SCRIPT({200, rows[i].page});
        if (signet_server_check(server, &err) != rows[i].rc)
            fail_msg("%s: %s", rows[i].page, err.msg);
    }
    struct signet_error err;
    SCRIPT({200, PAGE("")}); /* no device is at fault for it */
    assert_int_equal(script_add(server, NULL, &err), SIGNET_E_SERVER);
    assert_int_equal(signet_error_class(&err), SIGNET_CLASS_AWAY);
    for (int i = 0; i < 2; i++) { /* nor for this, whichever device it is */
        SCRIPT({200, PAGE(PROFILE("lwm2m", "MQTT"))});
        assert_int_equal(script_add(server, NULL, &err), SIGNET_E_SERVER);
        assert_int_equal(signet_error_class(&err), SIGNET_CLASS_AWAY);
        assert_string_equal(err.msg, "ThingsBoard's device profile is not for LwM2M");
        assert_non_null(strstr(err.hint, "with transport LwM2M"));
    }
    SCRIPT({200, PAGE(PROFILE("lwm2m", "LWM2M"))}, {200, ID});
    assert_int_equal(script_add(server, NULL, &err), SIGNET_OK);
    SCRIPT({200, ID}); /* looked up once */
    assert_int_equal(script_add(server, NULL, &err), SIGNET_OK);
    assert_non_null(strstr(script_asked[0], UUID));
}

static int import(const char *name, const char *identity, struct signet_error *err)
{
    struct signet_device two[2] = {script_device, script_device};

    two[1].endpoint = name;
    two[1].identity = (const uint8_t *)identity;
    two[1].identity_len = strlen(identity);
    int rc = server->ops->add_batch(server, two, 2, err);
    if (script_sent != script_len)
        fail_msg("%zu of %zu requests were sent: %s", script_sent, script_len, err->msg);
    return rc;
}

#define NOBODY                                                                                     \
    {                                                                                              \
        200, "{\"data\": [], \"hasNext\": false}"                                                  \
    }

/* An import overwrites: it is sent only when none of the names can be there. */
static void imports(void **state)
{
    static const char *const there[] = {
        "{\"data\": [{\"name\": \"urn:dev:os:2\"}], \"hasNext\": false}",
        "{\"data\": [], \"hasNext\": true}", "{\"data\": []}", "{\"hasNext\": false}"};
    static const char *const names[] = {"a,b", "a\"b", "a\nb", " ab", "ab ", "a\tb"};
    struct signet_error err;

    (void)state;
    assert_int_equal(import("urn:dev:os:2", "id-2", &err), SIGNET_E_UNSUPPORTED); /* no profile */
    open_with("lwm2m");
    SCRIPT({200, PAGE(PROFILE("lwm2m", "LWM2M"))}, NOBODY, {200, "{\"created\": 2}"});
    assert_int_equal(import("urn:dev:os:2", "id-2", &err), SIGNET_OK);
    assert_non_null(strstr(script_asked[1], "textSearch=urn%3Adev%3Aos%3A "));
    assert_non_null(strstr(script_asked[2], "urn:dev:os:2,PSK,id-2," SCRIPT_HEX ",\\n"));
    for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
        SCRIPT({200, there[i]});
        assert_int_equal(import("urn:dev:os:2", "id-2", &err), SIGNET_E_EXISTS);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) { /* no row holds these */
        SCRIPT(NOBODY);
        assert_int_equal(import(names[i], "id-2", &err), SIGNET_E_MEANING);
        SCRIPT(NOBODY);
        assert_int_equal(import("urn:dev:os:2", names[i], &err), SIGNET_E_MEANING);
    }
    SCRIPT(NOBODY, {200, "{\"created\": 1, \"updated\": 1}"});
    assert_int_equal(import("urn:dev:os:2", "id-2", &err), SIGNET_E_SERVER);
    SCRIPT(NOBODY, {200, "{\"created\": 3}"});
    assert_int_equal(import("urn:dev:os:2", "id-2", &err), SIGNET_E_SERVER);
    SCRIPT(NOBODY, {200, "{}"});
    assert_int_equal(import("urn:dev:os:2", "id-2", &err), SIGNET_E_SERVER);
    SCRIPT(NOBODY, {403});
    assert_int_equal(import("urn:dev:os:2", "id-2", &err), SIGNET_E_UNSUPPORTED);
    SCRIPT({500});
    assert_int_equal(import("urn:dev:os:2", "id-2", &err), SIGNET_E_SERVER);
}

static void what_is_refused_before(void **state)
{
    static const struct {
        const char *name, *identity, *words;
    } rows[] = {
        {"  ", "id", "no blank endpoint name"},
        {"a", " ", "blank or NO_SEC"},
        {"a", "NO_SEC", "blank or NO_SEC"},
        {" a", "NO_SEC1", NULL},
        {"a ", "NO_SE", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_device device = script_device;
        struct signet_error err = {0};

        device.endpoint = rows[i].name;
        device.identity = (const uint8_t *)rows[i].identity;
        device.identity_len = strlen(rows[i].identity);
        int rc = signet_server_validate(server, &device, &err);
        if (rc != (rows[i].words ? SIGNET_E_MEANING : SIGNET_OK) ||
            (rc && !strstr(err.msg, rows[i].words)))
            fail_msg("case %zu: %d %s", i, rc, err.msg);
    }
}

#define BOOTSTRAP(mode, identity, key)                                                             \
    "{\"credentialsValue\": \"{\\\"client\\\": {\\\"securityConfigClientMode\\\": \\\"PSK"         \
    "\\\", \\\"endpoint\\\": \\\"a\\\", \\\"identity\\\": \\\"i\\\", \\\"key\\\": \\\"" SCRIPT_HEX \
    "\\\"}, \\\"bootstrap\\\": {\\\"bootstrapServer\\\": {\\\"securityMode\\\": \\\"" mode         \
    "\\\", \\\"clientPublicKeyOrId\\\": \\\"" identity "\\\", \\\"clientSecretKey\\\": \\\"" key   \
    "\\\"}}}\"}"

/* The bootstrap account is compared like the other. */
static void the_same_bootstrap_account(void **state)
{
    static const struct {
        const char *there, *differs; /* NULL: it is ours */
    } rows[] = {
        {BOOTSTRAP("PSK", "b", SCRIPT_HEX), NULL},
        {BOOTSTRAP("NO_SEC", "b", SCRIPT_HEX), "its bootstrap account"},
        {BOOTSTRAP("PSK", "c", SCRIPT_HEX), "its bootstrap account"},
        {BOOTSTRAP("PSK", "b", "30"), "its bootstrap account"},
    };
    static const char text[] =
        "{0: {0: {0: 'coaps://b', 1: True, 2: 0, 3: b'b', 5: b'0123456789abcdef'}, 1: {0: "
        "'coaps://m', 1: False, 2: 0, 3: b'i', 5: b'0123456789abcdef', 10: 1}}}";
    struct signet_device device = {.endpoint = "a"};
    struct signet_tree *tree = NULL;

    (void)state;
    assert_int_equal(signet_config_parse(text, strlen(text), "t", &tree, NULL), SIGNET_OK);
    device.tree = tree;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err = {0};

        SCRIPT({409, "{\"message\": \"there\"}"}, {200, ID}, {200, rows[i].there});
        int rc = signet_server_add(server, &device, NULL, &err);
        if (rc != (rows[i].differs ? SIGNET_E_EXISTS : SIGNET_OK) ||
            (rc && !strstr(err.msg, rows[i].differs)))
            fail_msg("%s: %d %s", rows[i].there, rc, err.msg);
    }
    signet_tree_free(&tree);
}

static void what_is_removed(void **state)
{
    static const struct {
        struct reply replies[2];
        size_t count;
        int rc;
        bool existed;
    } rows[] = {
        {{{200, ID}, {200}}, 2, SIGNET_OK, true},
        {{NO_DEVICE}, 1, SIGNET_OK},
        {{{200, ID}, NO_DEVICE}, 2, SIGNET_OK, true}, /* an earlier attempt removed it */
        {{{200, ID}, {404, "<html>"}}, 2, SIGNET_E_SERVER},
        {{{200, ID}, {500}}, 2, SIGNET_E_SERVER},
        {{{200, ID}, {403}}, 2, SIGNET_E_AUTH},
        {{{200, ID}, {0}}, 2, SIGNET_E_NET},
        {{{200, "{}"}}, 1, SIGNET_E_SERVER},
        {{{401}}, 1, SIGNET_E_AUTH},
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
        if (rows[i].count == 2)
            assert_string_equal(script_asked[1], "DELETE /api/device/" UUID " ");
    }
}

static int import_without_memory(struct signet_error *err)
{
    const struct signet_device two[2] = {script_device, script_device};
    long at = starve.at;

    starve.at = 0;
    open_with("lwm2m");
    SCRIPT({200, PAGE(PROFILE("lwm2m", "LWM2M"))}, NOBODY, {200, "{\"created\": 2}"});
    starve.at = at;
    return server->ops->add_batch(server, two, 2, err);
}

static void no_memory_is_no_fault_of_the_names(void **state)
{
    (void)state;
    starve_each(import_without_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_or_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lost_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(identifiers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(profiles, set_up, tear_down),
        cmocka_unit_test_setup_teardown(imports, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_memory_is_no_fault_of_the_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_refused_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_bootstrap_account, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
