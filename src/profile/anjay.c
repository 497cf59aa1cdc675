/* SPDX-License-Identifier: Apache-2.0 */
/* Anjay 3.14 with LwM2M 1.1, on Mbed TLS 3 with its default configuration. */
#include "profile/private.h"

#define INT32  INT32_MIN, INT32_MAX
#define UINT32 0, UINT32_MAX

/* The objects of its library and of its demo. */
static const uint16_t objects[] = {0,    1,     2,     3,     4,     5,     6,     7,
                                   9,    10,    11,    16,    19,    20,    3303,  3313,
                                   3347, 33605, 33606, 33607, 33608, 33609, 33629, SIGNET_NO_ID};

static const struct profile_resource resources[] = {
    {0, 6, true, 0, 0, 0},
    {0, 7, true, 0, 0, 0},
    {0, 8, true, 0, 0, 0},
    {0, 9, true, 0, 0, 0},
    {0, 11, false, INT32, 0},
    {0, 12, false, INT32, 0},
    {0, 16, false, 1, 65535, 0},
    {0, 17, true, 0, 0, 0},
    {1, 2, false, 0, INT32_MAX, 0},
    {1, 3, false, 1, INT32_MAX, 0},
    {1, 5, false, 0, INT32_MAX, 0},
    {1, 10, true, 0, 0, 0},
    {1, 11, false, UINT32, 0},
    {1, 12, false, 0, INT64_MAX, 0},
    {1, 13, true, 0, 0, 0},
    {1, 14, false, UINT32, 0},
    {1, 15, true, 0, 0, 0},
    {1, 17, false, 1, UINT32_MAX, 0},
    {1, 18, false, UINT32, 0},
    {1, 19, false, UINT32, 0},
    {1, 20, false, 1, UINT32_MAX, 0},
    {1, 21, true, 0, 0, 0},
    {SIGNET_NO_ID, 0, false, 0, 0, 0},
};

/* MBEDTLS_ECP_DP_*, of the curves that TLS 1.2 has a number for. */
static const char *const curves[] = {
    "secp256r1", "secp384r1",       "secp521r1",       "secp192r1",       "secp224r1",
    "secp256k1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1", NULL};
static const char *const digests[] = {"sha256", "sha384", "sha512", "sha224", NULL};

const struct signet_profile profile_anjay = {
    .name = "anjay-3",
    .client = "Anjay 3.14",
    .modes = 0x1d,
    .matching_types = 0xb,
    .bindings = "USTNQ",
    .binding_length = 7,
    .strict_forms = true,
    .access_control = true,
    .one_server_per_transport = true,
    .objects = objects,
    .resources = resources,
    .tls = {.stack = "mbedtls",
            .psk_most = 32,
            .identity_most = 0,
            .checks_pinned_name = true,
            .checks_pinned_dates = true,
            .checks_dates = true,
            .usages = 0xf,
            .sni = true,
            .by_resource_16 = true,
            .chain_most = 8,
            .rsa_least = 2048,
            .rsa_most = 8192,
            .curves = curves,
            .digests = digests,
            .ec_keys = true},
};
