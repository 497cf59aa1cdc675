/* SPDX-License-Identifier: Apache-2.0 */
/* One document of the registry:
 *
 *     <LWM2M><Object>
 *       <Name/> <ObjectID/> <LWM2MVersion/> <ObjectVersion/> <MultipleInstances/> <Mandatory/>
 *       <Resources><Item ID="0">
 *         <Name/> <Operations/> <MultipleInstances/> <Mandatory/> <Type/> <RangeEnumeration/>
 *
 * Everything else in it is passed over. */
#include "object_xml/object_xml.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAX = 32, FIELD_MAX = 4096 };

enum field {
    FIELD_NAME,
    FIELD_OBJECT_ID,
    FIELD_LWM2M_VERSION,
    FIELD_OBJECT_VERSION,
    FIELD_INSTANCES,
    FIELD_MANDATORY,
    FIELD_OPERATIONS,
    FIELD_TYPE,
    FIELD_RANGE,
    FIELDS
};

static const char *const field_names[FIELDS] = {
    "Name",      "ObjectID",   "LWM2MVersion", "ObjectVersion",   "MultipleInstances",
    "Mandatory", "Operations", "Type",         "RangeEnumeration"};

/* An object or a resource as its fields come. */
struct fields {
    struct buf text[FIELDS];
    size_t begin, at[FIELDS]; /* bytes of the file */
    unsigned seen;            /* bits of enum field */
};

struct xml_reader {
    XML_Parser parser;
    const char *name; /* of the file */
    struct text_source source;
    const struct signet_observer *observer;
    struct buf *list; /* struct signet_object, the finished ones */
    struct buf rows;  /* struct signet_resource of the object that is read */
    struct fields object, item;
    long rid;                                         /* of the item */
    unsigned depth, in_object, in_resources, in_item; /* depth where each began; 0: not in one */
    size_t open[DEPTH_MAX];                           /* where each element begins that is open */
    struct buf *into;                                 /* text goes there; NULL: nowhere */
    size_t blamed; /* where what is judged stands; 0: where the parser is */
    int rc;        /* of the first error */
    struct signet_error *err;
};

static size_t place_now(const struct xml_reader *r)
{
    const XML_Index at = XML_GetCurrentByteIndex(r->parser);

    return at > 0 ? (size_t)at : 0;
}

/* The next error is about this field, or about what lacks it. */
static struct xml_reader *blame_field(struct xml_reader *r, const struct fields *fields,
                                      enum field which)
{
    r->blamed = which < FIELDS && fields->seen & 1u << which ? fields->at[which] : fields->begin;
    return r;
}

__attribute__((format(printf, 4, 5))) static int
xml_fail(struct xml_reader *r, enum signet_code code, const char *hint, const char *fmt, ...)
{
    char what[200];
    va_list args;

    if (r->rc != SIGNET_OK)
        return r->rc;
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    r->rc = error_at(r->err, code, &r->source, r->blamed ? r->blamed : place_now(r), "%s", what);
    if (hint)
        error_hint(r->err, "%s", hint);
    XML_StopParser(r->parser, XML_FALSE);
    return r->rc;
}

__attribute__((format(printf, 3, 4))) static void xml_note(const struct xml_reader *r,
                                                           const char *hint, const char *fmt, ...)
{
    char what[200];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    event_note(r->observer, hint, "%s:%lu: %s", r->name,
               (unsigned long)XML_GetCurrentLineNumber(r->parser), what);
}

static void xml_no_memory(struct xml_reader *r)
{
    r->rc = error_nomem(r->err);
    XML_StopParser(r->parser, XML_FALSE);
}

/* The text of a field without blanks at its ends; "" when it is not there. */
static const char *field(const struct fields *fields, enum field which)
{
    const struct buf *b = &fields->text[which];

    return b->data ? (const char *)b->data : "";
}

/* What a message may hold of a field. */
#define SHOWN(fields, which) text_shown(field(fields, which), strlen(field(fields, which)), 40)

