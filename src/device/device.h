/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVICE_DEVICE_H
#define DEVICE_DEVICE_H

/* One device: its configuration, credentials, packet and server. The calls for one device are
 * <signet/factory.h>'s and <signet/provision.h>'s. */

#include "lwm2m/lwm2m.h"

#include <signet/cert.h>
#include <signet/factory.h>
#include <signet/ledger.h>
#include <signet/server.h>

int cert_info_copy(struct signet_cert_info *out, const struct signet_cert_info *info,
                   struct signet_error *err);
/* A device with its credentials. */
struct device {
    struct signet_bytes packet;       /* holds the secret */
    struct signet_device view;        /* for the servers; its pointers belong to handle */
    struct signet_device_facts facts; /* likewise; hw_id is left NULL */
    void *handle;
};

/* packet.c: bytes into one of them. */
int security_put(struct signet_tree *tree, uint16_t iid, uint16_t rid, const void *data, size_t len,
                 struct signet_error *err);

/* device.c: a device from its tree, which goes over to the device, whatever comes. packet: made of
 * the tree before, and copied as it is; NULL: it is made now. */
int device_from_tree(struct device *out, struct signet_tree *tree, const struct secret *packet,
                     const char *endpoint, struct signet_error *err);
/* The same from a packet alone. */
int device_from_packet(struct device *out, const struct secret *packet, const char *endpoint,
                       struct signet_error *err);
void device_free(struct device *device);
/* With all its accounts, and what the one that stands for the device has. */
void device_describe(struct signet_device *out, const struct signet_tree *tree,
                     const char *endpoint);

#endif
