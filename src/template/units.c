/* SPDX-License-Identifier: Apache-2.0 */
/* Devices from a template: new credentials for each, and what a line asks for. */
#include "template/private.h"

#include <signet/packet.h>
#include <stdlib.h>
#include <string.h>

/* A secret that all devices share is no fact about one of them: the ledger would see it twice. */
static void forget_shared(const struct template *f, struct signet_line_unit *unit)
{
    if (f->shares_key) {
        unit->facts.psk_sha256 = unit->facts.spki_sha256 = NULL;
        unit->facts.cert_issuer = unit->facts.cert_serial = NULL;
    }
    if (f->shares_identity)
        unit->facts.psk_identity = NULL;
}

static int make(void *ctx, const char *endpoint, int64_t index, struct signet_line_unit *out,
                struct signet_error *err)
{
    struct signet_units *u = ctx;
    struct placeholder_values values = {.endpoint = endpoint};
    struct manifest_row row = {0};
    struct signet_tree *tree = NULL;
    int64_t found = -1;

    if (!u->template.base)
        return error_set(err, SIGNET_E_USAGE, "these units only open what was sealed");
    int rc = names_find(&u->names, endpoint, index, &row, &found, err);
    values.row = u->names.manifest ? &row : NULL;
    values.serial = u->names.first + found;
    if (rc == SIGNET_OK)
        rc = template_make(&u->template, u, &values, false, &tree, err);
    manifest_row_free(&row);
    if (rc == SIGNET_OK)
        rc = unit_from_tree(out, tree, endpoint, err);
    if (rc == SIGNET_OK)
        forget_shared(&u->template, out);
    return rc;
}

static int name(void *ctx, int64_t index, char endpoint[152], struct signet_error *err)
{
    struct signet_units *u = ctx;
    struct manifest_row row = {0};
    int rc = SIGNET_OK;

    if (index < 0 || index >= u->names.count)
        return error_set(err, SIGNET_E_NOT_FOUND, "there are %lld names only",
                         (long long)u->names.count);
    if (u->names.manifest)
        rc = manifest_row(u->names.manifest, index, &row, err);
    if (rc == SIGNET_OK)
        rc = names_expand(&u->names, &row, index, endpoint, err);
    manifest_row_free(&row);
    return rc;
}

static int seal_unit(void *ctx, const struct signet_line_unit *unit, struct signet_error *err)
{
    return vault_seal(((struct signet_units *)ctx)->vault, unit->device.endpoint, &unit->packet,
                      err);
}

static int open_unit(void *ctx, const char *endpoint, struct signet_line_unit *out,
                     struct signet_error *err)
{
    struct secret packet = {0};
    struct signet_tree *tree = NULL;
    int rc = vault_find(((struct signet_units *)ctx)->vault, endpoint, -1, &packet, err);

    if (rc == SIGNET_OK)
        rc = signet_packet_decode(packet.data, packet.len, &tree, err);
    secret_wipe(&packet);
    if (rc == SIGNET_OK)
        rc = unit_from_tree(out, tree, endpoint, err);
    if (rc == SIGNET_OK)
        forget_shared(&((struct signet_units *)ctx)->template, out);
    return rc;
}

static int wipe_unit(void *ctx, const char *endpoint, struct signet_error *err)
{
    return vault_wipe(((struct signet_units *)ctx)->vault, endpoint, err);
}

static void free_unit(void *ctx, struct signet_line_unit *unit)
{
    (void)ctx;
    unit_free(unit);
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

static int fill(struct signet_units *u, const struct signet_units_options *o,
                struct signet_error *err)
{
    if (!o->model || !o->work || !o->key_file)
        return error_set(err, SIGNET_E_USAGE, "units need a template, a work folder and its key");
    if (o->pattern && !o->manifest && (o->count < 1 || o->first < 0))
        return error_set(err, SIGNET_E_USAGE, "a pattern needs a count from 1 on");
    if (o->server_cert && !(u->server_cert = strdup(o->server_cert)))
        return error_nomem(err);
    int rc = copy_cert(&u->cert, o->cert, err);
    if (rc == SIGNET_OK)
        rc = names_open(&u->names, o, err);
    if (rc == SIGNET_OK)
        rc = template_open(&u->template, o, &u->names, err);
    if (rc == SIGNET_OK)
        rc = preflight_run(u, o, err);
    return rc == SIGNET_OK
               ? vault_open(&u->vault, o->work, o->key_file, o->order ? o->order : "", err)
               : rc;
}

int signet_units_open(struct signet_units **out, const struct signet_units_options *options,
                      struct signet_error *err)
{
    struct signet_units *u = calloc(1, sizeof(*u));

    if (!u)
        return error_nomem(err);
    int rc = fill(u, options, err);
    u->calls = (struct signet_line_units){
        .ctx = u,
        .name = u->names.pattern.list && !u->names.from_board ? name : NULL,
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
    vault_close(&u->vault);
    template_close(&u->template);
    names_close(&u->names);
    signet_cert_info_free(&u->cert);
    free(u->server_cert);
    free(u);
    *units = NULL;
}

const struct signet_line_units *signet_units_line(struct signet_units *units)
{
    return &units->calls;
}

struct vault *units_vault(const struct signet_units *units)
{
    return units->vault;
}

const char *units_manifest_sha256(const struct signet_units *units)
{
    return units->manifest_sha256;
}
