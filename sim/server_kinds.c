/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds of servers answer, and refuse. */
#include "server.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sim_reply_error(const struct sim_kind *kind, struct sim_reply *reply, int status,
                     const char *text)
{
    reply->status = status;
    buf_reset(&reply->body);
    kind->put_error(&reply->body, status, text);
}

static const char *text_at(const json_t *object, const char *outer, const char *inner)
{
    return json_string_value(json_object_get(json_object_get(object, outer), inner));
}

static void put_json(struct buf *out, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);

    buf_text(out, text ? text : "null");
    free(text);
}

static bool under(const struct sim_request *request, const char *method, const char *path)
{
    return strcmp(request->method, method) == 0 && strcmp(request->path, path) == 0;
}

static const char *after(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

void sim_device_key(const struct sim_device *device, char hex[static 130])
{
    const json_t *tls = json_object_get(json_object_get(device->body, "tls"), "details");
    const char *inner = json_string_value(json_object_get(device->body, "credentialsValue"));
    json_t *thingsboard = inner ? json_loads(inner, 0, NULL) : NULL;
    const char *key = text_at(device->body, "dtlsPsk", "HexadecimalPsk");

    if (!key)
        key = json_string_value(json_object_get(tls, "key"));
    if (!key)
        key = text_at(thingsboard, "client", "key");
    snprintf(hex, 130, "%s", key ? key : "");
    json_decref(thingsboard);
}

/* Coiote */

#define V3 "/api/coiotedm/v3/devices"

static const struct sim_kind coiote, leshan, leshan_bootstrap, thingsboard;

/* NULL: made; else why not, with *status. */
static const char *coiote_make(struct sim_store *store, json_t *body, int *status)
{
    const char *name = text_at(body, "properties", "endpointName");
    const char *domain = json_string_value(json_object_get(body, "domain"));
    const char *mode = json_string_value(json_object_get(body, "securityMode"));
    const char *identity = json_string_value(json_object_get(body, "dtlsIdentity"));
    const char *key = text_at(body, "dtlsPsk", "HexadecimalPsk");

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
    sim_store_keep(store, name, identity, body);
    return NULL;
}

static void coiote_batch(struct sim_store *store, json_t *body, struct sim_reply *reply)
{
    json_t *one;
    size_t i, bad = 0;
    int status;

    if (!json_is_array(body) || json_array_size(body) > 100) {
        sim_reply_error(&coiote, reply, 400, "a batch is an array of at most 100");
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
    const char *id = after(request->path, V3 "/");
    json_t *body = json_loadb(request->body, request->body_len, 0, NULL);
    struct sim_device *d;
    const char *why;
    int status;

    if (under(request, "POST", V3)) {
        why = coiote_make(store, body, &status);
        reply->status = 201;
        buf_text(&reply->body, "{\"id\": \"opaque\", \"result\": \"created\"}");
        if (why)
            sim_reply_error(&coiote, reply, status, why);
    } else if (under(request, "POST", V3 "/batch")) {
        coiote_batch(store, body, reply);
    } else if (under(request, "GET", V3) || under(request, "GET", V3 "/find/details")) {
        coiote_find(store, request, id != NULL, reply);
    } else if (!id || !(d = sim_store_numbered(store, id))) {
        sim_reply_error(&coiote, reply, 404, "no such device");
    } else if (strcmp(request->method, "DELETE") == 0) {
        sim_store_drop(store, d);
        reply->status = 204;
    } else {
        put_json(&reply->body, d->body);
    }
    json_decref(body);
}

static bool coiote_creates(const struct sim_request *request)
{
    return strcmp(request->method, "POST") == 0;
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

static const struct sim_kind coiote = {
    .name = "coiote",
    .prefixes = coiote_prefixes,
    .logins = coiote_logins,
    .put_login = coiote_login,
    .login_status = 201,
    .put_error = coiote_error,
    .creates = coiote_creates,
    .answer = coiote_answer,
};

/* Leshan: PUT overwrites; a PSK identity of another device is refused; nobody is asked for a token
 */

static void leshan_put(struct sim_store *store, json_t *body, struct sim_reply *reply)
{
    const char *name = json_string_value(json_object_get(body, "endpoint"));
    const json_t *details = json_object_get(json_object_get(body, "tls"), "details");
    const char *identity = json_string_value(json_object_get(details, "identity"));
    struct sim_device *d = identity ? sim_store_identified(store, identity) : NULL;

    if (!name || !json_object_get(body, "tls")) {
        sim_reply_error(&leshan, reply, 400, "Invalid request body: no endpoint or tls");
    } else if (d && strcmp(d->endpoint, name) != 0) {
        reply->status = 400;
        buf_printf(&reply->body, "PSK Identity %s is already used", identity);
    } else {
        d = sim_store_named(store, name);
        if (d)
            sim_store_drop(store, d);
        sim_store_keep(store, name, identity, body);
    }
}

static void list_one(const void *node, VISIT visit, void *ctx)
{
    struct buf *listing = ctx;

    if (visit != postorder && visit != leaf)
        return;
    if (listing->len > 1)
        buf_byte(listing, ',');
    put_json(listing, (*(struct sim_device *const *)node)->body);
}

static void leshan_answer(struct sim_store *store, const struct sim_request *request,
                          struct sim_reply *reply)
{
    const char *name = after(request->path, "/api/security/clients/");
    const char *client = after(request->path, "/api/clients/");
    json_t *body = json_loadb(request->body, request->body_len, 0, NULL);
    struct sim_device *d;

    if (under(request, "PUT", "/api/security/clients")) {
        leshan_put(store, body, reply);
    } else if (under(request, "GET", "/api/security/clients")) {
        buf_byte(&reply->body, '[');
        twalk_r(store->by_endpoint, list_one, &reply->body);
        buf_byte(&reply->body, ']');
    } else if (name && strcmp(request->method, "DELETE") == 0) {
        d = sim_store_named(store, name);
        if (d)
            sim_store_drop(store, d);
        else
            buf_text(&reply->body, "{\"message\":\"not_found\"}");
    } else if (client && (d = sim_store_named(store, client)) && d->registered) {
        buf_printf(&reply->body, "{\"endpoint\": \"%s\", \"registrationId\": \"1\"}", client);
    } else {
        sim_reply_error(&leshan, reply, 400, "No registered client with that id");
    }
    json_decref(body);
}

static bool leshan_creates(const struct sim_request *request)
{
    return strcmp(request->method, "PUT") == 0;
}

static void leshan_error(struct buf *out, int status, const char *text)
{
    buf_printf(out, "%s (%d)", text, status);
}

static const struct sim_kind leshan = {
    .name = "leshan",
    .put_error = leshan_error,
    .creates = leshan_creates,
    .answer = leshan_answer,
};

/* Leshan's bootstrap server: what it writes into a device, by name. The credentials that let the
 * device in are taken, and make no device here. */

static void list_name(const void *node, VISIT visit, void *ctx)
{
    struct buf *listing = ctx;
    const struct sim_device *d = *(struct sim_device *const *)node;

    if (visit != postorder && visit != leaf)
        return;
    buf_printf(listing, "%s\"%s\": ", listing->len > 1 ? "," : "", d->endpoint);
    put_json(listing, d->body);
}

static void leshan_bootstrap_answer(struct sim_store *store, const struct sim_request *request,
                                    struct sim_reply *reply)
{
    const char *name = after(request->path, "/api/bootstrap/");
    json_t *body = json_loadb(request->body, request->body_len, 0, NULL);
    struct sim_device *d = name ? sim_store_named(store, name) : NULL;

    if (under(request, "GET", "/api/bootstrap")) {
        buf_byte(&reply->body, '{');
        twalk_r(store->by_endpoint, list_name, &reply->body);
        buf_byte(&reply->body, '}');
    } else if (under(request, "GET", "/api/security/clients")) {
        buf_text(&reply->body, "[]");
    } else if (name && !json_object_get(body, "security") && strcmp(request->method, "POST") == 0) {
        sim_reply_error(&leshan_bootstrap, reply, 400, "Invalid configuration");
    } else if (name) {
        if (d)
            sim_store_drop(store, d);
        if (strcmp(request->method, "POST") == 0)
            sim_store_keep(store, name, NULL, body);
    }
    json_decref(body);
}

static const struct sim_kind leshan_bootstrap = {
    .name = "leshan-bootstrap",
    .put_error = leshan_error,
    .creates = coiote_creates,
    .answer = leshan_bootstrap_answer,
};

/* ThingsBoard: its credentials are JSON in a string, with rules of their own */

static const char *thingsboard_make(struct sim_store *store, json_t *body, struct sim_device **out)
{
    const char *name = text_at(body, "device", "name");
    const char *value = text_at(body, "credentials", "credentialsValue");
    json_t *inner = value ? json_loads(value, 0, NULL) : NULL;
    const char *identity = text_at(inner, "client", "identity");
    const char *mode = text_at(inner, "client", "securityConfigClientMode");
    const char *key = text_at(inner, "client", "key"), *why = NULL;
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
        *out = sim_store_keep(store, name, psk ? identity : name,
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

static void search_one(const void *node, VISIT visit, void *ctx)
{
    struct search *search = ctx;
    const struct sim_device *d = *(struct sim_device *const *)node;

    if ((visit != postorder && visit != leaf) || !strcasestr(d->endpoint, search->text) ||
        search->count++ >= search->most)
        return;
    buf_printf(&search->names, "%s{\"name\": \"%s\"}", search->names.len ? ", " : "", d->endpoint);
}

static void thingsboard_search(struct sim_store *store, const char *query, struct sim_reply *reply)
{
    const char *text = strstr(query, "textSearch=");
    struct search search = {.text = text ? text + 11 : "",
                            .most = strtoul(query + strlen("pageSize="), NULL, 10)};

    twalk_r(store->by_endpoint, search_one, &search);
    buf_text(&reply->body, "{\"data\": [");
    buf_append(&reply->body, search.names.data, search.names.len);
    buf_printf(&reply->body, "], \"hasNext\": %s}", search.count > search.most ? "true" : "false");
    buf_free(&search.names);
}

static void thingsboard_answer(struct sim_store *store, const struct sim_request *request,
                               struct sim_reply *reply)
{
    const char *id = after(request->path, "/api/device/");
    json_t *body = json_loadb(request->body, request->body_len, 0, NULL);
    const char *name = request->query ? after(request->query, "deviceName=") : NULL;
    struct sim_device *d = NULL;
    const char *why = NULL;
    char uuid[37];

    if (under(request, "POST", "/api/device-with-credentials")) {
        why = thingsboard_make(store, body, &d);
    } else if (under(request, "POST", "/api/device/bulk_import")) {
        thingsboard_bulk(store, body, reply);
        goto out;
    } else if (request->query && after(request->query, "pageSize=") &&
               under(request, "GET", "/api/tenant/devices")) {
        thingsboard_search(store, request->query, reply);
        goto out;
    } else if (under(request, "GET", "/api/deviceProfileInfos")) {
        buf_text(&reply->body, "{\"data\": [{\"id\": {\"entityType\": \"DEVICE_PROFILE\", "
                               "\"id\": \"00000000-0000-4000-8000-0000000000aa\"}, \"name\": "
                               "\"lwm2m\", \"transportType\": \"LWM2M\"}]}");
        goto out;
    } else if (name) {
        d = sim_store_named(store, name);
    } else if (id) {
        snprintf(uuid, sizeof uuid, "%s", id);
        d = sim_store_numbered(store, uuid);
    }
    if (why || !d) {
        sim_reply_error(&thingsboard, reply, why ? 400 : 404,
                        why ? why : "Requested item wasn't found!");
    } else if (strcmp(request->method, "DELETE") == 0) {
        sim_store_drop(store, d);
    } else if (id) {
        put_json(&reply->body, d->body);
    } else {
        buf_printf(&reply->body, "{\"id\": {\"entityType\": \"DEVICE\", \"id\": \"%s\"}}", d->id);
    }
out:
    json_decref(body);
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

static const struct sim_kind thingsboard = {
    .name = "thingsboard",
    .prefixes = thingsboard_prefixes,
    .logins = thingsboard_logins,
    .put_login = thingsboard_login,
    .login_status = 200,
    .put_error = thingsboard_error,
    .creates = coiote_creates,
    .answer = thingsboard_answer,
};

const struct sim_kind *sim_kind_named(const char *name)
{
    static const struct sim_kind *const kinds[] = {&coiote, &leshan, &leshan_bootstrap,
                                                   &thingsboard, NULL};

    for (size_t i = 0; name && kinds[i]; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}
