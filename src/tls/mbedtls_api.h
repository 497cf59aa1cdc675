/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_MBEDTLS_API_H
#define TLS_MBEDTLS_API_H

#include "base/base.h"

/* The functions of the system's Mbed TLS (2.28) that a client needs. It is loaded when it is asked
 * for, and its headers are not needed: its structs are room that its own functions fill. */
struct mbed_room {
    _Alignas(max_align_t) uint8_t bytes[8192]; /* the largest has 3 KiB */
};

/* The first members of a certificate. */
struct mbed_crt {
    int own_buffer;
    struct {
        int tag;
        size_t len;
        unsigned char *p;
    } raw;
};

/* What it takes in certificates: each bit but the last member's is a number of its own, less 1. */
struct mbed_profile {
    uint32_t digests, keys, curves, rsa_least;
};

/* Of a curve. */
struct mbed_curve {
    int number; /* its first member */
};

enum {                /* of its headers */
       MBED_SHA1 = 4, /* the next ones are SHA-224 to SHA-512 */
       MBED_STREAM = 0,
       MBED_DATAGRAM = 1,
       MBED_VERIFY_NONE = 0,
       MBED_RESET = -0x0050, /* by the peer */
       MBED_VERIFY_REQUIRED = 2,
       MBED_WANT_READ = -0x6900,
       MBED_WANT_WRITE = -0x6880,
       MBED_TIMEOUT = -0x6800,
       MBED_FATAL_ALERT = -0x7780,
       MBED_CLOSE_NOTIFY = -0x7880,
       MBED_BAD_CERTIFICATE = -0x7a00,
       MBED_NOT_TRUSTED = 0x08
};

typedef int mbed_random(void *ctx, unsigned char *out, size_t len);
typedef int mbed_verify(void *ctx, struct mbed_crt *crt, int depth, uint32_t *flags);

#define MBED_API(X)                                                                                \
    X(int, ssl_config_defaults, (void *, int endpoint, int transport, int preset))                 \
    X(void, ssl_config_init, (void *))                                                             \
    X(void, ssl_config_free, (void *))                                                             \
    X(void, ssl_conf_rng, (void *, mbed_random *, void *))                                         \
    X(void, ssl_conf_authmode, (void *, int))                                                      \
    X(void, ssl_conf_min_version, (void *, int major, int minor))                                  \
    X(void, ssl_conf_verify, (void *, mbed_verify *, void *))                                      \
    X(void, ssl_conf_cert_profile, (void *, const void *))                                         \
    X(void, ssl_conf_ca_chain, (void *, void *ca, void *crl))                                      \
    X(int, ssl_conf_own_cert, (void *, void *crt, void *key))                                      \
    X(int, ssl_conf_psk, (void *, const uint8_t *, size_t, const uint8_t *identity, size_t))       \
    X(void, ssl_conf_ciphersuites, (void *, const int *))                                          \
    X(const int *, ssl_list_ciphersuites, (void))                                                  \
    X(const char *, ssl_get_ciphersuite_name, (int))                                               \
    X(void, ssl_init, (void *))                                                                    \
    X(void, ssl_free, (void *))                                                                    \
    X(int, ssl_setup, (void *, const void *conf))                                                  \
    X(int, ssl_set_hostname, (void *, const char *))                                               \
    X(void, ssl_set_bio,                                                                           \
      (void *, void *ctx, int (*send)(void *, const unsigned char *, size_t),                      \
       int (*recv)(void *, unsigned char *, size_t), void *))                                      \
    X(void, ssl_set_timer_cb,                                                                      \
      (void *, void *ctx, void (*set)(void *, uint32_t, uint32_t), int (*get)(void *)))            \
    X(int, ssl_handshake, (void *))                                                                \
    X(int, ssl_read, (void *, unsigned char *, size_t))                                            \
    X(int, ssl_write, (void *, const unsigned char *, size_t))                                     \
    X(int, ssl_close_notify, (void *))                                                             \
    X(const char *, ssl_get_ciphersuite, (const void *))                                           \
    X(void, x509_crt_init, (void *))                                                               \
    X(void, x509_crt_free, (void *))                                                               \
    X(int, x509_crt_parse_der, (void *, const unsigned char *, size_t))                            \
    X(int, x509_crt_verify_info, (char *, size_t, const char *prefix, uint32_t flags))             \
    X(void, pk_init, (void *))                                                                     \
    X(void, pk_free, (void *))                                                                     \
    X(int, pk_parse_key, (void *, const uint8_t *, size_t, const uint8_t *password, size_t))       \
    X(const struct mbed_curve *, ecp_curve_info_from_name, (const char *))                         \
    X(void, strerror, (int, char *, size_t))

struct mbed_api {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a type, and parameters */
#define MBED_MEMBER(result, name, args) result(*name) args;
    MBED_API(MBED_MEMBER)
#undef MBED_MEMBER
};

/* mbedtls_api.c: SIGNET_E_UNSUPPORTED where it is not installed */
int mbed_load(const struct mbed_api **out, struct signet_error *err);

#endif
