/* SPDX-License-Identifier: Apache-2.0 */
/* CMS AuthEnvelopedData (RFC 5083, 5084): AES-256-GCM, its key for each recipient by ECDH with the
 * X9.63 KDF over SHA-256 (RFC 5753) or RSA-OAEP with SHA-256 (RFC 3560). */
#include "pki/private.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

enum { RSA_LEAST = 2048 }; /* bits of a recipient's key: it holds the secrets of all devices */

static bool ctrl(EVP_PKEY_CTX *ctx, const char *name, const char *value)
{
    return EVP_PKEY_CTX_ctrl_str(ctx, name, value) > 0;
}

static bool set_algorithms(EVP_PKEY_CTX *ctx, bool rsa)
{
    /* OpenSSL's defaults are PKCS #1 v1.5, and a KDF over SHA-1 */
    return rsa ? ctrl(ctx, "rsa_padding_mode", "oaep") && ctrl(ctx, "rsa_oaep_md", "sha256") &&
                     ctrl(ctx, "rsa_mgf1_md", "sha256")
               : ctrl(ctx, "ecdh_kdf_md", "sha256");
}

static int add_recipient(CMS_ContentInfo *cms, const struct signet_cert *cert,
                         struct signet_error *err)
{
    X509 *x = cert_parse(cert, err);
    int rc = x ? SIGNET_OK : SIGNET_E_CRYPTO;

    if (x) {
        bool rsa = EVP_PKEY_is_a(X509_get0_pubkey(x), "RSA");
        CMS_RecipientInfo *to = CMS_add1_recipient_cert(cms, x, CMS_KEY_PARAM);
        EVP_PKEY_CTX *ctx = to ? CMS_RecipientInfo_get0_pkey_ctx(to) : NULL;

        if (!ctx || !set_algorithms(ctx, rsa))
            rc = crypto_fail(err, "cannot seal to this certificate");
    }
    X509_free(x);
    return rc;
}

static int put_cms(CMS_ContentInfo *cms, struct signet_bytes *out, struct signet_error *err)
{
    struct buf der = {0};
    int len = i2d_CMS_ContentInfo(cms, NULL);
    unsigned char *at = len > 0 ? buf_extend(&der, (size_t)len) : NULL;
    int rc = buf_check(&der, err);

    if (rc == SIGNET_OK)
        rc = at && i2d_CMS_ContentInfo(cms, &at) == len ? buf_take(&der, out, err)
                                                        : crypto_fail(err, "CMS");
    buf_free(&der);
    return rc;
}

int cms_seal(const struct signet_cert *const *to, size_t count, const void *data, size_t len,
             struct signet_bytes *out, struct signet_error *err)
{
    if (len > CMS_MAX)
        return error_set(err, SIGNET_E_LIMIT, "too much to seal: %zu bytes", len);
    BIO *in = BIO_new_mem_buf(data, (int)len); /* a view */
    CMS_ContentInfo *cms =
        in ? CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), CMS_BINARY | CMS_PARTIAL) : NULL;
    int rc = cms ? SIGNET_OK : crypto_fail(err, "CMS");

    for (size_t i = 0; rc == SIGNET_OK && i < count; i++)
        rc = add_recipient(cms, to[i], err);
    if (rc == SIGNET_OK && CMS_final(cms, in, NULL, CMS_BINARY) != 1)
        rc = crypto_fail(err, "cannot seal");
    if (rc == SIGNET_OK)
        rc = put_cms(cms, out, err);
    CMS_ContentInfo_free(cms);
    BIO_free(in);
    return rc;
}

static int read_cms(CMS_ContentInfo **out, const void *data, size_t len, struct signet_error *err)
{
    const unsigned char *at = data;
    CMS_ContentInfo *cms = len <= CMS_MAX ? d2i_CMS_ContentInfo(NULL, &at, (long)len) : NULL;
    bool whole = cms && at == (const unsigned char *)data + len;

    ERR_clear_error();
    *out = cms;
    if (!whole)
        return error_set(err, SIGNET_E_SYNTAX, "this is no CMS in DER, or not whole");
    if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_id_smime_ct_authEnvelopedData)
        return error_set_hint(
            err, SIGNET_E_UNSUPPORTED, "it was not sealed by Signet; openssl cms -decrypt opens it",
            "this CMS is no AuthEnvelopedData: nothing would show a change of it");
    if (!cms_is_ours(cms, data, len))
        return error_set_hint(err, SIGNET_E_UNSUPPORTED,
                              "fetch it again; what another tool sealed, that tool opens",
                              "this CMS was changed, or it was not sealed by Signet");
    return SIGNET_OK;
}

