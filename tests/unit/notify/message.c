/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/private.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const struct signet_order of_boards = {.name = "o", .station = "A", .recipe = "r"};
static const struct signet_order of_packets = {.name = "o", .station = "A"};

static struct signet_ledger_news event(const char *word)
{
    return (struct signet_ledger_news){.seq = 7,
                                       .time = 86400,
                                       .event = word,
                                       .hash = hash,
                                       .operator_name = "",
                                       .tool = "1",
                                       .endpoint = "",
                                       .slot = "",
                                       .hw_id = "",
                                       .detail = ""};
}

static bool wanted(const struct signet_order *o, const char **events, const char *format,
                   const char *word)
{
    const struct signet_order_notify target = {.events = events, .format = format};
    const struct signet_ledger_news news = event(word);

    return message_wanted(o, &target, &news);
}

static void who_hears_of_what(void **state)
{
    const char *listed[] = {"written", NULL}, *all[] = {"all", NULL};
    (void)state;

    assert_true(wanted(&of_boards, NULL, NULL, "pass"));
    assert_false(wanted(&of_boards, NULL, NULL, "verified"));
    assert_true(wanted(&of_packets, NULL, NULL, "verified"));
    assert_false(wanted(&of_packets, NULL, NULL, "delivered"));
    assert_true(wanted(&of_boards, listed, NULL, "written"));
    assert_false(wanted(&of_boards, listed, NULL, "pass"));
    assert_true(wanted(&of_boards, all, NULL, "keyed"));
    assert_true(wanted(&of_boards, NULL, "cfx", "pass"));
    assert_false(wanted(&of_boards, NULL, "cfx", "fail"));
}

static json_t *body_of(const struct signet_ledger_news *news, const char *format)
{
    const struct signet_order_notify target = {.kind = SIGNET_NOTIFY_FILE, .format = format};
    struct notify_message m;

    assert_int_equal(message_make(&m, &of_boards, &target, news, NULL), SIGNET_OK);
    assert_string_equal(m.id, hash);
    assert_int_equal(m.topic.len, 0);
    assert_null(memchr(m.body.data, '\n', m.body.len));
    json_t *body = json_loadb((const char *)m.body.data, m.body.len, 0, NULL);
    assert_non_null(body);
    message_free(&m);
    return body;
}

static const char *word_of(const json_t *body, const char *key)
{
    return json_string_value(json_object_get(body, key));
}

static void what_is_told(void **state)
{
    struct signet_ledger_news news = event("pass");
    (void)state;

    news.detail = "a \"b\"\n{";
    json_t *body = body_of(&news, NULL);
    assert_string_equal(word_of(body, "time"), "1970-01-02T00:00:00Z");
    assert_string_equal(word_of(body, "detail"), "a \"b\"\n{");
    assert_null(json_object_get(body, "data"));
    assert_null(json_object_get(body, "endpoint")); /* not known */
    json_decref(body);
    news.detail = "{\"stop\": [1]}";
    news.detail_is_json = true;
    body = body_of(&news, NULL);
    assert_true(json_is_array(json_object_get(json_object_get(body, "data"), "stop")));
    json_decref(body);
}

static void as_ipc_2591_has_it(void **state)
{
    struct signet_ledger_news news = event("pass");
    (void)state;

    news.endpoint = "urn:1";
    json_t *body = body_of(&news, "cfx");
    assert_string_equal(word_of(body, "UniqueID"), "01234567-89ab-8def-a123-456789abcdef");
    assert_string_equal(word_of(body, "MessageName"), "CFX.Production.Assembly.UnitsPersonalized");
    assert_string_equal(word_of(body, "Version"), "1.7");
    assert_string_equal(word_of(body, "TimeStamp"), "1970-01-02T00:00:00Z");
    assert_true(json_is_null(json_object_get(body, "Target")));
    const json_t *unit = json_array_get(
        json_object_get(json_object_get(body, "MessageBody"), "PersonalizedUnits"), 0);
    assert_string_equal(word_of(unit, "UnitIdentifier"), "urn:1");
    json_decref(body);
    news.hw_id = "77";
    body = body_of(&news, "cfx");
    unit = json_array_get(
        json_object_get(json_object_get(body, "MessageBody"), "PersonalizedUnits"), 0);
    assert_string_equal(word_of(unit, "UnitIdentifier"), "77");
    json_decref(body);
}

/* A value is one level, whatever it holds. */
static void topics(void **state)
{
    const struct signet_order order = {.name = "a+#/b%", .station = "A\xc3\xa4"};
    const struct signet_order_notify target = {
        .kind = SIGNET_NOTIFY_MQTT, .topic = "x/{order}/{station}/{slot}/{endpoint}/{event}/{no}"};
    struct signet_ledger_news news = event("pass");
    struct notify_message m;
    (void)state;

    news.endpoint = "urn:dev:$1 \x01";
    assert_int_equal(message_make(&m, &order, &target, &news, NULL), SIGNET_OK);
    assert_string_equal((const char *)m.topic.data,
                        "x/a%2B%23%2Fb%25/A%C3%A4//urn:dev:%241%20%01/pass/{no}");
    message_free(&m);
}

/* Whatever brought it into the ledger. */
static void secrets_that_live_are_masked(void **state)
{
    const struct signet_order_notify target = {.kind = SIGNET_NOTIFY_MQTT, .topic = "{endpoint}"};
    static const char value[] = "Zq8-live-secret-51c7";
    struct signet_ledger_news news = event("fail");
    struct secret secret = {0};
    struct notify_message m;
    (void)state;

    assert_int_equal(secret_set(&secret, value, strlen(value), NULL), SIGNET_OK);
    secret_live(&secret);
    news.detail = news.endpoint = value;
    assert_int_equal(message_make(&m, &of_boards, &target, &news, NULL), SIGNET_OK);
    assert_null(strstr((const char *)m.body.data, value));
    assert_null(strstr((const char *)m.topic.data, value));
    assert_non_null(strstr((const char *)m.body.data, "***"));
    message_free(&m);
    secret_wipe(&secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_hears_of_what),
        cmocka_unit_test(what_is_told),
        cmocka_unit_test(as_ipc_2591_has_it),
        cmocka_unit_test(topics),
        cmocka_unit_test(secrets_that_live_are_masked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
