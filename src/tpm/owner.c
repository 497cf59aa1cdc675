/* SPDX-License-Identifier: Apache-2.0 */
/* What the owner of a product does: no TPM is needed. */
#include "tpm/private.h"

#include <inttypes.h>
#include <unistd.h>

enum { KEY_FILE_MAX = 64 * 1024 };

static int make_owner_key(const char *path, struct signet_error *err)
{
    struct signet_key *key = NULL;
    struct signet_bytes pem = {0};
    int rc = signet_key_generate(&key, NULL, NULL, err);

    if (rc == SIGNET_OK)
        rc = signet_key_pem(key, &pem, err);
    if (rc == SIGNET_OK)
        rc = file_create(path, pem.data, pem.len, err);
    signet_bytes_free(&pem);
    signet_key_free(&key);
    return rc;
}

static int open_owner_key(const char *path, bool make, struct signet_key **key,
                          uint8_t point[static P256_POINT], struct signet_error *err)
{
    struct secret text = {0};
    int rc = make && access(path, F_OK) < 0 ? make_owner_key(path, err) : SIGNET_OK;

    if (rc == SIGNET_OK)
        rc = file_read_secret(path, KEY_FILE_MAX, &text, err);
    if (rc == SIGNET_OK)
        rc = signet_key_load(key, text.data, text.len, err);
    rc = signet_file_explain(rc, SIGNET_FILE_KEY, path, err);
    secret_wipe(&text);
    if (rc == SIGNET_OK)
        rc = p256_point(*key, point, err);
    return error_pass(rc, err, "the owner's key for TPMs");
}

int signet_grant_key(const char *key_file, struct signet_bytes *out, struct signet_error *err)
{
    uint8_t point[P256_POINT];
    struct signet_key *key = NULL;
    struct buf text = {0};
    int rc = open_owner_key(key_file, true, &key, point, err);

    if (rc == SIGNET_OK) {
        buf_text(&text, "p256+");
        buf_base64(&text, point, sizeof(point));
        rc = buf_take(&text, out, err);
    }
    buf_free(&text);
    signet_key_free(&key);
    return rc;
}

struct request {
    uint32_t index;
    int64_t written;
    uint8_t nonce[NONCE_LEN];
};

static int take_request(const void *text, size_t len, struct request *out, struct signet_error *err)
{
    const struct line lines[] = {
        {"index", LINE_INDEX, &out->index, 0, NULL},
        {"written", LINE_NUMBER, &out->written, 1, NULL},
        {"nonce", LINE_HEX, out->nonce, NONCE_LEN, NULL},
    };

    if (lines_read(text, len, REQUEST_FIRST, lines, COUNT_OF(lines)))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_SYNTAX, "signet authority request makes one",
                          "it is no request for uses of a TPM's key");
}

int signet_grant_sign(const char *key_file, const void *request, size_t len, int64_t uses,
                      struct signet_bytes *out, struct signet_error *err)
{
    uint8_t point[P256_POINT], name[NAME_LEN], statement[STATEMENT_LEN], signature[P256_POINT];
    struct signet_key *key = NULL;
    struct request r = {0};
    struct buf text = {0};

    if (uses < 0 || uses > SIGNET_GRANT_MOST)
        return error_set(err, SIGNET_E_USAGE, "a grant has 0 to %d uses", SIGNET_GRANT_MOST);
    int rc = take_request(request, len, &r, err);
    if (rc == SIGNET_OK)
        rc = open_owner_key(key_file, false, &key, point, err);
    if (rc == SIGNET_OK)
        rc = policy_index_name(r.index, point, r.written, name, err);
    if (rc == SIGNET_OK)
        rc = policy_statement(name, r.nonce, (uint32_t)uses, statement, err);
    if (rc == SIGNET_OK)
        rc = p256_sign(key, statement, sizeof(statement), signature, err);
    signet_key_free(&key);
    if (rc != SIGNET_OK)
        return rc;
    buf_printf(&text, GRANT_FIRST "\nindex 0x%08" PRIx32 "\nuses %" PRId64 "\n", r.index, uses);
    lines_put_hex(&text, "nonce", r.nonce, NONCE_LEN);
    lines_put_hex(&text, "signature", signature, sizeof(signature));
    return buf_take(&text, out, err);
}
