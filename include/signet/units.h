/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_UNITS_H
#define SIGNET_UNITS_H

/* Devices by the hundred from one template: each gets credentials of its own. */

#include <signet/cert.h>
#include <signet/error.h>
#include <signet/line.h>
#include <signet/tree.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All is copied but observer and accept, which are called by signet_units_open() only. */
struct signet_units_options {
    /* Strings and bytes may hold placeholders, signet-order(5). Accounts in psk mode without a key
     * get a new one, and the endpoint name as their identity unless the template names another;
     * accounts in cert mode without a key get a new key and certificate. */
    const struct signet_tree *model;
    const char *model_name;              /* for messages; NULL: "template" */
    size_t psk_len;                      /* 16 .. 64; 0: 32 */
    const char *identity;                /* pattern of PSK identities; NULL: "{endpoint}" */
    bool shared_secret;                  /* the template's own secret goes into all devices, which
                                            else is refused for more than one */
    const struct signet_cert_info *cert; /* without a common name; NULL: the defaults */
    const char *server_cert;             /* file, DER or PEM, where the template has none */
    /* A device a row: CSV, RFC 4180, with a header row. Must stay as it is. NULL: none. */
    const char *manifest;
    char delimiter; /* 0: ',' */
    /* Names for boards that have none of their own: "urn:dev:os:0023C7-{serial:06}", from first
     * on, count of them; with a manifest also of its columns. NULL: the manifest's column
     * "endpoint"; without a manifest endpoints are the boards' names. */
    const char *pattern;
    int64_t first, count; /* count: devices in all; 0: not known */
    bool from_board;      /* boards have names, which are looked up in the manifest */
    /* Secrets wait here, sealed with AES-256-GCM, from the moment they are made until their device
     * is done. Made 0700 when it is missing; one process at a time. */
    const char *work;
    const char *order;    /* name of the order, for the files of its batches; NULL: "" */
    const char *key_file; /* the sealing key, 32 bytes, 0600; made when it is missing */
    bool sealed_only;     /* only what was sealed will be opened: no device is tried */
    /* Of several bad rows each is told as SIGNET_EVENT_ERROR, 100 of them at most; may be NULL. */
    const struct signet_observer *observer;
    /* Would the servers take it? Asked for every row, with sample credentials where new ones are to
     * be made; of a pattern for the first and the last. May be NULL. */
    int (*accept)(void *ctx, const struct signet_device *device, struct signet_error *err);
    void *accept_ctx;
};

struct signet_units;

/* Tries every device of the manifest without making its keys. SIGNET_E_MEANING: the template cannot
 * be a template, or what it makes would be refused by a device; SIGNET_E_SYNTAX, SIGNET_E_LIMIT,
 * SIGNET_E_MEANING, SIGNET_E_CONFLICT: the first bad row, "FILE:LINE: COLUMN 'VALUE': what", and
 * how many there are (a value that is a secret is not shown); SIGNET_E_BUSY: another process uses
 * the work folder. */
int signet_units_open(struct signet_units **out, const struct signet_units_options *options,
                      struct signet_error *err);
void signet_units_close(struct signet_units **units); /* sets *units to NULL */

/* What signet_line_run() takes; valid as long as units. */
const struct signet_line_units *signet_units_line(struct signet_units *units);

#ifdef __cplusplus
}
#endif
#endif
