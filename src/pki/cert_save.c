/* SPDX-License-Identifier: Apache-2.0 */
/* The three files of the reference tool. */
#include "pki/private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

static const struct name {
    const char *stem, *suffix;
} names[] = {{"client_key", "der"}, {"client_cert", "der"}, {"client_cert", "crt"}};
#define N_NAMES COUNT_OF(names)

enum { NAME_MAX_LEN = 32 }; /* "/client_cert.1a2b3c4d.der" and more */

static void file_path(char out[static PATH_MAX], const char *folder, const struct name *name,
                      const char *tag)
{
    snprintf(out, PATH_MAX, "%s/%s%s%s.%s", folder, name->stem, *tag ? "." : "", tag, name->suffix);
}

/* Which files of an earlier run are to be kept: none when there are none, or when they are of
 * this certificate. They are known by the first bytes of their certificate's SHA-256. */
static int find_older(const char *folder, const struct signet_cert *cert, char tag[static 9],
                      struct signet_error *err)
{
    char path[PATH_MAX];
    struct buf old = {0};
    uint8_t hash[4];
    struct stat st;
    int rc = SIGNET_OK;

    *tag = '\0';
    file_path(path, folder, &names[1], "");
    if (lstat(path, &st) == 0 && S_ISREG(st.st_mode)) {
        rc = file_read(path, IMPORT_MAX, &old, err);
        if (!rc && (old.len != cert->der.len || memcmp(old.data, cert->der.data, old.len) != 0))
            rc = sha256_tag(old.data, old.len, 4, tag, err);
        buf_free(&old);
        return rc;
    }
    file_path(path, folder, &names[0], "");
    if (lstat(path, &st) == 0) { /* a key without its certificate */
        rc = random_bytes(hash, 4, err);
        hex_encode(hash, 4, tag);
    }
    return rc;
}

static int keep_older(const char *folder, const char *tag, const struct signet_observer *observer,
                      struct signet_error *err)
{
    char from[PATH_MAX], to[PATH_MAX];

    for (size_t i = 0; i < N_NAMES; i++) {
        file_path(from, folder, &names[i], "");
        file_path(to, folder, &names[i], tag);
        /* An existing copy has the same certificate in its name: it is the same file. */
        if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0 && errno != ENOENT &&
            errno != EEXIST)
            return error_sys(err, SIGNET_E_IO, errno, "cannot keep '%s' as '%s'", from, to);
    }
    event_note(observer, NULL, "the files of another certificate in '%s' are kept as *.%s.*",
               folder, tag);
    return SIGNET_OK;
}

int signet_cert_save(const struct signet_cert *cert, const struct signet_key *key,
                     const char *folder, const struct signet_observer *observer,
                     struct signet_error *err)
{
    struct signet_bytes data[N_NAMES] = {{0}};
    char path[PATH_MAX], tag[9];
    int rc = strlen(folder) < PATH_MAX - NAME_MAX_LEN
                 ? SIGNET_OK
                 : error_set(err, SIGNET_E_LIMIT, "the name of the folder is too long");

    if (!rc && !(rc = signet_cert_check_key(cert, key, err)) &&
        !(rc = signet_key_der(key, &data[0], err)) &&
        !(rc = signet_cert_der(cert, &data[1], err)) &&
        !(rc = signet_cert_pem(cert, &data[2], err)) && !(rc = file_mkdir_private(folder, err)) &&
        !(rc = find_older(folder, cert, tag, err)) && *tag)
        rc = keep_older(folder, tag, observer, err);
    for (size_t i = 0; i < N_NAMES; i++) {
        file_path(path, folder, &names[i], "");
        if (!rc)
            rc = file_write(path, data[i].data, data[i].len, 0600, err);
        signet_bytes_free(&data[i]);
    }
    return error_pass(rc, err, "cannot save the certificate");
}
