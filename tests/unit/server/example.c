/* SPDX-License-Identifier: Apache-2.0 */
/* The worked example of docs/ADAPTERS.md: its requests, and how it judges answers.
 * wrap: http_send
 */
#include "../../../examples/adapters/server_example.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static char seen[512];
static long next_status;
static const char *next_body;

int __wrap_http_send(struct http *http, const struct http_request *request,
                     struct http_answer *answer, struct signet_error *err);
int __wrap_http_send(struct http *http, const struct http_request *request,
                     struct http_answer *answer, struct signet_error *err)
{
    struct buf path = {0};

    (void)http;
    http_path(request, &path);
    snprintf(seen, sizeof seen, "%s %s %s", request->method, (const char *)path.data,
             request->body ? (const char *)request->body->data : "");
    buf_free(&path);
    answer->status = next_status;
    return secret_set(&answer->body, next_body, strlen(next_body), err);
}

static void test_requests_and_answers(void **state)
{
    static const struct {
        long status;
        const char *body;
        int add, find, check;
    } cases[] = {
        {200, "{}", SIGNET_OK, SIGNET_OK, SIGNET_OK},
        {201, "{}", SIGNET_OK, SIGNET_OK, SIGNET_OK},
        {404, "no", SIGNET_E_SERVER, SIGNET_E_NOT_FOUND, SIGNET_OK},
        {401, "who?", SIGNET_E_AUTH, SIGNET_E_AUTH, SIGNET_E_AUTH},
        {500, "key 6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b", SIGNET_E_SERVER, SIGNET_E_SERVER,
         SIGNET_E_SERVER},
    };
    const struct signet_device device = {.endpoint = "urn:dev:os:1",
                                         .identity = (const uint8_t *)"id",
                                         .identity_len = 2,
                                         .psk = (const uint8_t *)"kkkkkkkkkkkkkkkk",
                                         .psk_len = 16};
    struct signet_server server = {.ops = &example_ops, .can = example_ops.can};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct signet_error err = {0};
        bool existed = false;

        next_status = cases[i].status;
        next_body = cases[i].body;
        assert_int_equal(signet_server_add(&server, &device, &existed, &err), cases[i].add);
        assert_null(strstr(err.msg, "6b6b6b6b"));
        assert_int_equal(existed, cases[i].status == 200);
        assert_string_equal(seen, "PUT /devices/urn%3Adev%3Aos%3A1 {\"identity\": \"id\", \"psk\": "
                                  "\"6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b\"}");
        assert_int_equal(signet_server_find(&server, "a", &err), cases[i].find);
        assert_int_equal(signet_server_check(&server, &err), cases[i].check);
        assert_int_equal(signet_server_remove(&server, "a", NULL, &err),
                         cases[i].find == SIGNET_E_NOT_FOUND ? SIGNET_OK : cases[i].find);
        assert_string_equal(seen, "DELETE /devices/a ");
    }
}

static void test_refusals(void **state)
{
    struct signet_device device = {.endpoint = "urn:dev:os:1",
                                   .identity = (const uint8_t *)"id",
                                   .identity_len = 2,
                                   .psk = (const uint8_t *)"kkkkkkkkkkkkkkk",
                                   .psk_len = 15};
    struct signet_server server = {.ops = &example_ops, .can = example_ops.can};

    (void)state;
    assert_int_equal(signet_server_validate(&server, &device, NULL), SIGNET_E_MEANING);
    device.psk_len = 16;
    assert_int_equal(signet_server_validate(&server, &device, NULL), SIGNET_OK);
    device.endpoint = "a/b";
    assert_int_equal(signet_server_validate(&server, &device, NULL), SIGNET_E_MEANING);
    device.endpoint = "urn:dev:os:1";
    device.mode = SIGNET_MODE_CERT;
    assert_int_equal(signet_server_validate(&server, &device, NULL), SIGNET_E_MEANING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_and_answers),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
