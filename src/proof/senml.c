/* SPDX-License-Identifier: Apache-2.0 */
/* SenML of a bootstrap server (LwM2M Core 1.2, sections 7.5.6 and 7.5.7). JSON becomes CBOR, whose
 * reader knows the rules of both (RFC 8428). */
#include "cbor/cbor.h"
#include "lwm2m/lwm2m.h"
#include "proof/coap.h"

#include <jansson.h>
#include <signet/packet.h>

/* RFC 8428, table 4 */
static const struct {
    const char *name;
    int label;
} labels[] = {{"bver", -1}, {"bn", -2}, {"bt", -3}, {"bu", -4}, {"bv", -5},
              {"bs", -6},   {"n", 0},   {"u", 1},   {"v", 2},   {"vs", 3},
              {"vb", 4},    {"s", 5},   {"t", 6},   {"ut", 7},  {"vd", 8}};

static void json_put_label(struct buf *out, const char *name)
{
    for (size_t i = 0; i < COUNT_OF(labels); i++)
        if (!strcmp(labels[i].name, name)) {
            cbor_put_int(out, labels[i].label);
            return;
        }
    cbor_put_text(out, name); /* "vlo" */
}

static bool json_put_data(struct buf *out, const char *text, size_t len)
{
    struct buf data = {0};
    uint8_t *place = buf_extend(&data, len);
    ssize_t n = place ? base64url_decode(text, len, place, len) : -1;

    if (n >= 0)
        cbor_put_bytes(out, place, (size_t)n);
    buf_free(&data);
    return n >= 0;
}

static bool json_put_value(struct buf *out, const char *name, const json_t *value)
{
    const char *text = json_string_value(value);

    switch (json_typeof(value)) {
    case JSON_STRING:
        if (!strcmp(name, "vd"))
            return json_put_data(out, text, json_string_length(value));
        cbor_put_text_n(out, text, json_string_length(value));
        return true;
    case JSON_INTEGER:
        cbor_put_int(out, json_integer_value(value));
        return true;
    case JSON_REAL:
        cbor_put_double(out, json_real_value(value));
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        cbor_put_bool(out, json_is_true(value));
        return true;
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_NULL:
        break;
    }
    return false;
}

/* Values may be secrets; jansson does not wipe what it frees. */
static void json_forget(const json_t *value)
{
    if (json_is_string(value))
        wipe((char *)(uintptr_t)json_string_value(value), json_string_length(value));
}

static bool json_put_record(struct buf *out, json_t *record)
{
    bool good = json_is_object(record);

    cbor_put_map(out, json_object_size(record));
    for (void *at = json_object_iter(record); at; at = json_object_iter_next(record, at)) {
        json_put_label(out, json_object_iter_key(at));
        good = good && json_put_value(out, json_object_iter_key(at), json_object_iter_value(at));
        json_forget(json_object_iter_value(at));
    }
    return good;
}

static bool json_to_cbor(struct buf *out, const uint8_t *data, size_t len)
{
    json_t *records = json_loadb((const char *)data, len, JSON_REJECT_DUPLICATES, NULL);
    bool good = json_is_array(records);

    cbor_put_array(out, json_array_size(records));
    for (size_t i = 0; i < json_array_size(records); i++)
        good = json_put_record(out, json_array_get(records, i)) && good;
    json_decref(records);
    return good && !out->failed;
}

static bool merge(struct signet_tree *tree, struct signet_path base, unsigned depth,
                  const uint8_t *data, size_t len)
{
    struct signet_tree *records = NULL;
    bool good = signet_packet_decode(data, len, &records, NULL) == SIGNET_OK &&
                !(profile_of(tree)->strict_forms && tree_forms(records));

    for (size_t i = 0; good && i < signet_tree_count(records); i++) {
        const struct signet_record *r = signet_tree_at(records, i);

        good = path_is_below(r->path, base, depth) && written_put(tree, r->path, &r->value);
    }
    signet_tree_free(&records);
    return good;
}

bool senml_read(struct signet_tree *tree, struct signet_path base, unsigned depth, uint32_t format,
                const uint8_t *data, size_t len)
{
    struct buf packet = {0};
    bool good;

    if (format == COAP_SENML_CBOR)
        return merge(tree, base, depth, data, len);
    good = json_to_cbor(&packet, data, len) && merge(tree, base, depth, packet.data, packet.len);
    buf_free(&packet);
    return good;
}
