/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_SERVER_H
#define SIGNET_SERVER_H

/* LwM2M servers that devices are registered at. One handle is for one thread at a time. */

#include <signet/cancel.h>
#include <signet/error.h>
#include <signet/event.h>
#include <signet/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which server, and where. Strings belong to the struct: signet_server_info_free() (config.h). */
struct signet_server_info {
    char *kind;    /* "coiote", "leshan", "leshan-bootstrap"; NULL is the first */
    char *url;     /* "https://HOST", without a port */
    uint16_t port; /* 0: the scheme's own */
    char *domain;  /* Coiote: "/acme/", begins and ends with a slash */
    unsigned api;  /* Leshan: 1 for 1.x and for 2.0.0 up to M7; 0: newer */
};

/* How to speak to it. All zero is a good default. */
struct signet_server_options {
    bool allow_http;             /* send token and keys in clear, for tests on one's own machine */
    const char *ca_file;         /* PEM; NULL: the system's authorities */
    unsigned connect_timeout_ms; /* 0: 10,000 */
    unsigned total_timeout_ms;   /* of one request; 0: 30,000 */
    unsigned attempts;           /* of one operation; 0: 4 */
    unsigned retry_ms;           /* first pause, doubled each time; 0: 500 */
};

/* What a server is told of a device, and what it tells back. Never a private key. */
struct signet_device {
    const char *endpoint; /* endpoint client name */
    enum signet_mode mode;
    const uint8_t *identity; /* PSK identity */
    size_t identity_len;
    const uint8_t *psk;
    size_t psk_len;
    /* All accounts of the device, for bootstrap servers; NULL: not known. */
    const struct signet_tree *tree;
};

struct signet_server;

/* The token is copied; Leshan has none. cancel may be NULL and must outlive the handle, like
 * observer. Nothing is sent yet. SIGNET_E_USAGE: url, port, domain or token are unusable. */
int signet_server_open(struct signet_server **out, const struct signet_server_info *info,
                       const struct signet_server_options *options, const void *token,
                       size_t token_len, const struct signet_observer *observer,
                       const struct signet_cancel *cancel, struct signet_error *err);
void signet_server_close(struct signet_server **server); /* sets *server to NULL */

/* Would the server refuse this device? Asks nobody: for use before a board is touched. */
int signet_server_validate(const struct signet_server *server, const struct signet_device *device,
                           struct signet_error *err);

/* Reach and authorisation; changes nothing. */
int signet_server_check(struct signet_server *server, struct signet_error *err);

/* Registers one device. Done when the server has it, with this mode and these credentials: a lost
 * answer or a "taken" is looked up and compared. *existed (may be NULL): it was there before.
 * SIGNET_E_EXISTS: there is another device of that name or identity; the message says what
 * differs. */
int signet_server_add(struct signet_server *server, const struct signet_device *device,
                      bool *existed, struct signet_error *err);

/* Is there a device of this name? SIGNET_E_NOT_FOUND when not. */
int signet_server_find(struct signet_server *server, const char *endpoint,
                       struct signet_error *err);

/* Is a device of this name registered now, in the sense of LwM2M Core 1.2, section 6.2?
 * SIGNET_E_NOT_FOUND: not; SIGNET_E_UNSUPPORTED: this kind of server does not tell. */
int signet_server_seen(struct signet_server *server, const char *endpoint,
                       struct signet_error *err);

int signet_server_remove(struct signet_server *server, const char *endpoint,
                         struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
