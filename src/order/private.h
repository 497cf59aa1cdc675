/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORDER_PRIVATE_H
#define ORDER_PRIVATE_H

#include "order/order.h"
#include "yaml/yaml.h"

/* parts.c: what is missing, and what does not fit together */
int reader_check_parts(const struct reader *r);
/* golden.c: the keys of golden; then whether the order has its slot */
int reader_golden(struct reader *r, yaml_node_t *node);
int reader_check_golden(const struct reader *r);
/* slots.c: one of slots, the next */
int reader_slot(struct reader *r, yaml_node_t *node);
/* A port is a path beside the order, or absolute, maybe with options; or a network address. */
int reader_port(struct reader *r, const char *port, const char **out);
bool reader_same_port(const char *a, const char *b);
/* scan.c: the keys of scan; then what goes with them */
int reader_scan(struct reader *r, yaml_node_t *node);
int reader_check_scan(const struct reader *r);
/* definitions.c: one of objects, the next */
int reader_object(struct reader *r, yaml_node_t *node);
int reader_output(struct reader *r, yaml_node_t *node);
/* output.c: the keys of output; one of seal_to, the next; clear_text; then what goes with them */
int reader_seal_to(struct reader *r, yaml_node_t *node);
int reader_clear_text(struct reader *r, yaml_node_t *node);
int reader_check_output(const struct reader *r);
/* hook.c: every placeholder in the words is one of these; words may be NULL. */
int reader_check_words(struct reader *r, const char *key, const char *const *words,
                       const char *const *values, size_t count);
/* notify.c: one of notify, the next */
int reader_notify(struct reader *r, yaml_node_t *node);
/* key_words.c */
extern const struct key_words order_key_words[];
/* label.c: the keys of label */
int reader_label(struct reader *r, yaml_node_t *node);
int reader_check_label(const struct reader *r);

#endif
