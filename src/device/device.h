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

/* packet.c: its certificates can be read, and its key belongs to its certificate */
int account_check_certs(const struct signet_account *account, struct signet_error *err);
int cert_info_copy(struct signet_cert_info *out, const struct signet_cert_info *info,
                   struct signet_error *err);
/* A device with its credentials. */
struct signet_line_unit {
    struct signet_bytes packet;       /* holds the secret */
    struct signet_device device;      /* for the servers; its pointers belong to handle */
    struct signet_device_facts facts; /* likewise; hw_id is left NULL */
    void *handle;
};

/* device.c: a device from its tree. The tree goes over to the unit, whatever comes. */
int unit_from_tree(struct signet_line_unit *out, struct signet_tree *tree, const char *endpoint,
                   struct signet_error *err);
/* The same from a packet that was made before, which is copied as it is. */
int unit_from_packet(struct signet_line_unit *out, const struct secret *packet,
                     const char *endpoint, struct signet_error *err);
void unit_free(struct signet_line_unit *unit);
/* With all its accounts, and what the one that stands for the device has. */
void unit_device(struct signet_device *out, const struct signet_tree *tree, const char *endpoint);

#endif
