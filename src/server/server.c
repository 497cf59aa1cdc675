/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ops.h"

#include <stdlib.h>
#include <string.h>

static const struct server_ops *const kinds[] = {
    &coiote_ops, &leshan_ops, &leshan_bootstrap_ops, &thingsboard_ops, &export_ops,
};

enum { KINDS = sizeof kinds / sizeof kinds[0], PARALLEL = 32 };

static const struct server_ops *find_kind(const char *kind, struct signet_error *err)
{
    const char *names[KINDS], *near;

    for (size_t i = 0; i < KINDS; i++) {
        names[i] = kinds[i]->can.kind;
        if (!kind || strcmp(kind, names[i]) == 0)
            return kinds[i];
    }
    near = text_nearest(kind, names, KINDS);
    error_set(err, SIGNET_E_USAGE, "unknown kind of server");
    error_hint(err, "%s is known", near ? near : names[0]);
    return NULL;
}

static int copy_text(char **out, const char *text, struct signet_error *err)
{
    if (!text)
        return SIGNET_OK;
    *out = strdup(text);
    return *out ? SIGNET_OK : error_nomem(err);
}

static int copy_info(struct signet_server *server, const struct signet_server_info *info,
                     struct signet_error *err)
{
    int rc = copy_text(&server->domain, info->domain, err);

    rc = rc ? rc : copy_text(&server->auth, info->auth ? info->auth : "token", err);
    rc = rc ? rc : copy_text(&server->user, info->user, err);
    rc = rc ? rc : copy_text(&server->realm, info->realm, err);
    return rc ? rc : copy_text(&server->profile, info->profile, err);
}

static int log_in(const void *ctx, struct http *http, struct secret *token, int64_t *seconds,
                  struct signet_error *err)
{
    const struct signet_server *server = ctx;

    return server->ops->login(server, http, token, seconds, err);
}

/* What the token is, and which header holds it. */
static int choose_auth(struct signet_server *server, const void *token, size_t token_len,
                       struct http_auth *out, struct signet_error *err)
{
    static const char *const known[] = {"token", "api-key", "password", "client-credentials"};
    const struct server_ops *ops = server->ops;
    bool plain = strcmp(server->auth, "token") == 0;
    const char *near;

    if (ops->can.needs_token && !token_len)
        return error_set(err, SIGNET_E_USAGE, "the server's token is empty");
    *out = (struct http_auth){.token = token, .token_len = token_len, .ctx = server};
    if (ops->header)
        out->prefix = ops->header(server->auth);
    if (!plain && !out->prefix) {
        near = text_nearest(server->auth, known, sizeof known / sizeof *known);
        error_set(err, SIGNET_E_USAGE, "%s has no such auth", ops->can.kind);
        if (near)
            error_hint(err, "\"auth\": \"%s\" is the nearest word known", near);
        return SIGNET_E_USAGE;
    }
    if (plain || strcmp(server->auth, "api-key") == 0)
        return SIGNET_OK;
    if (!server->user)
        return error_set(err, SIGNET_E_USAGE, "auth \"%s\" needs a \"user\"", server->auth);
    out->login = log_in;
    return secret_set(&server->password, token, token_len, err);
}

int signet_server_open(struct signet_server **out, const struct signet_server_info *info,
                       const struct signet_server_options *options, const void *token,
                       size_t token_len, const struct signet_observer *observer,
                       const struct signet_cancel *cancel, struct signet_error *err)
{
    struct signet_server *server = calloc(1, sizeof *server);
    struct http_auth auth = {0};
    int rc;

    if (!server)
        return error_nomem(err);
    server->ops = find_kind(info->kind, err);
    server->api = info->api;
    server->parallel = options && options->parallel ? options->parallel : PARALLEL;
    rc = server->ops ? copy_info(server, info, err) : SIGNET_E_USAGE;
    if (!rc)
        rc = choose_auth(server, token, token_len, &auth, err);
    if (!rc && server->ops->validate_info)
        rc = server->ops->validate_info(info, err);
    if (!rc)
        rc = server->ops->open
                 ? server->ops->open(server, info, err)
                 : http_open(&server->http, info, options, &auth, observer, cancel, err);
    if (rc)
        signet_server_close(&server);
    else
        *out = server;
    return rc;
}

void signet_server_close(struct signet_server **server)
{
    struct signet_server *s = server ? *server : NULL;

    if (!s)
        return;
    for (size_t i = 0; i < s->twin_count; i++)
        http_close(&s->twins[i]);
    free(s->twins);
    http_close(&s->http);
    if (s->own)
        s->ops->close(s);
    secret_wipe(&s->password);
    free(s->domain);
    free(s->auth);
    free(s->user);
    free(s->realm);
    free(s->profile);
    free(s);
    *server = NULL;
}

void signet_server_capabilities(const struct signet_server *server,
                                struct signet_server_capabilities *out)
{
    *out = server->ops->can;
}

int signet_server_validate(const struct signet_server *server, const struct signet_device *device,
                           struct signet_error *err)
{
    return server->ops->validate(server, device, err);
}

int signet_server_check(struct signet_server *server, struct signet_error *err)
{
    return server->ops->check(server, err);
}

int signet_server_add(struct signet_server *server, const struct signet_device *device,
                      bool *existed, struct signet_error *err)
{
    bool unused;
    int rc = server->ops->validate(server, device, err);

    return rc ? rc : server->ops->add(server, device, existed ? existed : &unused, err);
}

int signet_server_find(struct signet_server *server, const char *endpoint, struct signet_error *err)
{
    return server->ops->find(server, endpoint, err);
}

int signet_server_seen(struct signet_server *server, const char *endpoint, struct signet_error *err)
{
    if (!server->ops->seen)
        return error_set(err, SIGNET_E_UNSUPPORTED, "%s does not tell who is registered",
                         server->ops->can.kind);
    return server->ops->seen(server, endpoint, err);
}

int signet_server_remove(struct signet_server *server, const char *endpoint,
                         struct signet_error *err)
{
    return server->ops->remove(server, endpoint, err);
}
