/* SPDX-License-Identifier: Apache-2.0 */
/* A tree for people (table) and for programs (JSON). */
#include "packet/print.h"
#include "packet/value.h"

#include "lwm2m/lwm2m.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 64 }; /* bytes of an opaque value that a table shows */

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

static bool printable(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (data[i] < 0x20 || data[i] > 0x7e)
            return false;
    return len > 0;
}

static void table_opaque(struct buf *out, const uint8_t *data, size_t len)
{
    if (printable(data, len) && len <= SHOWN_MAX) {
        buf_printf(out, "'%.*s' (%zu bytes)", (int)len, (const char *)data, len);
        return;
    }
    size_t shown = len < SHOWN_MAX ? len : SHOWN_MAX / 4;
    buf_hex(out, data, shown);
    buf_printf(out, "%s(%zu bytes%s)",
               shown < len ? "... "
               : shown     ? " "
                           : "",
               len, len > 64 && data[0] == 0x30 ? ", looks like DER" : "");
}

static void table_value(struct buf *out, const struct signet_value *value)
{
    switch (value->type) {
    case SIGNET_TYPE_STRING:
        text_escape(out, value->as.bytes.data, value->as.bytes.len);
        break;
    case SIGNET_TYPE_OPAQUE:
        table_opaque(out, value->as.bytes.data, value->as.bytes.len);
        break;
    case SIGNET_TYPE_INTEGER:
    case SIGNET_TYPE_UNSIGNED:
    case SIGNET_TYPE_FLOAT:
        value_number_text(out, value);
        break;
    case SIGNET_TYPE_BOOLEAN:
        buf_text(out, value->as.boolean ? "true" : "false");
        break;
    case SIGNET_TYPE_OBJLNK:
        buf_printf(out, "%u:%u", value->as.objlnk.oid, value->as.objlnk.iid);
        break;
    case SIGNET_TYPE_NONE: /* no value has these types */
    case SIGNET_TYPE_TIME:
    case SIGNET_TYPE_CORELNK:
    case SIGNET_TYPE_EXECUTABLE:
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

/* RFC 8428 section 4.3: base64url without padding. */
static void json_data(struct buf *out, const uint8_t *data, size_t len)
{
    size_t start = out->len;
    buf_base64(out, data, len);
    for (size_t i = start; i < out->len; i++)
        out->data[i] = out->data[i] == '+' ? '-' : out->data[i] == '/' ? '_' : out->data[i];
    while (out->len > start && out->data[out->len - 1] == '=')
        out->len--;
}

/* JSON has no infinity and no NaN: they are strings. */
static void json_number(struct buf *out, const struct signet_value *value)
{
    const char *quote = value->type == SIGNET_TYPE_FLOAT && !isfinite(value->as.number) ? "\"" : "";
    buf_text(out, quote);
    value_number_text(out, value);
    buf_text(out, quote);
}

static void json_value(struct buf *out, const struct signet_value *value)
{
    switch (value->type) {
    case SIGNET_TYPE_STRING:
        buf_text(out, "\"vs\": ");
        buf_json(out, value->as.bytes.data, value->as.bytes.len);
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
    case SIGNET_TYPE_INTEGER:
    case SIGNET_TYPE_UNSIGNED:
    case SIGNET_TYPE_FLOAT:
        buf_text(out, "\"v\": ");
        json_number(out, value);
        break;
    case SIGNET_TYPE_NONE: /* no value has these types */
    case SIGNET_TYPE_TIME:
    case SIGNET_TYPE_CORELNK:
    case SIGNET_TYPE_EXECUTABLE:
        break;
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
    int code = SIGNET_E_USAGE;
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
    }
    if (code == SIGNET_E_USAGE)
        error_set(err, SIGNET_E_USAGE, "no packet format has the number %d", (int)format);
    if (!code)
        code = buf_take(&text, out, err);
    buf_free(&text);
    return code;
}
