/* SPDX-License-Identifier: Apache-2.0 */
/* What a Leshan answers, and refuses: PUT overwrites; a PSK identity of another device is refused;
 * nobody is asked for a token. */
#include "server.h"

#include <string.h>

static void leshan_put(struct sim_store *store, json_t *body, struct sim_reply *reply)
{
    const char *name = json_string_value(json_object_get(body, "endpoint"));
    const json_t *details = json_object_get(json_object_get(body, "tls"), "details");
    const char *identity = json_string_value(json_object_get(details, "identity"));
    struct sim_device *d = identity ? sim_store_identified(store, identity) : NULL;

    if (!name || !json_object_get(body, "tls")) {
        sim_reply_error(reply, 400, "Invalid request body: no endpoint or tls");
    } else if (d && strcmp(d->endpoint, name) != 0) {
        reply->status = 400;
        buf_printf(&reply->body, "PSK Identity %s is already used", identity);
    } else {
        d = sim_store_named(store, name);
        if (d)
            sim_store_drop(store, d);
        sim_store_keep(store, name, identity, json_string_value(json_object_get(details, "key")),
                       body);
    }
}

static void list_device(const struct sim_device *d, void *ctx)
{
    struct buf *listing = ctx;

    if (listing->len > 1)
        buf_byte(listing, ',');
    sim_put_json(listing, d->body);
}

/* To a DELETE of a name that it has not. */
static void leshan_not_found(struct sim_reply *reply)
{
    reply->status = 200;
    buf_text(&reply->body, "{\"message\":\"not_found\"}");
}

static void leshan_answer(struct sim_store *store, const struct sim_request *request,
                          struct sim_reply *reply)
{
    const char *name = sim_after(request->path, "/api/security/clients/");
    const char *client = sim_after(request->path, "/api/clients/");
    json_t *body = request->json;
    struct sim_device *d;

    if (sim_asks(request, "PUT", "/api/security/clients")) {
        leshan_put(store, body, reply);
    } else if (sim_asks(request, "GET", "/api/security/clients")) {
        buf_byte(&reply->body, '[');
        sim_store_each(store, list_device, &reply->body);
        buf_byte(&reply->body, ']');
    } else if (name && strcmp(request->method, "DELETE") == 0) {
        d = sim_store_named(store, name);
        if (d)
            sim_store_drop(store, d);
        else
            leshan_not_found(reply);
    } else if (client && (d = sim_store_named(store, client)) && d->registered) {
        buf_printf(&reply->body, "{\"endpoint\": \"%s\", \"registrationId\": \"1\"}", client);
    } else {
        sim_reply_error(reply, 400, "No registered client with that id");
    }
}

static void leshan_error(struct buf *out, int status, const char *text)
{
    buf_printf(out, "%s (%d)", text, status);
}

const struct sim_kind sim_leshan = {
    .name = "leshan",
    .put_error = leshan_error,
    .creates = "PUT",
    .answer = leshan_answer,
};

/* Leshan's bootstrap server: what it writes into a device, by name. The credentials that let the
 * device in are taken, and make no device here. */

static void list_named(const struct sim_device *d, void *ctx)
{
    struct buf *listing = ctx;

    buf_printf(listing, "%s\"%s\": ", listing->len > 1 ? "," : "", d->endpoint);
    sim_put_json(listing, d->body);
}

static void leshan_bootstrap_answer(struct sim_store *store, const struct sim_request *request,
                                    struct sim_reply *reply)
{
    const char *name = sim_after(request->path, "/api/bootstrap/");
    json_t *body = request->json;
    struct sim_device *d = name ? sim_store_named(store, name) : NULL;

    if (sim_asks(request, "GET", "/api/bootstrap")) {
        buf_byte(&reply->body, '{');
        sim_store_each(store, list_named, &reply->body);
        buf_byte(&reply->body, '}');
    } else if (sim_asks(request, "GET", "/api/security/clients")) {
        buf_text(&reply->body, "[]");
    } else if (strcmp(request->method, "DELETE") == 0) {
        reply->status = 204;
        if (d)
            sim_store_drop(store, d);
        else if (name)
            sim_reply_error(reply, 404, "no config");
        else
            leshan_not_found(reply);
    } else if (name && !json_object_get(body, "security")) {
        sim_reply_error(reply, 400, "Invalid configuration");
    } else if (name) {
        if (d)
            sim_store_drop(store, d);
        sim_store_keep(store, name, NULL, NULL, body);
    }
}

const struct sim_kind sim_leshan_bootstrap = {
    .name = "leshan-bootstrap",
    .put_error = leshan_error,
    .creates = "POST",
    .answer = leshan_bootstrap_answer,
};
