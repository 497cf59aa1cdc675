/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

static int key_wrap(struct signet_key **out, EVP_PKEY *pkey, struct signet_error *err)
{
    struct signet_key *key = calloc(1, sizeof(*key));

    if (!key) {
        EVP_PKEY_free(pkey);
        return error_nomem(err);
    }
    key->pkey = pkey;
    key->rsa = EVP_PKEY_is_a(pkey, "RSA");
    if (!key->rsa)
        ec_look(&key->ec, pkey);
    *out = key;
    return SIGNET_OK;
}

void signet_key_free(struct signet_key **key)
{
    if (!*key)
        return;
    EVP_PKEY_free((*key)->pkey); /* OpenSSL wipes the private part */
    free(*key);
    *key = NULL;
}

/* Takes the context; group or bits: what it does not know yet. */
static int generate(struct signet_key **out, EVP_PKEY_CTX *ctx, const char *group, unsigned bits,
                    struct signet_error *err)
{
    EVP_PKEY *pkey = NULL;
    bool ok = ctx && EVP_PKEY_keygen_init(ctx) == 1 &&
              (!group || EVP_PKEY_CTX_set_group_name(ctx, group) == 1) &&
              (!bits || EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) == 1) &&
              EVP_PKEY_generate(ctx, &pkey) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok ? key_wrap(out, pkey, err) : crypto_fail(err, "cannot make a private key");
}

int signet_key_generate(struct signet_key **out, const struct signet_cert_info *info,
                        const struct signet_observer *observer, struct signet_error *err)
{
    unsigned bits = info ? info->rsa_key_len : 0;
    const char *group;
    int rc = plan_key(&group, info, observer, err);

    return rc ? rc
              : generate(out, EVP_PKEY_CTX_new_from_name(NULL, bits ? "RSA" : "EC", NULL), group,
                         bits, err);
}

int key_generate_like(struct signet_key **out, const struct signet_key *like,
                      struct signet_error *err)
{
    return generate(out, EVP_PKEY_CTX_new_from_pkey(NULL, like->pkey, NULL), NULL, 0, err);
}

bool key_is_ec(const struct signet_key *key)
{
    return key->ec.group != NID_undef;
}

/* A damaged key would sign, and nobody could verify it. */
static int check_halves(EVP_PKEY *pkey, struct signet_error *err)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool ok = ctx && EVP_PKEY_pairwise_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    if (ok)
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_CERT, "was the file damaged? take it from its backup",
                          "the two halves of the key do not match");
}

static int check_ec(EVP_PKEY *pkey, struct signet_error *err)
{
    char group[64];

    if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1)
        return error_set_hint(err, SIGNET_E_CERT,
                              "openssl ec -param_enc named_curve writes one with a named curve",
                              "an EC key without a named curve");
    /* A known curve may be spelled out by its numbers, and a point be compressed: devices want the
     * curve's name, and both coordinates. */
    if (EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_ENCODING,
                                       OSSL_PKEY_EC_ENCODING_GROUP) != 1 ||
        EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                       OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) != 1)
        return crypto_fail(err, "cannot name the curve of the key");
    return check_halves(pkey, err);
}

/* EC keys on a named curve, or RSA: what DTLS stacks of devices take. */
static int check_type(EVP_PKEY *pkey, struct signet_error *err)
{
    const char *name = EVP_PKEY_get0_type_name(pkey);
    int bits = EVP_PKEY_get_bits(pkey);

    if (EVP_PKEY_is_a(pkey, "EC"))
        return check_ec(pkey, err);
    if (EVP_PKEY_is_a(pkey, "RSA"))
        return bits >= RSA_MIN && bits <= RSA_MAX
                   ? check_halves(pkey, err)
                   : error_set_hint(err, SIGNET_E_CERT,
                                    "an EC key (secp256r1), or RSA of 2048 bits",
                                    "an RSA key of %d bits", bits);
    return error_set_hint(err, SIGNET_E_CERT,
                          "LwM2M devices take EC keys (secp256r1), some take RSA",
                          "a key of type %s", name ? name : "unknown");
}

static bool is_encrypted(const struct secret *der)
{
    const unsigned char *at = der->data;
    X509_SIG *sealed = d2i_X509_SIG(NULL, &at, (long)der->len); /* EncryptedPrivateKeyInfo */

    X509_SIG_free(sealed);
    return sealed;
}

static bool is_cert(const struct secret *der)
{
    const unsigned char *at = der->data;
    X509 *cert = d2i_X509(NULL, &at, (long)der->len);

    X509_free(cert);
    return cert;
}

