/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_SERVER_H
#define SIGNET_SERVER_H

/* LwM2M servers that devices are registered at: Coiote, Leshan, ThingsBoard, and export files.
 *
 * Units: milliseconds, bytes. Ownership: info, options and token are copied; observer and cancel
 * must outlive the handle. Errors: SIGNET_E_SERVER and SIGNET_E_AUTH (sys is the HTTP status),
 * SIGNET_E_NET, SIGNET_E_TIMEOUT; signet_error_class() tells an answer about the device from a
 * server that is away. Standard: modes and credentials are those of LwM2M Core 1.2, Appendix E.1.
 *
 * Threads: one handle is for one thread at a time; signet_server_add_batch() uses threads of its
 * own inside. */

#include <signet/cancel.h>
#include <signet/error.h>
#include <signet/event.h>
#include <signet/option.h>
#include <signet/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which server, and where. Strings belong to the struct. */
struct signet_server_info {
    char *kind;    /* "coiote", "leshan", "leshan-bootstrap", ...; NULL is the first */
    char *url;     /* "https://HOST", without a port */
    uint16_t port; /* 0: the scheme's own */
    /* What this kind of server alone has, such as {{"domain", "/acme/"}} for Coiote; see
     * signet_server_capabilities.options. */
    struct signet_option options[SIGNET_OPTIONS_MAX];
    /* What the token given to signet_server_open() is: NULL or "token", an access token; "api-key"
     * (ThingsBoard); "password" of user; "client-credentials" (Coiote), the secret of the client
     * user. The last two log in and renew what they get before it ends. */
    char *auth;
    char *user;
    char *ca_file, *pin; /* as in the options, which come first */
    /* Where certificates are put that a person must give to the server (capabilities: uploads), as
     * NAME.pem with a line in to-upload.tsv each. NULL: "uploads". */
    char *uploads;
    /* Which account of the device the server serves: "bootstrap", "management", a Short Server ID
     * or a server URI. NULL: the only one that this kind of server can serve. */
    char *account;
};

/* {"kind": "coiote", "url": "https://HOST", "port": 443, "domain": "/acme/"}: the members of the
 * struct, and the options that the kind has. All others are SIGNET_E_SYNTAX. */
int signet_server_info_load(const char *path, struct signet_server_info *out,
                            struct signet_error *err);
void signet_server_info_free(struct signet_server_info *info);

/* Transport. All zero is a good default. */
struct signet_server_options {
    size_t size; /* sizeof(struct signet_server_options): what a later version adds is then zero; 0:
                    this version */
    bool allow_http;             /* send token and keys in clear, for tests on one's own machine */
    const char *ca_file;         /* PEM; NULL: the system's authorities */
    unsigned connect_timeout_ms; /* 0: 10,000 */
    unsigned total_timeout_ms;   /* of one request; 0: 30,000 */
    unsigned attempts;           /* of one operation; 0: 4 */
    unsigned retry_ms;           /* first pause, doubled each time; 0: 500 */
    unsigned parallel;           /* requests in flight in signet_server_add_batch(), 1 .. 256;
                                    0: 32 */
    /* "sha256//BASE64" of the server's SubjectPublicKeyInfo (RFC 7469), several with ';' between.
     * It alone decides whether it is the server; with ca_file both must fit. NULL: none. */
    const char *pin;
};

/* What a kind of server takes. Texts are constant. */
struct signet_server_capabilities {
    const char *kind;
    unsigned modes;            /* 1u << enum signet_mode */
    unsigned psk_min, psk_max; /* length of a PSK in bytes */
    unsigned psk_multiple;     /* and a multiple of this; 1: any */
    unsigned endpoint_max;     /* bytes of an endpoint name; 0: no limit known */
    unsigned batch_max;        /* devices in one request; 1: one by one */
    bool upsert;               /* adding again overwrites */
    bool needs_token;
    bool bootstrap;   /* it can serve bootstrap accounts, */
    bool management;  /* and management accounts */
    bool common_name; /* mode cert: only certificates whose common name is the endpoint name */
    bool ec_keys;     /* mode cert: only certificates with EC keys */
    bool removes;     /* signet_server_remove(); else a person does it */
    bool uploads;     /* mode cert: its API takes no certificates; see signet_server_info.uploads */
    const char *identity_charset;             /* of a PSK identity */
    const char *manual_steps;                 /* what a person does at the server; "" for nothing */
    const struct signet_option_info *options; /* NULL: it has none */
};

