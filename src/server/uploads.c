/* SPDX-License-Identifier: Apache-2.0 */
#include "server/uploads.h"

#include "pki/pki.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST "to-upload.tsv"

enum { NAME_BYTES = 200, PEM_MAX = 64 * 1024 };

/* NAME.pem: what may stand in a file's name, the rest percent-encoded. A name that would be too
 * long for a file system is cut and told apart by the certificate's fingerprint. */
static void file_name(struct buf *out, const char *endpoint, const uint8_t print[static 32])
{
    for (const char *at = endpoint; *at; at++) {
        if (*at == ':')
            buf_byte(out, (uint8_t)*at);
        else
            http_encode(out, (const char[]){*at, '\0'});
        if (out->len > NAME_BYTES) {
            buf_byte(out, '-');
            buf_hex(out, print, 4);
            break;
        }
    }
    buf_text(out, ".pem");
}

static int append_line(const char *path, const struct buf *line, struct signet_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 && write(fd, line->data, line->len) == (ssize_t)line->len && fsync(fd) == 0;
    int rc = good ? SIGNET_OK : error_sys(err, SIGNET_E_IO, errno, "adding to '%s'", path);

    if (fd >= 0)
        close(fd);
    return rc;
}

/* The list first, the certificate last: where the file is, its line is too. */
static int keep(const char *folder, const char *endpoint, const struct buf *name,
                const struct signet_bytes *pem, const uint8_t print[static 32],
                struct signet_error *err)
{
    struct buf path = {0}, list = {0}, line = {0}, there = {0};
    char hex[65];
    int rc;

    hex_encode(print, 32, hex);
    buf_printf(&path, "%s/%s", folder, (const char *)name->data);
    buf_printf(&list, "%s/" LIST, folder);
    buf_printf(&line, "%s\t%s\t%s\n", endpoint, (const char *)name->data, hex);
    path.failed = path.failed || list.failed || line.failed;
    rc = buf_check(&path, err);
    if (!rc && file_read((const char *)path.data, PEM_MAX, &there, NULL) == SIGNET_OK &&
        there.len == pem->len && memcmp(there.data, pem->data, pem->len) == 0)
        goto out; /* done before */
    if (!rc)
        rc = file_mkdir(folder, 0700, err);
    if (!rc)
        rc = append_line((const char *)list.data, &line, err);
    if (!rc)
        rc = file_write((const char *)path.data, pem->data, pem->len, 0600, err);
out:
    buf_free(&path);
    buf_free(&list);
    buf_free(&line);
    buf_free(&there);
    return rc;
}

int uploads_add(const struct signet_server *server, const struct signet_device *device,
                struct signet_error *err)
{
    const uint8_t *der =
        server->ops->can.uploads && device->mode == SIGNET_MODE_CERT ? device->cert : NULL;
    size_t len = device->cert_len;
    struct signet_cert *cert = NULL;
    struct signet_bytes pem = {0};
    struct buf name = {0};
    uint8_t print[32];
    int rc;

    if (!der)
        return SIGNET_OK;
    rc = signet_cert_load(&cert, der, len, err);
    rc = rc ? rc : signet_cert_pem(cert, &pem, err);
    rc = rc ? rc : sha256(der, len, print, err);
    if (!rc) {
        file_name(&name, device->endpoint, print);
        rc = buf_check(&name, err);
    }
    rc = rc ? rc
            : keep(server->info.uploads ? server->info.uploads : "uploads", device->endpoint, &name,
                   &pem, print, err);
    if (rc)
        error_prefix(err, "the server has the device; its certificate to upload");
    signet_cert_free(&cert);
    signet_bytes_free(&pem);
    buf_free(&name);
    return rc;
}