static void fields_free(struct fields *fields)
{
    for (int i = 0; i < FIELDS; i++)
        buf_free(&fields->text[i]);
    fields->seen = 0;
}

/* One of two words, whatever their case; fallback where the field is empty. */
static bool read_choice(struct xml_reader *r, const struct fields *fields, enum field which,
                        const char *yes, const char *no, const char *fallback, bool *out)
{
    const char *text = *field(fields, which) ? field(fields, which) : fallback;
    char hint[60];

    *out = strcasecmp(text, yes) == 0;
    if (*out || strcasecmp(text, no) == 0)
        return true;
    snprintf(hint, sizeof(hint), "write %s or %s", yes, no);
    xml_fail(blame_field(r, fields, which), SIGNET_E_SYNTAX, hint, "%s is '%s', and not %s or %s",
             field_names[which], SHOWN(fields, which), yes, no);
    return false;
}

/* A secret by its name: what can hold one. */
static bool holds_secret(enum signet_type type, const char *name)
{
    return (type_has_bytes(type) || type == SIGNET_TYPE_NONE || type == SIGNET_TYPE_INTEGER ||
            type == SIGNET_TYPE_UNSIGNED) &&
           name_is_secret(name);
}

static int field_row(struct xml_reader *r, struct signet_resource *row)
{
    const struct fields *f = &r->item;
    enum signet_type type;
    bool multiple, mandatory, executable;

    if (!xml_type(field(f, FIELD_TYPE), &type))
        return xml_fail(blame_field(r, f, FIELD_TYPE), SIGNET_E_SYNTAX,
                        "String, Integer, Unsigned Integer, Float, Boolean, Opaque, Time, Objlnk "
                        "or Corelnk",
                        "resource %ld: '%s' is no type", r->rid, SHOWN(f, FIELD_TYPE));
    if (!xml_operations(field(f, FIELD_OPERATIONS), &row->flags, &executable))
        return xml_fail(blame_field(r, f, FIELD_OPERATIONS), SIGNET_E_SYNTAX,
                        "R, W, RW, E or nothing", "resource %ld: '%s' are no operations", r->rid,
                        SHOWN(f, FIELD_OPERATIONS));
    if (!read_choice(r, f, FIELD_INSTANCES, "Multiple", "Single", "", &multiple) ||
        !read_choice(r, f, FIELD_MANDATORY, "Mandatory", "Optional", "Optional", &mandatory))
        return r->rc;
    if (executable)
        type = SIGNET_TYPE_EXECUTABLE;
    else if (type == SIGNET_TYPE_NONE)
        xml_note(r, "give the resource a Type", "resource %ld has no type: any value is taken",
                 r->rid);
    row->id = (uint16_t)r->rid;
    row->type = (uint8_t)type;
    row->flags |= (multiple ? SIGNET_DEFINED_MULTIPLE : 0) |
                  (mandatory ? SIGNET_DEFINED_MANDATORY : 0) |
                  (holds_secret(type, field(f, FIELD_NAME)) ? SIGNET_DEFINED_SECRET : 0);
    return SIGNET_OK;
}

static size_t row_count(const struct xml_reader *r)
{
    return r->rows.len / sizeof(struct signet_resource);
}

static void end_item(struct xml_reader *r)
{
    const struct signet_resource *rows = (const void *)r->rows.data;
    struct signet_resource row = {.alias = ""};
    char range[RANGE_TEXT_MAX], *name = NULL, *text = NULL;

    for (size_t i = 0; i < row_count(r); i++)
        if (rows[i].id == r->rid)
            xml_fail(blame_field(r, &r->item, FIELDS), SIGNET_E_SYNTAX,
                     "give each Item an ID of its own", "resource %ld stands twice in this object",
                     r->rid);
    if (row_count(r) >= OBJECT_RESOURCES_MAX)
        xml_fail(r, SIGNET_E_LIMIT, NULL, "more than %d resources", OBJECT_RESOURCES_MAX);
    if (r->rc != SIGNET_OK || field_row(r, &row) != SIGNET_OK)
        return;
    object_xml_range(field(&r->item, FIELD_RANGE), (enum signet_type)row.type, range);
    name = strdup(field(&r->item, FIELD_NAME));
    text = strdup(range);
    row.name = name;
    row.range = text;
    if (name && text)
        buf_append(&r->rows, &row, sizeof(row));
    if (name && text && !r->rows.failed)
        return;
    free(name);
    free(text);
    xml_no_memory(r);
}

