/* SPDX-License-Identifier: Apache-2.0 */
/* A device's connection to its server, whatever library protects it. */
#include "tls/stack.h"

enum { PSK_MOST = 256, IDENTITY_MOST = 256 }; /* of OpenSSL 3 */

static int check_login(const struct tls_credentials *c, struct signet_error *err)
{
    if (c->psk && (!c->psk->len || c->psk->len > PSK_MOST))
        return error_set(err, SIGNET_E_USAGE, "a PSK of %zu bytes", c->psk->len);
    if (c->psk && (!c->identity_len || c->identity_len > IDENTITY_MOST ||
                   memchr(c->identity, 0, c->identity_len)))
        return error_set(err, SIGNET_E_USAGE,
                         "a PSK identity needs 1 to %d bytes, none of them zero", IDENTITY_MOST);
    if (!c->psk && ((!c->trust.len && !c->trust.any) || !c->cert_len || !c->key_der))
        return error_set(err, SIGNET_E_USAGE,
                         "certificate mode needs a certificate, its key and the server's "
                         "certificate");
    return SIGNET_OK;
}

int tls_open(struct tls_connection **out, const struct tls_peer *peer,
             const struct tls_credentials *credentials, int64_t deadline,
             const struct signet_cancel *cancel, struct signet_error *err)
{
    const struct target target = {.host = peer->host,
                                  .server_name = credentials ? credentials->server_name : NULL,
                                  .names_addresses = credentials && credentials->like_mbedtls,
                                  .port = peer->port,
                                  .dtls = !peer->stream,
                                  .deadline = deadline,
                                  .cancel = cancel};
    const struct stack *with = !credentials                              ? &stack_plain
                               : credentials->stack == TLS_STACK_MBEDTLS ? &stack_mbedtls
                                                                         : &stack_openssl;
    int rc = credentials ? check_login(credentials, err) : SIGNET_OK;

    return rc ? rc : with->open(out, &target, credentials, err);
}

int tls_send(struct tls_connection *t, const void *data, size_t len, struct signet_error *err)
{
    return t->stack->send(t, data, len, err);
}

int tls_recv(struct tls_connection *t, void *data, size_t size, size_t *len, int64_t deadline,
             const struct signet_cancel *cancel, struct signet_error *err)
{
    return t->stack->recv(t, data, size, len, deadline, cancel, err);
}

const char *tls_cipher(const struct tls_connection *t)
{
    return t->stack->cipher(t);
}

bool tls_server_unsigned(const struct tls_connection *t)
{
    return t->server_unsigned;
}

void tls_close(struct tls_connection **session)
{
    if (*session)
        (*session)->stack->close(*session);
    *session = NULL;
}
