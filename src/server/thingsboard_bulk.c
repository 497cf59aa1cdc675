/* SPDX-License-Identifier: Apache-2.0 */
/* Bulk import: rows of a CSV file in a JSON text. It overwrites devices of the same name and says
 * so only afterwards, so that names are looked for first; and it makes profiles that are not there.
 */
#include "server/thingsboard.h"

#include <stdlib.h>
#include <string.h>

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
    good = good && !rows.failed && utf8_valid(rows.data, rows.len);
    buf_text(out, "{\"file\": ");
    buf_json(out, rows.data, rows.len);
    buf_text(out, mapping);
    buf_free(&rows);
    return good ? SIGNET_OK : error_set(err, SIGNET_E_MEANING, "the names do not fit into rows");
}

int thingsboard_import(struct signet_server *server, const struct signet_device *devices,
                       size_t count, struct signet_error *err)
{
    struct buf body = {0};
    json_t *reply = NULL;
    int rc;

    for (size_t i = 0; i < count; i++)
        if (thingsboard_has_bootstrap(&devices[i]))
            return error_set(err, SIGNET_E_UNSUPPORTED, "rows have no bootstrap account");
    rc = none_there(server, devices, count, err);
    rc = rc ? rc : put_import(&body, server, devices, count, err);
    if (!rc)
        rc = server_post_batch(server, "/api/device/bulk_import", &body, &reply, err);
    buf_free(&body);
    if (!rc && json_integer_value(json_object_get(reply, "created")) != (json_int_t)count)
        rc = error_set(err, SIGNET_E_SERVER, "ThingsBoard did not import all of a batch");
    json_decref(reply);
    return rc;
}
