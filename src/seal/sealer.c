/* SPDX-License-Identifier: Apache-2.0 */
/* For whom something is sealed. */
#include "pki/pki.h"
#include "seal/seal.h"

#include <stdlib.h>

enum { CERT_FILE_MAX = 64 * 1024 };

struct signet_sealer {
    struct signet_cert *to[SIGNET_RECIPIENTS];
    size_t count;
};

static int load_recipient(struct signet_cert **out, const char *path,
                          const struct signet_observer *observer, struct signet_error *err)
{
    struct buf data = {0};
    int rc = file_read(path, CERT_FILE_MAX, &data, err);

    if (rc == SIGNET_OK)
        rc = signet_cert_load(out, data.data, data.len, err);
    if (rc == SIGNET_OK)
        rc = cms_check_recipient(*out, err);
    if (rc == SIGNET_OK)
        rc = signet_cert_check_dates(*out, observer, err);
    buf_free(&data);
    rc = signet_file_explain(rc, SIGNET_FILE_CERT, path, err);
    return error_pass(rc, err, "cannot seal to '%s'", path);
}

int signet_sealer_open(struct signet_sealer **out, const char *const *certs, size_t count,
                       const struct signet_observer *observer, struct signet_error *err)
{
    struct signet_sealer *s = calloc(1, sizeof(*s));
    int rc = SIGNET_OK;

    if (!s)
        return error_nomem(err);
    if (!count || count > SIGNET_RECIPIENTS)
        rc = error_set(err, SIGNET_E_LIMIT, "something is sealed to 1 to %d certificates",
                       SIGNET_RECIPIENTS);
    for (; rc == SIGNET_OK && s->count < count; s->count++)
        rc = load_recipient(&s->to[s->count], certs[s->count], observer, err);
    if (rc == SIGNET_OK)
        *out = s;
    else
        signet_sealer_close(&s);
    return rc;
}

void signet_sealer_close(struct signet_sealer **sealer)
{
    if (!*sealer)
        return;
    for (size_t i = 0; i < SIGNET_RECIPIENTS; i++)
        signet_cert_free(&(*sealer)->to[i]);
    free(*sealer);
    *sealer = NULL;
}

int signet_seal(const struct signet_sealer *sealer, const void *data, size_t len,
                struct signet_bytes *out, struct signet_error *err)
{
    return cms_seal((const struct signet_cert *const *)sealer->to, sealer->count, data, len, out,
                    err);
}
