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

/* types.c: a type of the object table */
struct type_info {
    enum signet_type value;  /* of its values; SIGNET_TYPE_NONE: it has none */
    const char *name, *noun; /* "string", "a string" */
    const char *senml;       /* label of a value in SenML JSON (RFC 8428, table 2) */
    const char *hint;        /* how a configuration spells a value */
};
const struct type_info *type_info(enum signet_type type);
bool type_has_bytes(enum signet_type type); /* STRING and OPAQUE */

/* A set of identifiers. False: it was in there already. */
struct id_set {
    uint8_t bits[65536 / 8];
};
static inline bool id_set_add(struct id_set *set, uint16_t id)
{
    uint8_t *byte = &set->bits[id >> 3], bit = (uint8_t)(1u << (id & 7));
    bool added = !(*byte & bit);

    *byte |= bit;
    return added;
}

/* "/0/1/3" or "/3/0/6/1". */
enum { PATH_TEXT_MAX = 24 };
void path_format(struct signet_path path, char out[static PATH_TEXT_MAX]);

/* Names both ways; 0 to count-1 in table order. For typo hints. */
bool object_by_name(const char *name, size_t len, uint16_t *oid);
bool resource_by_name(uint16_t oid, const char *name, size_t len, uint16_t *rid);
/* Fills names with up to cap known names (of objects, or of an object's resources). */
size_t object_names(const char **names, size_t cap);
size_t resource_names(uint16_t oid, const char **names, size_t cap);

/* objects.c: a row of the object table. */
enum { MANDATORY = 1, MULTIPLE = 2, SECRET = 4, READ_ONLY = 8 };

struct resource {
    uint16_t oid, rid;
    uint8_t type;  /* enum signet_type */
    uint8_t flags; /* MANDATORY: a device needs it in every instance that is provisioned */
    int32_t least, most;
    const char *name;
};

const struct resource *resource_find(uint16_t oid, uint16_t rid);
/* The object's resource behind another one; of NULL the first. NULL: there is no more. */
const struct resource *resource_next(uint16_t oid, const struct resource *before);

/* Resources of Security, /0/x/3 to /0/x/5 (LwM2M Core 1.2, Appendix E.1). */
enum { RID_IDENTITY = 3, RID_SERVER_KEY = 4, RID_SECRET_KEY = 5 };

#endif
