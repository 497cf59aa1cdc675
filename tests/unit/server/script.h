/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_SERVER_SCRIPT_H
#define TESTS_UNIT_SERVER_SCRIPT_H

/* Answers of a server, one after the other, and the requests that they were for. Include after
 * cmocka.h; the test says ` * wrap: http_send`. */
#include "server/ops.h"

#include <stdio.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* most replies are a status only */

struct reply {
    long status;      /* 0: no answer */
    const char *body; /* NULL: "" */
    enum signet_code rc;
    bool maybe_done; /* of no answer */
};

enum { SCRIPT_MAX = 16 };
static struct reply script[SCRIPT_MAX];
static size_t script_len, script_sent;
static const struct http *script_http;      /* the last request's */
static char script_asked[SCRIPT_MAX][2048]; /* "METHOD path body" */

int __wrap_http_send(struct http *http, const struct http_request *request,
                     struct http_answer *answer, struct signet_error *err);

int __wrap_http_send(struct http *http, const struct http_request *request,
                     struct http_answer *answer, struct signet_error *err)
{
    const struct reply *r = &script[script_sent];
    struct buf path = {0};

    script_http = http;
    http_path(request, &path);
    if (script_sent == script_len)
        fail_msg("nobody expects %s %s", request->method, (const char *)path.data);
    snprintf(script_asked[script_sent++], sizeof(script_asked[0]), "%s %s %s", request->method,
             (const char *)path.data, request->body ? (const char *)request->body->data : "");
    buf_free(&path);
    answer->status = r->status;
    answer->maybe_done = r->maybe_done;
    if (!r->status)
        return error_set(err, r->rc ? r->rc : SIGNET_E_NET, "no connection");
    return secret_set(&answer->body, r->body ? r->body : "", r->body ? strlen(r->body) : 0, err);
}

static inline void script_set(const struct reply *replies, size_t count)
{
    assert_true(count <= SCRIPT_MAX);
    memcpy(script, replies, count * sizeof(*replies));
    script_len = count;
    script_sent = 0;
}

#define SCRIPT(...)                                                                                \
    script_set((const struct reply[]){__VA_ARGS__},                                                \
               sizeof((const struct reply[]){__VA_ARGS__}) / sizeof(struct reply))

static const struct signet_device script_device = {.endpoint = "urn:dev:os:1",
                                                   .mode = SIGNET_MODE_PSK,
                                                   .identity = (const uint8_t *)"id-1",
                                                   .identity_len = 4,
                                                   .psk = (const uint8_t *)"0123456789abcdef",
                                                   .psk_len = 16};
#define SCRIPT_HEX "30313233343536373839616263646566"

/* Adds the device; the script must end with it. */
static inline int script_add(struct signet_server *server, bool *existed, struct signet_error *err)
{
    *err = (struct signet_error){0};
    int rc = signet_server_add(server, &script_device, existed, err);

    if (script_sent != script_len)
        fail_msg("%zu of %zu requests were sent: %s", script_sent, script_len, err->msg);
    assert_int_equal(err->code, rc);
    return rc;
}

#endif
