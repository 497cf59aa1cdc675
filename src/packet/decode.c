/* SPDX-License-Identifier: Apache-2.0 */
/* SenML CBOR to tree: an array of maps, each a record. What base labels set holds until the next
 * record that sets it (RFC 8428 section 4.1). */
#include "packet/private.h"

enum {
    RECORDS_MAX = 65536,
    NAME_MAX_LEN = 64, /* the longest path has 24 characters */
    SENML_VERSION = 10,
    TAG_SELF_DESCRIBED = 55799,
};

struct name {
    char text[NAME_MAX_LEN];
    size_t len;
};

struct decoder {
    struct cbor_reader in;
    struct signet_tree *tree;
    const struct signet_objects *objects; /* by which secrets are known */
    struct buf *secrets;
    struct name base;
    struct signet_value base_value;
    size_t record; /* from 1 */
    bool fraction; /* the value before this one was a decimal fraction */
    struct buf scratch;
};

/* The fields of one record as they come, in any order. */
struct fields {
    struct name name;
    struct signet_value value;
    struct buf bytes; /* a string value that came in pieces */
    size_t value_at;
    unsigned seen; /* bit_of() each label */
    bool has_value;
};

/* A record's label: an integer, or a text that is vlo, reserved or without meaning. */
enum { KEY_OTHER = 100, KEY_LINK = 101 };

/* The text of a label or a name. */
static int decode_text(struct decoder *d, const struct cbor_item *item, const char *what,
                       const uint8_t **text, size_t *len, struct signet_error *err)
{
    if (item->kind != CBOR_TEXT && item->kind != CBOR_TEXT_START)
        return cbor_misplaced(item, what, err);
    return cbor_string(&d->in, item, &d->scratch, text, len, err);
}

static int read_key(struct decoder *d, const struct cbor_item *item, int *key,
                    struct signet_error *err)
{
    const uint8_t *text = NULL;
    size_t len = 0;
    *key = KEY_OTHER;
    if (item->kind == CBOR_UNSIGNED || item->kind == CBOR_NEGATIVE) {
        if (item->number < 20)
            *key = item->kind == CBOR_NEGATIVE ? -1 - (int)item->number : (int)item->number;
        return SIGNET_OK;
    }
    int code = decode_text(d, item, "a label", &text, &len, err);
    if (code)
        return code;
    if (text_is((const char *)text, len, LABEL_OBJLINK))
        *key = KEY_LINK;
    else if (len && text[len - 1] == '_')
        return error_set(err, SIGNET_E_SYNTAX,
                         "byte %zu: a label that ends in '_' must be understood, and is not",
                         item->at);
    return SIGNET_OK;
}

static int decode_name(struct decoder *d, const struct cbor_item *item, struct name *out,
                       struct signet_error *err)
{
    const uint8_t *text = NULL;
    size_t len = 0;
    int code = decode_text(d, item, "a name", &text, &len, err);
    if (code)
        return code;
    if (len > sizeof(out->text))
        return error_set(err, SIGNET_E_LIMIT, "byte %zu: a name of %zu bytes is no LwM2M path",
                         item->at, len);
    if (len)
        memcpy(out->text, text, len);
    out->len = len;
    return SIGNET_OK;
}

/* vs, vd and vlo: a string of the kind that the label says. */
static int read_string(struct decoder *d, const struct cbor_item *item, int key, struct fields *f,
                       struct signet_error *err)
{
    bool is_text = item->kind == CBOR_TEXT || item->kind == CBOR_TEXT_START;
    bool is_bytes = item->kind == CBOR_BYTES || item->kind == CBOR_BYTES_START;
    const uint8_t *bytes;
    size_t len;
    if (key == LABEL_DATA ? !is_bytes : !is_text)
        return cbor_misplaced(item, key == LABEL_DATA ? "a byte string" : "a text string", err);
    int code = cbor_string(&d->in, item, &f->bytes, &bytes, &len, err);
    if (code)
        return code;
    if (key == KEY_LINK && !value_objlink(bytes, len, &f->value))
        return error_set(err, SIGNET_E_SYNTAX,
                         "byte %zu: an object link is 'OBJECT:INSTANCE', two numbers", item->at);
    if (key == LABEL_STRING && !utf8_valid(bytes, len))
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: a text string that is not UTF-8",
                         item->at);
    if (key != KEY_LINK)
        f->value = (struct signet_value){.type = key == LABEL_DATA ? SIGNET_TYPE_OPAQUE
                                                                   : SIGNET_TYPE_STRING,
                                         .as.bytes = {bytes, len}};
    return SIGNET_OK;
}

