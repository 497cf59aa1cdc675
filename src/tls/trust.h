/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_TRUST_H
#define TLS_TRUST_H

#include "tls/tls.h"

#include <openssl/x509.h>

/* Is this certificate what /0/x/4 holds? */
bool tls_trust_matches(const struct tls_trust *trust, const void *der, size_t len);
/* SIGNET_E_CERT says why a device would not go on. sent: all that the server sent, its own first;
 * enciphered: the cipher suite has the device encipher its secret to the server's key.
 * *server_unsigned: it goes on though the authority in the packet did not sign. */
int tls_judge_server(X509 *leaf, STACK_OF(X509) * sent, const struct tls_trust *trust,
                     const char *name, bool enciphered, bool *server_unsigned,
                     struct signet_error *err);

#endif
