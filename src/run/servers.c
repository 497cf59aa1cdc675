/* SPDX-License-Identifier: Apache-2.0 */
/* The servers of an order. */
#include "run/private.h"
#include "server/server.h"

#include <signet/config.h>
#include <stdio.h>
#include <stdlib.h>

enum { TOKEN_MAX = 64 * 1024 };

/* The token is one word in a file that nobody else can use. */
static int read_token(const char *path, struct secret *out, struct signet_error *err)
{
    int rc = file_read_secret(path, TOKEN_MAX, out, err);

    while (rc == SIGNET_OK && out->len > 0 && (unsigned char)out->data[out->len - 1] <= ' ')
        out->data[--out->len] = '\0';
    for (size_t i = 0; rc == SIGNET_OK && i < out->len; i++)
        if (out->data[i] <= ' ' || out->data[i] > '~')
            rc =
                error_set_hint(err, SIGNET_E_USAGE, "leave out 'Bearer', and what is not the token",
                               "%s: the token is not one word", path);
    if (rc == SIGNET_OK && out->len == 0)
        rc = error_set(err, SIGNET_E_USAGE, "%s: the token is empty", path);
    return rc;
}

/* As its file says, but for what the order says of it. */
static int load_server_info(const struct signet_order_server *from, struct signet_server_info *info,
                            struct signet_error *err)
{
    const char *slash = strrchr(from->file, '/');
    int folder = slash ? (int)(slash - from->file) + 1 : 0;
    int rc = signet_server_info_load(from->file, info, err);

    if (rc == SIGNET_OK && from->account) {
        free(info->account);
        rc = text_copy(&info->account, from->account, err);
    }
    /* what a person must bring to the server lies beside its file, wherever the line is started */
    return rc == SIGNET_OK && !info->uploads
               ? text_format(&info->uploads, err, "%.*suploads", folder, from->file)
               : rc;
}

/* Its rows would be written into it. */
static int check_export_file(const struct signet_run *r, const struct signet_server_info *info,
                             struct signet_error *err)
{
    for (size_t i = 0; i < SIGNET_OPTIONS_MAX && info->options[i].name; i++) {
        const char *path = strcmp(info->options[i].name, "file") ? NULL : info->options[i].value;
        const char *key = path ? order_file_key(r->order, path) : NULL;

        if (key)
            return error_set_hint(err, SIGNET_E_MEANING, "give the export a file of its own",
                                  "the export's file '%s' is '%s' of the order", path, key);
    }
    return SIGNET_OK;
}

/* An export is sealed as the outputs are, or in clear in so many words. */
static int seal_order_export(const struct signet_run *r, const struct signet_order_server *from,
                             struct signet_server *server, struct signet_error *err)
{
    const struct signet_order *o = r->order;
    const struct server_seal how = {.to = o->seal_to,
                                    .to_count = o->seal_to_count,
                                    .order = o->name,
                                    .station = o->station,
                                    .sign_file = r->sign_file,
                                    .observer = r->options.observer};

    if (o->no_clear_text && !o->seal_to_count)
        return error_set_hint(err, SIGNET_E_MEANING, "seal_to: [server-operator.pem]",
                              "%s: the order forbids clear text, and an export is a file in clear",
                              from->file);
    return o->seal_to_count && !o->clear_text ? server_seal(server, &how, err) : SIGNET_OK;
}

/* Its name is in the message once. */
static int blame_server_file(int rc, const struct signet_order_server *from,
                             struct signet_error *err)
{
    signet_file_blame(rc, from->file, err);
    if (rc != SIGNET_OK && err && strncmp(err->msg, from->file, strlen(from->file)) != 0)
        error_prefix(err, "%s", from->file);
    return rc;
}

static int open_order_server(struct signet_run *r, size_t i, struct signet_error *err)
{
    const struct signet_order_server *from = &r->order->servers[i];
    const struct signet_server_options options = {
        .allow_http = from->allow_http, .ca_file = from->ca_file, .pin = from->pin, .attempts = 2};
    struct signet_server_info info = {0};
    struct secret token = {0};
    int rc = load_server_info(from, &info, err);
    bool of_order = rc == SIGNET_OK && from->token_file;

    if (of_order)
        rc = read_token(from->token_file, &token, err);
    of_order = of_order && rc != SIGNET_OK; /* which names the file */
    if (rc == SIGNET_OK)
        rc = check_export_file(r, &info, err);
    struct signet_server **const out[] = {&r->servers[i], &r->seen_by[i]};
    for (size_t k = 0; rc == SIGNET_OK && k < (r->order->prove ? 2 : 1); k++)
        rc = signet_server_open(out[k], &info, &options, token.data, token.len, &r->observer,
                                r->options.cancel, err);
    secret_wipe(&token);
    signet_server_info_free(&info);
    rc = of_order ? error_pass(rc, err, "%s", from->file) : blame_server_file(rc, from, err);
    for (size_t k = 0; rc == SIGNET_OK && k < COUNT_OF(out) && *out[k]; k++)
        if (server_writes_file(*out[k]))
            rc = seal_order_export(r, from, *out[k], err); /* the order names the certificates */
    return rc;
}

int run_open_servers(struct signet_run *r, struct signet_error *err)
{
    const struct signet_order *o = r->order;
    bool seals = o->packets && o->seal_to_count;
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < o->server_count; i++) {
        rc = open_order_server(r, i, err);
        seals = seals || (rc == SIGNET_OK && server_writes_file(r->servers[i]) && !o->clear_text);
    }
    return rc == SIGNET_OK && o->seal_to_count && !seals
               ? error_set_hint(err, SIGNET_E_MEANING,
                                "output: {packets: packets.ndjson}, or an export in 'servers'",
                                "'seal_to' goes with an 'output' or an export")
               : rc;
}

void run_close_servers(struct signet_run *r)
{
    for (size_t i = 0; i < SIGNET_ORDER_SERVERS; i++) {
        signet_server_close(&r->servers[i]);
        signet_server_close(&r->seen_by[i]);
    }
}

int run_ask_servers(void *ctx, const struct signet_device *device, struct signet_error *err)
{
    const struct signet_run *r = ctx;
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < r->order->server_count; i++) {
        rc = device ? signet_server_validate(r->servers[i], device, err)
                    : signet_server_check(r->servers[i], err);
        rc = error_pass(rc, err, "%s%s", r->order->servers[i].name,
                        device ? " would refuse the device" : "");
        if (!device)
            signet_file_blame(rc, r->order->servers[i].file, err);
    }
    return rc;
}
