/* SPDX-License-Identifier: Apache-2.0 */
/* What a receiver or a station is given: a CMS, a manifest of a sealed batch, a station's key file.
 * The first byte says which. What is sealed, signed or written here is read again the same.
 * wrap: tpm_seal tpm_unseal pki_scrypt
 */
#include "fuzz.h"
#include "pki/pki.h"
#include "seal/seal.h"
#include "tpm/tpm.h"
#include "vault/private.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int __wrap_tpm_seal(const char *conf, const struct secret *bytes, struct buf *text,
                    struct signet_error *err);
int __wrap_tpm_unseal(const char *text, struct secret *out, struct signet_error *err);
int __wrap_pki_scrypt(const void *password, size_t len, const uint8_t *salt, size_t salt_len,
                      unsigned log_n, uint8_t out[static 32], struct signet_error *err);

/* A file may ask for half a GiB. */
int __wrap_pki_scrypt(const void *password, size_t len, const uint8_t *salt, size_t salt_len,
                      unsigned log_n, uint8_t out[static 32], struct signet_error *err)
{
    require(salt_len == 16 && log_n >= 14 && log_n <= 19);
    return hmac_sha256(salt, salt_len, password, len, out, err);
}

int __wrap_tpm_seal(const char *conf, const struct secret *bytes, struct buf *text,
                    struct signet_error *err)
{
    (void)conf, (void)bytes, (void)text;
    return error_set(err, SIGNET_E_IO, "no TPM");
}

int __wrap_tpm_unseal(const char *text, struct secret *out, struct signet_error *err)
{
    (void)text, (void)out;
    return error_set(err, SIGNET_E_IO, "no TPM");
}

static const char key_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUf8QGcWMt7syfYjW\n"
                              "l5qzdGM4ezFCs+eedk2ZN06aR52hRANCAAQqoYJcWnFcIuZKocnQXfGxuh+VSESb\n"
                              "BdNiBZb4LqJJ+lOq8KKCKccBq6ctAjFgo9QhdcE8qqb+5OMkq3adO4EB\n"
                              "-----END PRIVATE KEY-----\n";
static char folder[PATH_MAX], file[PATH_MAX + 16], passphrase[PATH_MAX + 16];

static void remove_files(void)
{
    unlink(file);
    unlink(passphrase);
    rmdir(folder);
}

static const char *key_file(void)
{
    const char *above = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";

    if (!folder[0]) {
        snprintf(folder, sizeof(folder), "%s/signet-fuzz-XXXXXX", above);
        require(mkdtemp(folder));
        snprintf(file, sizeof(file), "%s/station.key", folder);
        snprintf(passphrase, sizeof(passphrase), "%s/passphrase", folder);
        require(file_create(passphrase, "open sesame\n", 12, NULL) == SIGNET_OK);
        atexit(remove_files);
    }
    unlink(file);
    return file;
}

static struct signet_key *opener;
static struct signet_cert *receiver;

/* The certificate of a key for sealing, which changes from run to run. */
static struct signet_cert *recipient(struct signet_key *key)
{
    struct signet_cert *cert = NULL;

    require(signet_cert_make(&cert, key, NULL, "r", NULL, NULL) == SIGNET_OK);
    return cert;
}

/* Any bytes, sealed: they come out again, and not when one bit was changed. */
static void seal_and_open(struct signet_key *key, const uint8_t *data, size_t len)
{
    struct signet_bytes sealed = {0};
    struct secret plain = {0};

    receiver = receiver ? receiver : recipient(key);
    const struct signet_cert *const all[] = {receiver};
    require(cms_seal(all, 1, data, len, &sealed, NULL) == SIGNET_OK);
    require(cms_open(key, sealed.data, sealed.len, &plain, NULL) == SIGNET_OK);
    require(plain.len == len && memcmp(plain.data, data, len) == 0);
    sealed.data[sealed.len - 1] ^= 1;
    require(cms_open(key, sealed.data, sealed.len, &plain, NULL) == SIGNET_E_CRYPTO);
    secret_wipe(&plain);
    signet_bytes_free(&sealed);
}

static void free_both(void)
{
    signet_cert_free(&receiver);
    signet_key_free(&opener);
}

static void try_cms(const uint8_t *data, size_t len)
{
    struct secret plain = {0};
    struct signet_error err;

    if (!opener) {
        require(signet_key_load(&opener, key_pem, sizeof(key_pem) - 1, &err) == SIGNET_OK);
        atexit(free_both);
    }
    if (cms_open(opener, data, len, &plain, &err) != SIGNET_OK)
        require_error(&err);
    secret_wipe(&plain);
    if (len > 0 && len < 64)
        seal_and_open(opener, data, len);
}

