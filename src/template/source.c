/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of an order: a name and new credentials for each. */
#include "template/private.h"

#include <stdlib.h>

/* A secret that all devices share is no fact about one of them: the ledger would see it twice. */
static void forget_shared(const struct template *t, struct device *device)
{
    if (t->shares_key) {
        device->facts.psk_sha256 = device->facts.spki_sha256 = NULL;
        device->facts.cert_issuer = device->facts.cert_serial = NULL;
    }
    if (t->shares_identity)
        device->facts.psk_identity = NULL;
}

struct placeholder_names source_placeholders(const struct source *source, const bool **secret)
{
    *secret = source->template.secret;
    return names_known(&source->names, false, !source->names.pattern.list);
}

int source_values(struct source *s, const char *endpoint, int64_t index, struct manifest_row *row,
                  struct placeholder_values *values, struct signet_error *err)
{
    int64_t found = -1;
    int rc = names_find(&s->names, endpoint, index, row, &found, err);

    values->row = s->names.manifest ? row : NULL;
    values->endpoint = endpoint;
    values->serial = s->names.first + found;
    return rc;
}

/* out NULL: only tries whether it could be made. */
static int make_device(struct source *s, const char *endpoint, int64_t index, const char *hardware,
                       const struct signet_bytes *cert, struct device *out,
                       struct signet_error *err)
{
    struct placeholder_values values = {.hardware = hardware};
    struct manifest_row row = {0};
    struct signet_tree *tree = NULL;

    if (!s->template.base)
        return error_set(err, SIGNET_E_USAGE, "this run makes no devices");
    int rc = source_values(s, endpoint, index, &row, &values, err);
    if (rc == SIGNET_OK)
        rc = template_make(&s->template, s, &values, !out, cert, NULL, &tree, err);
    manifest_row_free(&row);
    if (!out) {
        signet_tree_free(&tree);
        return rc;
    }
    if (rc == SIGNET_OK)
        rc = device_from_tree(out, tree, NULL, endpoint, err);
    if (rc == SIGNET_OK)
        forget_shared(&s->template, out);
    return rc;
}

int source_make(struct source *s, const char *endpoint, int64_t index, struct device *out,
                struct signet_error *err)
{
    return make_device(s, endpoint, index, NULL, NULL, out, err);
}

int source_make_for_board(struct source *s, const char *endpoint, int64_t index,
                          const char *hardware, struct device *out, struct signet_error *err)
{
    return make_device(s, endpoint, index, hardware, NULL, out, err);
}

int source_make_certified(struct source *s, const char *endpoint, int64_t index,
                          const struct signet_bytes *cert, struct device *out,
                          struct signet_error *err)
{
    return make_device(s, endpoint, index, NULL, cert, out, err);
}

int source_try(struct source *s, const char *endpoint, struct signet_error *err)
{
    return make_device(s, endpoint, -1, NULL, NULL, NULL, err);
}

int source_of_code(struct source *s, const char *code, char endpoint[SIGNET_ENDPOINT_SIZE],
                   struct signet_error *err)
{
    return names_of_code(&s->names, code, endpoint, err);
}

int source_restore(struct source *s, const struct secret *packet, const char *endpoint,
                   struct device *out, struct signet_error *err)
{
    int rc = device_from_packet(out, packet, endpoint, err);

    if (rc == SIGNET_OK)
        forget_shared(&s->template, out);
    return rc;
}

int source_name(void *ctx, int64_t index, char endpoint[SIGNET_ENDPOINT_SIZE],
                struct signet_error *err)
{
    struct source *s = ctx;
    struct manifest_row row = {0};
    int rc = SIGNET_OK;

    if (index < 0 || index >= s->names.count)
        return error_set(err, SIGNET_E_NOT_FOUND, "there are %lld names only",
                         (long long)s->names.count);
    if (s->names.manifest)
        rc = manifest_row(s->names.manifest, index, &row, err);
    if (rc == SIGNET_OK)
        rc = names_expand(&s->names, &row, index, endpoint, err);
    manifest_row_free(&row);
    return rc;
}

static int source_fill(struct source *s, const struct source_options *o, struct signet_error *err)
{
    int rc = text_copy(&s->server_cert, o->server_cert, err);

    if (rc == SIGNET_OK && o->cert && (o->cert->common_name || o->cert->serial_number))
        rc = error_set_hint(err, SIGNET_E_MEANING, "take these members out of the file",
                            "commonName and serialNumber are every device's own");
    if (rc == SIGNET_OK && o->cert)
        rc = cert_info_copy(&s->cert, o->cert, err);
    s->authority = o->authority;
    s->cancel = o->cancel;
    if (rc == SIGNET_OK)
        rc = names_open(&s->names, o, err);
    if (rc == SIGNET_OK)
        rc = template_open(&s->template, o, &s->names, err);
    return rc == SIGNET_OK ? preflight_run(s, o, err) : rc;
}

int source_open(struct source **out, const struct source_options *options, struct signet_error *err)
{
    struct source *s = calloc(1, sizeof(*s));

    if (!s)
        return error_nomem(err);
    int rc = source_fill(s, options, err);
    if (rc != SIGNET_OK)
        source_close(&s);
    else
        *out = s;
    return rc;
}

void source_close(struct source **source)
{
    struct source *s = *source;

    if (!s)
        return;
    template_close(&s->template);
    names_close(&s->names);
    signet_cert_info_free(&s->cert);
    free(s->server_cert);
    free(s);
    *source = NULL;
}

bool source_makes_certs(const struct source *source)
{
    return source->template.mints_certs;
}

const struct signet_cert_info *source_cert_info(const struct source *source)
{
    return &source->cert;
}

bool source_has_names(const struct source *source)
{
    return source->names.pattern.list && !source->names.from_board;
}

int64_t source_count(const struct source *source)
{
    return source->names.count;
}

const char *source_manifest_sha256(const struct source *source)
{
    return source->manifest_sha256;
}

struct signet_authority *source_authority(const struct source *source)
{
    return source->authority;
}

const struct signet_tree *source_sample(const struct source *source)
{
    return source->template.base;
}

bool source_makes_credential(const struct source *source, uint16_t iid)
{
    const struct template *t = &source->template;

    for (size_t i = 0; i < t->account_count; i++)
        if (t->accounts[i].iid == iid)
            return t->accounts[i].mint;
    return false;
}
