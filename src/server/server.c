/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pki.h"
#include "server/ops.h"
#include "server/uploads.h"

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
    const char *names[KINDS], *near;

    for (size_t i = 0; i < KINDS; i++) {
        names[i] = kinds[i]->can.kind;
        if (!kind || strcmp(kind, names[i]) == 0)
            return kinds[i];
    }
    near = text_nearest(kind, names, KINDS);
    struct buf shown = {0};
    size_t len = strlen(kind);
    text_escape(&shown, (const uint8_t *)kind, len < 40 ? len : 40);
    error_set(err, SIGNET_E_USAGE, "unknown kind of server '%s'",
              shown.data ? (const char *)shown.data : "");
    buf_free(&shown);
    if (near)
        error_hint(err, "did you mean '%s'?", near);
    else
        error_hint(err, "coiote, leshan, leshan-bootstrap, thingsboard and export are known");
    return NULL;
}

const char *server_kind_for(const char *kind, bool bootstrap)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strncmp(kinds[i]->can.kind, kind, strlen(kind)) == 0 &&
            (bootstrap ? kinds[i]->can.bootstrap : kinds[i]->can.management))
            return kinds[i]->can.kind;
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
    rc = rc ? rc : copy_text(&server->profile, info->profile, err);
    rc = rc ? rc : copy_text(&server->account, info->account, err);
    return rc ? rc : copy_text(&server->uploads, info->uploads ? info->uploads : "uploads", err);
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
        error_hint(err, "give the file of its token: --token-file, in an order token_file");
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
    free(s->uploads);
    free(s->account);
    free(s);
    *server = NULL;
}

void signet_server_capabilities(const struct signet_server *server,
                                struct signet_server_capabilities *out)
{
    *out = server->ops->can;
}

static int validate_name(const struct signet_server_capabilities *can, const char *name,
                         struct signet_error *err)
{
    size_t len = name ? strlen(name) : 0;

    if (!len)
        return error_set(err, SIGNET_E_MEANING, "the device has no endpoint name");
    if (can->endpoint_max && len > can->endpoint_max) {
        error_set(err, SIGNET_E_MEANING, "the endpoint name has %zu bytes", len);
        error_hint(err, "%s takes at most %u", can->kind, can->endpoint_max);
        return SIGNET_E_MEANING;
    }
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
            return error_set(err, SIGNET_E_MEANING, "the endpoint name has a control character");
    return utf8_valid((const uint8_t *)name, len)
               ? SIGNET_OK
               : error_set(err, SIGNET_E_MEANING, "the endpoint name is not UTF-8");
}

static int validate_psk(const struct signet_server_capabilities *can,
                        const struct signet_device *device, struct signet_error *err)
{
    size_t len = device->psk_len;

    if (!device->identity_len || !len)
        return error_set(err, SIGNET_E_MEANING, "mode psk needs a PSK identity and a key");
    if (!utf8_valid(device->identity, device->identity_len) ||
        memchr(device->identity, 0, device->identity_len))
        return error_set(err, SIGNET_E_MEANING,
                         "%s takes PSK identities that are text (UTF-8), and this one is not",
                         can->kind);
    if (len >= can->psk_min && len <= can->psk_max && len % can->psk_multiple == 0)
        return SIGNET_OK;
    error_set(err, SIGNET_E_MEANING, "%s takes no PSK of %zu bytes", can->kind, len);
    if (can->psk_multiple > 1)
        error_hint(err, "%u to %u bytes, a multiple of %u", can->psk_min, can->psk_max,
                   can->psk_multiple);
    else
        error_hint(err, "%u to %u bytes", can->psk_min, can->psk_max);
    return SIGNET_E_MEANING;
}

/* A server that looks for the endpoint name in the certificate takes the device now and refuses it
 * whenever it comes. */
static int validate_cert(const struct signet_server_capabilities *can,
                         const struct signet_device *device, struct signet_error *err)
{
    char name[CERT_NAME_SIZE] = "";
    struct buf shown = {0};

    if (!can->common_name || !device->cert ||
        (cert_common_name(device->cert, device->cert_len, name) &&
         strcmp(name, device->endpoint) == 0))
        return SIGNET_OK;
    text_escape(&shown, (const uint8_t *)name, strlen(name));
    error_set(err, SIGNET_E_MEANING,
              "the common name of the certificate is '%s' and not the endpoint name",
              shown.data ? (const char *)shown.data : "");
    buf_free(&shown);
    error_hint(err, "%s lets devices in whose certificate has their endpoint name", can->kind);
    return SIGNET_E_MEANING;
}

int server_fits(const struct signet_server_capabilities *can, const struct signet_device *device,
                struct signet_error *err)
{
    int rc = validate_name(can, device->endpoint, err);

    if (rc)
        return rc;
    if (device->mode == SIGNET_MODE_NONE)
        return error_set(err, SIGNET_E_MEANING, "the configuration has no security mode");
    if (!(can->modes & 1u << device->mode))
        return error_set(err, SIGNET_E_MEANING, "%s takes no device of mode %s", can->kind,
                         signet_mode_name(device->mode));
    return device->mode == SIGNET_MODE_PSK ? validate_psk(can, device, err)
                                           : validate_cert(can, device, err);
}

int server_validate_view(const struct signet_server *server, const struct signet_device *view,
                         struct signet_error *err)
{
    int rc = server_fits(&server->ops->can, view, err);

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
    return server->ops->check(server, err);
}

int signet_server_add(struct signet_server *server, const struct signet_device *device,
                      bool *existed, struct signet_error *err)
{
    struct signet_device view;
    bool unused;
    int rc = server_view(server, device, &view, err);

    rc = rc ? rc : server_validate_view(server, &view, err);
    rc = rc ? rc : server->ops->add(server, &view, existed ? existed : &unused, err);
    return rc ? rc : uploads_add(server, &view, err);
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
