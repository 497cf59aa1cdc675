/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to an LwM2M server, over UDP or TCP, plain or with the device's credentials. */
#include "check/check.h"
#include "lwm2m/lwm2m.h"
#include "proof/coap.h"

#include <stdio.h>
#include <stdlib.h>

struct transport {
    struct tls_connection *connection;
    const struct signet_cancel *cancel;
    bool stream;
    uint8_t pending[17000]; /* of a stream: what came and is no whole message yet; else a datagram:
                               those of DTLS have 16384 bytes at most */
    size_t pending_len;
};

int transport_parse(struct transport_address *out, const char *uri, size_t len,
                    struct signet_error *err)
{
    struct transport_address address = {0};
    struct coap_uri parts;
    struct signet_error why = {0};
    char *query;

    if (uri_parse(&parts, uri, len, &why) != SIGNET_OK)
        return error_set_hint(err, SIGNET_E_USAGE, why.hint, "the server's URI %s", why.msg);
    if (!uri_is_ip(&parts))
        return error_set_hint(err, SIGNET_E_UNSUPPORTED,
                              "try it with a device; Signet proves coaps://, coap://, coaps+tcp:// "
                              "and coap+tcp://",
                              "not tried: the server is reached neither over UDP nor over TCP");
    if (parts.fragment)
        return error_set_hint(err, SIGNET_E_USAGE, "leave out the # and what follows it",
                              "the server's URI has a fragment, with which a device goes nowhere "
                              "(RFC 7252, section 6.4)");
    query = parts.path + strcspn(parts.path, "?");
    if (*query)
        *query++ = '\0';
    for (size_t end = strlen(parts.path); end > 0 && parts.path[end - 1] == '/'; end--)
        parts.path[end - 1] = '\0';
    address.secure = parts.secured;
    address.stream = parts.transport == URI_TCP;
    address.port = parts.port;
    snprintf(address.host, sizeof(address.host), "%s", parts.host);
    strcpy(address.path, parts.path);
    strcpy(address.query, query);
    *out = address;
    return SIGNET_OK;
}

static void fill_trust(struct tls_trust *out, const struct signet_value *data,
                       const struct login_rules *rules)
{
    *out = (struct tls_trust){.usage = rules->usage,
                              .matching = rules->matching,
                              .data = data->as.bytes.data,
                              .len = data->as.bytes.len,
                              .pinned_name = rules->tls->checks_pinned_name,
                              .pinned_dates = rules->tls->checks_pinned_dates,
                              .rsa_least = rules->tls->rsa_least,
                              .curves = rules->tls->curves,
                              .digests = rules->tls->digests};
}

/* From PEM, where the client takes it; what cannot be read, the handshake tells of. */
static struct signet_bytes take_der(const struct signet_value *value, bool key,
                                    const struct login_rules *rules)
{
    struct signet_bytes der = {0};

    if (rules->profile->lax)
        value_to_der(value, key, &der, NULL);
    return der;
}

static int open_with(struct transport *t, const struct transport_address *address,
                     const struct signet_account *account, const struct login_rules *rules,
                     struct tls_credentials *credentials, int64_t deadline,
                     struct signet_error *err)
{
    const struct tls_peer peer = {address->host, address->port, address->stream};
    struct transport_address named = *address;

    if (account->uri)
        transport_parse(&named, (const char *)account->uri->as.bytes.data,
                        account->uri->as.bytes.len, NULL);
    credentials->server_name = rules->name[0] ? rules->name : named.host;
    credentials->suites = rules->suites[0] ? rules->suites : rules->tls->suites;
    credentials->stack = rules->stack;
    credentials->like_mbedtls = !rules->tls->stack || !strcmp(rules->tls->stack, "mbedtls");
    return tls_open(&t->connection, &peer, credentials, deadline, t->cancel, err);
}

