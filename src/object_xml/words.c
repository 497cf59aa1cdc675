/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand in the fields of a definition. */
#include "object_xml/object_xml.h"

#include <expat.h>
#include <stdlib.h>

void xml_trim(struct buf *b)
{
    size_t from = 0;

    while (b->len && strchr(" \t\r\n", b->data[b->len - 1]))
        b->len--;
    while (from < b->len && strchr(" \t\r\n", b->data[from]))
        from++;
    if (!b->data)
        return;
    memmove(b->data, b->data + from, b->len - from);
    b->len -= from;
    b->data[b->len] = '\0';
}

long xml_id(const char *text)
{
    char *end;
    long id = strtol(text, &end, 10);

    return *text < '0' || *text > '9' || *end || end - text > 5 || id >= (long)SIGNET_NO_ID ? -1
                                                                                            : id;
}

unsigned xml_version(const char *text, long most_minor)
{
    char *dot, *end;
    long major = strtol(text, &dot, 10), minor;

    if (!*text)
        return 10;
    if (*dot != '.' || dot[1] < '0' || dot[1] > '9' || dot - text > 2)
        return 0;
    minor = strtol(dot + 1, &end, 10);
    return major >= 1 && major < 25 && !*end && minor <= most_minor ? (unsigned)(major * 10 + minor)
                                                                    : 0;
}

bool xml_type(const char *text, enum signet_type *out)
{
    static const struct {
        const char *name;
        enum signet_type type;
    } types[] = {
        {"", SIGNET_TYPE_NONE},           {"String", SIGNET_TYPE_STRING},
        {"Integer", SIGNET_TYPE_INTEGER}, {"Unsigned Integer", SIGNET_TYPE_UNSIGNED},
        {"Float", SIGNET_TYPE_FLOAT},     {"Boolean", SIGNET_TYPE_BOOLEAN},
        {"Opaque", SIGNET_TYPE_OPAQUE},   {"Time", SIGNET_TYPE_TIME},
        {"Objlnk", SIGNET_TYPE_OBJLNK},   {"Corelnk", SIGNET_TYPE_CORELNK},
        {"none", SIGNET_TYPE_NONE},
    };

    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strcasecmp(text, types[i].name) == 0) {
            *out = types[i].type;
            return true;
        }
    return false;
}

bool xml_operations(const char *text, uint8_t *flags, bool *executable)
{
    *executable = false;
    for (; *text; text++)
        if (*text == 'R')
            *flags |= SIGNET_DEFINED_READ;
        else if (*text == 'W')
            *flags |= SIGNET_DEFINED_WRITE;
        else if (*text == 'E')
            *executable = true;
        else if (*text != ' ' && *text != ',')
            return false;
    return !*executable || !(*flags & (SIGNET_DEFINED_READ | SIGNET_DEFINED_WRITE));
}

const char *xml_finding(int code, const char **hint)
{
    static const struct {
        enum XML_Error code;
        const char *what, *hint;
    } findings[] = {
        {XML_ERROR_NO_ELEMENTS, "the file ends before its first element does",
         "was it copied whole? A definition begins with <LWM2M> and ends with </LWM2M>"},
        {XML_ERROR_INVALID_TOKEN, "a character that cannot stand here",
         "an & is written &amp;, a < in a text &lt;"},
        {XML_ERROR_UNCLOSED_TOKEN, "the file ends in the middle of this", "was it copied whole?"},
        {XML_ERROR_PARTIAL_CHAR, "this is not UTF-8", "save the file as UTF-8"},
        {XML_ERROR_TAG_MISMATCH, "this does not end the element that was begun last",
         "each <Name> has its </Name>"},
        {XML_ERROR_DUPLICATE_ATTRIBUTE, "an attribute stands twice", "keep one of the two"},
        {XML_ERROR_JUNK_AFTER_DOC_ELEMENT, "this stands after the end", "the file has one <LWM2M>"},
        {XML_ERROR_UNDEFINED_ENTITY, "a word between & and ; that nobody defined",
         "write the character itself; an & is written &amp;"},
        {XML_ERROR_UNKNOWN_ENCODING, "an encoding that is not known", "save the file as UTF-8"},
        {XML_ERROR_INCORRECT_ENCODING, "the encoding that the first line names is not the file's",
         "save the file as UTF-8"},
        {XML_ERROR_MISPLACED_XML_PI, "<?xml ... ?> stands before all else, or nowhere",
         "take out what stands before it, blanks as well"},
    };

    for (size_t i = 0; i < COUNT_OF(findings); i++)
        if ((int)findings[i].code == code) {
            *hint = findings[i].hint;
            return findings[i].what;
        }
    *hint = "an object definition is XML, as the OMA registry has it";
    return "this is not XML that can be read";
}
