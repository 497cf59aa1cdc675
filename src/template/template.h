/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEMPLATE_TEMPLATE_H
#define TEMPLATE_TEMPLATE_H

/* Where an order's devices come from: its names, and a template that is prepared once for all of
 * them. Each device gets credentials of its own. */

#include "base/base.h"
#include "device/device.h"
#include "order/order.h"

#include <signet/authority.h>
#include <signet/cert.h>
#include <signet/server.h>
#include <signet/tree.h>

/* All is copied but observer and accept, which are called by source_open() only. */
struct source_options {
    /* Strings and bytes may hold placeholders, signet-order(5). Accounts in psk mode without a key
     * get a new one, and the endpoint name as their identity unless the template names another;
     * accounts in cert mode without a key get a new key and certificate. */
    const struct signet_tree *model;
    const char *model_name;              /* for messages */
    size_t psk_len;                      /* 16 .. 64 */
    bool psk_hex;                        /* a new key is text: so many hex digits */
    const char *identity;                /* pattern of PSK identities */
    bool shared_secret;                  /* the template's own secret goes into all devices, which
                                            else is refused for more than one */
    const struct signet_cert_info *cert; /* without a common name; NULL: the defaults */
    struct signet_authority *authority;  /* signs the certificates that are made; NULL: they sign
                                            themselves */
    const struct signet_cancel *cancel;  /* of its signatures; may be NULL */
    const char *server_cert;             /* file, DER or PEM, where the template has none */
    /* A device a row: CSV, RFC 4180, with a header row. Must stay as it is. NULL: none. */
    const char *manifest;
    char delimiter;
    /* Names for boards that have none of their own: "urn:dev:os:0023C7-{serial:06}", from first
     * on, count of them; with a manifest also of its columns. NULL: the manifest's column
     * "endpoint"; without a manifest endpoints are the boards' names. */
    const char *pattern;
    int64_t first, count; /* count: devices in all; 0: not known */
    const char *code;     /* column of the manifest with the codes that are scanned; NULL: none */
    int (*code_fits)(const void *rules, const char *text, size_t len, struct signet_error *err);
    const void *code_rules; /* of its call: could a scanner read it? */
    const char *golden;     /* a name that no device gets; NULL: none */
    bool from_board;        /* boards have names, which are looked up in the manifest */
    bool names_only;        /* nothing will be made: no device is tried */
    /* Each of several bad rows is reported as SIGNET_EVENT_ERROR, up to 100; may be NULL. */
    const struct signet_observer *observer;
    /* Would the servers take it? Asked for every row, with sample credentials where new ones are to
     * be made; of a pattern for the first and the last. May be NULL. */
    int (*accept)(void *ctx, const struct signet_device *device, struct signet_error *err);
    void *accept_ctx;
};

struct source;

/* Tries every device of the manifest without making its keys. SIGNET_E_MEANING: the template cannot
 * be a template, or what it makes would be refused by a device; SIGNET_E_SYNTAX, SIGNET_E_LIMIT,
 * SIGNET_E_MEANING, SIGNET_E_CONFLICT: the first bad row, "FILE:LINE: COLUMN 'VALUE': what", and
 * how many there are (a value that is a secret is not shown). */
int source_open(struct source **out, const struct source_options *options,
                struct signet_error *err);
void source_close(struct source **source); /* sets *source to NULL */

/* False: endpoints are the boards' names. */
bool source_has_names(const struct source *source);
/* Endpoint of device number index, from 0; any index may be asked for, rising ones are fast.
 * SIGNET_E_NOT_FOUND: that was all. ctx is a struct source: for struct signet_ledger_names. */
int source_name(void *ctx, int64_t index, char endpoint[SIGNET_ENDPOINT_SIZE],
                struct signet_error *err);
/* The name of the device that has this code. SIGNET_E_NOT_FOUND. */
int source_of_code(struct source *source, const char *code, char endpoint[SIGNET_ENDPOINT_SIZE],
                   struct signet_error *err);
int64_t source_count(const struct source *source); /* of its names; 0: it has none */
/* A device with new credentials. index: of the name, or -1 when it is not known, such as for a
 * board's own name. SIGNET_E_NOT_FOUND: no such device in the manifest. */
int source_make(struct source *source, const char *endpoint, int64_t index, struct device *out,
                struct signet_error *err);
/* The same, but no key is made for its certificate, which is there: the key is on the board. */
int source_make_certified(struct source *source, const char *endpoint, int64_t index,
                          const struct signet_bytes *cert, struct device *out,
                          struct signet_error *err);
/* Could a device of this name be made? Nothing is minted. */
int source_try(struct source *source, const char *endpoint, struct signet_error *err);
/* What a text about a device may name, and which of the columns are secrets: places in the template
 * that are secret get them. Both live as long as the source. */
struct placeholder_names source_placeholders(const struct source *source, const bool **secret);
/* What the names stand for, of the device: row (the caller frees it) and serial. As source_make().
 */
int source_values(struct source *source, const char *endpoint, int64_t index,
                  struct manifest_row *row, struct placeholder_values *values,
                  struct signet_error *err);
/* What the order says of certificates, but their names. */
const struct signet_cert_info *source_cert_info(const struct source *source);
/* Has it accounts whose certificates and keys are made? */
bool source_makes_certs(const struct source *source);
/* The same for a board of which the serial number is known, which some profiles of certificates
 * have. */
int source_make_for_board(struct source *source, const char *endpoint, int64_t index,
                          const char *hardware, struct device *out, struct signet_error *err);
/* A device that was made and sealed before. */
int source_restore(struct source *source, const struct secret *packet, const char *endpoint,
                   struct device *out, struct signet_error *err);
/* Who signs for its devices; NULL: nobody. */
struct signet_authority *source_authority(const struct source *source);
/* SHA-256 of the manifest in hex; "": there is none. */
const char *source_manifest_sha256(const struct source *source);

/* The first device that was tried, whose accounts are those of all; NULL: none was. */
const struct signet_tree *source_sample(const struct source *source);
/* Does each device get a new credential for this account? */
bool source_makes_credential(const struct source *source, uint16_t iid);

#endif