int signet_key_load(struct signet_key **out, const void *data, size_t len, struct signet_error *err)
{
    struct secret der = {0};
    const unsigned char *at;
    EVP_PKEY *pkey = NULL;
    int rc = pem_read(data, len, PEM_PRIVATE_KEY, &der, err);

    if (rc)
        return rc;
    at = der.data;
    if (is_encrypted(&der))
        rc = pem_encrypted(err);
    else if (!(pkey = d2i_AutoPrivateKey(NULL, &at, (long)der.len)) || at != der.data + der.len)
        rc = is_cert(&der)
                 ? error_set(err, SIGNET_E_CERT, "this is a certificate, not a private key")
                 : error_set_hint(
                       err, SIGNET_E_CERT,
                       "was the file damaged? openssl pkey -noout -check -in FILE tries it",
                       "not a private key (PKCS#8, SEC1 or PKCS#1)");
    else if (!(rc = check_type(pkey, err))) {
        rc = key_wrap(out, pkey, err);
        pkey = NULL;
    }
    ERR_clear_error();
    EVP_PKEY_free(pkey);
    secret_wipe(&der);
    return rc;
}

/* Encrypted: PKCS#8 in DER or PEM, or PEM as OpenSSL once wrote it. */
bool key_is_encrypted(const void *data, size_t len)
{
    static const char *const marks[] = {"BEGIN ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED"};
    struct secret der = {.data = (uint8_t *)(uintptr_t)data, .len = len};
    bool sealed = false;

    for (size_t i = 0; i < COUNT_OF(marks); i++)
        sealed = sealed || memmem(data, len, marks[i], strlen(marks[i]));
    sealed = sealed || (len && *der.data == DER_SEQUENCE && is_encrypted(&der));
    ERR_clear_error();
    return sealed;
}

static int give_passphrase(char *out, int size, int writing, void *ctx)
{
    const struct secret *passphrase = ctx;

    if (writing || size < 0 || passphrase->len > (size_t)size)
        return -1;
    memcpy(out, passphrase->data, passphrase->len);
    return (int)passphrase->len;
}

int key_load_encrypted(struct signet_key **out, const void *data, size_t len,
                       const struct secret *passphrase, struct signet_error *err)
{
    BIO *bio = BIO_new_mem_buf(data, len < INT_MAX ? (int)len : 0);
    bool pem = memmem(data, len, "-----BEGIN ", 11);
    void *ctx = (void *)(uintptr_t)passphrase;
    EVP_PKEY *pkey = !bio  ? NULL
                     : pem ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, ctx)
                           : d2i_PKCS8PrivateKey_bio(bio, NULL, give_passphrase, ctx);
    int rc = SIGNET_OK;

    BIO_free(bio);
    ERR_clear_error();
    if (!pkey)
        return error_set_hint(
            err, SIGNET_E_AUTH,
            "is it the passphrase of this key? openssl pkey -noout -in KEY tries it",
            "the passphrase does not open the private key, or it is damaged");
    rc = check_type(pkey, err);
    if (rc != SIGNET_OK)
        EVP_PKEY_free(pkey);
    ERR_clear_error();
    return rc == SIGNET_OK ? key_wrap(out, pkey, err) : rc;
}

static int put_pkcs8(struct buf *b, EVP_PKEY *pkey, struct signet_error *err)
{
    PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(pkey);
    int len = p8 ? i2d_PKCS8_PRIV_KEY_INFO(p8, NULL) : -1;
    unsigned char *at = len > 0 ? buf_extend(b, (size_t)len) : NULL;

    if (at)
        i2d_PKCS8_PRIV_KEY_INFO(p8, &at);
    PKCS8_PRIV_KEY_INFO_free(p8);
    return len > 0 ? SIGNET_OK : crypto_fail(err, "cannot write the private key");
}

int signet_key_der(const struct signet_key *key, struct signet_bytes *out, struct signet_error *err)
{
    struct buf b = {0};
    int rc;

    rc = key->ec.group ? ec_put_private(&b, key, err) : put_pkcs8(&b, key->pkey, err);
    return buf_end(&b, rc, out, err);
}

int signet_key_pem(const struct signet_key *key, struct signet_bytes *out, struct signet_error *err)
{
    struct signet_bytes der = {0};
    struct buf b = {0};
    int rc = signet_key_der(key, &der, err);

    if (rc)
        return rc;
    pem_write(&b, "PRIVATE KEY", der.data, der.len);
    signet_bytes_free(&der);
    return buf_take(&b, out, err);
}

int pkey_describe(EVP_PKEY *pkey, char type[static 64], uint8_t key_sha256[static 32],
                  struct signet_error *err)
{
    char group[64] = "?";
    unsigned char *spki = NULL;
    int len, rc;

    if (EVP_PKEY_is_a(pkey, "EC")) {
        if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1)
            ERR_clear_error();
        snprintf(type, 64, "EC %.50s", curve_standard_name(group));
    } else {
        const char *name = EVP_PKEY_get0_type_name(pkey);

        snprintf(type, 64, "%.40s %d", name ? name : "unknown", EVP_PKEY_get_bits(pkey));
    }
    len = i2d_PUBKEY(pkey, &spki);
    if (len <= 0)
        return crypto_fail(err, "cannot encode the public key");
    rc = sha256(spki, (size_t)len, key_sha256, err);
    OPENSSL_free(spki);
    return rc;
}

int signet_key_describe(const struct signet_key *key, char type[64], uint8_t key_sha256[32],
                        struct signet_error *err)
{
    return pkey_describe(key->pkey, type, key_sha256, err);
}
