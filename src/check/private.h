/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHECK_PRIVATE_H
#define CHECK_PRIVATE_H

#include "check/check.h"

/* certs.c: an account in a mode with certificates has them, and a key */
int account_check_presence(const struct signet_account *account, struct signet_error *err);

#endif