/* Signed by a station's key, it is that of its station; another text under it is not. */
static void sign_and_check(const struct manifest *m)
{
    struct tlog_key key = {0};
    char vkey[TLOG_VKEY_SIZE];
    struct buf text = {0}, name = {0};
    struct tlog_vkey named;

    tlog_name_escape(m->station, &name);
    require(buf_check(&name, NULL) == SIGNET_OK);
    require(tlog_key_open(&key, key_file(), (const char *)name.data, NULL) == SIGNET_OK);
    tlog_vkey_print(&key.public, vkey);
    require(manifest_print(m, &text, NULL) == SIGNET_OK);
    require(tlog_sign_note(&key, &key.public, &text, NULL) == SIGNET_OK);
    require(manifest_check(m, text.data, text.len, vkey, NULL) == SIGNET_OK);
    text.data[0] ^= 1;
    require(manifest_check(m, text.data, text.len, vkey, NULL) == SIGNET_E_AUTH);
    require(tlog_vkey_as(&key.public, TLOG_WITNESS, "w", &named, NULL) == SIGNET_OK);
    buf_reset(&text);
    require(tlog_sign(&key, &named, "text\n", 5, 7, &text, NULL) == SIGNET_OK);
    tlog_key_free(&key);
    buf_free(&text);
    buf_free(&name);
}

static void try_manifest(const uint8_t *data, size_t len)
{
    char hash[65];
    struct manifest m;
    struct signet_error err;
    size_t end;

    require(signet_bytes_sha256(data, len, hash, NULL) == SIGNET_OK);
    if (manifest_parse(data, len, &m, &end, &err) != SIGNET_OK) {
        require_error(&err);
        return;
    }
    require(end <= len && m.count);
    sign_and_check(&m);
    manifest_check(&m, data, len, "A+00000000+AQ==", &err);
}

/* In this form, by which it is read again. */
static void write_again(struct key_ring *ring, const char *form)
{
    const struct vault_key from = {.file = key_file(), .passphrase = {.file = passphrase}};
    struct key_ring again = {0};
    struct signet_error err = {0};
    int fd = -1;

    if (key_wrap_make(&from, form, &ring->wrap, &err) != SIGNET_OK)
        require_error(&err);
    if (!ring->wrap.form)
        return;
    require(key_write(from.file, ring, NULL) == SIGNET_OK);
    require(key_open(&from, &again, &fd, NULL) == SIGNET_OK && fd >= 0);
    require(again.old_count == ring->old_count &&
            memcmp(again.current.data, ring->current.data, AES_GCM_KEY_LEN) == 0);
    key_ring_wipe(&again);
    close(fd);
}

/* As a file, with a key that is made where there is none. Its first line may be a form, too. */
static void try_key_file(const uint8_t *data, size_t len)
{
    const struct vault_key from = {.file = key_file(), .passphrase = {.file = passphrase}};
    struct key_ring ring = {0};
    struct signet_error err = {0};
    char form[40];
    int fd = -1;

    if (len)
        require(file_create(from.file, data, len, NULL) == SIGNET_OK);
    else
        require(key_read(&from, &ring, NULL) == SIGNET_E_NOT_FOUND);
    if (key_open(&from, &ring, &fd, &err) != SIGNET_OK)
        require_error(&err);
    else
        require(ring.current.len == AES_GCM_KEY_LEN);
    if (fd >= 0)
        close(fd);
    snprintf(form, sizeof(form), "%.*s", len < 39 ? (int)len : 39, (const char *)data);
    form[strcspn(form, "\n")] = '\0';
    if (ring.current.len)
        write_again(&ring, ring.wrap.form ? "file" : form);
    key_ring_wipe(&ring);
}

static void try_key(const uint8_t *data, size_t len)
{
    struct secret text = {0};
    struct key_text t;
    struct signet_error err;

    if (secret_set(&text, data, len, &err) == SIGNET_OK &&
        key_text_parse(&text, &t, &err) == SIGNET_OK && t.form && (!t.count || !t.params))
        require(false);
    secret_wipe(&text);
    try_key_file(data, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (!len)
        return 0;
    switch (data[0] % 3) {
    case 0:
        try_cms(data + 1, len - 1);
        break;
    case 1:
        try_manifest(data + 1, len - 1);
        break;
    case 2:
        try_key(data + 1, len - 1);
        break;
    }
    return 0;
}
