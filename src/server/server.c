/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ops.h"

#include <stdlib.h>
#include <string.h>

static const struct server_ops *const kinds[] = {
    &coiote_ops,
    &leshan_ops,
    &leshan_bootstrap_ops,
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static const struct server_ops *find_kind(const char *kind, struct signet_error *err)
{
    const char *names[KINDS], *near;

    for (size_t i = 0; i < KINDS; i++) {
        names[i] = kinds[i]->kind;
        if (!kind || strcmp(kind, names[i]) == 0)
            return kinds[i];
    }
    near = text_nearest(kind, names, KINDS);
    error_set(err, SIGNET_E_USAGE, "unknown kind of server");
    error_hint(err, "%s is known", near ? near : names[0]);
    return NULL;
}

int signet_server_open(struct signet_server **out, const struct signet_server_info *info,
                       const struct signet_server_options *options, const void *token,
                       size_t token_len, const struct signet_observer *observer,
                       const struct signet_cancel *cancel, struct signet_error *err)
{
    struct signet_server *server = calloc(1, sizeof *server);
    int rc;

    if (!server)
        return error_nomem(err);
    server->ops = find_kind(info->kind, err);
    server->api = info->api;
    rc = server->ops ? SIGNET_OK : SIGNET_E_USAGE;
    if (!rc && server->ops->needs_token && !token_len)
        rc = error_set(err, SIGNET_E_USAGE, "the server's token is empty");
    if (!rc && server->ops->validate_info)
        rc = server->ops->validate_info(info, err);
    if (!rc && info->domain) {
        server->domain = strdup(info->domain);
        rc = server->domain ? SIGNET_OK : error_nomem(err);
    }
    if (!rc)
        rc = http_open(&server->http, info, options, token, token_len, observer, cancel, err);
    if (rc)
        signet_server_close(&server);
    else
        *out = server;
    return rc;
}

void signet_server_close(struct signet_server **server)
{
    if (!server || !*server)
        return;
    http_close(&(*server)->http);
    free((*server)->domain);
    free(*server);
    *server = NULL;
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
                         server->ops->kind);
    return server->ops->seen(server, endpoint, err);
}

int signet_server_remove(struct signet_server *server, const char *endpoint,
                         struct signet_error *err)
{
    return server->ops->remove(server, endpoint, err);
}
