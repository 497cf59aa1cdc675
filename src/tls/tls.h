/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_TLS_H
#define TLS_TLS_H

/* TLS and DTLS as a client: fetching a server's certificate (signet_cert_fetch of
 * <signet/cert.h>), and the connection of a device to its server. Deadlines are absolute, on
 * clock_ms(). */

#include "base/base.h"

/* What a server's certificate must be for a device to go on (LwM2M Transport 1.2, section 5.2.9.7;
 * RFC 6698), and what its TLS stack looks at besides: trust.c, mbedtls.c. */
struct tls_trust {
    bool any;       /* no server is refused: the rest means nothing */
    unsigned usage; /* 0, 2: an authority that issued it; 1, 3: it itself. 0 and 1 ask also for the
                       firmware's own trust store, which a packet does not have */
    unsigned matching;   /* 0: data is a certificate; 1, 2, 3: its SHA-256, SHA-384, SHA-512 */
    const uint8_t *data; /* of /0/x/4 */
    size_t len;
    bool pinned_name, pinned_dates; /* looked at with usage 3 as well */
    size_t rsa_least;               /* bits; 0: RSA keys are not taken */
    const char *const *curves, *const
                                   *digests; /* "secp256r1", "sha256"; end with NULL; NULL: any */
};

/* With which library the handshake is done; the system's Mbed TLS is loaded when it is asked for.
 */
enum tls_stack { TLS_STACK_OPENSSL, TLS_STACK_MBEDTLS };

/* What a device logs in with. Either a PSK, or a certificate with its key; the bytes are
 * borrowed for the call. */
struct tls_credentials {
    const struct secret *psk; /* NULL: certificate mode */
    const uint8_t *identity;  /* PSK identity, at most 256 bytes, no zero byte */
    size_t identity_len;
    const uint8_t *cert_der; /* NULL: none */
    size_t cert_len;
    const struct secret *key_der; /* PKCS#8 */
    struct tls_trust trust;       /* in certificate mode */
    /* The name that the server shall have, and that is sent to it (SNI, where it is no address);
     * NULL: the host. */
    const char *server_name;
    /* Cipher suites by their IANA numbers, ends with 0; NULL: all that LwM2M and the stack have. */
    const uint16_t *suites;
    enum tls_stack stack;
    /* As Mbed TLS does, the device signs with SHA-384 in suites that have it and with SHA-256 in
     * all others, whatever the server asks for, and an address goes out as server name (SNI) as
     * well. */
    bool like_mbedtls;
};

/* Is one of the wanted suites for this mode, and among a client's own (NULL: any)? Lists end with
 * 0.
 */
bool tls_suites_usable(const uint16_t *wanted, const uint16_t *own, bool psk);

/* Where a device connects to. */
struct tls_peer {
    const char *host;
    uint16_t port;
    bool stream; /* over TCP; else datagrams, over UDP */
};

struct tls_connection;

/* Connects, and shakes hands (DTLS 1.2, or TLS 1.2 over TCP) unless credentials is NULL. host also
 * goes out as server name when it is one. SIGNET_E_NET names the step that failed and the alert the
 * server sent, or that it fell silent in the middle, as it does over DTLS at a wrong key;
 * SIGNET_E_CERT: the device would not trust the server, and why; SIGNET_E_TIMEOUT: it never
 * answered; SIGNET_E_CANCELLED. */
int tls_open(struct tls_connection **out, const struct tls_peer *peer,
             const struct tls_credentials *credentials, int64_t deadline,
             const struct signet_cancel *cancel, struct signet_error *err);
/* One datagram, or some of a stream, of at least a byte. */
int tls_send(struct tls_connection *connection, const void *data, size_t len,
             struct signet_error *err);
/* The next datagram, or some of the stream. SIGNET_E_NET when the server closed the connection. */
int tls_recv(struct tls_connection *connection, void *data, size_t size, size_t *len,
             int64_t deadline, const struct signet_cancel *cancel, struct signet_error *err);
/* The cipher suite that was agreed on, for the record; "" without TLS. */
const char *tls_cipher(const struct tls_connection *connection);
/* The device took the server for that of its authority, which did not sign for it: its certificate
 * came beside the server's own. */
bool tls_server_unsigned(const struct tls_connection *connection);
void tls_close(struct tls_connection **connection); /* says goodbye; sets *connection to NULL */

#endif
