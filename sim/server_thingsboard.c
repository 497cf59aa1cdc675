/* SPDX-License-Identifier: Apache-2.0 */
/* What a ThingsBoard answers, and refuses: its credentials are JSON in a string, with rules of
 * their own. */
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *thingsboard_make(struct sim_store *store, json_t *body, struct sim_device **out)
{
    const char *name = sim_text_at(body, "device", "name");
    const char *value = sim_text_at(body, "credentials", "credentialsValue");
    json_t *inner = value ? json_loads(value, 0, NULL) : NULL;
    const char *identity = sim_text_at(inner, "client", "identity");
    const char *mode = sim_text_at(inner, "client", "securityConfigClientMode");
    const char *key = sim_text_at(inner, "client", "key"), *why = NULL;
    const json_t *bootstrap = json_object_get(inner, "bootstrap");
    bool psk = mode && strcmp(mode, "PSK") == 0;

    if (!name || !mode)
        why = "Device name and credentials should be specified!";
    else if (!json_object_get(bootstrap, "bootstrapServer") ||
             !json_object_get(bootstrap, "lwm2mServer"))
        why = "Bootstrap and LwM2M server must be specified!";
    else if (psk && (!key || strlen(key) % 32 || strlen(key) > 128))
        why = "LwM2M client PSK key must be 32, 64 or 128 characters";
    else if (sim_store_named(store, name))
        why = "Device with such name already exists!";
    else if (sim_store_identified(store, psk && identity ? identity : name))
        why = "Specified credentials are already registered!";
    else
        *out = sim_store_keep(store, name, psk ? identity : name, key,
                              json_object_get(body, "credentials"));
    json_decref(inner);
    return why;
}

/* A row is a device; as with the real one, a device of the same name is overwritten. */
static const char *thingsboard_row(struct sim_store *store, char *row, bool *updated)
{
    const char *cells[7];
    struct sim_device *d;
    json_t *inner, *body;
    const char *why;
    char *text;

    for (size_t i = 0; i < 7; i++) {
        cells[i] = strsep(&row, ",");
        if (!cells[i])
            return "Too few columns";
    }
    d = sim_store_named(store, cells[0]);
    *updated = d != NULL;
    if (d)
        sim_store_drop(store, d);
    inner = json_pack("{s:{s:s,s:s,s:s,s:s,s:s}, s:{s:{s:s}, s:{s:s}}}", "client", "endpoint",
                      cells[2], "securityConfigClientMode", cells[3], "identity", cells[4], "key",
                      cells[5], "cert", cells[6], "bootstrap", "bootstrapServer", "securityMode",
                      "NO_SEC", "lwm2mServer", "securityMode", "NO_SEC");
    text = inner ? json_dumps(inner, 0) : NULL;
    body = json_pack("{s:{s:s}, s:{s:s,s:s}}", "device", "name", cells[0], "credentials",
                     "credentialsType", "LWM2M_CREDENTIALS", "credentialsValue", text ? text : "");
    why = thingsboard_make(store, body, &d);
    json_decref(body);
    json_decref(inner);
    free(text);
    return why;
}

static void thingsboard_bulk(struct sim_store *store, const json_t *body, struct sim_reply *reply)
{
    const char *file = json_string_value(json_object_get(body, "file"));
    char *copy = strdup(file ? file : ""), *rest = NULL;
    size_t line = 0, created = 0, updates = 0;
    struct buf errors = {0};

    for (char *row = copy ? strtok_r(copy, "\n", &rest) : NULL; row;
         row = strtok_r(NULL, "\n", &rest)) {
        bool updated = false;
        const char *why = thingsboard_row(store, row, &updated);

        line++;
        if (why)
            buf_printf(&errors, "%s\"Line %zu: %s\"", errors.len ? ", " : "", line, why);
        created += !why && !updated;
        updates += !why && updated;
    }
    buf_printf(&reply->body,
               "{\"created\": %zu, \"updated\": %zu, \"errors\": %zu, \"errorsList\": [", created,
               updates, line - created - updates);
    buf_append(&reply->body, errors.data, errors.len);
    buf_text(&reply->body, "]}");
    buf_free(&errors);
    free(copy);
}

/* The names of devices that contain the text. */
struct search {
    const char *text;
    struct buf names;
    size_t count, most;
};

