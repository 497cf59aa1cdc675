/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent, without a network.
 * wrap: http_send http_asked_wait clock_wall
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc
 */
#include "http_client/http_client.h"
#include "notify/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "unit/folder.h"
#include "unit/starve.h"

int __wrap_http_send(struct http *http, const struct http_request *request,
                     struct http_answer *answer, struct signet_error *err);
int64_t __wrap_clock_wall(void);
int64_t __wrap_http_asked_wait(const struct http *http);

static char folder[FOLDER_SIZE], key[FOLDER_SIZE + 8];
static char headers[3][128], path[64];
static long status;
static struct signet_error err;

int __wrap_http_send(struct http *http, const struct http_request *request,
                     struct http_answer *answer, struct signet_error *e)
{
    (void)http;
    (void)e;
    for (size_t i = 0; i < 3; i++)
        snprintf(headers[i], sizeof(headers[i]), "%s", request->headers[i]);
    assert_null(request->headers[3]);
    snprintf(path, sizeof(path), "%s", request->path);
    answer->status = status;
    return SIGNET_OK;
}

int64_t __wrap_http_asked_wait(const struct http *http)
{
    (void)http;
    return -1;
}

int64_t __wrap_clock_wall(void)
{
    return 1614265330;
}

static int open_hook(void **state, const char *url, const char *text)
{
    const struct signet_order_notify target = {.url = url, .key_file = key};

    assert_int_equal(file_write(key, text, strlen(text), 0600, NULL), SIGNET_OK);
    err = (struct signet_error){0};
    return notify_webhook.open(state, &target, NULL, &err);
}

static enum signet_class send_one(void *hook, long answer)
{
    struct notify_message m = {.id = "msg_p5jXN8AQM9LWM0D4loKWxJek"};
    int64_t wait_ms = -1;

    status = answer;
    err = (struct signet_error){0};
    buf_text(&m.body, "{\"test\": 2432232314}");
    int rc = notify_webhook.send(hook, &m, &wait_ms, &err);
    assert_int_equal(rc, err.code);
    message_free(&m);
    return signet_error_class(&err);
}

/* The example of the specification's own libraries. */
static void a_published_signature(void **state)
{
    void *hook;
    (void)state;

    assert_int_equal(
        open_hook(&hook, "https://h:1/in?a=b", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"),
        SIGNET_OK);
    assert_int_equal(send_one(hook, 204), SIGNET_CLASS_NONE);
    assert_string_equal(headers[0], "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek");
    assert_string_equal(headers[1], "webhook-timestamp: 1614265330");
    assert_string_equal(headers[2],
                        "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_string_equal(path, "/in?a=b");
    notify_webhook.close(hook);
}

/* Only what is about the event itself lets it be passed over. */
static void whose_matter_an_answer_is(void **state)
{
    static const long of_event[] = {400, 409, 412, 422};
    static const long away[] = {199, 300, 301, 307, 401, 403, 404, 410, 413, 429, 500, 503};
    void *hook;
    (void)state;

    assert_int_equal(open_hook(&hook, "https://h", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                     SIGNET_OK);
    for (size_t i = 0; i < sizeof(of_event) / sizeof(of_event[0]); i++)
        assert_int_equal(send_one(hook, of_event[i]), SIGNET_CLASS_DEVICE);
    for (size_t i = 0; i < sizeof(away) / sizeof(away[0]); i++)
        assert_int_equal(send_one(hook, away[i]), SIGNET_CLASS_AWAY);
    for (long taken = 200; taken < 300; taken += taken == 200 ? 4 : 95)
        assert_int_equal(send_one(hook, taken), SIGNET_CLASS_NONE);
    assert_string_equal(path, "/");
    notify_webhook.close(hook);
}

static int open_and_send(struct signet_error *e)
{
    const struct signet_order_notify target = {.url = "https://h/x", .key_file = key};
    struct notify_message m = {.id = "1"};
    int64_t wait_ms = -1;
    void *hook = NULL;
    int rc = notify_webhook.open(&hook, &target, NULL, e);

    status = 200;
    if (rc == SIGNET_OK) {
        rc = notify_webhook.send(hook, &m, &wait_ms, e);
        notify_webhook.close(hook);
    }
    return rc;
}

static void without_memory(void **state)
{
    static const char text[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    (void)state;
    assert_int_equal(file_write(key, text, strlen(text), 0600, NULL), SIGNET_OK);
    starve_each(open_and_send);
}

static void what_is_no_key(void **state)
{
    static const char *const wrong[] = {
        "", "whsec_", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaQ=", /* 23 bytes */
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa*w"};
    char large[128] = "whsec_";
    void *hook;
    (void)state;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(open_hook(&hook, "https://h/", wrong[i]), SIGNET_E_USAGE);
        assert_non_null(strstr(err.msg, "is no key of a webhook"));
    }
    memset(large + 6, 'A', 87);
    large[93] = '='; /* 65 bytes */
    assert_int_equal(open_hook(&hook, "https://h/", large), SIGNET_E_USAGE);
    large[92] = '='; /* 64 bytes */
    assert_int_equal(open_hook(&hook, "https://h/", large), SIGNET_OK);
    notify_webhook.close(hook);
    assert_int_equal(open_hook(&hook, "https://h?a", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                     SIGNET_E_USAGE);
    assert_non_null(strstr(err.msg, "write / before the ?"));
}

static int set_up(void **state)
{
    (void)state;
    if (!folder_make(folder))
        return -1;
    snprintf(key, sizeof(key), "%s/key", folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_published_signature),
        cmocka_unit_test(whose_matter_an_answer_is),
        cmocka_unit_test(what_is_no_key),
        cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