/* v: a number; RFC 3339 text without a tag stays with vs. */
static int read_v(struct decoder *d, const struct cbor_item *item, struct fields *f,
                  struct signet_error *err)
{
    if (item->kind == CBOR_NULL)
        return error_set(
            err, SIGNET_E_SYNTAX,
            "byte %zu: null deletes in SenML-ETCH only (RFC 8790, section 3.2), a packet has "
            "values",
            item->at);
    int code = value_number(&d->in, item, &f->value, err);
    d->fraction = item->kind == CBOR_TAG && item->number == TAG_DECIMAL;
    if (item->kind == CBOR_TAG && item->number == TAG_TIME_TEXT)
        tree_add_form(d->tree, FORM_DATE);
    if (code && err && err->code == SIGNET_E_SYNTAX && item->kind != CBOR_TAG)
        error_hint(err, "labels: 2 number, 3 text, 4 boolean, 8 bytes, 'vlo' object link");
    return code;
}

static int read_value(struct decoder *d, const struct cbor_item *item, int key, struct fields *f,
                      struct signet_error *err)
{
    if (f->has_value)
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: a second value in one record", item->at);
    f->has_value = true;
    f->value_at = item->at;
    if (key == LABEL_VALUE)
        return read_v(d, item, f, err);
    if (key != LABEL_BOOLEAN)
        return read_string(d, item, key, f, err);
    if (item->kind != CBOR_BOOLEAN)
        return cbor_misplaced(item, "a boolean", err);
    f->value = (struct signet_value){.type = SIGNET_TYPE_BOOLEAN, .as.boolean = item->boolean};
    return SIGNET_OK;
}

static int read_version(const struct cbor_item *item, struct signet_error *err)
{
    if (item->kind == CBOR_UNSIGNED && item->number <= SENML_VERSION)
        return SIGNET_OK;
    return error_set(err, SIGNET_E_UNSUPPORTED,
                     "byte %zu: not SenML version %d or before (RFC 8428, section 4.4)", item->at,
                     SENML_VERSION);
}

/* Units, times and base sums say nothing about an LwM2M value. */
static int read_field(struct decoder *d, int key, const struct cbor_item *item, struct fields *f,
                      struct signet_error *err)
{
    switch (key) {
    case LABEL_BASE_NAME:
        return decode_name(d, item, &d->base, err);
    case LABEL_NAME:
        return decode_name(d, item, &f->name, err);
    case LABEL_BASE_VALUE:
        tree_add_form(d->tree, FORM_LABEL);
        return value_number(&d->in, item, &d->base_value, err);
    case LABEL_BASE_VERSION:
        tree_add_form(d->tree, FORM_LABEL);
        return read_version(item, err);
    case LABEL_VALUE:
    case LABEL_STRING:
    case LABEL_BOOLEAN:
    case LABEL_DATA:
    case KEY_LINK:
        return read_value(d, item, key, f, err);
    default:
        tree_add_form(d->tree,
                      key == LABEL_BASE_TIME || key == LABEL_TIME ? FORM_TIME : FORM_LABEL);
        return cbor_skip(&d->in, item, err);
    }
}

/* 0: a label without meaning */
static unsigned bit_of(int key)
{
    if (key == KEY_LINK)
        return 1u << 16;
    return key < LABEL_BASE_SUM || key > LABEL_DATA ? 0 : 1u << (key - LABEL_BASE_SUM);
}

static int mark_seen(int key, size_t at, struct fields *f, struct signet_error *err)
{
    unsigned bit = bit_of(key);
    if (f->seen & bit)
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: a label comes twice in one record", at);
    f->seen |= bit;
    return SIGNET_OK;
}

static int refuse_name(const char *name, size_t len, size_t at, const char *why,
                       struct signet_error *err)
{
    struct buf shown = {0};
    text_escape(&shown, (const uint8_t *)name, len);
    error_set(err, SIGNET_E_SYNTAX, "byte %zu: name '%s': %s (LwM2M Core 1.2, section 7.5.7)", at,
              shown.failed || !len ? "" : (const char *)shown.data, why);
    buf_free(&shown);
    return SIGNET_E_SYNTAX;
}

