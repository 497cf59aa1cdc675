/* SPDX-License-Identifier: Apache-2.0 */
/* The device and its server. */
#include "device/private.h"

#include <signet/server.h>

/* What the reference takes when the file leaves it out. */
static const char default_url[] = "https://eu.iot.avsystem.cloud";
enum { DEFAULT_PORT = 8087 };

/* "https://host:8087": digits behind the last colon, which is not inside of [...]. */
static bool url_has_port(const char *url)
{
    const char *colon = strrchr(url, ':');

    return colon && colon[1] >= '0' && colon[1] <= '9' && !strchr(colon, ']');
}

static int load_factory_server(struct signet_server_info *out, const char *path,
                               struct signet_error *err)
{
    int rc = signet_server_info_load(path, out, err);

    if (rc != SIGNET_OK)
        return rc;
    if (!out->url && !(out->url = strdup(default_url))) {
        signet_server_info_free(out);
        return error_nomem(err);
    }
    if (!out->port && !url_has_port(out->url))
        out->port = DEFAULT_PORT;
    return SIGNET_OK;
}

/* file: where the description comes from; NULL: from the caller. */
static int open_server(struct signet_factory *f, const struct signet_server_info *info,
                       const char *file, struct signet_error *err)
{
    const struct signet_server_options options = {
        .allow_http = f->flags & SIGNET_FACTORY_ALLOW_HTTP,
        .ca_file = f->ca_file,
    };

    int rc = signet_server_open(&f->server, info, &options, f->token.data, f->token.len,
                                f->observer, f->cancel, err);

    if (rc != SIGNET_OK && file)
        error_prefix(err, "%s", file);
    return file ? signet_file_blame(rc, file, err) : rc;
}

int factory_read_server(struct signet_factory *f, const struct signet_factory_args *args,
                        struct signet_error *err)
{
    struct signet_server_info info = {0};
    int rc = SIGNET_OK;

    if (args->server_info && args->server)
        return error_set(err, SIGNET_E_USAGE, "server_info and server are both given");
    if (!args->server_info && !args->server)
        return SIGNET_OK;
    f->has_server = true;
    if (args->server_info)
        rc = load_factory_server(&info, args->server_info, err);
    /* Without a token nothing can be asked of it; signet_factory_register() says so. */
    if (rc == SIGNET_OK && f->token.len > 0)
        rc = open_server(f, args->server ? args->server : &info, args->server_info, err);
    if (rc == SIGNET_E_USAGE && args->server_info) /* a word of the file, none of the caller */
        rc = err ? (int)(err->code = SIGNET_E_MEANING) : SIGNET_E_MEANING;
    signet_server_info_free(&info);
    return rc;
}

static int registration_complete(const struct signet_factory *f, struct signet_error *err)
{
    const char *what = !f->has_server ? "server" : !f->server ? "access token" : "endpoint name";

    if (f->server && f->endpoint)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_USAGE,
                          "registration takes a server, an access token and an endpoint name",
                          "registration needs the %s", what);
}

int factory_validate_at_server(const struct signet_factory *f, struct signet_error *err)
{
    const struct signet_device device = {.endpoint = f->endpoint, .tree = f->tree};

    return signet_server_validate(f->server, &device, err);
}

int factory_check_server(struct signet_factory *f, struct signet_error *err)
{
    int rc;

    if (!f->server)
        return registration_complete(f, err);
    rc = f->endpoint ? factory_validate_at_server(f, err) : SIGNET_OK;
    return rc == SIGNET_OK ? signet_server_check(f->server, err) : rc;
}

int signet_factory_register(struct signet_factory *factory, struct signet_error *err)
{
    struct signet_device device = {
        .endpoint = factory->endpoint,
    };
    struct signet_tree *whole = NULL;
    int rc = registration_complete(factory, err);

    if (rc == SIGNET_OK) /* with the certificate, for servers that want it */
        rc = tree_build(factory, factory->cert, NULL, false, NULL, &whole, err);
    device.tree = whole;
    if (rc == SIGNET_OK)
        rc = signet_server_add(factory->server, &device, NULL, err);
    signet_tree_free(&whole);
    return rc;
}
