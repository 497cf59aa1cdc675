/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OBJECT_XML_OBJECT_XML_H
#define OBJECT_XML_OBJECT_XML_H

/* Object definitions in the XML of the OMA LwM2M registry: signet_objects_load() of
 * <signet/objects.h>, and its parts. */

#include "lwm2m/lwm2m.h"

enum {
    OBJECT_FILE_MAX = 1024 * 1024, /* the largest of the registry has 33,538 bytes */
    OBJECT_RESOURCES_MAX = 4096,   /* in one object; the registry has 67 */
    OBJECT_FILE_OBJECTS = 64,      /* in one file */
};

/* document.c: the objects of one document, appended to *list (struct signet_object), with names as
 * they stand there. Warnings go to observer. Errors are "NAME:LINE:COLUMN: what": SIGNET_E_SYNTAX,
 * SIGNET_E_LIMIT; SIGNET_E_UNSUPPORTED: well-formed, and something else than object definitions. */
int object_xml_read(const void *text, size_t len, const char *name, struct buf *list,
                    const struct signet_observer *observer, struct signet_error *err);
void object_xml_free(struct buf *list);

/* words.c: the contents of fields */

/* Takes the blanks at both ends away. */
void xml_trim(struct buf *b);
/* 0 to 65534, or -1. */
long xml_id(const char *text);
/* What expat found (enum XML_Error), in words for a person. */
const char *xml_finding(int code, const char **hint);
/* "1.2" is 12; "": 1.0. 0: no version. */
unsigned xml_version(const char *text, long most_minor);
bool xml_type(const char *text, enum signet_type *out);
/* R, W, RW, E or nothing: or-ed to *flags, but for E. */
bool xml_operations(const char *text, uint8_t *flags, bool *executable);

/* open_elements.c: open: where the elements begin that are open, from the outermost; end: where the
 * end stands that does not fit, or the end of the file. Which of them lacks its end:
 * SIGNET_E_SYNTAX in err; false: none is known. */
bool xml_unended(const struct text_source *source, const size_t *open, unsigned depth, size_t end,
                 struct signet_error *err);

/* range.c: what stands in RangeEnumeration as a range of the object table; "" when it says nothing
 * that can be checked: "0-100" is "0..100", "2 bytes" of an integer "0..65535". */
void object_xml_range(const char *text, enum signet_type type, char out[static RANGE_TEXT_MAX]);

#endif
