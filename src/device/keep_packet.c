/* SPDX-License-Identifier: Apache-2.0 */
/* The reference's file name is the same for every device. The packet there may hold the only copy
 * of another device's secret, so it gets a name of its own before the new one takes its place. */
#include "device/private.h"

#include "pki/pki.h"

#include <errno.h>
#include <signet/packet.h>

#define FILE_MAX ((size_t)8 * 1024 * 1024)

static int name_of_copy(const char *path, const struct buf *old, struct buf *out,
                        struct signet_error *err)
{
    char hex[13];
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    int stem = (int)(dot ? dot - path : (long)strlen(path));
    int rc = sha256_tag(old->data, old->len, 6, hex, err);

    if (rc != SIGNET_OK)
        return rc;
    buf_printf(out, "%.*s.%s%s", stem, path, hex, dot ? dot : "");
    return buf_check(out, err);
}

/* Copies old, which is at path, to a name made from its hash. */
static int keep_copy(const char *path, const struct buf *old,
                     const struct signet_observer *observer, struct signet_error *err)
{
    struct signet_error why = {0};
    struct buf name = {0};
    int rc = name_of_copy(path, old, &name, &why);

    if (rc == SIGNET_OK)
        rc = file_create((const char *)name.data, old->data, old->len, &why);
    if (rc == SIGNET_OK) {
        event_note(observer, NULL, "'%s' of another device is kept as '%s'", path,
                   (const char *)name.data);
    } else if (rc == SIGNET_E_EXISTS) {
        rc = SIGNET_OK; /* the name is its hash: kept before */
    } else {
        error_prefix(&why, "cannot keep '%s' of another device", path);
        error_copy(err, &why);
    }
    buf_free(&name);
    return rc;
}

static bool value_equal(const struct signet_value *a, const struct signet_value *b)
{
    return a && b && a->type == b->type &&
           (a->type == SIGNET_TYPE_OPAQUE || a->type == SIGNET_TYPE_STRING) &&
           a->as.bytes.len == b->as.bytes.len &&
           memcmp(a->as.bytes.data, b->as.bytes.data, a->as.bytes.len) == 0;
}

static bool subject_of(const void *data, size_t len, char out[512])
{
    struct signet_cert_view view;
    struct signet_cert *cert = NULL;
    bool ok = signet_cert_load(&cert, data, len, NULL) == SIGNET_OK &&
              signet_cert_describe(cert, &view, NULL) == SIGNET_OK;

    signet_cert_free(&cert);
    if (ok)
        memcpy(out, view.subject, sizeof(view.subject));
    return ok;
}

static bool subject_equal(const struct signet_value *a, const struct signet_value *b)
{
    char left[512], right[512];

    return a && b && a->type == SIGNET_TYPE_OPAQUE && b->type == SIGNET_TYPE_OPAQUE &&
           subject_of(a->as.bytes.data, a->as.bytes.len, left) &&
           subject_of(b->as.bytes.data, b->as.bytes.len, right) && strcmp(left, right) == 0;
}

/* A device is known by its PSK identities and by the subjects of its certificates. */
static bool same_device(const struct signet_tree *old, const struct signet_tree *new)
{
    struct signet_account was, is;

    for (size_t i = 0; signet_tree_account(old, i, &was); i++) {
        bool found = !was.secret_key; /* nothing is lost */

        for (size_t j = 0; !found && signet_tree_account(new, j, &is); j++)
            found = value_equal(was.secret_key, is.secret_key) ||
                    value_equal(was.identity, is.identity) ||
                    subject_equal(was.identity, is.identity);
        if (!found)
            return false;
    }
    return true;
}

int keep_packet(const char *path, const struct signet_tree *tree,
                const struct signet_observer *observer, struct signet_error *err)
{
    struct signet_error why = {0};
    struct signet_tree *was = NULL;
    struct buf old = {0};
    int rc = file_read(path, FILE_MAX, &old, &why);

    if (rc == SIGNET_E_IO && why.sys == ENOENT)
        return SIGNET_OK;
    if (rc != SIGNET_OK)
        return error_copy(err, &why);
    if (old.len > 0 && (signet_packet_decode(old.data, old.len, &was, NULL) != SIGNET_OK ||
                        !same_device(was, tree)))
        rc = keep_copy(path, &old, observer, err);
    signet_tree_free(&was);
    buf_free(&old);
    return rc;
}
