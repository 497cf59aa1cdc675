/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to ThingsBoard, and its answers. */
#include "server/thingsboard.h"
#include "server/words.h"

#include <string.h>

/* An answer that is not 2xx: {"status", "message", "errorCode", "timestamp"}. */
static int refused(const struct http_answer *answer, const struct signet_device *device,
                   struct signet_error *err)
{
    json_t *body = json_loadb(answer->body.data ? (const char *)answer->body.data : "",
                              answer->body.len, 0, NULL);
    const char *text = json_string_value(json_object_get(body, "message"));
    enum signet_code code = answer->status == 401 || answer->status == 403 ? SIGNET_E_AUTH
                            : answer->status == 404                        ? SIGNET_E_NOT_FOUND
                            : answer->status == 409                        ? SIGNET_E_EXISTS
                                                                           : SIGNET_E_SERVER;
    char words[WORDS_MAX];

    if (!text)
        text = body ? "(no message)" : "(the answer is not JSON)";
    words_show(text, strlen(text), device, words);
    json_decref(body);
    error_set(err, code, "ThingsBoard server error: %ld %s", answer->status, words);
    if (err)
        err->sys = (int)answer->status;
    if (answer->status == 401)
        error_hint(err, "is the token right and not expired? \"auth\": \"api-key\" lives longest");
    else if (answer->status == 403)
        error_hint(err, "it takes a tenant administrator, and room in the tenant's quota");
    return (int)code;
}

int thingsboard_call(struct signet_server *server, struct http_request *request,
                     const struct signet_device *device, json_t **out, struct http_answer *answer,
                     struct signet_error *err)
{
    int rc = http_send(server->http, request, answer, err);

    if (!rc && !http_good(answer))
        rc = refused(answer, device, err);
    if (!rc && out) {
        *out = json_loadb(answer->body.data ? (const char *)answer->body.data : "",
                          answer->body.len, 0, NULL);
        if (!*out)
            rc = error_set(err, SIGNET_E_SERVER, "ThingsBoard answered with no JSON");
    }
    secret_wipe(&answer->body);
    return rc;
}

int thingsboard_get(struct signet_server *server, const struct buf *path, json_t **out,
                    struct signet_error *err)
{
    struct http_request request = {.method = "GET", .retry_lost = true};
    struct http_answer answer = {0};
    int rc = buf_check(path, err);

    request.path = (const char *)path->data;
    return rc ? rc : thingsboard_call(server, &request, NULL, out, &answer, err);
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
    struct buf path = {0};
    json_t *page = NULL;
    const json_t *one;
    size_t i;
    int rc;

    buf_text(&path, "/api/deviceProfileInfos?pageSize=100&page=0&textSearch=");
    http_encode(&path, server->profile);
    rc = thingsboard_get(server, &path, &page, err);
    buf_free(&path);
    if (rc)
        return rc;
    rc = SIGNET_E_NOT_FOUND;
    json_array_foreach(json_object_get(page, "data"), i, one)
    {
        const char *name = json_string_value(json_object_get(one, "name"));
        const char *transport = json_string_value(json_object_get(one, "transportType"));

        if (!name || strcmp(name, server->profile) != 0 || !thingsboard_id(one, id))
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
    return !server->profile || server->profile_id[0]
               ? SIGNET_OK
               : thingsboard_find_profile(server, server->profile_id, err);
}
