/* SPDX-License-Identifier: Apache-2.0 */
/* Any answers of a server. Each is a byte for the status and the transport's fate, two bytes of
 * length, and the body; the transport is replaced, the judging is the product's.
 * wrap: http_send
 */
#include "fuzz.h"
#include "server/ops.h"

#include <stdlib.h>
#include <string.h>

int __wrap_http_send(struct http *http, const struct http_request *request,
                     struct http_answer *answer, struct signet_error *err);

static _Thread_local const uint8_t *input;
static _Thread_local size_t left, requests;

int __wrap_http_send(struct http *http, const struct http_request *request,
                     struct http_answer *answer, struct signet_error *err)
{
    static const long statuses[] = {200, 201, 204, 301, 400, 401, 403, 404,
                                    409, 422, 429, 500, 503, 0,   299, 600};
    struct buf path = {0};
    size_t len = 0;

    (void)http;
    http_path(request, &path);
    require(request->method && path.data && path.data[0] == '/');
    for (const uint8_t *c = path.data; *c; c++)
        require(*c > 0x20 && *c < 0x7f);
    buf_free(&path);
    require(++requests < 200); /* no server makes us ask for ever */
    *answer = (struct http_answer){0};
    if (left < 3 || (input[0] & 0x20)) {
        answer->maybe_done = left && (input[0] & 0x10);
        if (left) {
            input++;
            left--;
        }
        return error_set(err, SIGNET_E_NET, "no connection");
    }
    answer->status = statuses[input[0] & 15];
    len = (size_t)input[1] << 8 | input[2];
    input += 3;
    left -= 3;
    if (len > left)
        len = left;
    require(secret_set(&answer->body, input, len, err) == SIGNET_OK);
    input += len;
    left -= len;
    return SIGNET_OK;
}

static void check_outcome(int rc, const struct signet_error *err)
{
    if (!rc)
        return;
    require((int)err->code == rc);
    require_error(err);
    require(!strstr(err->msg, "73656372657473656372657431323334"));
}

static void ask_one(const struct signet_server_info *info, const uint8_t *data, size_t size)
{
    struct signet_device device = {.endpoint = "urn:dev:os:1",
                                   .mode = SIGNET_MODE_PSK,
                                   .identity = (const uint8_t *)"urn:dev:os:1",
                                   .identity_len = 12,
                                   .psk = (const uint8_t *)"secretsecret1234",
                                   .psk_len = 16};
    struct signet_device two[2] = {device, device};
    struct signet_server_options options = {.retry_ms = 1, .parallel = 1};
    struct signet_server_result results[2];
    struct signet_server *server = NULL;
    struct signet_error err = {0};
    bool existed;

    require(!signet_server_open(&server, info, &options, "token", 5, NULL, NULL, &err));
    for (int step = 0; step < 6; step++) {
        input = data;
        left = size;
        requests = 0;
        int rc = step == 0   ? signet_server_add(server, &device, &existed, &err)
                 : step == 1 ? signet_server_find(server, device.endpoint, &err)
                 : step == 2 ? signet_server_remove(server, device.endpoint, &existed, &err)
                 : step == 3 ? signet_server_add_batch(server, two, 2, results, &err)
                 : step == 4 && server->ops->seen
                     ? signet_server_seen(server, device.endpoint, &err)
                     : signet_server_check(server, &err);
        check_outcome(rc, &err);
        if (step == 3)
            require(!rc == (!results[0].error.code && !results[1].error.code));
    }
    if (server->ops->login && info->auth) {
        struct secret token = {0};
        int64_t seconds;

        input = data;
        left = size;
        requests = 0;
        check_outcome(server->ops->login(server, server->http, &token, &seconds, &err), &err);
        secret_wipe(&token);
    }
    signet_server_close(&server);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char url[] = "https://server.example", user[] = "anna";
    char coiote[] = "coiote", leshan[] = "leshan", thingsboard[] = "thingsboard",
         password[] = "password";
    const struct signet_server_info infos[] = {
        {.kind = coiote, .url = url, .options = {{"domain", "/acme/"}}},
        {.kind = coiote,
         .url = url,
         .options = {{"domain", "/acme/"}},
         .auth = password,
         .user = user},
        {.kind = leshan, .url = url},
        {.kind = thingsboard, .url = url, .auth = password, .user = user},
        {.kind = thingsboard, .url = url, .options = {{"profile", "lwm2m"}}},
    };

    for (size_t i = 0; i < sizeof infos / sizeof *infos; i++)
        ask_one(&infos[i], data, size);
    return 0;
}
