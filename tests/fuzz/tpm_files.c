/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file of a key that counts in a TPM: the station's key file, a request for uses, a
 * grant. The first byte says which. What is read is written again the same.
 * wrap: tpm_open
 */
#include "fuzz.h"
#include "tpm/private.h"

#include <limits.h>
#include <signet/tpm_quota.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int __wrap_tpm_open(struct tpm *t, const char *conf, struct signet_error *err);

static const char station[] =
    "signet-tpm-key/v1\ntpm swtpm:path=s\nindex 0x01800021\n"
    "owner 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
    "point 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
    "password 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
    "public 00\nprivate 01\n";
static char folder[PATH_MAX], file[PATH_MAX + 8], again[PATH_MAX + 8], owner[PATH_MAX + 8];

/* There is no TPM: a grant is read before one is asked. */
int __wrap_tpm_open(struct tpm *t, const char *conf, struct signet_error *err)
{
    (void)t, (void)conf;
    return error_set(err, SIGNET_E_IO, "no TPM");
}

static void remove_files(void)
{
    unlink(file);
    unlink(again);
    unlink(owner);
    rmdir(folder);
}

static void set_up(void)
{
    struct signet_bytes key = {0};

    snprintf(folder, sizeof(folder), "%s/signet-fuzz-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    require(mkdtemp(folder));
    snprintf(file, sizeof(file), "%s/file", folder);
    snprintf(again, sizeof(again), "%s/again", folder);
    snprintf(owner, sizeof(owner), "%s/owner", folder);
    require(signet_grant_key(owner, &key, NULL) == SIGNET_OK);
    signet_bytes_free(&key);
    atexit(remove_files);
}

static void write_file(const void *data, size_t len)
{
    unlink(file);
    require(file_create(file, data, len, NULL) == SIGNET_OK);
}

static bool same_text(const char *path, const uint8_t *data, size_t len)
{
    struct buf text = {0};

    require(file_read(path, QUOTA_TEXT_MAX, &text, NULL) == SIGNET_OK);
    bool same = text.len == len && strncasecmp((char *)text.data, (const char *)data, len) == 0;
    buf_free(&text);
    return same;
}

static int try_key(const uint8_t *data, size_t len, struct signet_error *err)
{
    struct quota_file f = {0};

    write_file(data, len);
    int rc = quota_file_read(file, &f, err);
    if (rc == SIGNET_OK) {
        unlink(again);
        require(quota_file_write(again, &f, NULL) == SIGNET_OK);
        require(same_text(again, data, len)); /* but for capitals in hex */
    }
    quota_file_wipe(&f);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct signet_bytes grant = {0};
    struct signet_error err = {0};
    int64_t uses;
    int rc = SIGNET_OK;

    if (!len)
        return 0;
    if (!folder[0])
        set_up();
    switch (data[0] % 3) {
    case 0:
        rc = try_key(data + 1, len - 1, &err);
        break;
    case 1:
        rc = signet_grant_sign(owner, data + 1, len - 1, 7, &grant, &err);
        require((rc == SIGNET_OK) == (grant.len > 0));
        break;
    case 2:
        write_file(station, sizeof(station) - 1);
        rc = signet_tpm_take_grant(file, data + 1, len - 1, &uses, &err);
        require(rc != SIGNET_OK);
        break;
    }
    if (rc != SIGNET_OK)
        require_error(&err);
    signet_bytes_free(&grant);
    return 0;
}
