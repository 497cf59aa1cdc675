/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that a person must give to the server, since its API does not take them. */
#include "pki/pki.h"
#include "server/answer.h"

#define LIST "to-upload.tsv"

enum { NAME_BYTES = 200, PEM_MAX = 64 * 1024 };

/* NAME.pem: what may stand in a file's name, the rest percent-encoded. A name that would be too
 * long for a file system is cut and told apart by the certificate's fingerprint. */
static void file_name(struct buf *out, const char *endpoint, const uint8_t print[static 32])
{
    size_t most = out->len + NAME_BYTES;

    buf_text(out, file_name_front(endpoint));
    for (const char *at = endpoint; *at; at++) {
        if (*at == ':')
            buf_byte(out, (uint8_t)*at);
        else
            http_encode(out, (const char[]){*at, '\0'});
        if (out->len > most) {
            buf_byte(out, '-');
            buf_hex(out, print, 4);
            break;
        }
    }
    buf_text(out, ".pem");
}

static bool is_there(const char *path, const struct buf *pem)
{
    struct buf there = {0};
    bool same = file_read(path, PEM_MAX, &there, NULL) == SIGNET_OK && there.len == pem->len &&
                memcmp(there.data, pem->data, pem->len) == 0;

    buf_free(&there);
    return same;
}

/* The list first, the certificate last: where the file is, its line is too. */
static int keep(const char *folder, const char *path, const struct buf *line, const struct buf *pem,
                struct signet_error *err)
{
    struct buf list = {0};
    int rc;

    buf_printf(&list, "%s/" LIST, folder);
    rc = buf_check(&list, err);
    rc = rc ? rc : file_mkdir_private(folder, err);
    rc = rc ? rc : file_add((const char *)list.data, line->data, line->len, 022, err);
    buf_free(&list);
    return rc ? rc : file_write(path, pem->data, pem->len, 0600, err);
}

int uploads_add(const struct signet_server *server, const struct signet_device *device,
                struct signet_error *err)
{
    const char *folder = server->info.uploads ? server->info.uploads : "uploads";
    struct buf path = {0}, line = {0}, pem = {0};
    size_t name = strlen(folder) + 1;
    uint8_t print[32];
    int rc;

    if (!server->ops->can.uploads || device->mode != SIGNET_MODE_CERT || !device->cert)
        return SIGNET_OK;
    rc = sha256(device->cert, device->cert_len, print, err);
    if (!rc) {
        pem_write(&pem, "CERTIFICATE", device->cert, device->cert_len);
        buf_printf(&path, "%s/", folder);
        file_name(&path, device->endpoint, print);
        buf_printf(&line, "%s\t%s\t", device->endpoint, path.data + name);
        buf_hex(&line, print, sizeof(print));
        buf_byte(&line, '\n');
        buf_fail_with(&path, &line);
        buf_fail_with(&path, &pem);
        rc = buf_check(&path, err);
    }
    if (!rc && !is_there((const char *)path.data, &pem))
        rc = keep(folder, (const char *)path.data, &line, &pem, err);
    if (rc)
        error_prefix(err, "the server has the device; its certificate to upload");
    buf_free(&path);
    buf_free(&line);
    buf_free(&pem);
    return rc;
}
