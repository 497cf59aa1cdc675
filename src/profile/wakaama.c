/* SPDX-License-Identifier: Apache-2.0 */
/* Wakaama on TinyDTLS, with its default configuration: PSK with AES-128-CCM-8 alone. Read in the
 * sources of its client: it refuses a write with a resource that it does not have. */
#include "profile/private.h"

static const struct profile_resource resources[] = {
    LENGTH(0, 0, 255), {0, 10, 0, UINT16_MAX, 0, false, 0},
    UINT32_OF(0, 11),  UINT32_OF(0, 12),
    ABSENT(0, 13),     ABSENT(0, 14),
    ABSENT(0, 15),     ABSENT(0, 16),
    ABSENT(0, 17),     {1, 0, 1, UINT16_MAX, 0, false, 0},
    UINT32_OF(1, 1),   UINT32_OF(1, 2),
    UINT32_OF(1, 3),   UINT32_OF(1, 5),
    LENGTH(1, 7, 3),   ABSENT(1, 10),
    ABSENT(1, 11),     ABSENT(1, 21),
    ABSENT(1, 22),     {SIGNET_NO_ID, 0, 0, 0, 0, false, 0},
};

static const uint16_t suites[] = {0xc0a8, 0};

const struct signet_profile profile_wakaama = {
    .name = "wakaama",
    .modes = 0x9,
    .bindings = "UQ",
    .resources = resources,
    .tls = {.stack = "tinydtls", .psk_most = 16, .identity_most = 32, .suites = suites},
};
