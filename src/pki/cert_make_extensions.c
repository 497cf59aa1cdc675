/* SPDX-License-Identifier: Apache-2.0 */
/* The extensions of a certificate: RFC 7925, section 4.4, its successor
 * draft-ietf-uta-tls13-iot-profile for end entities, and 802.1AR, section 8. */
#include "pki/private.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>

static void put_extension(struct buf *b, int nid, bool critical, const struct buf *value)
{
    size_t start = b->len;

    der_oid(b, nid);
    if (critical)
        der_put(b, V_ASN1_BOOLEAN, "\xff", 1);
    der_put(b, V_ASN1_OCTET_STRING, value->data, value->len);
    der_wrap(b, start, 0x30);
    buf_fail_with(b, value);
}

static void put_oid_text(struct buf *b, const char *text)
{
    uint8_t oid[128];
    int len = a2d_ASN1_OBJECT(oid, sizeof(oid), text, -1);

    if (len > 0)
        der_put(b, V_ASN1_OBJECT, oid, (size_t)len);
    else
        b->failed = true;
}

static void put_usage(struct buf *b, unsigned usage)
{
    struct buf value = {0};
    uint8_t bits[2] = {0, (uint8_t)usage};

    for (unsigned rest = usage; rest && !(rest & 1); rest >>= 1)
        bits[0]++; /* unused bits at the end */
    der_put(&value, V_ASN1_BIT_STRING, bits, sizeof(bits));
    put_extension(b, NID_key_usage, true, &value);
    buf_free(&value);
}

static void put_purposes(struct buf *b, const char *const *purposes)
{
    struct buf value = {0};

    for (size_t i = 0; purposes[i]; i++)
        put_oid_text(&value, purposes[i]);
    der_wrap(&value, 0, 0x30);
    put_extension(b, NID_ext_key_usage, false, &value);
    buf_free(&value);
}

/* An authority that has no identifier of its key gets that of RFC 5280, section 4.2.1.2, method 1:
 * section 4.2.1.1 wants one in each certificate that does not sign itself. */
static void put_authority_id(struct buf *b, X509 *issuer)
{
    const ASN1_OCTET_STRING *id = issuer ? X509_get0_subject_key_id(issuer) : NULL;
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct buf value = {0};

    if (!issuer)
        return;
    if (id)
        der_put(&value, 0x80, ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id));
    else if (X509_pubkey_digest(issuer, EVP_sha1(), hash, &len) == 1)
        der_put(&value, 0x80, hash, len);
    else
        b->failed = true;
    der_wrap(&value, 0, 0x30);
    put_extension(b, NID_authority_key_identifier, false, &value);
    buf_free(&value);
}

/* The bits of the public key in its SubjectPublicKeyInfo: {{algorithm}, BIT STRING} */
static bool key_bits(struct der spki, struct der *bits)
{
    struct der list;

    if (!der_next(&spki, DER_SEQUENCE, NULL, &list) || !der_next(&list, DER_SEQUENCE, NULL, NULL) ||
        !der_next(&list, V_ASN1_BIT_STRING, NULL, bits) || bits->at == bits->end)
        return false;
    bits->at++; /* how many bits of the last byte are unused */
    return true;
}

static bool spki_is_rsa(struct der spki)
{
    struct der list, algorithm, oid;

    return der_next(&spki, DER_SEQUENCE, NULL, &list) &&
           der_next(&list, DER_SEQUENCE, NULL, &algorithm) &&
           der_next(&algorithm, DER_OID, NULL, &oid) && der_is_rsa(&oid);
}

int form_check_key(const struct cert_form *form, const struct cert_wish *wish,
                   struct signet_error *err)
{
    const struct der spki = {wish->spki, wish->spki + wish->spki_len};
    bool rsa = wish->key ? wish->key->rsa : spki_is_rsa(spki);

    if (!wish->key && !wish->spki) /* not there yet */
        return SIGNET_OK;
    if (rsa && form->usage & CERT_AGREES_KEYS)
        return error_set_hint(err, SIGNET_E_MEANING, "leave it out of the profile's 'key_usage'",
                              "an RSA key cannot have keyAgreement (RFC 3279, section 2.3.1)");
    if (!rsa && form->usage & CERT_ENCIPHERS_KEYS)
        return error_set_hint(err, SIGNET_E_MEANING, "leave it out of the profile's 'key_usage'",
                              "an EC key cannot have keyEncipherment (RFC 8813, section 3)");
    return SIGNET_OK;
}

/* RFC 7093, section 2, method 1: the first 160 bits of the SHA-256 of the public key. */
static void put_subject_id(struct buf *b, const struct cert_wish *wish)
{
    unsigned char *made = NULL;
    int len = wish->key ? i2d_PUBKEY(wish->key->pkey, &made) : 0;
    struct der spki = {wish->spki, wish->spki + wish->spki_len}, bits;
    uint8_t hash[32];
    struct buf value = {0};

    if (wish->key)
        spki = (struct der){made, made ? made + len : NULL};
    if (key_bits(spki, &bits) &&
        sha256(bits.at, (size_t)(bits.end - bits.at), hash, NULL) == SIGNET_OK) {
        der_put(&value, V_ASN1_OCTET_STRING, hash, 20);
        put_extension(b, NID_subject_key_identifier, false, &value);
    } else {
        b->failed = true;
    }
    OPENSSL_free(made);
    buf_free(&value);
}

/* RFC 4108, section 5: OtherName with type and serial number of the hardware. */
static void put_hardware(struct buf *b, const char *type, const char *serial)
{
    size_t start = b->len, inner, name;

    put_oid_text(b, "1.3.6.1.5.5.7.8.4");
    inner = name = b->len;
    put_oid_text(b, type);
    der_put(b, V_ASN1_OCTET_STRING, serial, strlen(serial));
    der_wrap(b, name, DER_SEQUENCE);
    der_wrap(b, inner, 0xa0);
    der_wrap(b, start, 0xa0);
}

static void put_alt_names(struct buf *b, const struct cert_form *form, const struct plan *p)
{
    struct buf value = {0};

    if (p->alt_name)
        alt_name_put(&value, p->alt_name);
    if (form->hw_type)
        put_hardware(&value, form->hw_type, p->serial_name);
    der_wrap(&value, 0, DER_SEQUENCE);
    put_extension(b, NID_subject_alt_name, false, &value);
    buf_free(&value);
}

void form_put(struct buf *b, const struct cert_form *form, const struct plan *p,
              const struct cert_wish *wish, X509 *issuer)
{
    size_t start = b->len;

    if (form->usage)
        put_usage(b, form->usage);
    if (form->purposes)
        put_purposes(b, form->purposes);
    if (form->authority_key_id)
        put_authority_id(b, issuer);
    if (form->subject_key_id)
        put_subject_id(b, wish);
    if (p->alt_name || form->hw_type)
        put_alt_names(b, form, p);
    if (b->len == start)
        return;
    der_wrap(b, start, 0x30);
    der_wrap(b, start, 0xa3);
}
