/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of notify; tests/cli/notify.py has their mistakes as a person sees them. */
#include "order/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "unit/folder.h"

static char path[FOLDER_SIZE + 8];
static struct signet_error err;

static int load(struct signet_order **order, const char *notify)
{
    char text[2048];

    snprintf(text, sizeof(text),
             "name: o\nquota: 1\ntemplate: t\nledger: l.db\nnames: {pattern: \"{serial}\"}\n"
             "output: {packets: p.ndjson, records: r.csv}\nnotify: [%s]\n",
             notify);
    assert_int_equal(file_write(path, text, strlen(text), 0600, NULL), SIGNET_OK);
    err = (struct signet_error){0};
    return signet_order_load(order, path, &err);
}

static void what_was_left_out(void **state)
{
    struct signet_order *o;
    (void)state;

    assert_int_equal(
        load(&o, "{url: \"HTTPS://h/\", key_file: k}, {url: \"mqtts://h\"}, {file: f}"), SIGNET_OK);
    assert_int_equal(o->notify_count, 3);
    assert_int_equal(o->notify[0].kind, SIGNET_NOTIFY_WEBHOOK);
    assert_string_equal(o->notify[0].name, "webhook");
    assert_int_equal(o->notify[1].kind, SIGNET_NOTIFY_MQTT);
    assert_string_equal(o->notify[1].name, "mqtt");
    assert_string_equal(o->notify[1].topic, "signet/{station}/{order}/{event}");
    assert_int_equal(o->notify[2].kind, SIGNET_NOTIFY_FILE);
    assert_string_equal(o->notify[2].name, "file");
    assert_null(o->notify[2].events);
    signet_order_free(&o);
}

static void topics(void **state)
{
    static const char *const right[] = {"a",       "{event}",     "{order}", "{station}",
                                        "{slot}/", "x{endpoint}", "a/$b",    "{"};
    static const char *const wrong[] = {"",
                                        "{slot}",
                                        "{endpoint}",
                                        "{endpoint}{slot}{endpoint}",
                                        "$SYS/a",
                                        "a/#",
                                        "+/a",
                                        "{Slot"
                                        "x}+",
                                        "{name}"};
    struct signet_order *o;
    char text[300];
    (void)state;

    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        snprintf(text, sizeof(text), "{url: \"mqtts://h\", topic: \"%s\"}", right[i]);
        if (load(&o, text) != SIGNET_OK)
            fail_msg("%s: %s", right[i], err.msg);
        signet_order_free(&o);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(text, sizeof(text), "{url: \"mqtts://h\", topic: \"%s\"}", wrong[i]);
        if (load(&o, text) != SIGNET_E_MEANING)
            fail_msg("'%s' is a topic: %s", wrong[i], err.msg);
    }
    snprintf(text, sizeof(text), "{url: \"mqtts://h\", topic: \"%0201d\"}", 0);
    assert_int_equal(load(&o, text), SIGNET_E_MEANING);
}

static void names(void **state)
{
    static const char *const wrong[] = {
        "\"\"", ".a", "-a", "a/b", "a b", "\"\\xe4\"", "a2345678901234567890123456789012345678901"};
    struct signet_order *o;
    char text[200];
    (void)state;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(text, sizeof(text), "{file: f, name: %s}", wrong[i]);
        if (load(&o, text) != SIGNET_E_MEANING)
            fail_msg("%s is a name", wrong[i]);
    }
    assert_int_equal(load(&o, "{file: f, name: A}, {file: g, name: a}"), SIGNET_E_MEANING);
}

static void files_of_their_own(void **state)
{
    static const char *const wrong[] = {"p.ndjson", "./p.ndjson", "r.csv", "l.db"};
    struct signet_order *o;
    char text[200];
    (void)state;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(text, sizeof(text), "{file: %s}", wrong[i]);
        assert_int_equal(load(&o, text), SIGNET_E_MEANING);
        assert_non_null(strstr(err.msg, "are one file"));
    }
    assert_int_equal(load(&o, "{file: f, name: a}, {file: ./f, name: b}"), SIGNET_E_MEANING);
}

static int set_up(void **state)
{
    char folder[FOLDER_SIZE];

    (void)state;
    if (!folder_make(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/o.yaml", folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_left_out),
        cmocka_unit_test(topics),
        cmocka_unit_test(names),
        cmocka_unit_test(files_of_their_own),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
