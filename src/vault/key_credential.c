/* SPDX-License-Identifier: Apache-2.0 */
/* A key that a systemd credential opens: a file in the folder that CREDENTIALS_DIRECTORY names.
 * systemd makes it for one unit, with owner root and read access for the unit's user (which a group
 * bit stands for), or with that user as its owner. */
#include "pki/pki.h"
#include "vault/private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CREDENTIAL_MIN = 32, CREDENTIAL_MAX = 4096, CREDENTIAL_NAME_MAX = 100 };
static const char kdf[] = "signet station key credential";

static bool name_is_good(const char *name)
{
    size_t len = name
                     ? strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                    "._-")
                     : 0;

    return len && len <= CREDENTIAL_NAME_MAX && !name[len] && name[0] != '.';
}

/* Nobody else can change it, and nobody but root and this user can read it. */
static bool is_systemds(const struct stat *st)
{
    return (st->st_uid == 0 || st->st_uid == geteuid()) && !(st->st_mode & 027) &&
           (st->st_uid == 0 || !(st->st_mode & 070));
}

static int open_folder_of_credentials(int *fd, struct signet_error *err)
{
    const char *path = secure_getenv("CREDENTIALS_DIRECTORY");
    struct stat st;

    if (!path || *path != '/')
        return error_set_hint(err, SIGNET_E_NOT_FOUND,
                              "LoadCredentialEncrypted= in the unit that runs Signet",
                              "systemd has given no credentials: CREDENTIALS_DIRECTORY is not set");
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot open the folder of credentials '%s'",
                         path);
    if (fstat(*fd, &st) == 0 && is_systemds(&st))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_IO,
                          "systemd makes it so that one user alone gets in: chmod 700",
                          "others may look into the folder of credentials '%s'", path);
}

static int read_credential(int folder, const char *name, struct secret *out,
                           struct signet_error *err)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct secret text = {0};
    struct stat st;
    int rc = SIGNET_OK;

    if (fd < 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot open the credential '%s'", name);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || !is_systemds(&st))
        rc = error_set(err, SIGNET_E_IO, "others may read or change the credential '%s'", name);
    else if (st.st_size < CREDENTIAL_MIN || st.st_size > CREDENTIAL_MAX)
        rc = error_set_hint(err, SIGNET_E_CRYPTO,
                            "head -c 32 /dev/urandom | systemd-creds encrypt - FILE",
                            "the credential '%s' has %lld bytes: %d to %d, from a generator, "
                            "are needed",
                            name, (long long)st.st_size, CREDENTIAL_MIN, CREDENTIAL_MAX);
    if (rc == SIGNET_OK)
        rc = secret_alloc(&text, (size_t)st.st_size, err);
    if (rc == SIGNET_OK && read(fd, text.data, text.len) != (ssize_t)text.len)
        rc = error_sys(err, SIGNET_E_IO, errno, "cannot read the credential '%s'", name);
    if (rc == SIGNET_OK && key_is_one_byte(&text))
        rc = error_set(err, SIGNET_E_CRYPTO, "the credential '%s' is one byte many times", name);
    close(fd);
    return secret_give(rc, &text, out);
}

static int open_credential(const struct vault_key *from, const char *name, struct secret *wrap,
                           struct signet_error *err)
{
    struct secret text = {0}, key = {0};
    struct buf input = {0};
    int folder = -1, rc;

    (void)from;
    if (!name_is_good(name))
        return error_set_hint(err, SIGNET_E_USAGE, "credential:NAME",
                              "a credential's name has letters, digits and ._-");
    rc = open_folder_of_credentials(&folder, err);
    if (rc == SIGNET_OK)
        rc = read_credential(folder, name, &text, err);
    buf_append(&input, kdf, sizeof(kdf));
    buf_append(&input, text.data, text.len);
    if (rc == SIGNET_OK)
        rc = buf_check(&input, err);
    if (rc == SIGNET_OK)
        rc = secret_alloc(&key, AES_GCM_KEY_LEN, err);
    if (rc == SIGNET_OK)
        rc = sha256(input.data, input.len, key.data, err);
    if (folder >= 0)
        close(folder);
    secret_wipe(&text);
    buf_free(&input);
    return secret_give(rc, &key, wrap);
}

static int make_credential(const struct vault_key *from, const char *argument, struct buf *params,
                           struct secret *wrap, struct signet_error *err)
{
    int rc = open_credential(from, argument, wrap, err);

    if (rc == SIGNET_OK)
        buf_text(params, argument);
    return rc;
}

const struct key_form key_form_credential = {
    .name = "credential", .argument = "NAME", .make = make_credential, .open = open_credential};
