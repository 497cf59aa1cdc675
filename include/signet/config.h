/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CONFIG_H
#define SIGNET_CONFIG_H

/* Files that people write: the endpoint configuration (a Python dictionary that is read as data,
 * see signet-config(5)) and the JSON files beside it. Nothing in them is ever executed.
 *
 * Ownership: the caller frees what a call fills in. Errors: SIGNET_E_SYNTAX with file, line and
 * column, SIGNET_E_LIMIT, SIGNET_E_IO. Standard: names and types are those of LwM2M Core 1.2,
 * Appendix E.
 *
 * Threads: the functions may be called on any thread. */

#include <signet/cert.h>
#include <signet/error.h>
#include <signet/objects.h>
#include <signet/tree.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Reads a configuration of at most 1 MiB from memory. name stands in messages. Errors:
 * SIGNET_E_SYNTAX with "name:line:column: what", a hint, and the line with a caret in err->excerpt
 * (what stands in quotes is masked there); SIGNET_E_LIMIT past 32 levels, 65,536 values or 4 MiB
 * of text. The caller frees *out with signet_tree_free(). */
int signet_config_parse(const char *text, size_t len, const char *name, struct signet_tree **out,
                        struct signet_error *err);
int signet_config_load(const char *path, struct signet_tree **out, struct signet_error *err);
/* The same with the names of imported objects, which the tree keeps; objects may be NULL. A file
 * may name its own definitions in an entry 'objects', which stand instead. */
int signet_config_parse_with(const char *text, size_t len, const char *name,
                             struct signet_objects *objects, struct signet_tree **out,
                             struct signet_error *err);
int signet_config_load_with(const char *path, struct signet_objects *objects,
                            struct signet_tree **out, struct signet_error *err);

/* The reference's members: countryName, stateOrProvinceName, localityName, organizationName,
 * organizationUnitName, emailAddress, commonName, serialNumber, validityOffsetInSeconds,
 * ellipticCurve, RSAKeyLen, digest. All may be left out. */
int signet_cert_info_load(const char *path, struct signet_cert_info *out, struct signet_error *err);
void signet_cert_info_free(struct signet_cert_info *info);

#ifdef __cplusplus
}
#endif
#endif