static int compare_rows(const void *a, const void *b)
{
    return ((const struct signet_resource *)a)->id - ((const struct signet_resource *)b)->id;
}

static int take_object(struct xml_reader *r, struct signet_object *object)
{
    const struct fields *f = &r->object;
    long oid = xml_id(field(f, FIELD_OBJECT_ID));
    bool multiple, mandatory;

    if (oid < 0)
        return xml_fail(blame_field(r, f, FIELD_OBJECT_ID), SIGNET_E_SYNTAX,
                        "such as <ObjectID>33700</ObjectID>: a number from 0 to 65534",
                        *field(f, FIELD_OBJECT_ID) ? "'%s' is no ObjectID"
                                                   : "the object has no ObjectID%s",
                        SHOWN(f, FIELD_OBJECT_ID));
    if (!read_choice(r, f, FIELD_INSTANCES, "Multiple", "Single", "", &multiple) ||
        !read_choice(r, f, FIELD_MANDATORY, "Mandatory", "Optional", "Optional", &mandatory))
        return r->rc;
    object->since = (uint8_t)xml_version(field(f, FIELD_LWM2M_VERSION), 9);
    enum field bad = object->since ? FIELD_OBJECT_VERSION : FIELD_LWM2M_VERSION;
    if (!object->since || !xml_version(field(f, FIELD_OBJECT_VERSION), 99))
        return xml_fail(blame_field(r, f, bad), SIGNET_E_SYNTAX,
                        "a version is 1.0, 1.1 ...; nothing is 1.0", "'%s' is no version",
                        SHOWN(f, bad));
    object->id = (uint16_t)oid;
    object->flags =
        (multiple ? SIGNET_DEFINED_MULTIPLE : 0) | (mandatory ? SIGNET_DEFINED_MANDATORY : 0);
    object->count = row_count(r);
    return SIGNET_OK;
}

/* The object goes to the list, with its rows in order. */
static void end_object(struct xml_reader *r)
{
    struct signet_object object = {.alias = ""};
    const char *version = field(&r->object, FIELD_OBJECT_VERSION);
    struct signet_resource *rows = (void *)r->rows.data;
    char *name, *number;

    if (take_object(r, &object) != SIGNET_OK)
        return;
    if (r->list->len / sizeof(object) >= OBJECT_FILE_OBJECTS) {
        xml_fail(r, SIGNET_E_LIMIT, NULL, "more than %d objects in one file", OBJECT_FILE_OBJECTS);
        return;
    }
    for (size_t i = 0; i < object.count; i++)
        rows[i].since = object.since;
    if (object.count)
        qsort(rows, object.count, sizeof(*rows), compare_rows);
    struct signet_resource *own = malloc(r->rows.len + 1); /* a buf's memory is for secrets */
    object.resources = own;
    object.name = name = strdup(field(&r->object, FIELD_NAME));
    object.version = number = strdup(*version ? version : "1.0");
    if (name && number && own)
        buf_append(r->list, &object, sizeof(object));
    if (name && number && own && !r->list->failed) {
        if (r->rows.len)
            memcpy(own, rows, r->rows.len);
        buf_free(&r->rows);
        return;
    }
    free(own);
    free(name);
    free(number);
    xml_no_memory(r);
}

static const char *attribute(const XML_Char **attributes, const char *name)
{
    for (; *attributes; attributes += 2)
        if (strcmp(attributes[0], name) == 0)
            return attributes[1];
    return NULL;
}

