/* SPDX-License-Identifier: Apache-2.0 */
/* What a Coiote answers, and refuses. */
#include "server.h"

#include <stdio.h>
#include <string.h>

#define V3 "/api/coiotedm/v3/devices"

/* NULL: made; else why not, with *status. */
static const char *coiote_make(struct sim_store *store, json_t *body, int *status)
{
    const char *name = sim_text_at(body, "properties", "endpointName");
    const char *domain = json_string_value(json_object_get(body, "domain"));
    const char *mode = json_string_value(json_object_get(body, "securityMode"));
    const char *identity = json_string_value(json_object_get(body, "dtlsIdentity"));
    const char *key = sim_text_at(body, "dtlsPsk", "HexadecimalPsk");

    *status = 400;
    if (!name || !mode || !domain || !json_object_get(body, "connectorType"))
        return "a mandatory member is missing";
    if (domain[0] != '/' || domain[strlen(domain) - 1] != '/')
        return "malformed domain";
    if (strcmp(mode, "psk") == 0 && (!key || strlen(key) % 2))
        return "HexadecimalPsk must have an even number of digits";
    if (identity && sim_store_identified(store, identity) && !sim_store_named(store, name))
        return "DTLS identity already taken";
    *status = 409;
    if (sim_store_named(store, name))
        return "device already exists";
    sim_store_keep(store, name, identity, key, body);
    return NULL;
}

static void coiote_batch(struct sim_store *store, json_t *body, struct sim_reply *reply)
{
    json_t *one;
    size_t i, bad = 0;
    int status;

    if (!json_is_array(body) || json_array_size(body) > 100) {
        sim_reply_error(reply, 400, "a batch is an array of at most 100");
        return;
    }
    buf_text(&reply->body, "{\"results\": [");
    json_array_foreach(body, i, one)
    {
        const char *why = coiote_make(store, one, &status);

        buf_printf(&reply->body, "%s{\"id\": \"%zu\", \"success\": %s, \"reason\": %s%s%s}",
                   i ? ", " : "", i, why ? "false" : "true", why ? "\"" : "", why ? why : "null",
                   why ? "\"" : "");
        bad += why != NULL;
    }
    buf_printf(&reply->body, "], \"total\": %zu, \"succeeded\": %zu, \"failed\": %zu}", i, i - bad,
               bad);
}

static void coiote_find(struct sim_store *store, const struct sim_request *request, bool details,
                        struct sim_reply *reply)
{
    const char *name = request->query ? strstr(request->query, "endpointName eq '") : NULL;
    struct sim_device *d = NULL;
    char wanted[256];

    if (name && sscanf(name, "endpointName eq '%255[^']", wanted) == 1)
        d = sim_store_named(store, wanted);
    if (!d)
        buf_text(&reply->body, details ? "{\"devices\": []}" : "[]");
    else if (details)
        buf_printf(&reply->body, "{\"devices\": [{\"id\": \"%s\"}]}", d->id);
    else
        buf_printf(&reply->body, "[\"%s\"]", d->id);
}

static void coiote_answer(struct sim_store *store, const struct sim_request *request,
                          struct sim_reply *reply)
{
    const char *id = sim_after(request->path, V3 "/");
    json_t *body = request->json;
    struct sim_device *d;
    const char *why;
    int status;

    if (sim_asks(request, "POST", V3)) {
        why = coiote_make(store, body, &status);
        reply->status = 201;
        buf_text(&reply->body, "{\"id\": \"opaque\", \"result\": \"created\"}");
        if (why)
            sim_reply_error(reply, status, why);
    } else if (sim_asks(request, "POST", V3 "/batch")) {
        coiote_batch(store, body, reply);
    } else if (sim_asks(request, "GET", V3) || sim_asks(request, "GET", V3 "/find/details")) {
        coiote_find(store, request, id != NULL, reply);
    } else if (!id || !(d = sim_store_numbered(store, id))) {
        sim_reply_error(reply, 404, "no such device");
    } else if (strcmp(request->method, "DELETE") == 0) {
        sim_store_drop(store, d);
        reply->status = 204;
    } else {
        sim_put_json(&reply->body, d->body);
    }
}

static const char *const coiote_prefixes[] = {"authorization", "Bearer ", NULL};

static void coiote_login(struct buf *out, size_t number, unsigned seconds)
{
    buf_printf(out,
               "{\"access_token\": \"access-%zu\", \"token_type\": \"Bearer\", "
               "\"expires_in\": \"%u\"}",
               number, seconds);
}

static void coiote_error(struct buf *out, int status, const char *text)
{
    buf_printf(out, "{\"error\": \"%s\", \"code\": %d}", text, status);
}

static const char *const coiote_logins[] = {"/api/auth/oauth_password",
                                            "/iam/realms/acme/protocol/openid-connect/token", NULL};

const struct sim_kind sim_coiote = {
    .name = "coiote",
    .prefixes = coiote_prefixes,
    .logins = coiote_logins,
    .put_login = coiote_login,
    .login_status = 201,
    .put_error = coiote_error,
    .creates = "POST",
    .answer = coiote_answer,
};
