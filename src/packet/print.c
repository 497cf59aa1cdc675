/* SPDX-License-Identifier: Apache-2.0 */
/* A tree for people (table) and for programs (JSON). */
#include "packet/print.h"

#include "lwm2m/lwm2m.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 64 }; /* bytes of an opaque value that a table shows */

bool record_hidden(const struct signet_record *record, bool reveal)
{
    return !reveal && signet_resource_is_secret(record->path.oid, record->path.rid);
}

static const char *type_name(enum signet_type type)
{
    static const char *const names[] = {
        [SIGNET_TYPE_STRING] = "string",     [SIGNET_TYPE_INTEGER] = "integer",
        [SIGNET_TYPE_UNSIGNED] = "unsigned", [SIGNET_TYPE_FLOAT] = "float",
        [SIGNET_TYPE_BOOLEAN] = "boolean",   [SIGNET_TYPE_OPAQUE] = "opaque",
        [SIGNET_TYPE_OBJLNK] = "objlnk",
    };
    size_t count = sizeof(names) / sizeof(names[0]);
    return (size_t)type < count && names[type] ? names[type] : "none";
}

void number_text(double value, char out[static 40])
{
    if (!isfinite(value)) {
        strcpy(out, isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, 40, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    bool whole = true;
    for (char *c = out; *c; c++) {
        if (!strchr("0123456789+-e", *c))
            *c = '.'; /* the point of a locale that has another */
        if (*c == '.' || *c == 'e')
            whole = false;
    }
    if (whole)
        strcat(out, ".0");
}

static bool printable(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (data[i] < 0x20 || data[i] > 0x7e)
            return false;
    return len > 0;
}

static void put_hex(struct buf *out, const uint8_t *data, size_t len)
{
    char pair[3];
    for (size_t i = 0; i < len; i++) {
        hex_encode(data + i, 1, pair);
        buf_text(out, pair);
    }
}

static void table_opaque(struct buf *out, const uint8_t *data, size_t len)
{
    if (printable(data, len) && len <= SHOWN_MAX) {
        buf_printf(out, "'%.*s' (%zu bytes)", (int)len, (const char *)data, len);
        return;
    }
    size_t shown = len < SHOWN_MAX ? len : SHOWN_MAX / 4;
    put_hex(out, data, shown);
    buf_printf(out, "%s(%zu bytes%s)",
               shown < len ? "... "
               : shown     ? " "
                           : "",
               len, len > 64 && data[0] == 0x30 ? ", looks like DER" : "");
}

static void table_value(struct buf *out, const struct signet_value *value)
{
    char text[40];
    switch (value->type) {
    case SIGNET_TYPE_STRING:
        text_escape(out, value->as.bytes.data, value->as.bytes.len);
        break;
    case SIGNET_TYPE_OPAQUE:
        table_opaque(out, value->as.bytes.data, value->as.bytes.len);
        break;
    case SIGNET_TYPE_INTEGER:
        buf_printf(out, "%" PRId64, value->as.integer);
        break;
    case SIGNET_TYPE_UNSIGNED:
        buf_printf(out, "%" PRIu64, value->as.unsigned_integer);
        break;
    case SIGNET_TYPE_FLOAT:
        number_text(value->as.number, text);
        buf_text(out, text);
        break;
    case SIGNET_TYPE_BOOLEAN:
        buf_text(out, value->as.boolean ? "true" : "false");
        break;
    case SIGNET_TYPE_OBJLNK:
        buf_printf(out, "%u:%u", value->as.objlnk.oid, value->as.objlnk.iid);
        break;
    default:
        break;
    }
}

static void put_hidden(struct buf *out, const struct signet_value *value)
{
    if (value->type == SIGNET_TYPE_STRING || value->type == SIGNET_TYPE_OPAQUE)
        buf_printf(out, "(%zu bytes, hidden)", value->as.bytes.len);
    else
        buf_text(out, "(hidden)");
}

static void record_name(const struct signet_path *path, char out[static 80])
{
    const char *object = signet_object_name(path->oid);
    const char *resource = signet_resource_name(path->oid, path->rid);
    snprintf(out, 80, "%s%s%s", object ? object : "", resource ? " " : "",
             resource ? resource : "");
}

static int print_table(const struct signet_tree *tree, bool reveal, struct buf *out,
                       struct signet_error *err)
{
    size_t count = signet_tree_count(tree);
    int widths[2] = {4, 4};
    char path[PATH_TEXT_MAX], name[80];
    for (size_t i = 0; i < count; i++) {
        const struct signet_record *r = signet_tree_at(tree, i);
        path_format(r->path, path);
        record_name(&r->path, name);
        widths[0] = (int)strlen(path) > widths[0] ? (int)strlen(path) : widths[0];
        widths[1] = (int)strlen(name) > widths[1] ? (int)strlen(name) : widths[1];
    }
    buf_printf(out, "%-*s  %-*s  %-8s  %s\n", widths[0], "path", widths[1], "name", "type",
               "value");
    for (size_t i = 0; i < count; i++) {
        const struct signet_record *r = signet_tree_at(tree, i);
        path_format(r->path, path);
        record_name(&r->path, name);
        buf_printf(out, "%-*s  %-*s  %-8s  ", widths[0], path, widths[1], name,
                   type_name(r->value.type));
        if (record_hidden(r, reveal))
            put_hidden(out, &r->value);
        else
            table_value(out, &r->value);
        buf_byte(out, '\n');
    }
    return buf_check(out, err);
}

/* Strings in a tree are UTF-8: only quotes, backslashes and control characters need care. */
static void json_string(struct buf *out, const uint8_t *data, size_t len)
{
    buf_byte(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '"' || data[i] == '\\')
            buf_printf(out, "\\%c", data[i]);
        else if (data[i] < 0x20 || data[i] == 0x7f)
            buf_printf(out, "\\u%04x", data[i]);
        else
            buf_byte(out, data[i]);
    }
    buf_byte(out, '"');
}

/* RFC 8428 section 4.3: base64url without padding. */
static void json_data(struct buf *out, const uint8_t *data, size_t len)
{
    char *text;
    size_t size = base64_encode_size(len), start = out->len;
    text = (char *)buf_extend(out, size + 1);
    if (!text)
        return;
    base64_encode(data, len, text);
    for (size_t i = 0; i < size; i++)
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    while (size && text[size - 1] == '=')
        size--;
    out->len = start + size;
}

static void json_number(struct buf *out, const struct signet_value *value)
{
    char text[40];
    if (value->type != SIGNET_TYPE_FLOAT) {
        table_value(out, value);
        return;
    }
    number_text(value->as.number, text);
    if (isfinite(value->as.number))
        buf_text(out, text);
    else /* JSON has no such numbers */
        buf_printf(out, "\"%s\"", text);
}

static void json_value(struct buf *out, const struct signet_value *value)
{
    switch (value->type) {
    case SIGNET_TYPE_STRING:
        buf_text(out, "\"vs\": ");
        json_string(out, value->as.bytes.data, value->as.bytes.len);
        break;
    case SIGNET_TYPE_OPAQUE:
        buf_text(out, "\"vd\": \"");
        json_data(out, value->as.bytes.data, value->as.bytes.len);
        buf_byte(out, '"');
        break;
    case SIGNET_TYPE_BOOLEAN:
        buf_text(out, "\"vb\": ");
        table_value(out, value);
        break;
    case SIGNET_TYPE_OBJLNK:
        buf_text(out, "\"vlo\": \"");
        table_value(out, value);
        buf_byte(out, '"');
        break;
    default:
        buf_text(out, "\"v\": ");
        json_number(out, value);
    }
}

/* What RFC 8428 does not have, ends in no underscore: readers of SenML JSON pass over it. */
static int print_json(const struct signet_tree *tree, bool reveal, struct buf *out,
                      struct signet_error *err)
{
    char path[PATH_TEXT_MAX];
    buf_text(out, "[");
    for (size_t i = 0; i < signet_tree_count(tree); i++) {
        const struct signet_record *r = signet_tree_at(tree, i);
        const char *object = signet_object_name(r->path.oid);
        const char *resource = signet_resource_name(r->path.oid, r->path.rid);
        path_format(r->path, path);
        buf_printf(out, "%s\n  {\"n\": \"%s\", ", i ? "," : "", path);
        if (object)
            buf_printf(out, "\"object\": \"%s\", ", object);
        if (resource)
            buf_printf(out, "\"resource\": \"%s\", ", resource);
        buf_printf(out, "\"type\": \"%s\", ", type_name(r->value.type));
        if (!record_hidden(r, reveal))
            json_value(out, &r->value);
        else if (r->value.type == SIGNET_TYPE_STRING || r->value.type == SIGNET_TYPE_OPAQUE)
            buf_printf(out, "\"hidden\": true, \"bytes\": %zu", r->value.as.bytes.len);
        else
            buf_text(out, "\"hidden\": true");
        buf_byte(out, '}');
    }
    buf_text(out, signet_tree_count(tree) ? "\n]\n" : "]\n");
    return buf_check(out, err);
}

int signet_packet_print(const struct signet_tree *tree, enum signet_packet_format format,
                        unsigned flags, struct signet_bytes *out, struct signet_error *err)
{
    struct buf text = {0};
    bool reveal = flags & SIGNET_PACKET_REVEAL;
    int code;
    switch (format) {
    case SIGNET_PACKET_TABLE:
        code = print_table(tree, reveal, &text, err);
        break;
    case SIGNET_PACKET_JSON:
        code = print_json(tree, reveal, &text, err);
        break;
    case SIGNET_PACKET_CFG:
        code = print_cfg(tree, reveal, &text, err);
        break;
    default:
        code = error_set(err, SIGNET_E_USAGE, "no packet format has the number %d", (int)format);
    }
    if (!code)
        code = buf_take(&text, out, err);
    buf_free(&text);
    return code;
}
