/* SPDX-License-Identifier: Apache-2.0 */
/* Devices from a template: new credentials for each, and what a line asks for. */
#include "units.h"

#include "cred/cred.h"
#include "private.h"

#include <signet/config.h>
#include <signet/packet.h>
#include <stdlib.h>
#include <string.h>

/* /0/x/3, /0/x/5 (LwM2M Core 1.2, Appendix E.1) */
enum { RID_IDENTITY = 3, RID_SECRET_KEY = 5, PSK_LEN = 32 };

static int put(struct signet_tree *tree, uint16_t iid, uint16_t rid, const void *data, size_t len,
               struct signet_error *err)
{
    const struct signet_path path = {.oid = 0, .iid = iid, .rid = rid, .riid = SIGNET_NO_ID};
    struct signet_value value = {.type = SIGNET_TYPE_OPAQUE};

    value.as.bytes.data = data;
    value.as.bytes.len = len;
    return signet_tree_put(tree, path, &value, err);
}

/* A bootstrap and a management account of one device have keys of their own. */
static int put_psks(const struct signet_units *u, struct signet_tree *tree, const char *endpoint,
                    struct signet_error *err)
{
    struct signet_account a;
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && signet_tree_account(tree, i, &a); i++) {
        struct secret psk = {0};

        if (a.mode != SIGNET_MODE_PSK)
            continue;
        rc = psk_mint(&psk, u->psk_len, err);
        if (rc == SIGNET_OK)
            rc = put(tree, a.iid, RID_IDENTITY, endpoint, strlen(endpoint), err);
        if (rc == SIGNET_OK)
            rc = put(tree, a.iid, RID_SECRET_KEY, psk.data, psk.len, err);
        secret_wipe(&psk);
    }
    return rc;
}

/* The story of one device makes certificates, puts them in place and checks the whole. */
static int complete(const struct signet_units *u, const struct signet_tree *with_psks,
                    const char *endpoint, struct signet_tree **out, struct signet_error *err)
{
    const struct signet_factory_args args = {.tree = with_psks,
                                             .endpoint_name = endpoint,
                                             .cert = &u->cert,
                                             .flags = SIGNET_FACTORY_NO_FILES};
    struct signet_factory *f = NULL;
    int rc = signet_factory_new(&f, &args, err);

    if (rc == SIGNET_OK && signet_factory_uses_certs(f)) {
        if (u->server_cert)
            rc = signet_factory_set_server_cert(f, u->server_cert, err);
        if (rc == SIGNET_OK)
            rc = signet_factory_generate_self_signed_cert(f, err);
    }
    if (rc == SIGNET_OK)
        rc = signet_factory_tree(f, out, err);
    signet_factory_free(&f);
    return rc;
}

static int make(void *ctx, const char *endpoint, int64_t index, struct signet_line_unit *out,
                struct signet_error *err)
{
    struct signet_units *u = ctx;
    (void)index;
    struct signet_tree *own = NULL, *whole = NULL;
    int rc = signet_tree_copy(&own, u->template, err);

    if (rc == SIGNET_OK)
        rc = put_psks(u, own, endpoint, err);
    if (rc == SIGNET_OK)
        rc = complete(u, own, endpoint, &whole, err);
    signet_tree_free(&own);
    return rc == SIGNET_OK ? unit_from_tree(out, whole, endpoint, err) : rc;
}

static int name(void *ctx, int64_t index, char endpoint[152], struct signet_error *err)
{
    const struct signet_units *u = ctx;

    if (index < 0 || index >= u->count)
        return error_set(err, SIGNET_E_NOT_FOUND, "there are %lld names only", (long long)u->count);
    return pattern_expand(u->pattern, u->first + index, endpoint, err);
}

static int seal_unit(void *ctx, const struct signet_line_unit *unit, struct signet_error *err)
{
    return work_seal(ctx, unit->device.endpoint, &unit->packet, err);
}

static int open_unit(void *ctx, const char *endpoint, struct signet_line_unit *out,
                     struct signet_error *err)
{
    struct secret packet = {0};
    struct signet_tree *tree = NULL;
    int rc = work_read(ctx, endpoint, &packet, err);

