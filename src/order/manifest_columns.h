/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORDER_COLUMNS_H
#define ORDER_COLUMNS_H

#include "order/order.h"

/* manifest_columns.c: the columns of a manifest, and what each of its rows must be. */
struct columns {
    char *path; /* of the manifest */
    char delimiter;
    char **names;
    size_t count;
    bool shown; /* no row holds a secret */
};

/* What may stand before the names: a byte order mark, "sep=;". data: the first bytes of the file.
 * *at and *line: where the names are. Refuses another delimiter. */
int columns_other_delimiter(const struct columns *columns, uint64_t line, char found,
                            struct signet_error *err);
int columns_begin(const struct columns *columns, const uint8_t *data, size_t len, size_t *at,
                  uint64_t *line, struct signet_error *err);
int columns_read(struct columns *columns, const struct manifest_row *header,
                 struct signet_error *err);
void columns_free(struct columns *columns);
/* Whatever the columns mean. Empty fields behind the last column are passed over. */
int columns_check(const struct columns *columns, const struct manifest_row *row,
                  struct signet_error *err);
/* excerpt.c: "PATH:LINE: ..." becomes "PATH:LINE:COLUMN: ...", with the line and a caret. What rows
 * hold is dots, unless they are shown. */
void columns_excerpt(const struct columns *columns, int fd, struct signet_error *err);

#endif
