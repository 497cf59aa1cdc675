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

/* All is copied. */
struct signet_units_options {
    /* Accounts in psk mode get a new key and the endpoint name as their identity, accounts in cert
     * mode a new key and certificate; a template with a secret of its own is refused. */
    const struct signet_tree *model;
    size_t psk_len;                      /* 16 .. 64; 0: 32 */
    const struct signet_cert_info *cert; /* without a common name; NULL: the defaults */
    const char *server_cert;             /* file, DER or PEM, where the template has none */
    /* Names for boards that have none of their own: "urn:dev:os:0023C7-{serial:06}", from first on,
     * count of them. NULL: endpoints are the boards' names. */
    const char *pattern;
    int64_t first, count;
    /* Secrets wait here, sealed with AES-256-GCM, from the moment they are made until their device
     * is done. Made 0700 when it is missing; one process at a time. */
    const char *work;
    const char *key_file; /* the sealing key, 32 bytes, 0600; made when it is missing */
};

struct signet_units;

/* SIGNET_E_MEANING: the template cannot be a template, or what it makes would be refused by a
 * device; SIGNET_E_BUSY: another process uses the work folder. */
int signet_units_open(struct signet_units **out, const struct signet_units_options *options,
                      struct signet_error *err);
void signet_units_close(struct signet_units **units); /* sets *units to NULL */

/* What signet_line_run() takes; valid as long as units. */
const struct signet_line_units *signet_units_line(struct signet_units *units);

#ifdef __cplusplus
}
#endif
#endif