/* Issuer and serial number of a recipient's certificate; false: it is named otherwise. */
static bool recipient_id(CMS_RecipientInfo *of, X509_NAME **issuer, ASN1_INTEGER **serial)
{
    STACK_OF(CMS_RecipientEncryptedKey) *keys = NULL;

    *issuer = NULL;
    *serial = NULL;
    if (CMS_RecipientInfo_type(of) == CMS_RECIPINFO_TRANS)
        CMS_RecipientInfo_ktri_get0_signer_id(of, NULL, issuer, serial);
    else if (CMS_RecipientInfo_type(of) == CMS_RECIPINFO_AGREE &&
             (keys = CMS_RecipientInfo_kari_get0_reks(of)) &&
             sk_CMS_RecipientEncryptedKey_num(keys) > 0)
        CMS_RecipientEncryptedKey_get0_id(sk_CMS_RecipientEncryptedKey_value(keys, 0), NULL, NULL,
                                          NULL, issuer, serial);
    return *issuer && *serial;
}

/* Whose key opens it: as many as have room. */
static void hint_recipients(CMS_ContentInfo *cms, struct signet_error *err)
{
    STACK_OF(CMS_RecipientInfo) *all = CMS_get0_RecipientInfos(cms);
    char hint[sizeof(err->hint)] = "", issuer[80], serial[64];
    size_t used = 0;

    for (int i = 0; i < sk_CMS_RecipientInfo_num(all) && used < sizeof(hint) - 1; i++) {
        X509_NAME *name;
        ASN1_INTEGER *number;

        if (!recipient_id(sk_CMS_RecipientInfo_value(all, i), &name, &number) ||
            name_text(name, issuer, sizeof(issuer), NULL) != SIGNET_OK)
            continue;
        serial_text(ASN1_STRING_get0_data(number), (size_t)ASN1_STRING_length(number), serial);
        used += (size_t)snprintf(hint + used, sizeof(hint) - used,
                                 "%sthe certificate with serial number %s of %s",
                                 used ? ", " : "it opens with the key of: ", serial, issuer);
    }
    if (used)
        error_hint(err, "%s", hint);
}

/* OpenSSL gives out what is not authenticated yet: it stays here, and is wiped. */
static int take_plain(BIO *bio, bool good, struct secret *out, struct signet_error *err)
{
    char *text = NULL;
    long len = BIO_get_mem_data(bio, &text);
    int rc = good ? secret_set(out, text, len > 0 ? (size_t)len : 0, err) : SIGNET_OK;

    if (len > 0)
        wipe(text, (size_t)len);
    if (good)
        return rc;
    ERR_clear_error();
    return error_set_hint(err, SIGNET_E_CRYPTO,
                          "is this the key of a certificate that it was sealed to?",
                          "it does not open with this key, or it was changed");
}

int cms_open(const struct signet_key *key, const void *data, size_t len, struct secret *out,
             struct signet_error *err)
{
    CMS_ContentInfo *cms = NULL;
    int rc = read_cms(&cms, data, len, err);

    if (rc == SIGNET_OK) {
        BIO *plain = BIO_new(BIO_s_mem());
        bool good = plain && CMS_decrypt(cms, key->pkey, NULL, NULL, plain, CMS_BINARY) == 1;

        rc = plain ? take_plain(plain, good, out, err) : crypto_fail(err, "CMS");
        if (plain && !good)
            hint_recipients(cms, err);
        BIO_free(plain);
    }
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    return rc;
}

int cms_check_recipient(const struct signet_cert *cert, struct signet_error *err)
{
    X509 *x = cert_parse(cert, err);
    if (!x)
        return SIGNET_E_CRYPTO;
    EVP_PKEY *key = X509_get0_pubkey(x);
    bool rsa = EVP_PKEY_is_a(key, "RSA"), ec = EVP_PKEY_is_a(key, "EC");
    struct cert_traits traits = {0};
    int bits = EVP_PKEY_get_bits(key), rc = cert_traits(cert, &traits, err);

    if (!rc && !rsa && !ec)
        rc = error_set_hint(err, SIGNET_E_CERT, "an EC key (secp256r1) or an RSA key",
                            "its key can open nothing that is sealed to it");
    else if (!rc && rsa && bits < RSA_LEAST)
        rc = error_set_hint(err, SIGNET_E_CERT, "an EC key (secp256r1), or RSA of 2048 bits",
                            "an RSA key of %d bits is too short to seal to", bits);
    else if (!rc && !(rsa ? traits.enciphers_keys : traits.agrees_keys))
        rc = error_set_hint(err, SIGNET_E_CERT,
                            rsa ? "keyUsage = keyEncipherment" : "keyUsage = keyAgreement",
                            "its key usage does not allow sealing to it");
    X509_free(x);
    ERR_clear_error();
    return rc;
}