static int open_secured(struct transport *t, const struct transport_address *address,
                        const struct signet_account *account, const struct login_rules *rules,
                        int64_t deadline, struct signet_error *err)
{
    const struct signet_value *identity = account->identity, *key = account->secret_key;
    bool psk = account->mode == SIGNET_MODE_PSK;
    struct tls_credentials credentials = {0};
    struct signet_bytes cert = {0}, der = {0};
    struct secret secret = {0};

    if (!key || !identity)
        return error_set(err, SIGNET_E_MEANING, "the account has no credentials");
    if (!psk) {
        cert = take_der(identity, false, rules);
        der = take_der(key, true, rules);
    }
    int rc = secret_set(&secret, der.data ? der.data : key->as.bytes.data,
                        der.data ? der.len : key->as.bytes.len, err);
    if (psk) {
        credentials.psk = &secret;
        credentials.identity = identity->as.bytes.data;
        credentials.identity_len = identity->as.bytes.len;
    } else {
        credentials.key_der = &secret;
        credentials.cert_der = cert.data ? cert.data : identity->as.bytes.data;
        credentials.cert_len = cert.data ? cert.len : identity->as.bytes.len;
        if (rules->any_server)
            credentials.trust.any = true;
        else if (account->server_key)
            fill_trust(&credentials.trust, account->server_key, rules);
    }
    if (!rc)
        rc = open_with(t, address, account, rules, &credentials, deadline, err);
    secret_wipe(&secret);
    signet_bytes_free(&cert);
    signet_bytes_free(&der);
    return rc;
}

int transport_open(struct transport **out, const struct transport_address *address,
                   const struct signet_account *account, const struct login_rules *rules,
                   int64_t deadline, const struct signet_cancel *cancel, struct signet_error *err)
{
    struct transport *t = calloc(1, sizeof *t);

    if (!t)
        return error_nomem(err);
    t->cancel = cancel;
    t->stream = address->stream;
    int rc = address->secure
                 ? open_secured(t, address, account, rules, deadline, err)
                 : tls_open(&t->connection,
                            &(const struct tls_peer){address->host, address->port, address->stream},
                            NULL, deadline, cancel, err);
    if (rc)
        transport_close(&t);
    else
        *out = t;
    return rc;
}

void transport_close(struct transport **transport)
{
    struct transport *t = *transport;

    if (!t)
        return;
    tls_close(&t->connection);
    wipe(t->pending, sizeof(t->pending));
    free(t);
    *transport = NULL;
}

const char *transport_cipher(const struct transport *t)
{
    return tls_cipher(t->connection);
}

bool transport_server_unsigned(const struct transport *t)
{
    return tls_server_unsigned(t->connection);
}

int transport_send(struct transport *t, const void *data, size_t len, struct signet_error *err)
{
    return tls_send(t->connection, data, len, err);
}

/* The next message of a stream, of which more may have come with the last one, and less. */
static int receive_frame(struct transport *t, uint8_t *out, size_t *len, int64_t deadline,
                         struct signet_error *err)
{
    for (;;) {
        size_t frame = coap_frame_size(t->pending, t->pending_len), more = 0;

        if (frame > COAP_MESSAGE_MAX)
            return error_set(err, SIGNET_E_PROOF,
                             "the server sent a message of more than %d bytes, and was not told "
                             "that the device takes such (RFC 8323, section 5.3.1)",
                             COAP_MESSAGE_MAX);
        if (frame && frame <= t->pending_len) {
            memcpy(out, t->pending, frame);
            t->pending_len -= frame;
            memmove(t->pending, t->pending + frame, t->pending_len);
            *len = frame;
            return SIGNET_OK;
        }
        int rc = tls_recv(t->connection, t->pending + t->pending_len,
                          sizeof(t->pending) - t->pending_len, &more, deadline, t->cancel, err);
        if (rc)
            return rc;
        t->pending_len += more;
    }
}

int transport_receive(struct transport *t, uint8_t out[static COAP_MESSAGE_MAX], size_t *len,
                      int64_t deadline, struct signet_error *err)
{
    if (t->stream)
        return receive_frame(t, out, len, deadline, err);
    int rc = tls_recv(t->connection, t->pending, sizeof(t->pending), len, deadline, t->cancel, err);
    if (!rc)
        memcpy(out, t->pending, *len < COAP_MESSAGE_MAX ? *len : COAP_MESSAGE_MAX);
    return rc;
}
