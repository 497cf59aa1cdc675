/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_EXPORT_H
#define SERVER_EXPORT_H

/* How the rows of an export look (export_row.c). */

#include "server/server.h"

enum { EXPORT_COLUMNS_MAX = 32 };

enum export_field {
    EXPORT_ENDPOINT,
    EXPORT_IDENTITY,
    EXPORT_MODE,       /* psk, cert, nosec */
    EXPORT_MODE_UPPER, /* PSK, X509, NO_SEC */
    EXPORT_KEY_HEX,
    EXPORT_KEY_BASE64,
    EXPORT_KEY_TEXT, /* the key is text itself */
    EXPORT_FIELDS
};

struct export_column {
    char *name;
    enum export_field field;
};

struct export_format {
    struct export_column columns[EXPORT_COLUMNS_MAX];
    size_t count;
    char delimiter; /* '{': NDJSON */
    bool header, quoted;
};

/* name: "csv" when NULL. columns: "Name=field, ..." or NULL for all. */
int export_format_read(struct export_format *format, const char *name, const char *columns,
                       struct signet_error *err);
void export_format_free(struct export_format *format);

int export_validate(const struct export_format *format, const struct signet_device *device,
                    struct signet_error *err);
bool export_by_endpoint(const struct export_format *format);

void export_header(const struct export_format *format, struct buf *out);
/* What only a row of this device begins with: its first column and what follows it. */
void export_start(const struct export_format *format, const struct signet_device *device,
                  struct buf *out);
void export_row(const struct export_format *format, const struct signet_device *device,
                struct buf *out);

#endif
