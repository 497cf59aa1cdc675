/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to ThingsBoard. */
#include "server/thingsboard.h"

#include <string.h>

int thingsboard_get(struct signet_server *server, const struct buf *path, json_t **out,
                    struct signet_error *err)
{
    struct http_request request = {.method = "GET", .retry_lost = true};
    struct http_answer answer = {0};
    int rc = buf_check(path, err);

    request.path = (const char *)path->data;
    return rc ? rc : server_call(server, &request, NULL, out, &answer, err);
}

/* {"id": {"entityType": .., "id": "UUID"}, ..} */
bool thingsboard_id(const json_t *entity, char out[static THINGSBOARD_ID + 1])
{
    const char *id = json_string_value(json_object_get(json_object_get(entity, "id"), "id"));

    if (!id || strlen(id) != THINGSBOARD_ID ||
        strspn(id, "0123456789abcdefABCDEF-") != THINGSBOARD_ID)
        return false;
    memcpy(out, id, THINGSBOARD_ID + 1);
    return true;
}

/* The profile must be there already, with LwM2M as its transport. */
int thingsboard_find_profile(struct signet_server *server, char id[static THINGSBOARD_ID + 1],
                             struct signet_error *err)
{
    const char *profile = server_option(server, "profile");
    struct buf path = {0};
    json_t *page = NULL;
    const json_t *one;
    size_t i;
    int rc;

    buf_text(&path, "/api/deviceProfileInfos?pageSize=100&page=0&textSearch=");
    http_encode(&path, profile);
    rc = thingsboard_get(server, &path, &page, err);
    buf_free(&path);
    if (rc)
        return rc;
    rc = SIGNET_E_NOT_FOUND;
    json_array_foreach(json_object_get(page, "data"), i, one)
    {
        const char *name = json_string_value(json_object_get(one, "name"));
        const char *transport = json_string_value(json_object_get(one, "transportType"));

        if (!name || strcmp(name, profile) != 0 || !thingsboard_id(one, id))
            continue;
        rc = transport && strcmp(transport, "LWM2M") != 0 ? SIGNET_E_UNSUPPORTED : SIGNET_OK;
    }
    json_decref(page);
    if (rc == SIGNET_E_NOT_FOUND)
        error_set(err, SIGNET_E_NOT_FOUND, "ThingsBoard has no device profile of that name");
    else if (rc)
        error_set(err, SIGNET_E_UNSUPPORTED, "ThingsBoard's device profile is not for LwM2M");
    if (rc)
        error_hint(err, "make it at the server with transport LwM2M; \"profile\" names it");
    return rc;
}

int thingsboard_profile(struct signet_server *server, struct signet_error *err)
{
    return !server_option(server, "profile") || server->profile_id[0]
               ? SIGNET_OK
               : thingsboard_find_profile(server, server->profile_id, err);
}