static int store(struct decoder *d, const struct cbor_item *start, struct fields *f,
                 struct signet_error *err)
{
    char full[2 * NAME_MAX_LEN];
    size_t len = d->base.len + f->name.len;
    struct signet_path path;
    if (!f->has_value && !f->name.len && f->seen && !(f->seen & bit_of(LABEL_SUM))) {
        tree_add_form(d->tree, FORM_ALONE); /* base values only, for the records that follow */
        return SIGNET_OK;
    }
    if (!f->has_value)
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: the record has no value", start->at);
    memcpy(full, d->base.text, d->base.len);
    memcpy(full + d->base.len, f->name.text, f->name.len);
    const char *wrong = value_path(full, len, &path);
    if (wrong)
        return refuse_name(full, len, start->at, wrong, err);
    if ((f->seen & bit_of(LABEL_VALUE)) && !value_is_zero(&d->base_value) &&
        !value_add(&f->value, &d->base_value))
        return error_set(err, SIGNET_E_SYNTAX, "byte %zu: base value and value leave 64 bits",
                         start->at);
    if (d->secrets &&
        (resource_is_secret(d->objects, path.oid, path.rid) || value_is_private_key(&f->value)))
        buf_append(d->secrets, &f->value_at, sizeof(f->value_at));
    if (signet_tree_find(d->tree, path)) {
        tree_add_form(d->tree, FORM_TWICE);
        return signet_tree_put(d->tree, path, &f->value, err);
    }
    return tree_append(d->tree, path, &f->value, 0, 0, err);
}

/* A label and what it stands for. */
static int read_pair(struct decoder *d, struct cbor_item *label, struct fields *f,
                     struct signet_error *err)
{
    struct cbor_item value;
    int key, code = read_key(d, label, &key, err);
    if (d->fraction)
        tree_add_form(d->tree, FORM_FRACTION);
    d->fraction = false;
    if (!code)
        code = mark_seen(key, label->at, f, err);
    if (!code)
        code = cbor_next(&d->in, &value, err);
    return code ? code : read_field(d, key, &value, f, err);
}

static int read_record(struct decoder *d, const struct cbor_item *start, struct signet_error *err)
{
    struct fields f = {0};
    struct cbor_item label = {0};
    struct cbor_run run;
    int code = SIGNET_OK;
    if (!cbor_run_begin(&run, start, true))
        return cbor_misplaced(start, "a record (a map)", err);
    while (!code && label.kind != CBOR_BREAK) {
        code = cbor_run_next(&d->in, &run, &label, err);
        if (!code && label.kind != CBOR_BREAK)
            code = read_pair(d, &label, &f, err);
    }
    if (!code)
        code = store(d, start, &f, err);
    buf_free(&f.bytes);
    return code;
}

static int read_records(struct decoder *d, struct cbor_run *run, struct signet_error *err)
{
    for (;;) {
        struct cbor_item item;
        int code = cbor_run_next(&d->in, run, &item, err);
        if (code || item.kind == CBOR_BREAK)
            return code;
        if (++d->record > RECORDS_MAX)
            return error_set(err, SIGNET_E_LIMIT, "byte %zu: more than %d records", item.at,
                             RECORDS_MAX);
        code = read_record(d, &item, err);
        if (code)
            return error_pass(code, err, "record %zu", d->record);
    }
}

static int read_packet(struct decoder *d, struct signet_error *err)
{
    struct cbor_item item;
    struct cbor_run run;
    int code;

    do
        code = cbor_next(&d->in, &item, err);
    while (!code && item.kind == CBOR_TAG && item.number == TAG_SELF_DESCRIBED);
    if (code)
        return code;
    if (!cbor_run_begin(&run, &item, false))
        return cbor_misplaced(&item, "an array of records", err);
    code = read_records(d, &run, err);
    if (item.kind == CBOR_ARRAY_START && d->record)
        tree_add_form(d->tree, FORM_INDEFINITE_ARRAY);
    return code ? code : cbor_end(&d->in, err);
}

int packet_read(const uint8_t *data, size_t len, const struct signet_objects *objects,
                struct signet_tree **out, struct buf *secrets, struct signet_error *err)
{
    struct decoder d = {.in = {.data = data, .len = len}, .objects = objects, .secrets = secrets};
    d.base_value = (struct signet_value){.type = SIGNET_TYPE_INTEGER};
    int code = signet_tree_new(&d.tree, err);
    if (!code)
        code = read_packet(&d, err);
    if (code && len && data[0] < 0x80) /* text, most likely */
        error_hint(err, "this is not SenML CBOR; 'packet make' makes it from a configuration");
    if (code == SIGNET_E_SYNTAX)
        error_cite(err, "RFC 8428, section 6");
    if (!code && secrets)
        code = buf_check(secrets, err);
    if (!code) {
        *out = d.tree;
        d.tree = NULL;
    }
    signet_tree_free(&d.tree);
    buf_free(&d.scratch);
    return code;
}

int signet_packet_decode(const uint8_t *data, size_t len, struct signet_tree **out,
                         struct signet_error *err)
{
    return packet_read(data, len, NULL, out, NULL, err);
}