    if (rc == SIGNET_OK)
        rc = signet_packet_decode(packet.data, packet.len, &tree, err);
    secret_wipe(&packet);
    return rc == SIGNET_OK ? unit_from_tree(out, tree, endpoint, err) : rc;
}

static int wipe_unit(void *ctx, const char *endpoint, struct signet_error *err)
{
    return work_wipe(ctx, endpoint, err);
}

static void free_unit(void *ctx, struct signet_line_unit *unit)
{
    (void)ctx;
    unit_free(unit);
}

static int refuse_secrets(const struct signet_tree *template, struct signet_error *err)
{
    struct signet_account a;

    for (size_t i = 0; signet_tree_account(template, i, &a); i++) {
        if (!a.secret_key)
            continue;
        error_set(err, SIGNET_E_MEANING,
                  "/0/%u/5: the template holds a secret key, which all devices would share", a.iid);
        error_hint(err, "leave RID.Security.SecretKey and PKOrIdentity out: each device gets its "
                        "own");
        return SIGNET_E_MEANING;
    }
    return SIGNET_OK;
}

static int copy_cert(struct signet_cert_info *to, const struct signet_cert_info *from,
                     struct signet_error *err)
{
    if (!from)
        return SIGNET_OK;
    if (from->common_name || from->serial_number)
        return error_set(err, SIGNET_E_MEANING,
                         "commonName and serialNumber are every device's own: leave them out");
    return cert_info_copy(to, from, err);
}

/* One device on trial: what is wrong with the template shows before a board is touched. */
static int rehearse(struct signet_units *u, struct signet_error *err)
{
    struct signet_line_unit unit = {0};
    char endpoint[152] = "rehearsal";
    int rc = u->pattern ? pattern_expand(u->pattern, u->first, endpoint, err) : SIGNET_OK;

    if (rc == SIGNET_OK && u->pattern) /* the last one is the longest */
        rc = pattern_expand(u->pattern, u->first + u->count - 1, endpoint, err);
    if (rc == SIGNET_OK)
        rc = make(u, endpoint, -1, &unit, err);
    unit_free(&unit);
    return rc;
}

static int fill(struct signet_units *u, const struct signet_units_options *o,
                struct signet_error *err)
{
    if (!o->model || !o->work || !o->key_file)
        return error_set(err, SIGNET_E_USAGE, "units need a template, a work folder and its key");
    if (o->pattern && (o->count < 1 || o->first < 0))
        return error_set(err, SIGNET_E_USAGE, "a pattern needs a count from 1 on");
    u->psk_len = o->psk_len ? o->psk_len : PSK_LEN;
    u->first = o->first;
    u->count = o->count;
    if ((o->pattern && !(u->pattern = strdup(o->pattern))) ||
        (o->server_cert && !(u->server_cert = strdup(o->server_cert))))
        return error_nomem(err);
    int rc = refuse_secrets(o->model, err);
    if (rc == SIGNET_OK)
        rc = signet_tree_copy(&u->template, o->model, err);
    if (rc == SIGNET_OK)
        rc = copy_cert(&u->cert, o->cert, err);
    if (rc == SIGNET_OK)
        rc = rehearse(u, err);
    return rc == SIGNET_OK ? work_open(u, o->work, o->key_file, err) : rc;
}

int signet_units_open(struct signet_units **out, const struct signet_units_options *options,
                      struct signet_error *err)
{
    struct signet_units *u = calloc(1, sizeof(*u));

    if (!u)
        return error_nomem(err);
    u->lock_fd = -1;
    int rc = fill(u, options, err);
    u->calls = (struct signet_line_units){.ctx = u,
                                          .name = u->pattern ? name : NULL,
                                          .make = make,
                                          .seal = seal_unit,
                                          .open = open_unit,
                                          .wipe = wipe_unit,
                                          .free = free_unit};
    if (rc != SIGNET_OK)
        signet_units_close(&u);
    else
        *out = u;
    return rc;
}

void signet_units_close(struct signet_units **units)
{
    struct signet_units *u = units ? *units : NULL;

    if (!u)
        return;
    work_close(u);
    signet_tree_free(&u->template);
    signet_cert_info_free(&u->cert);
    free(u->server_cert);
    free(u->pattern);
    free(u);
    *units = NULL;
}

const struct signet_line_units *signet_units_line(struct signet_units *units)
{
    return &units->calls;
}
