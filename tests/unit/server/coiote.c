/* SPDX-License-Identifier: Apache-2.0 */
/* Whose device is it that Coiote has already, and what its answers mean.
 * wrap: http_send wipe
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/server/script.h"

void __real_wipe(void *data, size_t len);
void __wrap_wipe(void *data, size_t len);
static size_t keys_wiped;

void __wrap_wipe(void *data, size_t len)
{
    keys_wiped += len >= 16 && memcmp(data, "0123456789abcdef", 16) == 0;
    __real_wipe(data, len);
}

static struct signet_server *server;

static int open_with(const char *domain, struct signet_error *err)
{
    char kind[] = "coiote", url[] = "https://coiote.example";
    const struct signet_server_info info = {
        .kind = kind, .url = url, .options = {{"domain", domain}}};

    signet_server_close(&server);
    return signet_server_open(&server, &info, NULL, "token", 5, NULL, NULL, err);
}

static int set_up(void **state)
{
    (void)state;
    return open_with("/acme/", NULL);
}

static int tear_down(void **state)
{
    (void)state;
    signet_server_close(&server);
    return 0;
}

#define FOUND "[\"77\"]"
#define THERE(name, mode, domain, identity, psk)                                                   \
    "{\"properties\": {\"endpointName\": \"" name "\"}, \"securityMode\": \"" mode                 \
    "\", \"domain\": \"" domain "\", \"dtlsIdentity\": \"" identity "\", \"dtlsPsk\": " psk "}"
#define WITH_PSK(psk) THERE("urn:dev:os:1", "psk", "/acme/", "id-1", psk)
#define HEX(digits)   WITH_PSK("{\"HexadecimalPsk\": \"" digits "\"}")
#define SAME          HEX(SCRIPT_HEX)

/* Only the very same device is ours. */
static void the_same_or_another(void **state)
{
    static const struct {
        const char *there, *differs; /* NULL: it is ours */
    } rows[] = {
        {SAME, NULL},
        {HEX("30313233343536373839616263646566"), NULL},
        {HEX("30313233343536373839616263646566aa"), "its PSK"}, /* a longer key */
        {HEX("303132333435363738396162636465"), "its PSK"},     /* a shorter one */
        {HEX("30313233343536373839616263646567"), "its PSK"},
        {HEX("3031323334353637383961626364656"), "its PSK"},
        {HEX(""), "its PSK"},
        {WITH_PSK("{\"PlainTextPsk\": \"0123456789abcdef\"}"), NULL},
        {WITH_PSK("{\"PlainTextPsk\": \"0123456789abcdefg\"}"), "its PSK"},
        {WITH_PSK("{\"PlainTextPsk\": \"0123456789abcdeF\"}"), "its PSK"},
        {WITH_PSK("{\"BinaryPsk\": [48,49,50,51,52,53,54,55,56,57,97,98,99,100,101,102]}"), NULL},
        {WITH_PSK("{\"BinaryPsk\": [48,49,50,51,52,53,54,55,56,57,97,98,99,100,101,102,0]}"),
         "its PSK"},
        {WITH_PSK("{\"BinaryPsk\": [48,49,50,51,52,53,54,55,56,57,97,98,99,100,101]}"), "its PSK"},
        {WITH_PSK("{\"BinaryPsk\": [48,49,50,51,52,53,54,55,56,57,97,98,99,100,101,103]}"),
         "its PSK"},
        {WITH_PSK("{\"ExternalPsk\": {}}"), "its PSK"},
        {WITH_PSK("{\"GlobalPsk\": {}}"), "its PSK"},
        {WITH_PSK("null"), "does not show its PSK"},
        {WITH_PSK("{}"), "its PSK"},
        {THERE("urn:dev:os:1", "psk", "/other/", "id-1", "null"), "its domain"},
        {THERE("urn:dev:os:1", "psk", "/acme/sub/", "id-1", "null"), "its domain"},
        {THERE("urn:dev:os:1", "psk", "/", "id-1", "null"), "its domain"},
        {THERE("urn:dev:os:1", "nosec", "/acme/", "id-1", "null"), "its security mode"},
        {THERE("urn:dev:os:1", "psk", "/acme/", "id-2", "null"), "its PSK identity"},
        {THERE("urn:dev:os:1", "psk", "/acme/", "id-12", "null"), "its PSK identity"},
        {THERE("urn:dev:os:12", "psk", "/acme/", "id-1", "null"), "its endpoint name"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err;
        bool existed = false;

        SCRIPT({409, "{\"error\": \"there\"}"}, {200, FOUND}, {200, rows[i].there});
        int rc = script_add(server, &existed, &err);
        if (rc != (rows[i].differs ? SIGNET_E_EXISTS : SIGNET_OK) || existed != !rows[i].differs ||
            (rc && !strstr(err.msg, rows[i].differs)))
            fail_msg("%s: %d %s", rows[i].there, rc, err.msg);
    }
}

static void the_key_that_was_read_is_wiped(void **state)
{
    struct signet_error err;
    bool existed;

    (void)state;
    keys_wiped = 0;
    SCRIPT({409}, {200, FOUND}, {200, SAME});
    assert_int_equal(script_add(server, &existed, &err), SIGNET_OK);
    assert_int_equal(keys_wiped, 1);
}

/* No answer is not a refusal: what is there decides. */
static void lost_answers(void **state)
{
    static const struct reply lost = {.maybe_done = true}, never = {.maybe_done = false};
    static const struct reply stopped = {.maybe_done = true, .rc = SIGNET_E_CANCELLED};
    struct signet_error err;
    bool existed = true;

    (void)state;
    SCRIPT(lost, {200, FOUND}, {200, SAME});
    assert_int_equal(script_add(server, &existed, &err), SIGNET_OK);
    assert_false(existed); /* we made it */
    SCRIPT(lost, {200, "[]"}, {201, "{}"});
    assert_int_equal(script_add(server, &existed, &err), SIGNET_OK); /* it never arrived */
    SCRIPT(lost, {200, "[]"}, lost, {200, "[]"}, lost, {200, "[]"});
    assert_int_equal(script_add(server, &existed, &err), SIGNET_E_NET);
    SCRIPT(lost, {200, FOUND}, {200, HEX("00")});
    assert_int_equal(script_add(server, &existed, &err), SIGNET_E_EXISTS);
    SCRIPT(lost, {500});
    assert_int_equal(script_add(server, &existed, &err), SIGNET_E_NET);
    SCRIPT(never);
    assert_int_equal(script_add(server, &existed, &err), SIGNET_E_NET);
    SCRIPT(stopped); /* and asks no more */
    assert_int_equal(script_add(server, &existed, &err), SIGNET_E_CANCELLED);
}

static void what_a_status_means(void **state)
{
    static const struct {
        struct reply reply;
        int rc;
        enum signet_class class;
    } rows[] = {
        {{401}, SIGNET_E_AUTH, SIGNET_CLASS_AWAY},
        {{403}, SIGNET_E_AUTH, SIGNET_CLASS_AWAY},
        {{404, "<html>"}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY}, /* no device's fault */
        {{302}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
        {{422, "{\"error\": \"no\"}"}, SIGNET_E_SERVER, SIGNET_CLASS_DEVICE},
        {{500, "{\"error\": \"oh\"}"}, SIGNET_E_SERVER, SIGNET_CLASS_AWAY},
    };
    struct signet_error err;
    bool existed;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        script_set(&rows[i].reply, 1);
        assert_int_equal(script_add(server, &existed, &err), rows[i].rc);
        assert_int_equal(err.sys, rows[i].reply.status);
        assert_int_equal(signet_error_class(&err), rows[i].class);
    }
    SCRIPT({400, "{\"error\": \"identity taken\"}"}, {200, FOUND}, {200, SAME});
    assert_int_equal(script_add(server, &existed, &err), SIGNET_OK);
    assert_true(existed);
    SCRIPT({400, "{\"error\": \"identity taken\"}"}, {200, "[]"});
    assert_int_equal(script_add(server, &existed, &err), SIGNET_E_SERVER);
    assert_non_null(strstr(err.hint, "another device has this PSK identity"));
    SCRIPT({409}, {200, FOUND}, {200, "[]"}); /* no object: nobody knows what is there */
    assert_int_equal(script_add(server, &existed, &err), SIGNET_E_NET);
}

static void searches(void **state)
{
    static const struct {
        struct reply replies[2];
        size_t count;
        int rc;
    } rows[] = {
        {{{200, FOUND}}, 1, SIGNET_OK},
        {{{200, "{\"devices\": [{\"id\": \"7\"}]}"}}, 1, SIGNET_OK},
        {{{200, "[{\"id\": \"7\"}]"}}, 1, SIGNET_OK},
        {{{200, "[]"}}, 1, SIGNET_E_NOT_FOUND},
        {{{200, "{\"devices\": []}"}}, 1, SIGNET_E_NOT_FOUND},
        {{{200, "{}"}}, 1, SIGNET_E_SERVER}, /* no list: nobody knows */
        {{{200, "[{\"id\": 7}]"}}, 1, SIGNET_E_SERVER},
        {{{200, "[\"\"]"}}, 1, SIGNET_E_SERVER},
        {{{200, "no JSON"}}, 1, SIGNET_E_SERVER},
        {{{403}, {200, FOUND}}, 2, SIGNET_OK},
        {{{404}, {200, FOUND}}, 2, SIGNET_OK},
        {{{403}, {200, "[]"}}, 2, SIGNET_E_NOT_FOUND},
        {{{403}, {403}}, 2, SIGNET_E_AUTH},
        {{{404}, {404}}, 2, SIGNET_E_SERVER}, /* a wrong address */
        {{{404, "{\"error\": \"no such path\"}"}, {404, "{\"error\": \"no such path\"}"}},
         2,
         SIGNET_E_SERVER},
        {{{401}}, 1, SIGNET_E_AUTH},
        {{{500}}, 1, SIGNET_E_SERVER},
        {{{0}}, 1, SIGNET_E_NET},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err = {0};

        script_set(rows[i].replies, rows[i].count);
        int rc = signet_server_find(server, "a b", &err);
        if (rc != rows[i].rc || script_sent != rows[i].count)
            fail_msg("case %zu: %d %s", i, rc, err.msg);
        assert_non_null(strstr(script_asked[0], "%20eq%20%27a%20b%27"));
        if (rows[i].replies[0].body && strcmp(rows[i].replies[0].body, "no JSON") == 0)
            assert_string_equal(err.msg, "Coiote answered with no JSON");
    }
}

/* What goes has this very name, and a search that says nothing takes nothing for gone. */
static void removals(void **state)
{
    static const char gone[] = "{\"error\": \"no such device\"}";
    static const struct {
        struct reply replies[3];
        size_t count;
        int rc;
        bool existed;
        enum signet_class class;
    } rows[] = {
        {{{200, FOUND}, {200, SAME}, {204}}, 3, SIGNET_OK, true},
        {{{200, FOUND}, {200, "{}"}, {204}}, 3, SIGNET_OK, true}, /* its name is not shown */
        {{{200, "[]"}}, 1, SIGNET_OK},
        {{{200, FOUND}, {404, gone}}, 2, SIGNET_OK},
        {{{200, FOUND}, {200, SAME}, {404, gone}}, 3, SIGNET_OK, true}, /* gone in between */
        {{{200, FOUND}, {200, SAME}, {404, "<html>"}},
         3,
         SIGNET_E_SERVER,
         .class = SIGNET_CLASS_AWAY},
        {{{200, FOUND}, {200, SAME}, {200, "<html>"}},
         3,
         SIGNET_E_SERVER,
         .class = SIGNET_CLASS_AWAY},
        {{{200, FOUND}, {200, SAME}, {400, "<html>"}},
         3,
         SIGNET_E_SERVER,
         .class = SIGNET_CLASS_AWAY},
        {{{200, FOUND}, {200, SAME}, {400, gone}},
         3,
         SIGNET_E_SERVER,
         .class = SIGNET_CLASS_DEVICE},
        {{{200, FOUND}, {200, SAME}, {403, gone}}, 3, SIGNET_E_AUTH, .class = SIGNET_CLASS_AWAY},
        {{{200, FOUND}, {200, SAME}, {0}}, 3, SIGNET_E_NET, .class = SIGNET_CLASS_AWAY},
        {{{200, FOUND}, {200, THERE("urn:dev:os:12", "psk", "/acme/", "id-1", "null")}},
         2,
         SIGNET_E_SERVER,
         .class = SIGNET_CLASS_AWAY},
        {{{200, FOUND}, {200, "[]"}}, 2, SIGNET_E_SERVER, .class = SIGNET_CLASS_AWAY},
        {{{200, "{}"}}, 1, SIGNET_E_SERVER, .class = SIGNET_CLASS_AWAY},
        {{{404, gone}, {404, gone}}, 2, SIGNET_E_SERVER, .class = SIGNET_CLASS_AWAY},
        {{{401, gone}}, 1, SIGNET_E_AUTH, .class = SIGNET_CLASS_AWAY},
        {{{500, gone}}, 1, SIGNET_E_SERVER, .class = SIGNET_CLASS_AWAY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err = {0};
        bool existed = true;

        script_set(rows[i].replies, rows[i].count);
        int rc = signet_server_remove(server, "urn:dev:os:1", &existed, &err);
        if (rc != rows[i].rc || (int)err.code != rc || script_sent != script_len ||
            existed != rows[i].existed || signet_error_class(&err) != rows[i].class)
            fail_msg("case %zu: %d %s", i, rc, err.msg);
    }
    script_len = script_sent = 0;
    assert_int_equal(signet_server_remove(server, "a' or 'b", NULL, NULL), SIGNET_E_MEANING);
}

#define BATCH(results) "{\"total\": 2, \"results\": [" results "]}"

static void batches(void **state)
{
    static const struct {
        struct reply reply;
        int rc;
    } rows[] = {
        {{200, BATCH("{\"success\": true}, {\"success\": true}")}, SIGNET_OK},
        {{207, BATCH("{\"success\": true}, {\"success\": true}")}, SIGNET_OK},
        {{200, BATCH("{\"success\": true}, {\"success\": false}")}, SIGNET_E_SERVER},
        {{200, BATCH("{\"success\": false}, {\"success\": true}")}, SIGNET_E_SERVER},
        {{200, BATCH("{\"success\": true}, {}")}, SIGNET_E_SERVER},
        {{200, BATCH("{\"success\": true}")}, SIGNET_E_SERVER},
        {{200, BATCH("{\"success\": true}, {\"success\": true}, {\"success\": true}")},
         SIGNET_E_SERVER},
        {{200, "no JSON"}, SIGNET_E_SERVER},
        {{200, NULL}, SIGNET_E_SERVER},
        {{500, BATCH("{\"success\": true}, {\"success\": true}")}, SIGNET_E_SERVER},
        {{403}, SIGNET_E_UNSUPPORTED},
        {{404}, SIGNET_E_UNSUPPORTED},
        {{405}, SIGNET_E_UNSUPPORTED},
        {{401}, SIGNET_E_AUTH},
    };
    const struct signet_device two[2] = {script_device, script_device};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err = {0};

        script_set(&rows[i].reply, 1);
        int rc = server->ops->add_batch(server, two, 2, &err);
        if (rc != rows[i].rc)
            fail_msg("case %zu: %d %s", i, rc, err.msg);
    }
}

static void logins(void **state)
{
    static const struct {
        struct reply reply;
        int rc;
        const char *words, *hint;
        int64_t seconds;
    } rows[] = {
        {{200, "{\"access_token\": \"fresh\", \"expires_in\": 30}"}, SIGNET_OK, "", "", 30},
        {{200, "{\"access_token\": \"fresh\", \"expires_in\": \"31\"}"}, SIGNET_OK, "", "", 31},
        {{200, "{\"access_token\": \"fresh\"}"}, SIGNET_OK, "", "", 0},
        {{200, "{\"access_token\": 1}"},
         SIGNET_E_SERVER,
         "Coiote's login answered without a",
         "",
         0},
        {{200, "<html>"}, SIGNET_E_SERVER, "a web page", "are \"user\" and its secret right?", 0},
        {{401, "{\"error\": \"no\"}"}, SIGNET_E_AUTH, "401 no", "are \"user\" and its secret", 0},
        {{0}, SIGNET_E_NET, "no connection", "", 0},
    };
    struct signet_server_info info = {.kind = (char[]){"coiote"},
                                      .url = (char[]){"https://h"},
                                      .auth = (char[]){"password"},
                                      .user = (char[]){"anna b"},
                                      .options = {{"domain", "/"}}};
    struct signet_server *anna = NULL;
    struct http *mine = NULL; /* the connection of the thread that logs in */

    (void)state;
    assert_int_equal(signet_server_open(&anna, &info, NULL, "p&w", 3, NULL, NULL, NULL), SIGNET_OK);
    assert_int_equal(http_twin(&mine, anna->http, NULL), SIGNET_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct secret token = {0};
        struct signet_error err = {0};
        int64_t seconds = 0;

        script_set(&rows[i].reply, 1);
        int rc = anna->ops->login(anna, mine, &token, &seconds, &err);
        if (rc != rows[i].rc || !strstr(err.msg, rows[i].words) ||
            !strstr(err.hint, rows[i].hint) || seconds != rows[i].seconds)
            fail_msg("case %zu: %d '%s', '%s'", i, rc, err.msg, err.hint);
        if (rc == SIGNET_OK)
            assert_string_equal((char *)token.data, "fresh");
        assert_ptr_equal(script_http, mine);
        assert_string_equal(script_asked[0],
                            "POST /api/auth/oauth_password "
                            "grant_type=password&username=anna%20b&password=p%26w");
        secret_wipe(&token);
    }
    http_close(&mine);
    signet_server_close(&anna);
}

static void what_is_refused_before(void **state)
{
    static const char *const domains[] = {"", "acme", "/acme", "acme/", NULL};
    static const char *const names[] = {"a'b", "a\"b", "a\\b", "a\nb", "a\x7f", "a\xff", ""};
    struct signet_device device = script_device;
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        device.endpoint = names[i];
        script_len = script_sent = 0;
        assert_int_equal(signet_server_add(server, &device, NULL, &err), SIGNET_E_MEANING);
    }
    for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
        assert_int_equal(open_with(domains[i], &err), SIGNET_E_USAGE);
        assert_non_null(strstr(err.msg, "domain"));
    }
    assert_int_equal(open_with("/", &err), SIGNET_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_or_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_key_that_was_read_is_wiped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lost_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_status_means, set_up, tear_down),
        cmocka_unit_test_setup_teardown(searches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(batches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(logins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_refused_before, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
