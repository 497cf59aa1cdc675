/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of servers, one row each; one is opened by its kind. */
#include "server/ops.h"

#include <stdlib.h>
#include <string.h>

/* Each kind of server: its row here is all that the rest of Signet knows of it. */
/* clang-format off */
#define FOR_EACH_KIND(row)    \
    row(coiote_ops)           \
    row(leshan_ops)           \
    row(leshan_bootstrap_ops) \
    row(thingsboard_ops)      \
    row(export_ops)
/* clang-format on */

#define DECLARE(ops) extern const struct server_ops ops;
#define ROW(ops)     &(ops),

FOR_EACH_KIND(DECLARE)
static const struct server_ops *const kinds[] = {FOR_EACH_KIND(ROW)};

enum { KINDS = sizeof kinds / sizeof kinds[0], PARALLEL = 32 };

static const struct server_ops *find_kind(const char *kind, struct signet_error *err)
{
    const char *names[KINDS];

    for (size_t i = 0; i < KINDS; i++) {
        names[i] = kinds[i]->can.kind;
        if (!kind || strcmp(kind, names[i]) == 0)
            return kinds[i];
    }
    text_unknown("kind of server", kind, names, KINDS, err);
    return NULL;
}

static int copy_info(struct signet_server *server, const struct signet_server_info *info,
                     struct signet_error *err)
{
    int rc = text_copy(&server->domain, info->domain, err);

    rc = rc ? rc : text_copy(&server->auth, info->auth ? info->auth : "token", err);
    rc = rc ? rc : text_copy(&server->user, info->user, err);
    rc = rc ? rc : text_copy(&server->realm, info->realm, err);
    rc = rc ? rc : text_copy(&server->profile, info->profile, err);
    rc = rc ? rc : text_copy(&server->account, info->account, err);
    return rc ? rc : text_copy(&server->uploads, info->uploads ? info->uploads : "uploads", err);
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

    if (ops->can.needs_token && !token_len) {
        error_set(err, SIGNET_E_USAGE, "the server's token is empty");
        error_hint(err, "name the file of the token");
        return SIGNET_E_USAGE;
    }
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

static int open_http(struct signet_server *server, const struct signet_server_info *info,
                     const struct signet_server_options *o, const struct http_auth *auth,
                     const struct signet_observer *observer, const struct signet_cancel *cancel,
                     struct signet_error *err)
{
    const struct http_options options = {.url = info->url,
                                         .port = info->port,
                                         .ca_file = o->ca_file ? o->ca_file : info->ca_file,
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
    struct signet_server *server = calloc(1, sizeof *server);
    struct http_auth auth = {0};
    int rc;

    if (!server)
        return error_nomem(err);
    options_take(&options, given);
    server->ops = find_kind(info->kind, err);
    server->api = info->api;
    server->parallel = options.parallel ? options.parallel : PARALLEL;
    rc = server->ops ? copy_info(server, info, err) : SIGNET_E_USAGE;
    if (!rc)
        rc = choose_auth(server, token, token_len, &auth, err);
    if (!rc && server->ops->validate_info)
        rc = server->ops->validate_info(info, err);
    if (!rc)
        rc = server->ops->open ? server->ops->open(server, info, err)
                               : open_http(server, info, &options, &auth, observer, cancel, err);
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
    free(s->uploads);
    free(s->account);
    free(s);
    *server = NULL;
}
