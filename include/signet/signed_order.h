/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_SIGNED_ORDER_H
#define SIGNET_SIGNED_ORDER_H

/* Orders that are signed by who owns the product: quota, names and period are the owner's, and a
 * station that knows the owner's key makes nothing else (docs/SPEC.md, "Signed orders").
 *
 * Ownership: the caller frees what is made. Errors: SIGNET_E_CRYPTO: not signed, by another key, or
 * changed since. Threads: any. */

#include <signet/bytes.h>
#include <signet/error.h>
#include <signet/order.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The signed text for ORDER.yaml.sig. key_file: the owner's, made with this name where it is
 * missing. from, until: seconds since 1970; 0: no limit; SIGNET_E_USAGE: until is not after from,
 * or over. */
int signet_order_sign(const struct signet_order *order, const char *key_file, const char *name,
                      int64_t from, int64_t until, struct signet_bytes *out,
                      struct signet_error *err);
/* The owner's public key. */
int signet_order_key(const char *key_file, const char *name, struct signet_bytes *out,
                     struct signet_error *err);
/* Whether the order, as it was loaded, and its files are what was signed with one of the keys. now
 * 0: whatever the period. */
int signet_order_verify(const struct signet_order *order, const char *const *keys, size_t key_count,
                        int64_t now, struct signet_error *err);

/* The keys that the station of this order knows: lines of STATION_KEY.owners, and of
 * /etc/signet/owners. One more, into the former. */
int signet_order_owners(const struct signet_order *order, struct signet_bytes *out,
                        struct signet_error *err);
int signet_order_add_owner(const struct signet_order *order, const char *key,
                           struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
