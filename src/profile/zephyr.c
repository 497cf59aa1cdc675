/* SPDX-License-Identifier: Apache-2.0 */
/* Zephyr 4's LwM2M client on Mbed TLS, with the buffers of its sample (LWM2M_SECURITY_KEY_SIZE is
 * 32 there, for identity and PSK). It offers three suites, none for RSA. */
#include "profile/private.h"

static const uint16_t suites[] = {0xc0a8, 0xc0ae, 0xc02b, 0};
static const char *const curves[] = {"secp256r1", "secp384r1", NULL};
static const char *const digests[] = {"sha256", "sha384", NULL};

const struct signet_profile profile_zephyr = {
    .name = "zephyr",
    .modes = 0xd,
    .bindings = "UQ",
    .tls = {.stack = "mbedtls",
            .psk_most = 32,
            .identity_most = 32,
            .checks_pinned_name = true,
            .checks_pinned_dates = true,
            .checks_dates = true,
            .usages = 0xf,
            .sni = true,
            .chain_most = 8,
            .suites = suites,
            .curves = curves,
            .digests = digests,
            .ec_keys = true},
};
