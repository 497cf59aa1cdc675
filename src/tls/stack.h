/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_STACK_H
#define TLS_STACK_H

#include "tls/session.h"

/* A library that protects a connection, or none. What it opens begins with its struct
 * tls_connection. */
struct stack {
    int (*open)(struct tls_connection **out, const struct target *target,
                const struct tls_credentials *credentials, struct signet_error *err);
    int (*send)(struct tls_connection *connection, const void *data, size_t len,
                struct signet_error *err);
    int (*recv)(struct tls_connection *connection, void *data, size_t size, size_t *len,
                int64_t deadline, const struct signet_cancel *cancel, struct signet_error *err);
    const char *(*cipher)(const struct tls_connection *connection);
    void (*close)(struct tls_connection *connection);
};
struct tls_connection {
    const struct stack *stack;
    bool server_unsigned; /* see tls_server_unsigned() */
};
extern const struct stack stack_openssl, stack_mbedtls, stack_plain;

#endif
