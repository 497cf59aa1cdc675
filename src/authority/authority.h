/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHORITY_AUTHORITY_H
#define AUTHORITY_AUTHORITY_H

/* Authorities that sign for devices. The calls for them: <signet/authority.h>. */

#include "yaml/yaml.h"

#include <signet/authority.h>

/* settings.c: the value of `authority` in an order: its keys, or the path of a file with them. What
 * is made of it is given to signet_authority_open(). */
struct authority_keys {
    const char *file; /* NULL: info has it all */
    struct signet_authority_info info;
};
int authority_read(struct reader *r, yaml_node_t *node, struct authority_keys *out);
extern const char *const authority_words[][2]; /* for its keys: text_hint_meant() */

/* authority.c: does each certificate cost something: a trace with somebody else, or a use of a key
 * that counts? */
bool authority_is_costly(const struct signet_authority *authority);
/* tpm.c: does act while the authority (NULL: none) keeps no TPM open. */
int authority_without_tpm(struct signet_authority *authority,
                          int (*act)(void *ctx, struct signet_error *err), void *ctx,
                          struct signet_error *err);
/* Which certificates come out of it, for the order's hash: its own certificate and its
 * profile. The key is not opened. file or info. */
int authority_hash_text(const char *file, const struct signet_authority_info *info, struct buf *out,
                        struct signet_error *err);

#endif
