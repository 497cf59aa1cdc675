/* SPDX-License-Identifier: Apache-2.0 */
/* ThingsBoard 3.x and 4.x: a device and its LwM2M credentials in one request. */
#include "server/thingsboard.h"

enum { NAME_MAX_LEN = 255, PSK_STEP = 16, BATCH_MAX = 100, ID_LEN = 36 };

static const struct signet_option_info options[] = {
    {"profile", "name of a device profile with transport LwM2M (the tenant's default)"},
    {0},
};

/* {"status", "message", "errorCode", "timestamp"}; a gateway's {"message"} is not the server's. */
static bool thingsboard_words(const struct http_answer *answer, struct buf *out)
{
    return answer_has_number(answer, "errorCode") && answer_member(answer, "message", out);
}

static const char *thingsboard_hint(long status, const char *text)
{
    (void)text;
    return status == 401 ? "is the token right and not expired? \"auth\": \"api-key\" lives longest"
           : status == 403 ? "it takes a tenant administrator, and room in the tenant's quota"
                           : NULL;
}

static bool is_blank(const uint8_t *text, size_t len)
{
    size_t i = 0;

    while (i < len && text[i] <= ' ')
        i++;
    return i == len;
}

static int thingsboard_validate(const struct signet_server *server,
                                const struct signet_device *device, struct signet_error *err)
{
    if (is_blank((const uint8_t *)device->endpoint, strlen(device->endpoint)))
        return error_set(err, SIGNET_E_MEANING, "ThingsBoard takes no blank endpoint name");
    if (device->mode == SIGNET_MODE_PSK &&
        (is_blank(device->identity, device->identity_len) ||
         (device->identity_len == 6 && memcmp(device->identity, "NO_SEC", 6) == 0)))
        return error_set(err, SIGNET_E_MEANING,
                         "ThingsBoard takes no PSK identity that is blank or NO_SEC");
    return thingsboard_fits(server, device, err);
}

/* The id of {"id": {"entityType": .., "id": "UUID"}, ..} */
static bool read_id(const json_t *entity, char out[static ID_LEN + 1])
{
    const char *id = json_string_value(json_object_get(json_object_get(entity, "id"), "id"));

    if (!id || strlen(id) != ID_LEN || strspn(id, "0123456789abcdefABCDEF-") != ID_LEN)
        return false;
    memcpy(out, id, ID_LEN + 1);
    return true;
}

/* The profile must be there already, with LwM2M as its transport. */
static int find_profile(struct signet_server *server, struct signet_error *err)
{
    const char *profile = server_option(server, "profile");
    json_t *page = NULL;
    const json_t *one;
    size_t i;
    int rc = server_get(server, "/api/deviceProfileInfos?pageSize=100&page=0&textSearch=", profile,
                        NULL, &page, err);

    if (rc)
        return rc;
    server->profile_id[0] = '\0';
    rc = SIGNET_E_NOT_FOUND;
    json_array_foreach(json_object_get(page, "data"), i, one)
    {
        const char *transport = json_string_value(json_object_get(one, "transportType"));

        if (!answer_is_text(json_object_get(one, "name"), profile, strlen(profile)))
            continue;
        if (transport && strcmp(transport, "LWM2M") != 0)
            rc = SIGNET_E_UNSUPPORTED;
        else if (read_id(one, server->profile_id))
            rc = SIGNET_OK;
    }
    json_decref(page);
    if (rc == SIGNET_OK)
        return rc;
    return error_set_hint(
        err, rc, "make it at the server with transport LwM2M; \"profile\" names it", "%s",
        rc == SIGNET_E_NOT_FOUND ? "ThingsBoard has no device profile of that name"
                                 : "ThingsBoard's device profile is not for LwM2M");
}

/* server->profile_id, where a profile is named: looked up once. */
static int look_up_profile(struct signet_server *server, struct signet_error *err)
{
    return server_option(server, "profile") && !server->profile_id[0] ? find_profile(server, err)
                                                                      : SIGNET_OK;
}

static int thingsboard_find_id(struct signet_server *server, const char *endpoint,
                               char id[static ID_LEN + 1], struct signet_error *err)
{
    json_t *there = NULL;
    int rc = server_get(server, "/api/tenant/devices?deviceName=", endpoint, NULL, &there, err);
    const json_t *name = json_object_get(there, "name");

    if (rc == SIGNET_E_NOT_FOUND)
        rc = error_set(err, rc, "ThingsBoard has no device '%s'", endpoint);
    if (!rc && (!read_id(there, id) || (name && !answer_is_text(name, endpoint, strlen(endpoint)))))
        rc = error_set(err, SIGNET_E_SERVER, "ThingsBoard answered with another device");
    json_decref(there);
    return rc;
}

