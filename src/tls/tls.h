/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_TLS_H
#define TLS_TLS_H

/* TLS and DTLS as a client: fetching a server's certificate (signet_cert_fetch of
 * <signet/cert.h>), and the DTLS 1.2 session of a device. Deadlines are absolute, on clock_ms(). */

#include "base/base.h"

/* What a device logs in with. Either a PSK, or a certificate with its key; the bytes are
 * borrowed for the call. */
struct tls_credentials {
    const struct secret *psk; /* NULL: certificate mode */
    const uint8_t *identity;  /* PSK identity, at most 256 bytes, no zero byte */
    size_t identity_len;
    const uint8_t *cert_der; /* NULL: none */
    size_t cert_len;
    const struct secret *key_der; /* PKCS#8 */
    /* Certificate usages 1 and 3 of LwM2M (Transport 1.2, section 5.2.8.7): the server's
     * certificate must be this one, byte for byte, and no chain is looked at. Needed in
     * certificate mode. */
    const uint8_t *pinned_der;
    size_t pinned_len;
    /* Usages 0 and 2 instead: pinned_der is of an authority that the server's chain must lead to,
     * and its certificate must be of this host. NULL: pinned. */
    const char *anchored_host;
};

struct tls_dtls;

/* Connects and shakes hands (DTLS 1.2). host also goes out as server name when it is one.
 * SIGNET_E_NET names the step that failed and the alert the server sent, or that it fell silent in
 * the middle, as it does at a wrong key; SIGNET_E_CERT: not the pinned certificate;
 * SIGNET_E_TIMEOUT: it never answered; SIGNET_E_CANCELLED. */
int tls_dtls_open(struct tls_dtls **out, const char *host, uint16_t port,
                  const struct tls_credentials *credentials, int64_t deadline,
                  const struct signet_cancel *cancel, struct signet_error *err);
/* One datagram of at least a byte. */
int tls_dtls_send(struct tls_dtls *session, const void *data, size_t len, struct signet_error *err);
/* The next datagram. SIGNET_E_NET when the server closed the session. */
int tls_dtls_recv(struct tls_dtls *session, void *data, size_t size, size_t *len, int64_t deadline,
                  const struct signet_cancel *cancel, struct signet_error *err);
/* The cipher suite that was agreed on, for the record. */
const char *tls_dtls_cipher(const struct tls_dtls *session);
void tls_dtls_close(struct tls_dtls **session); /* says goodbye; sets *session to NULL */

#endif
