/* SPDX-License-Identifier: Apache-2.0 */
/* ThingsBoard 3.x and 4.x: a device and its LwM2M credentials in one request. */
#include "server/thingsboard.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LEN = 255, PSK_STEP = 16 };

static const struct signet_option_info options[] = {
    {"profile", "name of a device profile with transport LwM2M (the tenant's default)"},
    {0},
};

/* {"status", "message", "errorCode", "timestamp"} */
static bool words(const struct http_answer *answer, struct buf *out)
{
    return answer_member(answer, "message", out);
}

static const char *hint(long status, const char *text)
{
    (void)text;
    return status == 401 ? "is the token right and not expired? \"auth\": \"api-key\" lives longest"
           : status == 403 ? "it takes a tenant administrator, and room in the tenant's quota"
                           : NULL;
}

static bool blank(const uint8_t *text, size_t len)
{
    size_t i = 0;

    while (i < len && text[i] <= ' ')
        i++;
    return i == len;
}

static int validate(const struct signet_server *server, const struct signet_device *device,
                    struct signet_error *err)
{
    if (blank((const uint8_t *)device->endpoint, strlen(device->endpoint)))
        return error_set(err, SIGNET_E_MEANING, "ThingsBoard takes no blank endpoint name");
    if (device->mode == SIGNET_MODE_PSK &&
        (blank(device->identity, device->identity_len) ||
         (device->identity_len == 6 && memcmp(device->identity, "NO_SEC", 6) == 0)))
        return error_set(err, SIGNET_E_MEANING,
                         "ThingsBoard takes no PSK identity that is blank or NO_SEC");
    return thingsboard_fits(server, device, err);
}

static int find_id(struct signet_server *server, const char *endpoint,
                   char id[static THINGSBOARD_ID + 1], struct signet_error *err)
{
    struct buf path = {0};
    json_t *there = NULL;
    int rc;

    buf_text(&path, "/api/tenant/devices?deviceName=");
    http_encode(&path, endpoint);
    rc = thingsboard_get(server, &path, &there, err);
    buf_free(&path);
    if (rc == SIGNET_E_NOT_FOUND)
        rc = error_set(err, rc, "ThingsBoard has no device '%s'", endpoint);
    if (!rc && !thingsboard_id(there, id))
        rc = error_set(err, SIGNET_E_SERVER, "ThingsBoard answered without the device's id");
    json_decref(there);
    return rc;
}

static int make_body(const struct signet_device *device, const char *profile, struct secret *out,
                     struct signet_error *err)
{
    struct buf body = {0}, inner = {0};

    thingsboard_put_credentials(&inner, device);
    buf_text(&body, "{\"device\": {\"name\": ");
    buf_json(&body, device->endpoint, strlen(device->endpoint));
    if (profile)
        buf_printf(&body,
                   ", \"deviceProfileId\": {\"entityType\": \"DEVICE_PROFILE\", "
                   "\"id\": \"%s\"}",
                   profile);
    buf_text(&body, "}, \"credentials\": {\"credentialsType\": \"LWM2M_CREDENTIALS\", "
                    "\"credentialsId\": ");
    buf_json(&body, device->endpoint, strlen(device->endpoint));
    buf_text(&body, ", \"credentialsValue\": ");
    if (inner.data && !inner.failed)
        buf_json(&body, inner.data, inner.len);
    body.failed = body.failed || inner.failed;
    buf_text(&body, "}}");
    buf_free(&inner);
    return secret_from_buf(out, &body, err);
}

/* SIGNET_OK: the server has this very device. SIGNET_E_EXISTS: another of its name. */
static int compare(struct signet_server *server, const struct signet_device *device,
                   struct signet_error *err)
{
    char id[THINGSBOARD_ID + 1];
    struct buf path = {0};
    json_t *there = NULL;
    const char *what;
    int rc = find_id(server, device->endpoint, id, err);

    if (rc)
        return rc;
    buf_printf(&path, "/api/device/%s/credentials", id);
    rc = thingsboard_get(server, &path, &there, err);
    buf_free(&path);
    what = rc ? NULL : thingsboard_difference(there, device);
    json_decref(there);
    if (!what)
        return rc;
    error_set(err, SIGNET_E_EXISTS, "ThingsBoard has a device '%s' already, and %s is not the same",
              device->endpoint, what);
    error_hint(err, "remove it at the server, or give this device another name");
    return SIGNET_E_EXISTS;
}

