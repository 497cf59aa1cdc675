/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROFILE_PROFILE_H
#define PROFILE_PROFILE_H

/* What a firmware's client takes: <signet/profile.h> for those who name a profile, this for those
 * who decide by it. */

#include "base/base.h"

#include <signet/profile.h>

/* An object that the client has. */
struct profile_object {
    uint16_t oid;
    bool one;                 /* instance 0 alone, which is there from the start */
    const uint16_t *writable; /* resources that a packet may write, ends with SIGNET_NO_ID; NULL: as
                                 the object table says */
};

/* A resource as this client reads it, where that is narrower than the object table. */
struct profile_resource {
    uint16_t oid, rid;
    int64_t least, most; /* of a number; both 0: any */
    size_t length; /* most bytes of a string or of opaque bytes, and "least" the fewest; 0: any */
    bool absent;   /* the client does not have it */
    uint16_t instances; /* its instances have lower numbers than this; 0: any */
};

/* The TLS and DTLS of the client. A limit of 0 is none. */
struct profile_tls {
    const char *stack; /* "mbedtls", "tinydtls", "openssl"; NULL: not known */
    size_t psk_most, identity_most;
    /* A server certificate that is pinned in /0/x/4 (usage 3): does the stack still compare its
     * name with the host or with /0/x/14, and its dates with the clock? */
    bool checks_pinned_name, checks_pinned_dates;
    bool checks_dates;   /* of chains */
    unsigned usages;     /* certificate usages (/0/x/15) that the client implements: bit 0..3 */
    bool sni;            /* sends the host name, or /0/x/14 */
    bool by_resource_16; /* offers the suites of /0/x/16, where it is there */
    unsigned chain_most; /* certificates in a chain */
    size_t rsa_least, rsa_most; /* bits of an RSA key; both 0: RSA is not supported */
    const uint16_t *suites;     /* IANA numbers, ends with 0; NULL: any */
    const char *const *curves;  /* "secp256r1", ends with NULL; NULL: any */
    const char *const *digests; /* of signatures, "sha256"; likewise */
    bool ec_keys;               /* EC keys are supported */
};

struct signet_profile {
    const char *name;
    const struct signet_profile *warns; /* what this one refuses is a warning; NULL: none */
    unsigned modes;                     /* security modes (/0/x/2) that the client has: bit 0..4 */
    unsigned matching_types;            /* of /0/x/13: bit 0..3; 0: any */
    const char *bindings;               /* letters that /1/x/7 may have; NULL: any */
    bool newest_first;  /* registers with the newest LwM2M that it has, and on 4.12 with an older */
    size_t tcp_options; /* bytes of options that it takes in a message over TCP; 0: any */
    bool strict_forms;  /* packets: a definite array; no base time, no time, no unknown labels */
    bool lax; /* takes what standards forbid: certificates as PEM, no server certificate, an empty
                 binding, values out of range where it is not its library that reads them */
    bool access_control; /* checks the targets, owners and servers of /2 */
    bool coap_packages;  /* of /5/0/1 it takes CoAP's schemes alone, unless built for more */
    const struct profile_object *objects;     /* ends with oid SIGNET_NO_ID; NULL: any */
    const struct profile_resource *resources; /* likewise; NULL: none is special */
    struct profile_tls tls;
    void *owned; /* by a profile of a file; NULL: built in */
};

/* Of a tree: never NULL. */
const struct signet_profile *profile_of(const struct signet_tree *tree);
/* NULL: the client does not have it, or has no list of them. */
const struct profile_object *profile_object(const struct signet_profile *profile, uint16_t oid);
bool profile_object_takes(const struct profile_object *object, uint16_t rid);
/* NULL: as the object table says. */
const struct profile_resource *profile_resource(const struct signet_profile *profile, uint16_t oid,
                                                uint16_t rid);

#endif