static void start_object(struct xml_reader *r, const XML_Char **attributes)
{
    const char *type = attribute(attributes, "ObjectType");

    if (type && strcmp(type, "MODefinition") != 0)
        xml_fail(r, SIGNET_E_UNSUPPORTED, NULL,
                 "this Object is of the type '%s', and no definition of an object",
                 text_shown(type, strlen(type), 40));
    r->in_object = r->depth;
    r->object.begin = place_now(r);
}

static void start_item(struct xml_reader *r, const XML_Char **attributes)
{
    const char *id = attribute(attributes, "ID");

    r->in_item = r->depth;
    r->item.begin = place_now(r);
    r->rid = id ? xml_id(id) : -1;
    if (r->rid < 0)
        xml_fail(r, SIGNET_E_SYNTAX, "an ID is a number from 0 to 65534",
                 id ? "'%s' is no ID of a resource" : "an Item has no ID%s",
                 id ? text_shown(id, strlen(id), 40) : "");
}

/* The field of the object or the item that begins here takes the text that follows. */
static void start_field(struct xml_reader *r, const char *element)
{
    struct fields *fields = r->in_item ? &r->item : &r->object;

    for (unsigned i = 0; i < FIELDS; i++) {
        if (strcmp(element, field_names[i]) != 0)
            continue;
        if (fields->seen & 1u << i)
            xml_fail(r, SIGNET_E_SYNTAX, "keep one of the two", "%s stands twice", element);
        fields->seen |= 1u << i;
        fields->at[i] = place_now(r);
        fields->text[i].max = FIELD_MAX;
        r->into = &fields->text[i];
    }
}

static void XMLCALL xml_start(void *ctx, const XML_Char *element, const XML_Char **attributes)
{
    struct xml_reader *r = ctx;

    if (r->rc != SIGNET_OK)
        return;
    if (r->depth < DEPTH_MAX)
        r->open[r->depth] = place_now(r);
    if (++r->depth > DEPTH_MAX)
        xml_fail(r, SIGNET_E_LIMIT, NULL, "elements are nested more than %d deep", DEPTH_MAX);
    else if (r->depth == 1 && strcmp(element, "LWM2M") != 0)
        xml_fail(r, SIGNET_E_UNSUPPORTED, "the OMA registry has definitions of objects as XML",
                 "the document is <%s>, and no definition of objects, which is <LWM2M>",
                 text_shown(element, strlen(element), 40));
    else if (r->depth == 2 && strcmp(element, "Object") == 0)
        start_object(r, attributes);
    else if (r->in_object && r->depth == r->in_object + 1 && strcmp(element, "Resources") == 0)
        r->in_resources = r->depth;
    else if (r->in_resources && r->depth == r->in_resources + 1 && strcmp(element, "Item") == 0)
        start_item(r, attributes);
    else if (r->depth == (r->in_item ? r->in_item : r->in_object) + 1)
        start_field(r, element);
}

static void XMLCALL xml_text(void *ctx, const XML_Char *text, int len)
{
    struct xml_reader *r = ctx;

    if (!r->into || r->rc != SIGNET_OK)
        return;
    buf_append(r->into, text, (size_t)len);
    int rc = buf_check(r->into, NULL);
    if (rc == SIGNET_E_NOMEM)
        xml_no_memory(r);
    else if (rc != SIGNET_OK)
        xml_fail(r, SIGNET_E_LIMIT, NULL, "the text of a field has more than %d bytes", FIELD_MAX);
}

static void XMLCALL xml_end(void *ctx, const XML_Char *element)
{
    struct xml_reader *r = ctx;

    (void)element;
    if (r->rc != SIGNET_OK)
        return;
    if (r->into)
        xml_trim(r->into);
    r->into = NULL;
    if (r->depth == r->in_item) {
        end_item(r);
        fields_free(&r->item);
        r->in_item = 0;
    } else if (r->depth == r->in_resources) {
        r->in_resources = 0;
    } else if (r->depth == r->in_object) {
        end_object(r);
        fields_free(&r->object);
        r->in_object = 0;
    }
    r->depth--;
}