/* What became of one device of a batch. */
struct signet_server_result {
    bool existed;
    struct signet_error error; /* code SIGNET_OK: the server has it, or has it no more */
};

/* A device as a server gets it, and as the server reports it. Never a private key. */
struct signet_device {
    const char *endpoint; /* endpoint client name */
    /* All accounts of the device. The server takes the one that it serves, and what follows is
     * filled from it. NULL: the account is what follows. */
    const struct signet_tree *tree;
    bool replaces;  /* it is a newer edition: where nothing can be removed, an older one of its name
                       may still be there, and this one counts */
    bool bootstrap; /* it is a bootstrap account */
    enum signet_mode mode;
    const uint8_t *identity; /* PSK identity */
    size_t identity_len;
    const uint8_t *psk;
    size_t psk_len;
    const uint8_t *cert; /* mode cert: the device's own certificate, DER; NULL: not known */
    size_t cert_len;
};

struct signet_server;

/* The token is copied; Leshan has none. cancel may be NULL and must outlive the handle, like
 * observer. Nothing is sent yet. SIGNET_E_USAGE: url, port, domain or token are unusable. */
int signet_server_open(struct signet_server **out, const struct signet_server_info *info,
                       const struct signet_server_options *options, const void *token,
                       size_t token_len, const struct signet_observer *observer,
                       const struct signet_cancel *cancel, struct signet_error *err);
void signet_server_close(struct signet_server **server); /* sets *server to NULL */

/* Would the server refuse this device? Works offline: for use before a board is touched. */
int signet_server_validate(const struct signet_server *server, const struct signet_device *device,
                           struct signet_error *err);

/* Reach and authorisation; changes nothing. */
int signet_server_check(struct signet_server *server, struct signet_error *err);

/* By how many seconds the server's clock is ahead of this station's, by its last answer (header
 * Date). SIGNET_E_NOT_FOUND: it has not said. */
int signet_server_clock(const struct signet_server *server, int64_t *ahead,
                        struct signet_error *err);

/* Registers one device. Done when the server has it, with this mode and these credentials: a lost
 * answer or a "taken" is looked up and compared. *existed (may be NULL): it was there before.
 * SIGNET_E_EXISTS: there is another device of that name or identity; the message says what
 * differs. SIGNET_E_NET with an HTTP status in sys: the server says that the name is taken, and
 * does not find it: it may later. SIGNET_E_IO: the server has it, but its certificate could not be
 * put into the folder of uploads; adding it again tries that again. */
int signet_server_add(struct signet_server *server, const struct signet_device *device,
                      bool *existed, struct signet_error *err);

void signet_server_capabilities(const struct signet_server *server,
                                struct signet_server_capabilities *out);

/* Registers many: batches where the server has them, and several requests in flight. The outcome
 * of devices[i] is in results[i]; each is as with signet_server_add(), so that one which failed
 * may be given again. SIGNET_OK: the server has them all; else the first failure by index. Nothing
 * more is sent after SIGNET_E_AUTH, a cancel, or a connection that could not be made. Calls block;
 * the observer gets no retries. Memory does not depend on count. */
int signet_server_add_batch(struct signet_server *server, const struct signet_device *devices,
                            size_t count, struct signet_server_result *results,
                            struct signet_error *err);

/* Is there a device of this name? SIGNET_E_NOT_FOUND when not. */
int signet_server_find(struct signet_server *server, const char *endpoint,
                       struct signet_error *err);

/* Is a device of this name registered now, in the sense of LwM2M Core 1.2, section 6.2?
 * SIGNET_E_NOT_FOUND: not; SIGNET_E_UNSUPPORTED: this kind of server has no API for that. */
int signet_server_seen(struct signet_server *server, const char *endpoint,
                       struct signet_error *err);

/* Takes the device of this name away, with its credentials. SIGNET_OK: the server has none of this
 * name now; *existed (may be NULL): it had one (Leshan: by its last answer). SIGNET_E_UNSUPPORTED:
 * this kind of server cannot (capabilities: removes); message and hint say what a person does. Else
 * as with signet_server_add(): SIGNET_E_SERVER of class device is the server's own refusal, and
 * every other error means that the device may still be there. */
int signet_server_remove(struct signet_server *server, const char *endpoint, bool *existed,
                         struct signet_error *err);

/* Removes many, with several requests in flight; results and errors as with
 * signet_server_add_batch(). */
int signet_server_remove_batch(struct signet_server *server, const char *const *endpoints,
                               size_t count, struct signet_server_result *results,
                               struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
