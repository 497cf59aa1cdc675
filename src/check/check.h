/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

/* Would a device take this? signet_device_check() of <signet/factory.h>, and parts of it. */

#include "lwm2m/lwm2m.h"

#include <signet/factory.h>

/* certs.c: the certificates of an account can be read and are valid now, and its key belongs to its
 * certificate. Warnings go to observer. */
int account_check_certs(const struct signet_tree *tree, const struct signet_account *account,
                        const struct signet_observer *observer, struct signet_error *err);

/* One record alone: its value, by its object's definition and by the client of the tree's profile,
 * for a proof. */
int record_check(const struct signet_tree *tree, const struct signet_record *record,
                 struct signet_error *err);

/* pem.c: a certificate or key in DER, from PEM or DER. */
int value_to_der(const struct signet_value *value, bool key, struct signet_bytes *out,
                 struct signet_error *err);

#endif