/* With a document type entities could be defined, and files be named. */
static void XMLCALL xml_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
                                const XML_Char *public_id, int has_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_subset;
    xml_fail(ctx, SIGNET_E_SYNTAX, "definitions of the OMA registry have none: take it out",
             "a DOCTYPE is not taken");
}

static int xml_broken(struct xml_reader *r)
{
    const enum XML_Error code = XML_GetErrorCode(r->parser);
    const char *hint, *what = xml_finding((int)code, &hint);
    if (code == XML_ERROR_NO_MEMORY)
        return r->rc = error_nomem(r->err);
    if (code == XML_ERROR_INVALID_TOKEN && !memchr(r->source.text, '<', r->source.len))
        what = "this is no XML", hint = "a definition begins with <LWM2M>, as OMA writes it";
    /* the place of an end that does not fit is that of its name */
    size_t end = code == XML_ERROR_TAG_MISMATCH ? place_now(r) - 2 : r->source.len;
    if ((code == XML_ERROR_TAG_MISMATCH || code == XML_ERROR_NO_ELEMENTS) &&
        xml_unended(&r->source, r->open, r->depth, end, r->err))
        return r->rc = SIGNET_E_SYNTAX;
    return xml_fail(r, SIGNET_E_SYNTAX, hint, "%s", what);
}

static int xml_parse(struct xml_reader *r, const void *text, size_t len)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, xml_start, xml_end);
    XML_SetCharacterDataHandler(r->parser, xml_text);
    XML_SetStartDoctypeDeclHandler(r->parser, xml_doctype);
    if (len > OBJECT_FILE_MAX)
        return xml_fail(r, SIGNET_E_LIMIT, NULL, "larger than %d bytes", OBJECT_FILE_MAX);
    if (XML_Parse(r->parser, text, (int)len, 1) != XML_STATUS_OK && r->rc == SIGNET_OK)
        xml_broken(r);
    if (r->rc == SIGNET_OK && !r->list->len)
        xml_fail(r, SIGNET_E_UNSUPPORTED, "definitions have <LWM2M><Object>...",
                 "there is no Object in it");
    return r->rc;
}

static void names_free(const struct signet_resource *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((void *)(uintptr_t)rows[i].name);
        free((void *)(uintptr_t)rows[i].range);
    }
}

void object_xml_free(struct buf *list)
{
    const struct signet_object *objects = (const void *)list->data;

    for (size_t i = 0; i < list->len / sizeof(*objects); i++) {
        names_free(objects[i].resources, objects[i].count);
        free((void *)(uintptr_t)objects[i].resources);
        free((void *)(uintptr_t)objects[i].name);
        free((void *)(uintptr_t)objects[i].version);
    }
    buf_free(list);
}

int object_xml_read(const void *text, size_t len, const char *name, struct buf *list,
                    const struct signet_observer *observer, struct signet_error *err)
{
    struct buf found = {0};
    struct signet_error local = {0};
    struct xml_reader r = {.parser = XML_ParserCreate(NULL),
                           .name = name,
                           .source = {name, text, len, text_hide_secrets, NULL},
                           .observer = observer,
                           .list = &found,
                           .err = err ? err : &local};

    if (!r.parser)
        return error_nomem(err);
    xml_parse(&r, text, len);
    XML_ParserFree(r.parser);
    fields_free(&r.object);
    fields_free(&r.item);
    names_free((const void *)r.rows.data, row_count(&r));
    buf_free(&r.rows);
    if (r.rc == SIGNET_OK) {
        buf_append(list, found.data, found.len);
        r.rc = buf_check(list, r.err);
    }
    if (r.rc != SIGNET_OK)
        object_xml_free(&found);
    buf_free(&found);
    return r.rc;
}
