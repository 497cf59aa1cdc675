/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_FACTORY_H
#define SIGNET_FACTORY_H

/* One device, from its configuration to packet, certificate and server: the calls of the Python
 * class FactoryProvisioning, with files or with bytes in memory.
 *
 * Ownership: args are copied, except observer and cancel, which must outlive the handle. The handle
 * holds secrets and is wiped when it is freed. Errors: SIGNET_E_MEANING and SIGNET_E_CERT for what
 * a device would refuse; see each call. Standards: LwM2M Core 1.2, section 6.1.3.1 (Factory
 * Bootstrap) and Appendix E.1; RFC 8428 (SenML).
 *
 * Threads: one handle is for one thread at a time. */

#include <signet/bytes.h>
#include <signet/cancel.h>
#include <signet/error.h>
#include <signet/event.h>
#include <signet/tree.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct signet_authority;
struct signet_cert;
struct signet_cert_info;
struct signet_objects;
struct signet_profile;
struct signet_server_info;

/* Would a device take this? As signet_tree_check(), and of each account in a mode with
 * certificates: they are there, in DER, valid now, and the key belongs to the certificate
 * (SIGNET_E_MEANING, SIGNET_E_CERT). Every call and program that takes a device gives this verdict
 * on it. */
int signet_device_check(const struct signet_tree *tree, unsigned flags,
                        const struct signet_observer *observer, struct signet_error *err);

/* Certificates and keys that stand in accounts as PEM become DER, each with a warning; what cannot
 * be read stays, and signet_device_check() says why. The calls that read a configuration do it. */
int signet_tree_convert_pem(struct signet_tree *tree, const struct signet_observer *observer,
                            struct signet_error *err);

struct signet_factory;

enum {
    SIGNET_FACTORY_NO_CHECK = 1u,   /* what a device would refuse is a warning, no error */
    SIGNET_FACTORY_ALLOW_HTTP = 2u, /* token and key may travel without TLS */
    SIGNET_FACTORY_NO_FILES = 4u,   /* generate_self_signed_cert keeps key and certificate inside */
    SIGNET_FACTORY_PLAIN_CERT = 8u, /* no subjectAltName unless it is asked for, as the reference */
    SIGNET_FACTORY_TRIAL = 16u, /* no authority elsewhere is asked: the certificate signs itself;
                                   what is doubtful of the name was told */
};

/* Set what is needed, leave the rest zero. A path and the thing in memory exclude each other.
 * Everything is copied, but observer and cancel, which must outlive the handle. */
struct signet_factory_args {
    size_t size; /* sizeof(struct signet_factory_args): what a later version adds is then zero; 0:
                    this version */
    const char *endpoint_cfg;       /* the device's configuration: a file */
    const struct signet_tree *tree; /* or the data model itself */
    const char *endpoint_name;      /* for the certificate's common name and the server */
    const char *server_info;        /* the server: a JSON file */
    const struct signet_server_info *server;
    const char *token;     /* access token of the server */
    const char *cert_info; /* the self-signed certificate to make: a JSON file */
    const struct signet_cert_info *cert;
    const char *ca_file; /* PEM: authorities trusted for the server; NULL: the system's */
    unsigned flags;      /* SIGNET_FACTORY_... */
    const struct signet_observer *observer;
    const struct signet_cancel *cancel; /* stops register */
    const struct signet_profile
        *profile;                   /* the firmware's client; NULL: the tree's own, else "any" */
    struct signet_objects *objects; /* whose names endpoint_cfg may have; NULL: the core table's */
    /* signs the certificate that is made; NULL: it signs itself. With it cert_info and cert may be
     * left out: their defaults. It outlives the handle. */
    struct signet_authority *authority;
};

/* Reads and understands everything that args name, in this order: server, configuration, its
 * security mode, certificate request. SIGNET_E_SYNTAX and SIGNET_E_MEANING say where. */
int signet_factory_new(struct signet_factory **out, const struct signet_factory_args *args,
                       struct signet_error *err);
void signet_factory_free(struct signet_factory **factory); /* sets *factory to NULL */

/* "psk", "cert", "nosec", "est" (LwM2M Core 1.2, Appendix E.1, resource 2): the mode of the first
 * server that is not a bootstrap server, else of the first one. */
const char *signet_factory_get_sec_mode(const struct signet_factory *factory);
/* Does any Security instance use certificates (cert or est)? */
bool signet_factory_uses_certs(const struct signet_factory *factory);
/* Has one of them no server certificate, neither of its own nor by
 * signet_factory_set_server_cert()?
 */
bool signet_factory_needs_server_cert(const struct signet_factory *factory);

/* Certificates or keys were given: a warning when no Security instance uses them. */
void signet_factory_warn_unused(const struct signet_factory *factory);

/* DER or PEM. Certificates go into every Security instance in cert or est mode; where there are
 * several, an instance that has its own in the configuration keeps it. Bytes that are not one
 * certificate or key: SIGNET_E_CERT. A key that does not belong to the certificate, or a
 * certificate that is expired or not valid yet: SIGNET_E_CERT, a warning with NO_CHECK. */
int signet_factory_set_server_cert(struct signet_factory *factory, const char *path,
                                   struct signet_error *err);
int signet_factory_set_server_cert_data(struct signet_factory *factory, const void *data,
                                        size_t len, struct signet_error *err);
int signet_factory_set_endpoint_cert_and_key(struct signet_factory *factory, const char *cert,
                                             const char *key, struct signet_error *err);
int signet_factory_set_endpoint_cert_and_key_data(struct signet_factory *factory, const void *cert,
                                                  size_t cert_len, const void *key, size_t key_len,
                                                  struct signet_error *err);

/* Makes a key and a certificate as cert_info requests, signed by args.authority where there is one,
 * and writes cert/client_cert.crt (PEM),
 * cert/client_cert.der and cert/client_key.der (PKCS#8), 0600. Files of another certificate are
 * kept, as signet_cert_save() says. SIGNET_E_USAGE: no cert_info. */
int signet_factory_generate_self_signed_cert(struct signet_factory *factory,
                                             struct signet_error *err);
/* The endpoint's certificate, or NULL. Owned by the factory. */
const struct signet_cert *signet_factory_endpoint_cert(const struct signet_factory *factory);

/* The data model with the certificates in place, checked: the caller frees it. */
int signet_factory_tree(struct signet_factory *factory, struct signet_tree **out,
                        struct signet_error *err);
/* The packet (RFC 8428, SenML CBOR). It holds the device's secret. */
int signet_factory_packet(struct signet_factory *factory, struct signet_bytes *out,
                          struct signet_error *err);
/* Writes the packet to path (NULL: "SenMLCBOR"), 0600, whole or not at all. A packet there that
 * belongs to another device is kept as PATH.HASH. */
int signet_factory_provision_device(struct signet_factory *factory, const char *path,
                                    struct signet_error *err);

/* Registers the device at the server. SIGNET_E_USAGE: server, token or endpoint name is missing;
 * SIGNET_E_SERVER, SIGNET_E_AUTH: the server's words; SIGNET_E_NET, SIGNET_E_TIMEOUT. A device
 * that is there already with the same credentials is success. */
int signet_factory_register(struct signet_factory *factory, struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