static void thingsboard_put_device(struct buf *out, const struct signet_server *server,
                                   const struct signet_device *device)
{
    struct buf inner = {0};

    thingsboard_put_credentials(&inner, device);
    buf_text(out, "{\"device\": {\"name\": ");
    buf_json(out, device->endpoint, strlen(device->endpoint));
    if (server->profile_id[0])
        buf_printf(out,
                   ", \"deviceProfileId\": {\"entityType\": \"DEVICE_PROFILE\", "
                   "\"id\": \"%s\"}",
                   server->profile_id);
    buf_text(out, "}, \"credentials\": {\"credentialsType\": \"LWM2M_CREDENTIALS\", "
                  "\"credentialsId\": ");
    buf_json(out, device->endpoint, strlen(device->endpoint));
    buf_text(out, ", \"credentialsValue\": ");
    buf_json(out, inner.data, inner.len);
    buf_text(out, "}}");
    buf_fail_with(out, &inner);
    buf_free(&inner);
}

/* SIGNET_OK: the server has this very device. SIGNET_E_EXISTS: another of its name. */
static int thingsboard_compare(struct signet_server *server, const struct signet_device *device,
                               struct signet_error *err)
{
    char id[ID_LEN + 1];
    json_t *there = NULL;
    int rc = thingsboard_find_id(server, device->endpoint, id, err);

    if (!rc)
        rc = server_get(server, "/api/device/", id, "/credentials", &there, err);
    if (!rc)
        rc = reconcile_differs(server, device, thingsboard_difference(there, device), err);
    json_decref(there);
    return rc;
}

static int thingsboard_add(struct signet_server *server, const struct signet_device *device,
                           bool *existed, struct signet_error *err)
{
    struct buf body = {0};
    int rc = look_up_profile(server, err);

    if (rc != SIGNET_OK)
        return rc;
    thingsboard_put_device(&body, server, device);
    return reconcile_add(server, device, "/api/device-with-credentials", &body, thingsboard_compare,
                         existed, err);
}

/* Bulk import: rows of a CSV file in a JSON text. It overwrites devices of the same name and says
 * so only afterwards, so that names are looked for first; and it makes profiles that are not there.
 */

static bool cell(struct buf *out, const void *text, size_t len)
{
    const char *at = text;

    for (size_t i = 0; i < len; i++)
        if ((unsigned char)at[i] < ' ' || at[i] == '"' || at[i] == ',')
            return false;
    buf_append(out, text, len);
    buf_byte(out, ',');
    return !len || (at[0] != ' ' && at[len - 1] != ' ');
}

/* False: the names hold what a row cannot. */
static bool put_row(struct buf *out, const struct signet_server *server,
                    const struct signet_device *device)
{
    const char *profile = server_option(server, "profile");
    bool psk = device->mode == SIGNET_MODE_PSK;
    size_t name = strlen(device->endpoint);
    bool good = cell(out, device->endpoint, name) && cell(out, profile, strlen(profile)) &&
                cell(out, device->endpoint, name);

    buf_printf(out, "%s,", answer_mode(device->mode));
    good = good && cell(out, device->identity, psk ? device->identity_len : 0);
    if (psk)
        buf_hex(out, device->psk, device->psk_len);
    buf_byte(out, ',');
    buf_base64(out, device->cert, device->cert_len);
    buf_byte(out, '\n');
    return good;
}

static bool is_one_of(const struct signet_device *devices, size_t count, const char *name)
{
    for (size_t i = 0; name && i < count; i++)
        if (strcmp(devices[i].endpoint, name) == 0)
            return true;
    return false;
}

/* SIGNET_OK: the server has no device of these names. They are searched for by what they begin
 * with; where that brings too many, the server is not asked further. */
static int none_there(struct signet_server *server, const struct signet_device *devices,
                      size_t count, struct signet_error *err)
{
    char *start = strdup(devices[0].endpoint);
    json_t *page = NULL;
    const json_t *one;
    bool found;
    size_t i;
    int rc;

    if (!start)
        return error_nomem(err);
    for (i = 1; i < count; i++)
        while (strncmp(start, devices[i].endpoint, strlen(start)) != 0)
            start[strlen(start) - 1] = '\0';
    rc = server_get(server, "/api/tenant/devices?pageSize=500&page=0&textSearch=", start, NULL,
                    &page, err);
    free(start);
    if (rc)
        return rc;
    found = !json_is_false(json_object_get(page, "hasNext")) ||
            !json_is_array(json_object_get(page, "data"));
    json_array_foreach(json_object_get(page, "data"), i, one) found =
        found || is_one_of(devices, count, json_string_value(json_object_get(one, "name")));
    json_decref(page);
    return found ? error_set(err, SIGNET_E_EXISTS, "some of the names may be there") : SIGNET_OK;
}

static int put_import(struct buf *out, const struct signet_server *server,
                      const struct signet_device *devices, size_t count, struct signet_error *err)
{
    static const char mapping[] =
        ", \"mapping\": {\"delimiter\": \",\", \"header\": false, \"update\": false, \"columns\": "
        "[{\"type\": \"NAME\"}, {\"type\": \"TYPE\"}, {\"type\": \"LWM2M_CLIENT_ENDPOINT\"}, "
        "{\"type\": \"LWM2M_CLIENT_SECURITY_CONFIG_MODE\"}, {\"type\": \"LWM2M_CLIENT_IDENTITY\"}, "
        "{\"type\": \"LWM2M_CLIENT_KEY\"}, {\"type\": \"LWM2M_CLIENT_CERT\"}]}}";
    struct buf rows = {0};
    bool good = true;

    for (size_t i = 0; i < count; i++)
        good = put_row(&rows, server, &devices[i]) && good;
    int rc = buf_check(&rows, err);
    good = good && rc == SIGNET_OK && utf8_valid(rows.data, rows.len);
    buf_text(out, "{\"file\": ");
    buf_json(out, rows.data, rows.len);
    buf_text(out, mapping);
    buf_free(&rows);
    return good || rc ? rc : error_set(err, SIGNET_E_MEANING, "the names do not fit into rows");
}

