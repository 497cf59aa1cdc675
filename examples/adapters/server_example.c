/* SPDX-License-Identifier: Apache-2.0 */
/* A server as an adapter, complete: an in-house service with
 *
 *     PUT    /devices/NAME   {"identity": "..", "psk": "hex"}   201, or 200 when it overwrote
 *     GET    /devices/NAME   200 and an object, or 404
 *     DELETE /devices/NAME   204 or 404
 *
 * To use one like it: copy this file to src/server/NAME.c, write NAME for "example" in it, add
 * `row(NAME_ops)` to FOR_EACH_KIND in src/server/kinds.c, and write a test like
 * tests/unit/server/example.c. Transport, TLS, deadlines, retries, the token's header, threads and
 * connections are the room's, and so is the check of what `can` says. */
#include "server/answer.h"

enum { KEY_MIN = 16, KEY_MAX = 32 };

/* What the server would refuse is refused before a board is touched. Name, mode, key and identity
 * are checked against `can` below; here is the rest: this service has stricter names. */
static int example_validate(const struct signet_server *server, const struct signet_device *device,
                            struct signet_error *err)
{
    (void)server;
    if (!endpoint_name_valid(device->endpoint, strlen(device->endpoint)))
        return error_set(err, SIGNET_E_MEANING, "the service takes no such endpoint name");
    return SIGNET_OK;
}

static int example_add(struct signet_server *server, const struct signet_device *device,
                       bool *existed, struct signet_error *err)
{
    struct buf body = {0};
    const struct http_request request = {
        .method = "PUT", .path = "/devices/", .name = device->endpoint, .body = &body};
    struct http_answer answer = {0};
    int rc;

    buf_byte(&body, '{');
    answer_put_psk(&body, "identity", "psk", device);
    buf_byte(&body, '}');
    rc = server_call(server, &request, NULL, &answer, err);
    *existed = !rc && answer.status == 200;
    buf_free(&body);
    return rc;
}

static int example_find(struct signet_server *server, const char *endpoint,
                        struct signet_error *err)
{
    return server_get(server, "/devices/", endpoint, NULL, NULL, err);
}

static int example_drop(struct signet_server *server, const char *endpoint,
                        struct signet_error *err)
{
    return server_delete(server, "/devices/", endpoint, err);
}

/* A name that no device has: 404 says that the service is there and knows us. */
static int example_check(struct signet_server *server, struct signet_error *err)
{
    int rc = example_find(server, "-", err);

    if (rc == SIGNET_E_NOT_FOUND && err)
        *err = (struct signet_error){0};
    return rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc;
}

/* It refuses with a line of text; whatever else comes is not from it, and no device is to blame. */
const struct server_ops example_ops = {
    .form = {.name = "the service", .words = answer_text},
    .can = {.kind = "example",
            .management = true,
            .modes = 1u << SIGNET_MODE_PSK,
            .psk_min = KEY_MIN,
            .psk_max = KEY_MAX,
            .psk_multiple = 1,
            .endpoint_max = 150,
            .batch_max = 1,
            .upsert = true,
            .needs_token = true,
            .removes = true,
            .identity_charset = "UTF-8",
            .manual_steps = ""},
    .validate = example_validate,
    .check = example_check,
    .add = example_add,
    .find = example_find,
    .remove = example_drop,
};
