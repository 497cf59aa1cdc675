/* SPDX-License-Identifier: Apache-2.0 */
/* What a TPM computes of the index, the key and the grant (TPM 2.0 part 1, 14, 16 and 19; part 3,
 * 23.3 and 23.4), without one. */
#include "tpm/private.h"

static void put_16(struct buf *b, unsigned value)
{
    buf_byte(b, (uint8_t)(value >> 8));
    buf_byte(b, (uint8_t)value);
}

static void put_32(struct buf *b, uint32_t value)
{
    put_16(b, value >> 16);
    put_16(b, value & 0xffff);
}

static void put_sized(struct buf *b, const void *data, unsigned len)
{
    put_16(b, len);
    buf_append(b, data, len);
}

/* Frees b. */
static int digest_of(struct buf *b, uint8_t out[static 32], struct signet_error *err)
{
    int rc = buf_check(b, err);

    if (rc == SIGNET_OK)
        rc = sha256(b->data, b->len, out, err);
    buf_free(b);
    return rc;
}

static int tpm_name_of(struct buf *public, uint8_t out[static NAME_LEN], struct signet_error *err)
{
    out[0] = TPM2_ALG_SHA256 >> 8;
    out[1] = TPM2_ALG_SHA256;
    return digest_of(public, out + 2, err);
}

/* Both kinds end with the digest over an empty policyRef. */
static int policy_of(uint32_t command, const uint8_t name[static NAME_LEN], uint8_t out[static 32],
                     struct signet_error *err)
{
    static const uint8_t start[32] = {0};
    uint8_t first[32];
    struct buf b = {0};

    buf_append(&b, start, sizeof(start));
    put_32(&b, command);
    buf_append(&b, name, NAME_LEN);
    int rc = digest_of(&b, out, err);
    return rc == SIGNET_OK ? sha256(memcpy(first, out, sizeof(first)), sizeof(first), out, err)
                           : rc;
}

int policy_owner(const uint8_t owner[static P256_POINT], uint8_t out[static 32],
                 struct signet_error *err)
{
    uint8_t name[NAME_LEN];
    struct buf b = {0};

    put_16(&b, TPM2_ALG_ECC);
    put_16(&b, TPM2_ALG_SHA256);
    put_32(&b, OWNER_ATTRIBUTES);
    put_16(&b, 0); /* no policy */
    put_16(&b, TPM2_ALG_NULL);
    put_16(&b, TPM2_ALG_NULL);
    put_16(&b, TPM2_ECC_NIST_P256);
    put_16(&b, TPM2_ALG_NULL);
    put_sized(&b, owner, P256_POINT / 2);
    put_sized(&b, owner + P256_POINT / 2, P256_POINT / 2);
    int rc = tpm_name_of(&b, name, err);
    return rc == SIGNET_OK ? policy_of(TPM2_CC_PolicySigned, name, out, err) : rc;
}

static int index_name(uint32_t index, uint32_t attributes, const uint8_t *policy,
                      unsigned policy_len, uint16_t size, uint8_t out[static NAME_LEN],
                      struct signet_error *err)
{
    struct buf b = {0};

    put_32(&b, index);
    put_16(&b, TPM2_ALG_SHA256);
    put_32(&b, attributes);
    put_sized(&b, policy, policy_len);
    put_16(&b, size);
    return tpm_name_of(&b, out, err);
}

int policy_plain_name(uint32_t index, uint32_t attributes, uint16_t size,
                      uint8_t out[static NAME_LEN], struct signet_error *err)
{
    return index_name(index, attributes, NULL, 0, size, out, err);
}

int policy_index_name(uint32_t index, const uint8_t owner[static P256_POINT], bool written,
                      uint8_t out[static NAME_LEN], struct signet_error *err)
{
    uint8_t policy[32];
    int rc = policy_owner(owner, policy, err);

    return rc == SIGNET_OK ? index_name(index, INDEX_ATTRIBUTES | (written ? TPMA_NV_WRITTEN : 0),
                                        policy, sizeof(policy), PIN_LEN, out, err)
                           : rc;
}

int policy_uses(const uint8_t index_name[static NAME_LEN], uint8_t out[static 32],
                struct signet_error *err)
{
    return policy_of(TPM2_CC_PolicySecret, index_name, out, err);
}

void policy_pin(uint32_t limit, uint8_t out[static PIN_LEN])
{
    memset(out, 0, PIN_LEN);
    for (int i = 0; i < 4; i++)
        out[7 - i] = (uint8_t)(limit >> (8 * i));
}

/* nonce, no expiration, and the digest of the one command that it allows */
int policy_statement(const uint8_t index_name[static NAME_LEN],
                     const uint8_t nonce[static NONCE_LEN], uint32_t limit,
                     uint8_t out[static STATEMENT_LEN], struct signet_error *err)
{
    uint8_t pin[PIN_LEN];
    struct buf b = {0};

    policy_pin(limit, pin);
    put_32(&b, TPM2_CC_NV_Write);
    buf_append(&b, index_name, NAME_LEN); /* whose policy is used, */
    buf_append(&b, index_name, NAME_LEN); /* and what is written */
    put_sized(&b, pin, PIN_LEN);
    put_16(&b, 0); /* offset */
    memcpy(out, nonce, NONCE_LEN);
    memset(out + NONCE_LEN, 0, 4);
    return digest_of(&b, out + NONCE_LEN + 4, err);
}
