/* SPDX-License-Identifier: Apache-2.0 */
/* Zephyr 4's LwM2M client on Mbed TLS, with its default configuration. */
#include "profile/private.h"

static const char *const curves[] = {"secp256r1", "secp384r1", NULL};
static const char *const digests[] = {"sha256", "sha384", NULL};

const struct signet_profile profile_zephyr = {
    .name = "zephyr",
    .modes = 0xd,
    .bindings = "UQ",
    .tls = {.stack = "mbedtls",
            .psk_most = 32,
            .identity_most = 64,
            .checks_pinned_name = true,
            .checks_pinned_dates = true,
            .checks_dates = true,
            .usages = 0xf,
            .sni = true,
            .chain_most = 8,
            .rsa_least = 2048,
            .rsa_most = 4096,
            .curves = curves,
            .digests = digests,
            .ec_keys = true},
};
