/* SPDX-License-Identifier: Apache-2.0 */
/* What does not need a broker; tests/cli/notify.py has one. */
#include "notify/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

static char folder[FOLDER_SIZE], ca[FOLDER_SIZE + 8];
static struct signet_error err;

static int open_url(void **state, const char *url)
{
    const struct signet_order_notify target = {.url = url};

    err = (struct signet_error){0};
    return notify_mqtt.open(state, &target, NULL, &err);
}

static void addresses(void **state)
{
    static const char *const right[] = {"mqtts://h", "mqtt://h:1/", "MQTTS://[::1]",
                                        "mqtts://[::1]:65535"};
    static const char *const wrong[] = {"mqtts://",     "mqtts://:1",    "mqtts://h:0",
                                        "mqtts://h:x",  "mqtts://h:1x",  "mqtts://h:65536",
                                        "mqtts://h/in", "mqtts://[::1x", "mqtts://[]:1"};
    void *q;

    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        if (open_url(&q, right[i]) == SIGNET_E_UNSUPPORTED)
            skip(); /* libmosquitto1 is not installed */
        assert_int_equal(err.code, SIGNET_OK);
        notify_mqtt.close(q);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(open_url(&q, wrong[i]), SIGNET_E_USAGE);
    (void)state;
}

/* It is the station's matter: no event is passed over for it. */
static void a_file_that_went_away(void **state)
{
    static const char pem[] = "-----BEGIN CERTIFICATE-----\n";
    const struct signet_order_notify target = {.url = "mqtts://127.0.0.1", .ca_file = ca};
    struct notify_message m = {0};
    int64_t wait_ms;
    void *q;
    (void)state;

    assert_int_equal(file_write(ca, pem, sizeof(pem) - 1, 0600, NULL), SIGNET_OK);
    int rc = notify_mqtt.open(&q, &target, NULL, &err);
    if (rc == SIGNET_E_UNSUPPORTED)
        skip();
    assert_int_equal(rc, SIGNET_OK);
    unlink(ca);
    assert_int_not_equal(notify_mqtt.send(q, &m, &wait_ms, &err), SIGNET_OK);
    assert_int_equal(signet_error_class(&err), SIGNET_CLASS_STATION);
    notify_mqtt.close(q);
}

/* DER, an empty file and a mark that is cut off are no PEM. */
static void what_is_no_certificate(void **state)
{
    static const char *const texts[] = {"0\x82", "", "-----BEGIN CERTIFICATE----\n"};
    const struct signet_order_notify target = {.url = "mqtts://127.0.0.1", .ca_file = ca},
                                     client = {.url = "mqtts://127.0.0.1", .client_cert = ca};
    void *q;
    (void)state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        unlink(ca);
        assert_int_equal(file_write(ca, texts[i], strlen(texts[i]), 0600, NULL), SIGNET_OK);
        if (notify_mqtt.open(&q, &target, NULL, &err) == SIGNET_E_UNSUPPORTED)
            skip();
        assert_int_equal(err.code, SIGNET_E_CERT);
        assert_int_equal(notify_mqtt.open(&q, &client, NULL, &err), SIGNET_E_CERT);
        assert_non_null(strstr(err.msg, *texts[i] ? "holds no certificate in PEM" : "is empty"));
    }
}

/* A descriptor of this process whose file has this text; -1: none. */
static int descriptor_with(const char *text)
{
    for (int fd = 3; fd < 64; fd++) {
        char found[64] = {0};

        if (pread(fd, found, sizeof(found) - 1, 0) > 0 && strcmp(found, text) == 0)
            return fd;
    }
    return -1;
}

/* What was checked is what the library opens, whatever stands at the path by then. */
static void a_key_that_is_swapped(void **state)
{
    static const char pem[] = "-----BEGIN CERTIFICATE-----\n", key[] = "the key that was checked";
    char path[FOLDER_SIZE + 16];
    const struct signet_order_notify target = {
        .url = "mqtts://127.0.0.1:1", .client_cert = ca, .client_key = path};
    struct notify_message m = {0};
    int64_t wait_ms;
    void *q;
    (void)state;

    snprintf(path, sizeof(path), "%s/client.key", folder);
    unlink(ca);
    assert_int_equal(file_write(ca, pem, sizeof(pem) - 1, 0600, NULL), SIGNET_OK);
    assert_int_equal(file_write(path, key, sizeof(key) - 1, 0600, NULL), SIGNET_OK);
    int rc = notify_mqtt.open(&q, &target, NULL, &err);
    if (rc == SIGNET_E_UNSUPPORTED)
        skip();
    assert_int_equal(rc, SIGNET_OK);
    unlink(path); /* the library's tls_set() would refuse a path without a file */
    assert_int_equal(notify_mqtt.send(q, &m, &wait_ms, &err), SIGNET_E_NET);
    assert_int_not_equal(descriptor_with(key), -1);
    notify_mqtt.close(q);
    assert_int_equal(descriptor_with(key), -1);
}

static int set_up(void **state)
{
    (void)state;
    if (!folder_make(folder))
        return -1;
    snprintf(ca, sizeof(ca), "%s/ca.pem", folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses), cmocka_unit_test(a_file_that_went_away),
        cmocka_unit_test(what_is_no_certificate), cmocka_unit_test(a_key_that_is_swapped)};

    return cmocka_run_group_tests(tests, set_up, NULL);
}
