/* SPDX-License-Identifier: Apache-2.0 */
/* Wakaama on TinyDTLS, with its default configuration: PSK with AES-128-CCM-8 alone. */
#include "profile/private.h"

static const uint16_t suites[] = {0xc0a8, 0};

const struct signet_profile profile_wakaama = {
    .name = "wakaama",
    .modes = 0x9,
    .bindings = "UQ",
    .tls = {.stack = "tinydtls", .psk_most = 16, .identity_most = 32, .suites = suites},
};