static int thingsboard_add_batch(struct signet_server *server, const struct signet_device *devices,
                                 size_t count, struct signet_error *err)
{
    struct signet_device bootstrap;
    struct buf body = {0};
    json_t *reply = NULL;
    int rc;

    for (size_t i = 0; i < count; i++)
        if (thingsboard_bootstrap(&devices[i], &bootstrap))
            return error_set(err, SIGNET_E_UNSUPPORTED, "rows have no bootstrap account");
    /* Without one, a device's type would name it, and make it an LwM2M one. */
    if (!server_option(server, "profile"))
        return error_set(err, SIGNET_E_UNSUPPORTED, "a bulk import needs a profile");
    rc = look_up_profile(server, err);
    rc = rc ? rc : none_there(server, devices, count, err);
    rc = rc ? rc : put_import(&body, server, devices, count, err);
    if (!rc)
        rc = server_post_batch(server, "/api/device/bulk_import", &body, &reply, err);
    buf_free(&body);
    if (!rc && json_integer_value(json_object_get(reply, "created")) != (json_int_t)count)
        rc = error_set(err, SIGNET_E_SERVER, "ThingsBoard did not import all of a batch");
    json_decref(reply);
    return rc;
}

static int thingsboard_find(struct signet_server *server, const char *endpoint,
                            struct signet_error *err)
{
    char id[ID_LEN + 1];

    return thingsboard_find_id(server, endpoint, id, err);
}

static int thingsboard_drop(struct signet_server *server, const char *endpoint,
                            struct signet_error *err)
{
    char id[ID_LEN + 1];
    int rc = thingsboard_find_id(server, endpoint, id, err);

    if (rc == SIGNET_OK) {
        rc = server_delete(server, "/api/device/", id, err);
        rc = rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : rc; /* an earlier attempt removed it */
    }
    return rc;
}

static int thingsboard_check(struct signet_server *server, struct signet_error *err)
{
    return server_option(server, "profile")
               ? find_profile(server, err)
               : server_get(server, "/api/deviceProfileInfos?pageSize=1&page=0", NULL, NULL, NULL,
                            err);
}

static const char *thingsboard_auth_header(const char *auth)
{
    if (strcmp(auth, "api-key") == 0)
        return "X-Authorization: ApiKey ";
    if (strcmp(auth, "token") == 0 || strcmp(auth, "password") == 0)
        return "X-Authorization: Bearer ";
    return NULL;
}

/* How long the token lives is not told: a 401 says that it is over. */
static int thingsboard_login(const struct signet_server *server, struct http *http,
                             struct secret *token, int64_t *seconds, struct signet_error *err)
{
    struct buf body = {0};
    struct http_request request = {.path = "/api/auth/login", .body = &body};
    int rc;

    if (!utf8_valid(server->password.data, server->password.len))
        return error_set(err, SIGNET_E_USAGE, "the password is not UTF-8");
    buf_text(&body, "{\"username\": ");
    buf_json(&body, server->info.user, strlen(server->info.user));
    buf_text(&body, ", \"password\": ");
    buf_json(&body, server->password.data, server->password.len);
    buf_byte(&body, '}');
    rc = server_login(server, http, &request, "token", token, seconds, err);
    buf_free(&body);
    return rc;
}

const struct server_ops thingsboard_ops = {
    .can = {.kind = "thingsboard",
            .management = true,
            .common_name = true,
            .ec_keys = true,
            .modes = 1u << SIGNET_MODE_PSK | 1u << SIGNET_MODE_CERT | 1u << SIGNET_MODE_NOSEC,
            .psk_min = PSK_STEP,
            .psk_max = ANSWER_PSK_MAX,
            .psk_multiple = PSK_STEP,
            .endpoint_max = NAME_MAX_LEN,
            .batch_max = BATCH_MAX,
            .needs_token = true,
            .removes = true,
            .identity_charset = "UTF-8, not blank, not NO_SEC",
            .manual_steps = "make a device profile with transport LwM2M",
            .options = options},
    .form = {.name = "ThingsBoard",
             .words = thingsboard_words,
             .taken = "already exists",
             .hint = thingsboard_hint},
    .header = thingsboard_auth_header,
    .login = thingsboard_login,
    .validate = thingsboard_validate,
    .check = thingsboard_check,
    .add = thingsboard_add,
    .add_batch = thingsboard_add_batch,
    .serves = thingsboard_serves,
    .find = thingsboard_find,
    .remove = thingsboard_drop,
};
