/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORDER_ORDER_H
#define ORDER_ORDER_H

/* Work orders: <signet/order.h>; their manifests, and the placeholders in their texts. */

#include "base/base.h"

#include <signet/order.h>

/* manifest.c: the devices of an order as CSV (RFC 4180) with a header row, UTF-8 with or without
 * BOM. Read in pieces, from anywhere: memory does not depend on the number of rows. May hold keys:
 * all that was read is wiped. */

enum {
    MANIFEST_COLUMNS_MAX = 256,
    MANIFEST_NAME_MAX = 64, /* bytes of a column's name */
    MANIFEST_FIELD_MAX = 16 * 1024,
    MANIFEST_ROW_MAX = 64 * 1024,
};

struct manifest;

/* Starts as {0}, may be filled again and again, ends with manifest_row_free(). */
struct manifest_row {
    int64_t index;   /* from 0 */
    uint64_t line;   /* where it begins, from 1; a quoted field may hold line ends */
    struct buf text; /* all fields, each with a zero behind it */
    size_t count;    /* of fields, also of those past MANIFEST_COLUMNS_MAX */
    uint32_t ends[MANIFEST_COLUMNS_MAX];
};
const uint8_t *manifest_field(const struct manifest_row *row, size_t column, size_t *len);
void manifest_row_free(struct manifest_row *row);

/* Reads the header. Errors are "PATH:LINE: what", SIGNET_E_SYNTAX or SIGNET_E_LIMIT. */
int manifest_open(struct manifest **out, const char *path, char delimiter,
                  struct signet_error *err);
void manifest_close(struct manifest **manifest);
const char *const *manifest_columns(const struct manifest *manifest, size_t *count);
const char *manifest_path(const struct manifest *manifest);

/* Once, before manifest_row(): walks over all rows and learns where they are. on_row (may be NULL)
 * gets each row; bad: why it is none (number of fields, no UTF-8 ...), else NULL; what it returns
 * ends the walk. on_bytes gets the file as it is. SIGNET_E_SYNTAX: the rest cannot be read, such
 * as after a quote that is not closed. */
struct manifest_visitor {
    int (*on_row)(void *ctx, const struct manifest_row *row, const struct signet_error *bad,
                  struct signet_error *err);
    int (*on_bytes)(void *ctx, const void *data, size_t len, struct signet_error *err);
    void *ctx;
};
int manifest_scan(struct manifest *manifest, const struct manifest_visitor *visitor,
                  struct signet_error *err);
/* Gives an error of a row, "PATH:LINE: ...", the line as an excerpt. Reads the file again. */
void manifest_excerpt(const struct manifest *manifest, struct signet_error *err);
void manifest_show_rows(struct manifest *manifest);      /* in excerpts: they hold no secret */
int64_t manifest_count(const struct manifest *manifest); /* rows, after the scan */

/* Row index; rising ones are fast. Several threads. SIGNET_E_NOT_FOUND: past the end;
 * SIGNET_E_SYNTAX: the row is bad; SIGNET_E_CONFLICT: the file was changed since it was opened. */
int manifest_row(struct manifest *manifest, int64_t index, struct manifest_row *row,
                 struct signet_error *err);

/* placeholder.c: "urn:dev:{lot}-{serial:06}". {column}, {endpoint}, {serial}, {serial:06} in text;
 * in bytes with an encoding, {column:hex}, {column:base64}, {column:text}. {{ and }} are braces. */

enum text_encoding { ENCODING_TEXT, ENCODING_HEX, ENCODING_BASE64 };

enum piece_kind { PIECE_LITERAL, PIECE_COLUMN, PIECE_ENDPOINT, PIECE_SERIAL, PIECE_HARDWARE };

struct piece {
    enum piece_kind kind;
    enum text_encoding encoding;
    unsigned column;  /* PIECE_COLUMN */
    unsigned width;   /* PIECE_SERIAL: at least so many digits */
    size_t from, len; /* PIECE_LITERAL: in text */
};

struct pieces {
    struct piece *list;
    size_t count;
    uint8_t *text; /* literals, one behind the other */
    size_t len;
    bool fixed; /* no placeholder */
};

/* What there is to name. */
struct placeholder_names {
    const char *const *columns; /* a column called "serial" comes before the number */
    size_t count;
    const char *manifest; /* for messages; NULL: there is none */
    bool no_endpoint, no_serial;
    bool hardware; /* {hw_id}, unless a column is called so */
};

bool placeholder_known(const struct placeholder_names *names, const char *name, size_t len);

/* bytes: an encoding is needed, and braces in what is no printable text are bytes like others.
 * SIGNET_E_MEANING: names no column, with the nearest as a hint; SIGNET_E_SYNTAX. */
int pieces_compile(struct pieces *out, const void *text, size_t len, bool bytes,
                   const struct placeholder_names *names, struct signet_error *err);
void pieces_free(struct pieces *pieces);

struct placeholder_values {
    const struct manifest_row *row; /* NULL: no columns */
    const char *endpoint;
    int64_t serial;
    const char *hardware; /* the board's serial number; NULL: not known, and {hw_id} is empty */
};
/* Appends. SIGNET_E_SYNTAX: a column's value is not in the encoding; *column (may be NULL) is
 * which. The message does not hold the value. */
int pieces_expand(const struct pieces *pieces, const struct placeholder_values *values,
                  struct buf *out, int *column, struct signet_error *err);

/* output.c: the key of the order's file that this path names, too; NULL: none */
const char *order_file_key(const struct signet_order *order, const char *path);
/* slots.c: NULL: the order has no slot of this name */
const struct signet_slot *order_slot(const struct signet_order *order, const char *name);
/* hook.c: the commands of an order, by their keys; words NULL: there is none */
struct order_hook {
    const char *key, **words;
};
enum { ORDER_HOOKS = 5 };
void order_hooks(const struct signet_order *order, struct order_hook hooks[static ORDER_HOOKS]);
/* What may stand in their words, each with its braces. */
enum hook_value {
    HOOK_RESULT,
    HOOK_ORDER,
    HOOK_STATION,
    HOOK_OPERATOR,
    HOOK_SLOT,
    HOOK_ENDPOINT,
    HOOK_EDITION,
    HOOK_HW_ID,
    HOOK_STAGE,
    HOOK_ERROR,
    HOOK_MESSAGE,
    HOOK_VALUES
};
extern const char *const hook_values[HOOK_VALUES];

/* notify.c: what may stand in notify.topic. */
enum notify_value {
    NOTIFY_ORDER,
    NOTIFY_STATION,
    NOTIFY_SLOT,
    NOTIFY_ENDPOINT,
    NOTIFY_EVENT,
    NOTIFY_VALUES
};
extern const char *const notify_values[NOTIFY_VALUES];

#endif
