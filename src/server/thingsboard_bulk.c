/* SPDX-License-Identifier: Apache-2.0 */
/* Bulk import: rows of a CSV file in a JSON text. It overwrites devices of the same name and says
 * so only afterwards, so that names are looked for first; and it makes profiles that are not there.
 */
#include "server/thingsboard.h"

#include <jansson.h>
#include <string.h>

enum { PAGE = 500 };

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

    buf_text(out, psk ? "PSK," : device->mode == SIGNET_MODE_CERT ? "X509," : "NO_SEC,");
    good = good && cell(out, device->identity, psk ? device->identity_len : 0);
    if (psk)
        buf_hex(out, device->psk, device->psk_len);
    buf_byte(out, ',');
    if (device->cert)
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
    size_t common = strlen(devices[0].endpoint), i;
    struct buf path = {0}, start = {0};
    json_t *page = NULL;
    const json_t *one;
    bool found;
    int rc;

    for (i = 1; i < count; i++)
        while (strncmp(devices[0].endpoint, devices[i].endpoint, common) != 0)
            common--;
    buf_append(&start, devices[0].endpoint, common);
    buf_byte(&start, 0);
    buf_printf(&path, "/api/tenant/devices?pageSize=%d&page=0&textSearch=", PAGE);
    if (start.data)
        http_encode(&path, (const char *)start.data);
    path.failed = path.failed || start.failed;
    rc = thingsboard_get(server, &path, &page, err);
    buf_free(&path);
    buf_free(&start);
    if (rc)
        return rc;
    found = !json_is_false(json_object_get(page, "hasNext")) ||
            !json_is_array(json_object_get(page, "data"));
    json_array_foreach(json_object_get(page, "data"), i, one) found =
        found || is_one_of(devices, count, json_string_value(json_object_get(one, "name")));
    json_decref(page);
    return found ? error_set(err, SIGNET_E_EXISTS, "some of the names may be there") : SIGNET_OK;
}

static int import_body(const struct signet_server *server, const struct signet_device *devices,
                       size_t count, struct secret *out, struct signet_error *err)
{
    static const char *const columns[] = {"NAME",
                                          "TYPE",
                                          "LWM2M_CLIENT_ENDPOINT",
                                          "LWM2M_CLIENT_SECURITY_CONFIG_MODE",
                                          "LWM2M_CLIENT_IDENTITY",
                                          "LWM2M_CLIENT_KEY",
                                          "LWM2M_CLIENT_CERT"};
    struct buf body = {0}, rows = {0};
    bool good = true;

    for (size_t i = 0; i < count; i++)
        good = put_row(&rows, server, &devices[i]) && good;
    if (!good || rows.failed || !utf8_valid(rows.data, rows.len)) {
        buf_free(&rows);
        return error_set(err, SIGNET_E_MEANING, "the names do not fit into rows");
    }
    buf_text(&body, "{\"file\": ");
    buf_json(&body, rows.data, rows.len);
    buf_free(&rows);
    buf_text(&body, ", \"mapping\": {\"delimiter\": \",\", \"header\": false, "
                    "\"update\": false, \"columns\": [");
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        buf_printf(&body, "%s{\"type\": \"%s\"}", i ? ", " : "", columns[i]);
    buf_text(&body, "]}}");
    return secret_from_buf(out, &body, err);
}

int thingsboard_import(struct signet_server *server, const struct signet_device *devices,
                       size_t count, struct signet_error *err)
{
    struct http_request request = {.method = "POST", .path = "/api/device/bulk_import"};
    struct http_answer answer = {0};
    struct secret body = {0};
    json_t *reply = NULL;
    int rc;

    for (size_t i = 0; i < count; i++)
        if (thingsboard_has_bootstrap(&devices[i]))
            return error_set(err, SIGNET_E_UNSUPPORTED, "rows have no bootstrap account");
    if (!server_option(server,
                       "profile")) /* a device's type would name one, and make it an LwM2M one */
        return error_set(err, SIGNET_E_UNSUPPORTED, "a bulk import needs a profile");
    rc = thingsboard_profile(server, err);
    rc = rc ? rc : none_there(server, devices, count, err);
    rc = rc ? rc : import_body(server, devices, count, &body, err);
    request.body = &body;
    if (!rc)
        rc = server_call(server, &request, NULL, &reply, &answer, err);
    secret_wipe(&body);
    if (!rc && json_integer_value(json_object_get(reply, "created")) != (json_int_t)count)
        rc = error_set(err, SIGNET_E_SERVER, "ThingsBoard did not import all of a batch");
    if (answer.status == 403 || answer.status == 404 || answer.status == 405)
        rc = error_set(err, SIGNET_E_UNSUPPORTED, "this account has no bulk import");
    json_decref(reply);
    return rc;
}
