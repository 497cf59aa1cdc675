/* SPDX-License-Identifier: Apache-2.0 */
/* Zephyr's LwM2M client on Mbed TLS, read in the sources of 3.4.99 (subsys/net/lib/lwm2m). What a
 * packet writes into an optional resource is lost where the application gives no buffer for it, so
 * those are absent here. LWM2M_SECURITY_KEY_SIZE is 16 by default, for identity and PSK, and 2048
 * in the sample that has certificates. It offers one suite for each mode. */
#include "profile/private.h"

static const struct profile_resource resources[] = {
    LENGTH(0, 0, 254),  LENGTH(0, 3, 2048), LENGTH(0, 4, 2048),
    LENGTH(0, 5, 2048), ABSENT(0, 6),       ABSENT(0, 7),
    ABSENT(0, 8),       ABSENT(0, 9),       ABSENT(0, 11),
    ABSENT(0, 12),      ABSENT(0, 13),      ABSENT(0, 14),
    ABSENT(0, 15),      ABSENT(0, 16),      ABSENT(0, 17),
    UINT32_OF(1, 1),    UINT32_OF(1, 2),    UINT32_OF(1, 3),
    UINT32_OF(1, 5),    LENGTH(1, 7, 3),    ABSENT(1, 10),
    ABSENT(1, 11),      ABSENT(1, 13),      ABSENT(1, 14),
    ABSENT(1, 15),      ABSENT(1, 16),      ABSENT(1, 17),
    ABSENT(1, 18),      ABSENT(1, 19),      ABSENT(1, 20),
    ABSENT(1, 21),      ABSENT(1, 22),      {SIGNET_NO_ID, 0, 0, 0, 0, false, 0},
};

static const uint16_t suites[] = {0xc0a8, 0xc02b, 0};
static const char *const curves[] = {"secp256r1", "secp384r1", NULL};
static const char *const digests[] = {"sha256", "sha384", NULL};

const struct signet_profile profile_zephyr = {
    .name = "zephyr",
    .modes = 0xd,
    .bindings = "UQ",
    .resources = resources,
    .tls = {.stack = "mbedtls",
            .psk_most = 16,
            .identity_most = 16,
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
