/* SPDX-License-Identifier: Apache-2.0 */
/* The receiver's side: all files of a batch are opened in memory, and only when each is authentic
 * the first byte is written. */
#include "pki/pki.h"
#include "seal/seal.h"

#include <limits.h>
#include <stdio.h>

enum { SEAL_KEY_MAX = 64 * 1024 };

struct opened {
    char name[MANIFEST_NAME];
    struct secret plain;
};

struct unseal {
    struct signet_unseal_options options;
    struct signet_key *key;
    struct opened files[MANIFEST_FILES];
    size_t count;
};

static int load_seal_key(struct unseal *u, struct signet_error *err)
{
    const struct signet_unseal_options *o = &u->options;
    const struct passphrase from = {o->passphrase_file, o->ask, o->ask_ctx};
    struct secret data = {0}, passphrase = {0};
    char what[300];
    int rc = signet_file_explain(file_read_secret(o->key, SEAL_KEY_MAX, &data, err),
                                 SIGNET_FILE_KEY, o->key, err);

    snprintf(what, sizeof(what), "the passphrase of '%.200s'",
             text_shown(o->key, strlen(o->key), 50));
    if (rc == SIGNET_OK && !key_is_encrypted(data.data, data.len))
        rc = signet_key_load(&u->key, data.data, data.len, err);
    else if (rc == SIGNET_OK) {
        rc = passphrase_read(&from, what, "--passphrase-file names a file that has it", &passphrase,
                             err);
        if (rc == SIGNET_OK)
            rc = key_load_encrypted(&u->key, data.data, data.len, &passphrase, err);
    }
    secret_wipe(&data);
    secret_wipe(&passphrase);
    return error_pass(rc, err, "the private key '%s'", o->key);
}

/* want: what the manifest says of it; NULL: there is none. */
static int open_sealed_file(struct unseal *u, const char *path, const char *name,
                            const struct manifest_file *want, struct signet_error *err)
{
    struct opened *to = &u->files[u->count];
    struct buf data = {0};
    char sha256[65] = "";
    int rc = file_read(path, CMS_MAX, &data, err);

    if (rc == SIGNET_OK && want)
        rc = signet_bytes_sha256(data.data, data.len, sha256, err);
    if (rc == SIGNET_OK && want && (data.len != want->bytes || strcmp(sha256, want->sha256) != 0))
        rc = error_set_hint(err, SIGNET_E_CONFLICT, "fetch it again",
                            "'%s' is not the file that the manifest names", path);
    if (rc == SIGNET_OK)
        rc = error_pass(cms_open(u->key, data.data, data.len, &to->plain, err), err, "'%s'", path);
    if (rc == SIGNET_OK) {
        snprintf(to->name, sizeof(to->name), "%.*s", (int)(strlen(name) - strlen(".cms")), name);
        u->count++;
    }
    buf_free(&data);
    return rc;
}

static int open_batch(struct unseal *u, const char *path, struct signet_unsealed *out,
                      struct signet_error *err)
{
    const char *slash = strrchr(path, '/');
    struct manifest m = {0};
    struct buf text = {0};
    char file[PATH_MAX];
    size_t end = 0;
    int rc = file_read(path, MANIFEST_MAX, &text, err);

    if (rc == SIGNET_OK)
        rc = error_pass(manifest_parse(text.data, text.len, &m, &end, err), err, "'%s'", path);
    if (rc == SIGNET_OK)
        rc = signet_bytes_sha256(text.data, end, out->sha256, err);
    if (rc == SIGNET_OK && u->options.signer)
        rc = error_pass(manifest_check(&m, text.data, text.len, u->options.signer, err), err,
                        "'%s'", path);
    out->is_signed = u->options.signer != NULL;
    buf_free(&text);
    for (size_t i = 0; rc == SIGNET_OK && i < m.count; i++) {
        int n = snprintf(file, sizeof(file), "%.*s%s", slash ? (int)(slash - path) + 1 : 0, path,
                         m.files[i].name);
        rc = n < PATH_MAX ? open_sealed_file(u, file, m.files[i].name, &m.files[i], err)
                          : error_set(err, SIGNET_E_LIMIT, "the path '%s' is too long", path);
    }
    if (rc != SIGNET_OK)
        return rc;
    memcpy(out->order, m.order, sizeof(m.order));
    memcpy(out->station, m.station, sizeof(m.station));
    memcpy(out->previous, m.previous, sizeof(m.previous));
    out->batch = m.batch;
    out->devices = (int64_t)m.devices;
    return SIGNET_OK;
}

/* Opening twice is no error; another file of that name is. */
static int put_opened(const struct unseal *u, const struct opened *f, struct signet_error *err)
{
    struct secret there = {0};
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/%s", u->options.folder, f->name);

    if (n >= PATH_MAX)
        return error_set(err, SIGNET_E_LIMIT, "the path '%s' is too long", u->options.folder);
    int rc = file_create(path, f->plain.data, f->plain.len, err);
    if (rc != SIGNET_E_EXISTS)
        return rc;
    struct signet_error ignored;
    bool same = file_read_own(path, CMS_MAX, &there, &ignored) == SIGNET_OK &&
                there.len == f->plain.len && memcmp(there.data, f->plain.data, there.len) == 0;
    secret_wipe(&there);
    return same ? SIGNET_OK : rc;
}

int signet_unseal(const char *path, const struct signet_unseal_options *options,
                  struct signet_unsealed *out, struct signet_error *err)
{
    struct signet_unsealed done = {.previous = "-"};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    struct unseal u = {0};

    options_take(&u.options, options);
    int rc = file_mkdir_private(u.options.folder, err);
    if (rc == SIGNET_OK)
        rc = load_seal_key(&u, err);
    if (rc == SIGNET_OK && text_ends_with(name, ".manifest"))
        rc = open_batch(&u, path, &done, err);
    else if (rc == SIGNET_OK && u.options.signer)
        rc =
            error_set(err, SIGNET_E_USAGE, "'%s' is no FILE.manifest, which a station signs", path);
    else if (rc == SIGNET_OK && text_ends_with(name, ".cms") && strlen(name) < MANIFEST_NAME)
        rc = open_sealed_file(&u, path, name, NULL, err);
    else if (rc == SIGNET_OK)
        rc = error_set_hint(err, SIGNET_E_USAGE,
                            "what is in clear needs no opening; a run writes both beside its "
                            "packets: name FILE.00000001.manifest",
                            "'%s' is no FILE.manifest and no FILE.cms", path);
    for (size_t i = 0; rc == SIGNET_OK && i < u.count; i++)
        rc = put_opened(&u, &u.files[i], err);
    for (size_t i = 0; i < MANIFEST_FILES; i++)
        secret_wipe(&u.files[i].plain);
    signet_key_free(&u.key);
    done.files = u.count;
    if (rc == SIGNET_OK)
        *out = done;
    return rc;
}
