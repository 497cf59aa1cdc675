/* SPDX-License-Identifier: Apache-2.0 */
/* The value of one resource as plain text or as bytes (LwM2M Core 1.2, sections 7.5.1 and 7.5.2),
 * as bootstrap servers write it. */
#include "lwm2m/lwm2m.h"
#include "proof/coap.h"

#include <errno.h>
#include <stdlib.h>

static bool text_integer(const uint8_t *data, size_t len, int64_t *out)
{
    char text[24], *end;
    bool number =
        len > 0 && len < sizeof(text) && (data[0] == '-' || (data[0] >= '0' && data[0] <= '9'));

    if (!number)
        return false;
    memcpy(text, data, len);
    text[len] = '\0';
    errno = 0;
    *out = strtoll(text, &end, 10);
    return end == text + len && len > (data[0] == '-') && errno == 0;
}

/* Strings, numbers and flags: what accounts consist of. */
static bool plain_take(enum signet_type type, struct signet_value *out)
{
    const uint8_t *data = out->as.bytes.data;
    size_t len = out->as.bytes.len;

    if (type_info(type)->value == SIGNET_TYPE_STRING)
        return utf8_valid(data, len);
    if (type == SIGNET_TYPE_BOOLEAN) {
        bool is_true = len == 1 && data[0] == '1', is_false = len == 1 && data[0] == '0';

        out->as.boolean = is_true;
        return is_true || is_false;
    }
    out->type = SIGNET_TYPE_INTEGER;
    return (type == SIGNET_TYPE_UNSIGNED || type_info(type)->value == SIGNET_TYPE_INTEGER) &&
           text_integer(data, len, &out->as.integer);
}

bool plain_read(struct signet_tree *tree, struct signet_path path, uint32_t format,
                const uint8_t *data, size_t len)
{
    const struct signet_resource *resource =
        signet_resource_find(signet_tree_objects(tree), path.oid, path.rid);
    enum signet_type type = resource ? (enum signet_type)resource->type : SIGNET_TYPE_NONE;
    struct signet_value value = {.type = type_info(type)->value, .as.bytes = {data, len}};

    if (format == COAP_OPAQUE ? type != SIGNET_TYPE_OPAQUE : !plain_take(type, &value))
        return false;
    return written_put(tree, path, &value);
}
