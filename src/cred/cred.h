/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRED_CRED_H
#define CRED_CRED_H

#include <signet/error.h>
#include <stddef.h>
#include <stdint.h>

/* sha256.c */
int sha256(const void *data, size_t len, uint8_t out[static 32], struct signet_error *err);

#endif
