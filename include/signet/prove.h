/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PROVE_H
#define SIGNET_PROVE_H

/* Proof of delivery: with exactly the credentials of a packet, Signet acts as the device and gets
 * in at its server: DTLS or TLS handshake, Register and Deregister. For a bootstrap account:
 * Bootstrap-Request, the server's writes, Bootstrap-Finish, and then the accounts that it wrote.
 *
 * Units: milliseconds for the time-out, seconds in the result. Ownership: tree and options are only
 * read; *out is filled in after an error, too. Errors: SIGNET_E_PROOF for a refusal, SIGNET_E_NET
 * and SIGNET_E_TIMEOUT for no way and no answer. Standards: LwM2M Transport 1.2, section 5.2; LwM2M
 * Core 1.2, sections 6.1 and 6.2; RFC 7252 (CoAP).
 *
 * Threads: signet_prove() blocks and may run on several threads, each with a tree of its own; the
 * callbacks are called on the thread that called it. */

#include <signet/cancel.h>
#include <signet/error.h>
#include <signet/event.h>
#include <signet/tree.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Ends after the handshake: for peers that speak DTLS or TLS, and no LwM2M. */
enum { SIGNET_PROVE_HANDSHAKE = 1u };

struct signet_prove_options {
    size_t size; /* sizeof(struct signet_prove_options): what a later version adds is then zero; 0:
                    this version */
    const char *endpoint; /* endpoint client name; NULL: the PSK identity, where it is a name */
    /* "coaps://HOST:PORT" instead of the account's own URI, for servers that have another address
     * here than in the field; NULL: the account's. Not for accounts that a bootstrap server wrote.
     */
    const char *uri;
    unsigned timeout_ms; /* for each account; 0: 20,000 */
    const struct signet_observer
        *observer; /* STAGE_BEGIN, STAGE_END of each step, RETRY; may be NULL */
    const struct signet_cancel *cancel; /* may be NULL */
    /* Called while the device is registered, to query the API of the server for the registration:
     * an error makes the step "seen" fail. May be NULL. */
    int (*on_registered)(void *ctx, const char *endpoint, struct signet_error *err);
    /* Called when a server ignored or refused a PSK, to query its API for the device: SIGNET_OK and
     * SIGNET_E_NOT_FOUND make the verdict exact. May be NULL. */
    int (*knows)(void *ctx, const char *endpoint, struct signet_error *err);
    void *ctx;
    const struct signet_profile *profile; /* the firmware's client; NULL: the tree's own */
    /* "openssl" (NULL), or "mbedtls": the system's, which is loaded for it; SIGNET_E_UNSUPPORTED
     * where there is none. The rules of the profile decide with both. */
    const char *stack;
    unsigned flags; /* SIGNET_PROVE_... */
    /* Hosts, with commas between them, that a bootstrap server may send the device to, besides
     * those of the tree's accounts and of uri: "any" is all. Another is SIGNET_E_PROOF, and nothing
     * is sent there. NULL: none. */
    const char *follow;
};

/* How far the device came. */
struct signet_proof {
    char step[16];       /* the last one begun: "account", "handshake", "register", "deregister",
                            "bootstrap", "seen" */
    char uri[160];       /* of the server it was at */
    char cipher[64];     /* of the handshake; "" for coap:// */
    unsigned code;       /* of the last CoAP answer, 201 for 2.01; 0: none */
    char location[128];  /* that the server gave the registration, "/rd/5a3f" */
    unsigned accounts;   /* servers that let it in */
    unsigned bootstraps; /* bootstrap servers among them */
    double seconds;      /* all of it */
    char stack[16];      /* that did the handshake */
};

/* Each account of the tree in turn, bootstrap accounts first. SIGNET_OK: each of them let the
 * device in; that one does not end the registration is a warning. SIGNET_E_PROOF: one did not; the
 * message says which step failed and why. SIGNET_E_NET: there is no way to the server;
 * SIGNET_E_TIMEOUT: nothing came back; SIGNET_E_USAGE: no account, or no name. *out is filled in
 * also after an error. */
int signet_prove(const struct signet_tree *tree, const struct signet_prove_options *options,
                 struct signet_proof *out, struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