static int add(struct signet_server *server, const struct signet_device *device, bool *existed,
               struct signet_error *err)
{
    struct secret body = {0};
    const struct http_request request = {
        .method = "POST", .path = "/api/device-with-credentials", .body = &body};
    int rc = thingsboard_profile(server, err);

    if (rc == SIGNET_OK)
        rc = make_body(device, server_option(server, "profile") ? server->profile_id : NULL, &body,
                       err);
    if (rc == SIGNET_OK)
        rc = reconcile_add(server, device, &request, compare, existed, err);
    secret_wipe(&body);
    return rc;
}

static int find(struct signet_server *server, const char *endpoint, struct signet_error *err)
{
    char id[THINGSBOARD_ID + 1];

    return find_id(server, endpoint, id, err);
}

static int drop(struct signet_server *server, const char *endpoint, struct signet_error *err)
{
    struct http_request request = {.method = "DELETE", .retry_lost = true};
    struct http_answer answer = {0};
    char id[THINGSBOARD_ID + 1];
    struct buf path = {0};
    int rc = find_id(server, endpoint, id, err);

    buf_printf(&path, "/api/device/%s", rc ? "" : id);
    if (!rc)
        rc = buf_check(&path, err);
    request.path = (const char *)path.data;
    if (!rc)
        rc = server_call(server, &request, NULL, NULL, &answer, err);
    buf_free(&path);
    return rc;
}

static int check(struct signet_server *server, struct signet_error *err)
{
    char id[THINGSBOARD_ID + 1];
    struct buf path = {0};
    json_t *page = NULL;
    int rc;

    if (server_option(server, "profile"))
        return thingsboard_find_profile(server, id, err);
    buf_text(&path, "/api/deviceProfileInfos?pageSize=1&page=0");
    rc = thingsboard_get(server, &path, &page, err);
    buf_free(&path);
    json_decref(page);
    return rc;
}

static const char *auth_header(const char *auth)
{
    if (strcmp(auth, "api-key") == 0)
        return "X-Authorization: ApiKey ";
    if (strcmp(auth, "token") == 0 || strcmp(auth, "password") == 0)
        return "X-Authorization: Bearer ";
    return NULL;
}

/* How long the token lives is not told: a 401 says that it is over. */
static int login(const struct signet_server *server, struct http *http, struct secret *token,
                 int64_t *seconds, struct signet_error *err)
{
    struct http_request request = {
        .method = "POST", .path = "/api/auth/login", .anonymous = true, .retry_lost = true};
    struct signet_server with = *server; /* its own connection */
    struct http_answer answer = {0};
    struct secret body = {0};
    struct buf text = {0};
    json_t *reply = NULL;
    const json_t *value;
    int rc;

    with.http = http;
    *seconds = 0;
    if (!utf8_valid(server->password.data, server->password.len))
        return error_set(err, SIGNET_E_USAGE, "the password is not UTF-8");
    buf_text(&text, "{\"username\": ");
    buf_json(&text, server->info.user, strlen(server->info.user));
    buf_text(&text, ", \"password\": ");
    buf_json(&text, server->password.data, server->password.len);
    buf_byte(&text, '}');
    rc = secret_from_buf(&body, &text, err);
    request.body = &body;
    if (!rc)
        rc = server_call(&with, &request, NULL, &reply, &answer, err);
    value = json_object_get(reply, "token");
    if (!rc)
        rc = json_is_string(value)
                 ? secret_set(token, json_string_value(value), json_string_length(value), err)
                 : error_set(err, SIGNET_E_SERVER, "ThingsBoard's login answered without a token");
    json_decref(reply);
    secret_wipe(&body);
    return rc;
}

const struct server_ops thingsboard_ops = {
    .can = {.kind = "thingsboard",
            .management = true,
            .common_name = true,
            .modes = 1u << SIGNET_MODE_PSK | 1u << SIGNET_MODE_CERT | 1u << SIGNET_MODE_NOSEC,
            .psk_min = PSK_STEP,
            .psk_max = THINGSBOARD_PSK_MAX,
            .psk_multiple = PSK_STEP,
            .endpoint_max = NAME_MAX_LEN,
            .batch_max = THINGSBOARD_BATCH,
            .needs_token = true,
            .identity_charset = "UTF-8, not blank, not NO_SEC",
            .manual_steps = "make a device profile with transport LwM2M",
            .options = options},
    .form = {.name = "ThingsBoard", .words = words, .taken = "already exists", .hint = hint},
    .header = auth_header,
    .login = login,
    .validate = validate,
    .check = check,
    .add = add,
    .add_batch = thingsboard_import,
    .serves = thingsboard_serves,
    .find = find,
    .remove = drop,
};
