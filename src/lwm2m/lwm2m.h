/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LWM2M_LWM2M_H
#define LWM2M_LWM2M_H

/* The data model, for the other rooms: the public tree and what only they need of it. */

#include "base/base.h"

#include <signet/tree.h>

enum { TREE_MAX = 65536 }; /* records in one tree */

/* Appends without looking for the path: for readers that keep paths apart themselves. The value
 * is copied; line and column are kept as signet_record says. */
int tree_append(struct signet_tree *tree, struct signet_path path, const struct signet_value *value,
                unsigned line, unsigned column, struct signet_error *err);

/* account.c: the account that stands for the device where one must: the first that is no bootstrap
 * account, else the first. False when there is none. */
bool account_main(const struct signet_tree *tree, struct signet_account *out);
bool mode_has_certs(enum signet_mode mode);

/* "/0/1/3" or "/3/0/6/1". */
enum { PATH_TEXT_MAX = 24 };
void path_format(struct signet_path path, char out[static PATH_TEXT_MAX]);

/* Names both ways; 0 to count-1 in table order. For typo hints. */
bool object_by_name(const char *name, size_t len, uint16_t *oid);
bool resource_by_name(uint16_t oid, const char *name, size_t len, uint16_t *rid);
/* Fills names with up to cap known names (of objects, or of an object's resources). */
size_t object_names(const char **names, size_t cap);
size_t resource_names(uint16_t oid, const char **names, size_t cap);

#endif
