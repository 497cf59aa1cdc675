/* SPDX-License-Identifier: Apache-2.0 */
/* Can the TLS stack of a device read this private key as it stands? The values in it are known to
 * be a key; OpenSSL reads more forms of them than Mbed TLS 2.28 and 3 do. */
#include "pki/private.h"

enum { TAG_CURVE = 0xa0 };

static bool has_version(struct der *d, uint8_t version)
{
    struct der number;

    return der_next(d, DER_INTEGER, NULL, &number) && number.end - number.at == 1 &&
           *number.at == version;
}

static const char many_primes[] = "it is an RSA key of more than two primes";

/* What is wrong, or NULL: PKCS#1 (RFC 8017) or SEC1 (RFC 5915), whose curve may be named outside.
 */
static const char *read_plain(struct der d, size_t number_len)
{
    struct der key, box, number;
    bool first = d.at < d.end && der_next(&d, DER_SEQUENCE, NULL, &key);
    struct der rest = key;

    if (first && has_version(&rest, 0) && der_next(&rest, DER_INTEGER, NULL, NULL))
        return NULL;
    bool second = first && has_version(&key, 1);
    if (second && key.at < key.end && *key.at == DER_INTEGER)
        return many_primes;
    if (!second || !der_next(&key, DER_OCTETS, NULL, &number))
        return "its version is not 0 of an RSA key, nor 1 of an EC key";
    if (number_len && (size_t)(number.end - number.at) != number_len)
        return "its number is not as long as the curve's order (RFC 5915, section 3)";
    for (rest = key; !der_ended(&rest);)
        if (!der_any(&rest, &(uint8_t){0}, NULL))
            return "a length in it is indefinite, or wrong";
    return der_next(&key, TAG_CURVE, NULL, &box) && !der_next(&box, DER_OID, NULL, NULL)
               ? "its curve has no name"
               : NULL;
}

/* PKCS#8 around it (RFC 5208). */
static const char *read_wrapped(struct der d, size_t number_len)
{
    struct der algorithm, inside;

    if (!has_version(&d, 0))
        return "its version in PKCS#8 is not 0, and they take no other";
    if (!der_next(&d, DER_SEQUENCE, NULL, &algorithm) ||
        !der_next(&algorithm, DER_OID, NULL, NULL) || !der_next(&d, DER_OCTETS, NULL, &inside))
        return "it is malformed";
    return der_next(&algorithm, DER_SEQUENCE, NULL, NULL) ? "its curve has no name"
                                                          : read_plain(inside, number_len);
}

int key_fits_stacks(const void *der, size_t len, const struct signet_key *key,
                    struct signet_error *err)
{
    size_t number_len = key && !key->rsa ? ((size_t)EVP_PKEY_get_bits(key->pkey) + 7) / 8 : 0;
    const struct der all = {.at = der, .end = (const uint8_t *)der + len};
    struct der d = all, inside, rest;
    bool wrapped = der_next(&d, DER_SEQUENCE, NULL, &inside);

    rest = inside;
    wrapped = wrapped && der_next(&rest, DER_INTEGER, NULL, NULL) &&
              der_next(&rest, DER_SEQUENCE, NULL, NULL);
    const char *bad = wrapped ? read_wrapped(inside, number_len) : read_plain(all, number_len);
    return bad ? error_set_hint(err, SIGNET_E_CERT,
                                bad == many_primes
                                    ? "make another key: secp256r1, or RSA of two primes"
                                    : "name it as a file: it then goes into the packet in the "
                                      "usual form",
                                "the TLS stack of a device cannot read the key: %s", bad)
               : SIGNET_OK;
}
