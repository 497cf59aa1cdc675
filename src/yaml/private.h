/* SPDX-License-Identifier: Apache-2.0 */
#ifndef YAML_PRIVATE_H
#define YAML_PRIVATE_H

#include "yaml/yaml.h"

static inline const char *scalar_text(const yaml_node_t *node)
{
    return (const char *)node->data.scalar.value;
}

/* For messages; good until the end of the block. */
#define shown(node) text_shown(scalar_text(node), (node)->data.scalar.length, 40)

size_t reader_place(const struct reader *r, const yaml_mark_t *mark);
/* keys.c: the row of a key, by its whole name or by its prefix; count: none. */
size_t reader_entry(const struct entry *table, size_t count, const char *key);
int reader_unknown_key(struct reader *r, const yaml_node_t *key, const struct entry *table,
                       size_t count);
/* What the part that is being read looks like; NULL: nobody said. */
const char *reader_example(const struct reader *r);
/* A text or a list where keys go. */
int reader_no_map(struct reader *r, const yaml_node_t *node, const struct entry *table,
                  size_t count);

#endif