static void search_device(const struct sim_device *d, void *ctx)
{
    struct search *search = ctx;

    if (strcasestr(d->endpoint, search->text) && search->count++ < search->most)
        buf_printf(&search->names, "%s{\"name\": \"%s\"}", search->names.len ? ", " : "",
                   d->endpoint);
}

static void thingsboard_search(struct sim_store *store, const char *query, struct sim_reply *reply)
{
    const char *text = strstr(query, "textSearch=");
    struct search search = {.text = text ? text + 11 : "",
                            .most = strtoul(query + strlen("pageSize="), NULL, 10)};

    sim_store_each(store, search_device, &search);
    buf_text(&reply->body, "{\"data\": [");
    buf_append(&reply->body, search.names.data, search.names.len);
    buf_printf(&reply->body, "], \"hasNext\": %s}", search.count > search.most ? "true" : "false");
    buf_free(&search.names);
}

static void thingsboard_id(const struct sim_device *d, struct sim_reply *reply)
{
    buf_printf(&reply->body,
               "{\"id\": {\"entityType\": \"DEVICE\", \"id\": \"%s\"}, \"name\": \"%s\"}", d->id,
               d->endpoint);
}

static void thingsboard_profiles(struct sim_reply *reply)
{
    buf_text(&reply->body, "{\"data\": [{\"id\": {\"entityType\": \"DEVICE_PROFILE\", "
                           "\"id\": \"00000000-0000-4000-8000-0000000000aa\"}, \"name\": "
                           "\"lwm2m\", \"transportType\": \"LWM2M\"}]}");
}

/* One device, by its name or its id, which more of the path may follow. */
static void thingsboard_device(struct sim_store *store, const struct sim_request *request,
                               struct sim_reply *reply)
{
    const char *id = sim_after(request->path, "/api/device/");
    const char *name = request->query ? sim_after(request->query, "deviceName=") : NULL;
    struct sim_device *d = NULL;
    char uuid[37];

    if (name) {
        d = sim_store_named(store, name);
    } else if (id) {
        snprintf(uuid, sizeof(uuid), "%s", id);
        d = sim_store_numbered(store, uuid);
    }
    if (!d)
        sim_reply_error(reply, 404, "Requested item wasn't found!");
    else if (strcmp(request->method, "DELETE") == 0)
        sim_store_drop(store, d);
    else if (name)
        thingsboard_id(d, reply);
    else
        sim_put_json(&reply->body, d->body);
}

static void thingsboard_answer(struct sim_store *store, const struct sim_request *request,
                               struct sim_reply *reply)
{
    struct sim_device *d = NULL;

    if (sim_asks(request, "POST", "/api/device-with-credentials")) {
        const char *why = thingsboard_make(store, request->json, &d);

        if (why)
            sim_reply_error(reply, 400, why);
        else
            thingsboard_id(d, reply);
    } else if (sim_asks(request, "POST", "/api/device/bulk_import")) {
        thingsboard_bulk(store, request->json, reply);
    } else if (request->query && sim_after(request->query, "pageSize=") &&
               sim_asks(request, "GET", "/api/tenant/devices")) {
        thingsboard_search(store, request->query, reply);
    } else if (sim_asks(request, "GET", "/api/deviceProfileInfos")) {
        thingsboard_profiles(reply);
    } else {
        thingsboard_device(store, request, reply);
    }
}

static const char *const thingsboard_prefixes[] = {"x-authorization", "Bearer ", "x-authorization",
                                                   "ApiKey ", NULL};

static void thingsboard_login(struct buf *out, size_t number, unsigned seconds)
{
    buf_printf(out, "{\"token\": \"access-%zu\", \"refreshToken\": \"none-%u\"}", number, seconds);
}

static void thingsboard_error(struct buf *out, int status, const char *text)
{
    buf_printf(out, "{\"message\": \"%s\", \"status\": %d, \"errorCode\": 31}", text, status);
}

static const char *const thingsboard_logins[] = {"/api/auth/login", NULL};

const struct sim_kind sim_thingsboard = {
    .name = "thingsboard",
    .prefixes = thingsboard_prefixes,
    .logins = thingsboard_logins,
    .put_login = thingsboard_login,
    .login_status = 200,
    .put_error = thingsboard_error,
    .creates = "POST",
    .answer = thingsboard_answer,
};
