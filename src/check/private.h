/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHECK_PRIVATE_H
#define CHECK_PRIVATE_H

#include "check/check.h"

/* certs.c: an account in a mode with certificates has them, and a key */
int account_check_presence(const struct signet_account *account, struct signet_error *err);
int value_load_cert(struct signet_cert **out, const struct signet_value *value,
                    struct signet_error *err);

/* server_cert.c: resource 4, which is opaque and not empty */
int check_server_cert(const struct signet_tree *tree, const struct signet_account *a,
                      const struct signet_observer *observer, struct signet_error *err);

/* pem.c */
bool value_is_pem(const struct signet_value *value);

#endif
