/* SPDX-License-Identifier: Apache-2.0 */
/* A tree for people (table) and for programs (JSON). */
#include "packet/private.h"

#include <math.h>
#include <stdio.h>

enum {
    SHOWN_MAX = 64, /* bytes of an opaque value that a table shows */
    NAME_WIDTH = 2 * SIGNET_NAME_MAX + 2,
};

static bool all_printable(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (data[i] < 0x20 || data[i] > 0x7e)
            return false;
    return len > 0;
}

static void table_opaque(struct buf *out, const uint8_t *data, size_t len)
{
    if (all_printable(data, len) && len <= SHOWN_MAX) {
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
    if (value->type == SIGNET_TYPE_STRING)
        text_escape_value(out, value->as.bytes.data, value->as.bytes.len);
    else if (value->type == SIGNET_TYPE_OPAQUE)
        table_opaque(out, value->as.bytes.data, value->as.bytes.len);
    else
        value_text(out, value);
}

static void table_hidden(struct buf *out, const struct signet_value *value)
{
    if (type_has_bytes(value->type))
        buf_printf(out, "(%zu bytes, hidden)", value->as.bytes.len);
    else
        buf_text(out, "(hidden)");
}

static void table_name(const struct signet_objects *objects, const struct signet_path *path,
                       char out[static NAME_WIDTH])
{
    const char *object = object_name(objects, path->oid);
    const char *resource = resource_name(objects, path->oid, path->rid);
    snprintf(out, NAME_WIDTH, "%s%s%s", object ? object : "", resource ? " " : "",
             resource ? resource : "");
}

static int longer(int width, const char *text)
{
    int len = (int)strlen(text);
    return len > width ? len : width;
}

static void print_table(const struct signet_tree *tree, bool reveal, struct buf *out)
{
    int path_width = 4, name_width = 4;
    char path[PATH_TEXT_MAX], name[NAME_WIDTH];
    const struct signet_record *r;
    for (size_t i = 0; (r = signet_tree_at(tree, i)); i++) {
        path_format(r->path, path);
        table_name(signet_tree_objects(tree), &r->path, name);
        path_width = longer(path_width, path);
        name_width = longer(name_width, name);
    }
    buf_printf(out, "%-*s  %-*s  %-8s  %s\n", path_width, "path", name_width, "name", "type",
               "value");
    for (size_t i = 0; (r = signet_tree_at(tree, i)); i++) {
        path_format(r->path, path);
        table_name(signet_tree_objects(tree), &r->path, name);
        buf_printf(out, "%-*s  %-*s  %-8s  ", path_width, path, name_width, name,
                   type_info(r->value.type)->name);
        if (record_hidden(tree, r, reveal))
            table_hidden(out, &r->value);
        else
            table_value(out, &r->value);
        buf_byte(out, '\n');
    }
}

/* RFC 8428 section 4.3: base64url without padding. */
static void json_data(struct buf *out, const uint8_t *data, size_t len)
{
    size_t start = out->len + 1;
    buf_byte(out, '"');
    buf_base64(out, data, len);
    for (size_t i = start; i < out->len; i++)
        out->data[i] = out->data[i] == '+' ? '-' : out->data[i] == '/' ? '_' : out->data[i];
    while (out->len > start && out->data[out->len - 1] == '=')
        out->len--;
    buf_byte(out, '"');
}

static void json_value(struct buf *out, const struct signet_value *value)
{
    /* JSON has no infinity and no NaN: they are strings. */
    bool odd = value->type == SIGNET_TYPE_FLOAT && !isfinite(value->as.number);
    const char *quote = odd || value->type == SIGNET_TYPE_OBJLNK ? "\"" : "";

    buf_printf(out, "\"%s\": %s", type_info(value->type)->senml, quote);
    if (value->type == SIGNET_TYPE_STRING)
        buf_json(out, value->as.bytes.data, value->as.bytes.len);
    else if (value->type == SIGNET_TYPE_OPAQUE)
        json_data(out, value->as.bytes.data, value->as.bytes.len);
    else
        value_text(out, value);
    buf_text(out, quote);
}

/* What RFC 8428 does not have, ends in no underscore: readers of SenML JSON pass over it. */
static void senml_record(const struct signet_tree *tree, const struct signet_record *r, bool reveal,
                         struct buf *out)
{
    char path[PATH_TEXT_MAX];
    const char *object = object_name(signet_tree_objects(tree), r->path.oid);
    const char *resource = resource_name(signet_tree_objects(tree), r->path.oid, r->path.rid);

    path_format(r->path, path);
    buf_printf(out, "\"n\": \"%s\", ", path);
    if (object)
        buf_printf(out, "\"object\": \"%s\", ", object);
    if (resource)
        buf_printf(out, "\"resource\": \"%s\", ", resource);
    buf_printf(out, "\"type\": \"%s\", ", type_info(r->value.type)->name);
    if (!record_hidden(tree, r, reveal))
        json_value(out, &r->value);
    else if (type_has_bytes(r->value.type))
        buf_printf(out, "\"hidden\": true, \"bytes\": %zu", r->value.as.bytes.len);
    else
        buf_text(out, "\"hidden\": true");
    buf_byte(out, '}');
}

static void senml_json(const struct signet_tree *tree, bool reveal, struct buf *out)
{
    buf_text(out, "[");
    for (size_t i = 0; i < signet_tree_count(tree); i++) {
        buf_text(out, i ? ",\n  {" : "\n  {");
        senml_record(tree, signet_tree_at(tree, i), reveal, out);
    }
    buf_text(out, signet_tree_count(tree) ? "\n]\n" : "]\n");
}

static void senml_lines(const struct signet_tree *tree, bool reveal, struct buf *out)
{
    for (size_t i = 0; i < signet_tree_count(tree); i++) {
        buf_text(out, "{\"event\": \"record\", ");
        senml_record(tree, signet_tree_at(tree, i), reveal, out);
        buf_byte(out, '\n');
    }
}

int signet_packet_print(const struct signet_tree *tree, enum signet_packet_format format,
                        unsigned flags, struct signet_bytes *out, struct signet_error *err)
{
    struct buf text = {0};
    bool reveal = flags & SIGNET_PACKET_REVEAL;
    int code = SIGNET_OK;
    if ((unsigned)format > SIGNET_PACKET_LINES)
        return error_set(err, SIGNET_E_USAGE, "no packet format has the number %d", (int)format);
    switch (format) {
    case SIGNET_PACKET_TABLE:
        print_table(tree, reveal, &text);
        break;
    case SIGNET_PACKET_JSON:
        senml_json(tree, reveal, &text);
        break;
    case SIGNET_PACKET_CFG:
        code = print_cfg(tree, reveal, &text, err);
        break;
    case SIGNET_PACKET_LINES:
        senml_lines(tree, reveal, &text);
        break;
    }
    return buf_end(&text, code, out, err);
}
