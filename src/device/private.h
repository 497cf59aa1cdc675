/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVICE_PRIVATE_H
#define DEVICE_PRIVATE_H

#include "device/device.h"

#include <signet/cert.h>
#include <signet/factory.h>

struct signet_factory {
    struct signet_tree *tree; /* the configuration as it was read */
    enum signet_mode mode;    /* of the account that is registered */
    char *endpoint;           /* NULL: none given */
    bool has_server, makes_cert;
    struct signet_server *server; /* NULL: none, or no token */
    struct signet_cert_info cert_info;
    char *cert_info_file; /* NULL: they came from no file */
    struct secret token;
    char *ca_file;
    unsigned flags;
    const struct signet_observer *observer;
    const struct signet_cancel *cancel;
    struct signet_authority *authority;     /* NULL: certificates sign themselves */
    struct signet_cert *server_cert, *cert; /* NULL: not given */
    struct signet_key *key;
};

/* factory.c */
/* Sets the endpoint name; NULL: none. */
int factory_name(struct signet_factory *f, const char *name, struct signet_error *err);

/* register.c: the server */
int factory_read_server(struct signet_factory *f, const struct signet_factory_args *args,
                        struct signet_error *err);
/* What the server would refuse of a complete device, asking nobody. */
int factory_validate_at_server(const struct signet_factory *f, struct signet_error *err);
/* Reach and token, as far as that can be tried without a change at the server. */
int factory_check_server(struct signet_factory *f, struct signet_error *err);

/* packet.c: accounts in a mode with certificates */
size_t count_cert_accounts(const struct signet_tree *tree, bool without_server_key);
/* The configuration with certificates in place. complete: certificates that are missing
 * are an error. cert and key may be NULL. Warnings go to observer. */
int tree_build(const struct signet_factory *f, const struct signet_cert *cert,
               const struct signet_key *key, bool complete, const struct signet_observer *observer,
               struct signet_tree **out, struct signet_error *err);

/* Writes a packet that signet_factory_packet() made, as signet_factory_provision_device() does. */
int packet_save(struct signet_factory *f, const char *path, const struct signet_bytes *packet,
                struct signet_error *err);

/* keep_packet.c: before path is replaced, the packet there of another device is kept under another
 * name */
int keep_packet(const char *path, const struct signet_tree *tree,
                const struct signet_observer *observer, struct signet_error *err);

#endif
