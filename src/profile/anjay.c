/* SPDX-License-Identifier: Apache-2.0 */
/* Anjay 3.14 with LwM2M 1.1, on Mbed TLS 3 with its default configuration. */
#include "pki/pki.h"
#include "profile/private.h"

#define INT32  INT32_MIN, INT32_MAX
#define UINT32 0, UINT32_MAX

#define WRITABLE(oid, ...) static const uint16_t of_##oid[] = {__VA_ARGS__, SIGNET_NO_ID}
WRITABLE(0, 0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16);
WRITABLE(1, 0, 1, 2, 3, 5, 6, 7, 11, 12, 14, 16, 17, 18, 19, 20, 22, 23);
WRITABLE(3, 13, 14, 15);
WRITABLE(5, 0, 1);
WRITABLE(7, 8);
WRITABLE(10, 8, 9, 14);
WRITABLE(16, 0);
WRITABLE(19, 0);
WRITABLE(20, 4010, 4015);
WRITABLE(3347, 5750);
WRITABLE(33605, 1, 3, 6, 7, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22);
WRITABLE(33607, 0, 1, 2, 3, 4);
WRITABLE(33608, 0, 1, 2, 3);
WRITABLE(33609, 1);
static const uint16_t none[] = {SIGNET_NO_ID};

/* The objects of its library and of its demo. */
static const struct profile_object objects[] = {
    {0, false, of_0},         {1, false, of_1},         {2, false, NULL},
    {3, true, of_3},          {4, true, none},          {5, true, of_5},
    {6, true, none},          {7, true, of_7},          {10, true, of_10},
    {11, false, none},        {16, false, of_16},       {19, false, of_19},
    {20, true, of_20},        {3303, true, none},       {3313, true, none},
    {3347, true, of_3347},    {33605, false, of_33605}, {33606, true, none},
    {33607, true, of_33607},  {33608, false, of_33608}, {33609, true, of_33609},
    {SIGNET_NO_ID, false, 0},
};

static const struct profile_resource resources[] = {
    {0, 10, 1, 65535, 0, false, 0},
    {0, 11, INT32, 0, false, 0},
    {0, 12, INT32, 0, false, 0},
    {0, 16, 1, 65535, 0, false, 0},
    {1, 1, 0, INT32_MAX, 0, false, 0},
    {1, 2, 0, INT32_MAX, 0, false, 0},
    {1, 3, 1, INT32_MAX, 0, false, 0},
    {1, 5, 0, INT32_MAX, 0, false, 0},
    {1, 7, 0, 0, 7, false, 0},
    {1, 11, UINT32, 0, false, 0},
    {1, 14, UINT32, 0, false, 0},
    {1, 17, 1, UINT32_MAX, 0, false, 0},
    {1, 18, UINT32, 0, false, 0},
    {1, 19, UINT32, 0, false, 0},
    {1, 20, 1, UINT32_MAX, 0, false, 0},
    {2, 2, INT32, 0, false, 0},
    {2, 3, 1, 65535, 0, false, 0},
    {3, 14, 0, 0, 15, false, 0},
    {3, 15, 0, 0, 31, false, 0},
    {7, 8, 0, INT32_MAX, 0, false, 0},
    {10, 8, 1, 1, 1, false, 0},
    {10, 9, 1, 1, 1, false, 0},
    {10, 14, 0, 3, 0, false, 0},
    {16, 0, 0, 0, 255, false, 4},
    {19, 0, 0, 0, 1024, false, 0},
    {20, 4010, 0, 255, 0, false, 0},
    {20, 4015, 0, 255, 0, false, 0},
    {3347, 5750, 0, 0, 39, false, 0},
    {33605, 1, INT32, 0, false, 0},
    {33605, 3, INT32, 0, false, 0},
    {33605, 6, 0, INT32_MAX, 0, false, 0},
    {33605, 7, 1, INT32_MAX, 0, false, 0},
    {33605, 12, INT32, 0, false, 0},
    {33605, 15, 0, 0, 127, false, 0},
    {33605, 19, UINT32, 0, false, 0},
    {33607, 0, 0, 0, 256, false, 0},
    {33607, 1, 1, UINT32_MAX, 0, false, 0},
    {33607, 2, 1, UINT32_MAX, 0, false, 0},
    {33607, 3, 1, 65535, 0, false, 0},
    {33607, 4, 0, 63, 0, false, 0},
    {33608, 0, -90, 90, 0, false, 0},
    {33608, 1, -180, 180, 0, false, 0},
    {33608, 2, 0, INT64_MAX, 0, false, 0},
    {33608, 3, 0, 0, 1023, false, 0},
    {33609, 1, 0, 0, 1023, false, 0},
    {SIGNET_NO_ID, 0, 0, 0, 0, false, 0},
};

/* mbedtls_x509_crt_profile_default of Mbed TLS 3 */
static const char *const digests[] = {"sha256", "sha384", "sha512", NULL};

const struct signet_profile profile_anjay = {
    .name = "anjay-3",
    .modes = 0x1d,
    .matching_types = 0xb,
    .bindings = "USTNQ",
    .newest_first = true,
    .tcp_options = 128,
    .strict_forms = true,
    .lax = true,
    .access_control = true,
    .coap_packages = true,
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
            .curves = cert_usual_curves,
            .digests = digests,
            .ec_keys = true},
};
