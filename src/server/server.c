/* SPDX-License-Identifier: Apache-2.0 */
#include "server/answer.h"

void signet_server_capabilities(const struct signet_server *server,
                                struct signet_server_capabilities *out)
{
    *out = server->can;
}

int server_validate_view(const struct signet_server *server, const struct signet_device *view,
                         struct signet_error *err)
{
    int rc = view->endpoint ? signet_endpoint_check(view->endpoint, NULL, err) : SIGNET_OK;

    if (rc == SIGNET_OK)
        rc = server_fits(&server->can, view, err);
    if (rc && view->bootstrap)
        error_prefix(err, "the bootstrap account");
    return rc || !server->ops->validate ? rc : server->ops->validate(server, view, err);
}

int signet_server_validate(const struct signet_server *server, const struct signet_device *device,
                           struct signet_error *err)
{
    struct signet_device view;
    int rc = server_view(server, device, &view, err);

    return rc ? rc : server_validate_view(server, &view, err);
}

int signet_server_check(struct signet_server *server, struct signet_error *err)
{
    return server->ops->list ? server_get(server, server->ops->list, NULL, NULL, NULL, err)
                             : server->ops->check(server, err);
}

int signet_server_clock(const struct signet_server *server, int64_t *ahead,
                        struct signet_error *err)
{
    return server->http && http_clock_ahead(server->http, ahead)
               ? SIGNET_OK
               : error_set(err, SIGNET_E_NOT_FOUND, "the server does not tell its time");
}

int signet_server_add(struct signet_server *server, const struct signet_device *device,
                      bool *existed, struct signet_error *err)
{
    struct signet_device view;
    struct live psk;
    bool unused;
    int rc = server_view(server, device, &view, err);

    if (rc)
        return rc;
    live_begin(&psk, view.psk, view.psk_len); /* the server may repeat it */
    rc = server_validate_view(server, &view, err);
    rc = rc ? rc : server->ops->add(server, &view, existed ? existed : &unused, err);
    if (rc == SIGNET_E_NOT_FOUND ||
        rc == SIGNET_E_UNSUPPORTED) /* the API or a profile, not a device */
        rc = err ? (int)(err->code = SIGNET_E_SERVER) : SIGNET_E_SERVER;
    rc = rc ? rc : uploads_add(server, &view, err);
    live_end(&psk);
    return rc;
}

int signet_server_find(struct signet_server *server, const char *endpoint, struct signet_error *err)
{
    return server->ops->find(server, endpoint, err);
}

int signet_server_seen(struct signet_server *server, const char *endpoint, struct signet_error *err)
{
    if (!server->ops->seen)
        return error_set_hint(
            err, SIGNET_E_UNSUPPORTED, "a server of kind leshan says it; leave the server out",
            "the API of %s does not say which devices are registered", server->ops->can.kind);
    return server->ops->seen(server, endpoint, err);
}

int signet_server_remove(struct signet_server *server, const char *endpoint, bool *existed,
                         struct signet_error *err)
{
    struct signet_error why = {0};
    int rc = server->ops->remove(server, endpoint, &why);

    if (existed)
        *existed = rc == SIGNET_OK;
    return rc == SIGNET_OK || rc == SIGNET_E_NOT_FOUND ? SIGNET_OK : error_copy(err, &why);
}
