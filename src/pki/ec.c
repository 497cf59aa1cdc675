/* SPDX-License-Identifier: Apache-2.0 */
/* EC keys as DER, by hand: OpenSSL 3's encoders take twice as long for one key as making the key
 * and a signature does. */
#include "pki/private.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>

void ec_look(struct ec *ec, EVP_PKEY *pkey)
{
    char group[64];

    if (!EVP_PKEY_is_a(pkey, "EC") ||
        EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1 ||
        EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, ec->point, sizeof(ec->point),
                                        &ec->point_len) != 1 ||
        ec->point[0] != POINT_CONVERSION_UNCOMPRESSED)
        ec->group = NID_undef;
    else
        ec->group = OBJ_txt2nid(group);
    ERR_clear_error();
}

/* RFC 5480, 2.1.1 */
static void put_curve(struct buf *b, const struct ec *ec)
{
    size_t start = b->len;

    der_oid(b, NID_X9_62_id_ecPublicKey);
    der_oid(b, ec->group);
    der_wrap(b, start, 0x30);
}

static void put_point(struct buf *b, const struct ec *ec)
{
    size_t start = b->len;

    buf_byte(b, 0); /* no unused bits */
    buf_append(b, ec->point, ec->point_len);
    der_wrap(b, start, V_ASN1_BIT_STRING);
}

void ec_put_public(struct buf *b, const struct ec *ec)
{
    size_t start = b->len;

    put_curve(b, ec);
    put_point(b, ec);
    der_wrap(b, start, 0x30);
}

/* RFC 5915, section 3: the number as long as the order of the group */
static int put_secret_number(struct buf *b, EVP_PKEY *pkey, struct signet_error *err)
{
    int len = (EVP_PKEY_get_bits(pkey) + 7) / 8;
    size_t start = b->len;
    BIGNUM *number = NULL;
    uint8_t *room;
    bool ok;

    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1)
        return crypto_fail(err, "cannot write the private key");
    room = buf_extend(b, (size_t)len);
    ok = !room || BN_bn2binpad(number, room, len) == len;
    BN_clear_free(number);
    der_wrap(b, start, V_ASN1_OCTET_STRING);
    return ok ? SIGNET_OK : crypto_fail(err, "cannot write the private key");
}

int ec_put_private(struct buf *b, const struct signet_key *key, struct signet_error *err)
{
    size_t start = b->len, inner, at;
    int rc;

    buf_reserve(b, 512);
    der_put(b, V_ASN1_INTEGER, "\0", 1);
    put_curve(b, &key->ec);
    inner = b->len;
    der_put(b, V_ASN1_INTEGER, "\1", 1);
    rc = put_secret_number(b, key->pkey, err);
    at = b->len;
    put_point(b, &key->ec);
    der_wrap(b, at, 0xa1);
    der_wrap(b, inner, 0x30);
    der_wrap(b, inner, V_ASN1_OCTET_STRING);
    der_wrap(b, start, 0x30);
    return rc;
}
