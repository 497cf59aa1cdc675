/* SPDX-License-Identifier: Apache-2.0 */
/* A server is opened by its kind. */
#include "server/ops.h"

#include <stdlib.h>

enum { PARALLEL = 32 };

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
    const char *auth = server->info.auth ? server->info.auth : "token", *near;
    const char *text = token;
    bool plain = strcmp(auth, "token") == 0;

    if (ops->can.needs_token && !token_len)
        return error_set_hint(err, SIGNET_E_USAGE, "name the file of the token",
                              "%s takes a token, and none is given", ops->can.kind);
    if (token_len > 1 && strchr("\"'", *text) && text[token_len - 1] == *text &&
        (plain || strcmp(auth, "api-key") == 0))
        return error_set_hint(err, SIGNET_E_USAGE, "the file has the token alone: take them out",
                              "the server's token stands in quotes");
    *out = (struct http_auth){.token = token, .token_len = token_len, .ctx = server};
    if (ops->header)
        out->prefix = ops->header(auth);
    if (!plain && !out->prefix) {
        near = signet_word_nearest(auth, known, COUNT_OF(known));
        error_set(err, SIGNET_E_USAGE, "'auth' has a word that is unknown to %s", ops->can.kind);
        if (near)
            error_hint(err, "\"auth\": \"%s\" is the nearest word known", near);
        else
            text_hint_known(auth, known, COUNT_OF(known), err);
        return SIGNET_E_USAGE;
    }
    if (plain || strcmp(auth, "api-key") == 0)
        return SIGNET_OK;
    if (!server->info.user)
        return error_set_hint(err, SIGNET_E_USAGE, "\"user\": \"NAME\"",
                              "'auth' is \"%s\", and there is no \"user\"", auth);
    out->login = log_in;
    int rc = secret_set(&server->password, token, token_len, err);
    secret_live(&server->password);
    return rc;
}

static int open_http(struct signet_server *server, const struct signet_server_options *o,
                     const struct http_auth *auth, const struct signet_observer *observer,
                     const struct signet_cancel *cancel, struct signet_error *err)
{
    const struct http_options options = {.url = server->info.url,
                                         .port = server->info.port,
                                         .ca_file = o->ca_file ? o->ca_file : server->info.ca_file,
                                         .pin = o->pin ? o->pin : server->info.pin,
                                         .stage = "register",
                                         .allow_http = o->allow_http,
                                         .connect_ms = o->connect_timeout_ms,
                                         .total_ms = o->total_timeout_ms,
                                         .attempts = o->attempts,
                                         .retry_ms = o->retry_ms};

    return http_open(&server->http, &options, auth, observer, cancel, err);
}

int signet_server_open(struct signet_server **out, const struct signet_server_info *info,
                       const struct signet_server_options *given, const void *token,
                       size_t token_len, const struct signet_observer *observer,
                       const struct signet_cancel *cancel, struct signet_error *err)
{
    struct signet_server_options options;
    struct signet_server *server = calloc(1, sizeof(*server));
    struct http_auth auth = {0};
    int rc;

    if (!server)
        return error_nomem(err);
    options_take(&options, given);
    server->ops = server_kind(info->kind, err);
    if (server->ops)
        server->can = server->ops->can;
    server->observer = observer;
    server->parallel = options.parallel ? options.parallel : PARALLEL;
    rc = server->ops ? server_info_copy(&server->info, info, server->ops, err) : SIGNET_E_USAGE;
    if (!rc)
        rc = choose_auth(server, token, token_len, &auth, err);
    if (!rc && server->ops->configure)
        rc = server->ops->configure(server, err);
    if (!rc)
        rc = server->ops->open ? server->ops->open(server, err)
                               : open_http(server, &options, &auth, observer, cancel, err);
    if (rc)
        signet_server_close(&server);
    else
        *out = server;
    return rc;
}

bool server_writes_file(const struct signet_server *server)
{
    return server->ops->seal;
}

int server_seal(struct signet_server *server, const struct server_seal *how,
                struct signet_error *err)
{
    return server->ops->seal(server, how, err);
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
    signet_server_info_free(&s->info);
    free(s);
    *server = NULL;
}
