/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions as the registry writes them, and what is refused of them. */
#include "object_xml/object_xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "<LWM2M><Object ObjectType=\"MODefinition\">"
#define FACTS                                                                                      \
    "<Name>Pump</Name><ObjectID>33700</ObjectID><MultipleInstances>Multiple</MultipleInstances>"
#define ITEM        "<MultipleInstances>Single</MultipleInstances>"
#define TAIL        "</Object></LWM2M>"
#define WITH(items) HEAD FACTS "<Resources>" items "</Resources>" TAIL

static int read_text(const char *text, struct buf *list, struct signet_error *err)
{
    return object_xml_read(text, strlen(text), "pump.xml", list, NULL, err);
}

static void what_a_definition_says(void **state)
{
    static const char text[] =
        "\xef\xbb\xbf<?xml version=\"1.0\"?>\r\n<!-- <!DOCTYPE --><LWM2M>\r\n<Object>\r\n"
        "<Name> Pump\r\n</Name><Description1><![CDATA[<Name>no</Name>]]></Description1>\r\n"
        "<ObjectID>\r\n33700 </ObjectID><LWM2MVersion></LWM2MVersion><ObjectVersion/>\r\n"
        "<MultipleInstances>Single</MultipleInstances><Mandatory>Mandatory</Mandatory>\r\n"
        "<Resources><Item ID=\"7\"><Name>Access &amp; Key</Name><Operations>RW</Operations>\r\n"
        "<MultipleInstances>Multiple</MultipleInstances><Mandatory>Optional</Mandatory>"
        "<Type>String</Type><RangeEnumeration>1..64 Bytes</RangeEnumeration><Units/>"
        "<Description><b>bold</b></Description></Item>\r\n"
        "<Item ID=\"2\"><Name>Stop</Name><Operations>E</Operations>" ITEM
        "<Mandatory>Mandatory</Mandatory><Type/></Item>"
        "<Item ID=\"3\"><Name>Links</Name><Operations>R</Operations>" ITEM
        "<Type>Corelnk</Type></Item></Resources><Description2/></Object></LWM2M>\r\n";
    struct buf list = {0};
    struct signet_error err = {0};
    const struct signet_object *o;

    (void)state;
    if (read_text(text, &list, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(list.len, sizeof *o);
    o = (const void *)list.data;
    assert_int_equal(o->id, 33700);
    assert_string_equal(o->name, "Pump");
    assert_string_equal(o->version, "1.0");
    assert_int_equal(o->since, 10);
    assert_int_equal(o->flags, SIGNET_DEFINED_MANDATORY);
    assert_int_equal(o->count, 3);
    assert_int_equal(o->resources[0].id, 2);
    assert_int_equal(o->resources[0].type, SIGNET_TYPE_EXECUTABLE);
    assert_int_equal(o->resources[0].flags, SIGNET_DEFINED_MANDATORY);
    assert_int_equal(o->resources[1].type, SIGNET_TYPE_CORELNK);
    assert_int_equal(o->resources[1].flags, SIGNET_DEFINED_READ);
    assert_string_equal(o->resources[2].name, "Access & Key");
    assert_string_equal(o->resources[2].range, "1..64");
    assert_int_equal(o->resources[2].flags, SIGNET_DEFINED_READ | SIGNET_DEFINED_WRITE |
                                                SIGNET_DEFINED_MULTIPLE | SIGNET_DEFINED_SECRET);
    object_xml_free(&list);
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum signet_code code;
        const char *what;
    } rows[] = {
        {"", SIGNET_E_SYNTAX, "pump.xml:1:1: the file ends before its first element does"},
        {"<LWM2M>", SIGNET_E_SYNTAX, "pump.xml:1:8: the file ends, and <LWM2M> of line 1 is not"},
        {"<LWM2M></Object>", SIGNET_E_SYNTAX, "pump.xml:1:8: </Object> does not end <LWM2M>"},
        {"<LWM2M>\xff</LWM2M>", SIGNET_E_SYNTAX, "cannot stand here"},
        {"<units/>", SIGNET_E_UNSUPPORTED, "the document is <units>"},
        {"<LWM2M/>", SIGNET_E_UNSUPPORTED, "there is no Object"},
        {"<LWM2M><Object ObjectType=\"CommonResources\"/></LWM2M>", SIGNET_E_UNSUPPORTED,
         "type 'CommonResources'"},
        {"<!DOCTYPE LWM2M [<!ENTITY a 'b'>]><LWM2M/>", SIGNET_E_SYNTAX, "a DOCTYPE"},
        {"<!DOCTYPE LWM2M SYSTEM 'file:///etc/passwd'><LWM2M/>", SIGNET_E_SYNTAX, "a DOCTYPE"},
        {HEAD TAIL, SIGNET_E_SYNTAX, "the object has no ObjectID"},
        {HEAD "<ObjectID>65535</ObjectID>" TAIL, SIGNET_E_SYNTAX, "'65535' is no ObjectID"},
        {HEAD "<ObjectID>-1</ObjectID>" TAIL, SIGNET_E_SYNTAX, "'-1' is no ObjectID"},
        {HEAD "<ObjectID>3 3</ObjectID>" TAIL, SIGNET_E_SYNTAX, "'3 3' is no ObjectID"},
        {HEAD "<ObjectID>3</ObjectID>" TAIL, SIGNET_E_SYNTAX, "MultipleInstances is ''"},
        {HEAD FACTS FACTS TAIL, SIGNET_E_SYNTAX, "Name stands twice"},
        {HEAD FACTS "<Mandatory>Yes</Mandatory>" TAIL, SIGNET_E_SYNTAX, "Mandatory is 'Yes'"},
        {HEAD FACTS "<ObjectVersion>one</ObjectVersion>" TAIL, SIGNET_E_SYNTAX, "no version"},
        {HEAD FACTS "<LWM2MVersion>1.x</LWM2MVersion>" TAIL, SIGNET_E_SYNTAX, "no version"},
        {HEAD FACTS "<LWM2MVersion>1.</LWM2MVersion>" TAIL, SIGNET_E_SYNTAX, "no version"},
        {HEAD FACTS "<LWM2MVersion>0.9</LWM2MVersion>" TAIL, SIGNET_E_SYNTAX, "no version"},
        {HEAD FACTS "<LWM2MVersion>1.1 b</LWM2MVersion>" TAIL, SIGNET_E_SYNTAX, "no version"},
        {WITH("<Item/>"), SIGNET_E_SYNTAX, "an Item has no ID"},
        {WITH("<Item ID=\"x\"/>"), SIGNET_E_SYNTAX, "'x' is no ID"},
        {WITH("<Item ID=\"70000\"/>"), SIGNET_E_SYNTAX, "'70000' is no ID"},
        {WITH("<Item ID=\"1\"/>"), SIGNET_E_SYNTAX, "MultipleInstances is ''"},
        {WITH("<Item ID=\"1\">" ITEM "</Item><Item ID=\"1\">" ITEM "</Item>"), SIGNET_E_SYNTAX,
         "resource 1 stands twice"},
        {WITH("<Item ID=\"1\">" ITEM "<Type>Text</Type></Item>"), SIGNET_E_SYNTAX,
         "'Text' is no type"},
        {WITH("<Item ID=\"1\">" ITEM "<Operations>X</Operations></Item>"), SIGNET_E_SYNTAX,
         "'X' are no operations"},
        {WITH("<Item ID=\"1\">" ITEM "<Operations>RE</Operations></Item>"), SIGNET_E_SYNTAX,
         "'RE' are no operations"},
        {HEAD "<Name>\x1b[2J</Name>" TAIL, SIGNET_E_SYNTAX, "cannot stand here"},
        {HEAD "<ObjectID>\xc2\x9b</ObjectID>" TAIL, SIGNET_E_SYNTAX, "\\x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf list = {0};
        struct signet_error err = {0};
        int rc = read_text(rows[i].text, &list, &err);

        if (rc != (int)rows[i].code || !strstr(err.msg, rows[i].what) || list.len)
            fail_msg("row %zu: %d %s", i, rc, err.msg);
    }
}

static char *repeated(const char *head, const char *middle, size_t times, const char *tail)
{
    size_t len = strlen(middle);
    char *text = malloc(strlen(head) + times * len + strlen(tail) + 1), *at = text;

    at = stpcpy(at, head);
    for (size_t i = 0; i < times; i++, at += len)
        memcpy(at, middle, len);
    strcpy(at, tail);
    return text;
}

static void limits(void **state)
{
    const struct {
        const char *head, *middle, *tail, *what;
        size_t times;
    } rows[] = {
        {"<LWM2M>", "<a>", "", "more than 32 deep", 40},
        {HEAD "<Name>", "x", "</Name>" TAIL, "more than 4096 bytes", 5000},
        {HEAD, " ", TAIL, "larger than 1048576 bytes", OBJECT_FILE_MAX},
        {"<LWM2M>", "<Object>" FACTS "</Object>", "</LWM2M>", "more than 64 objects", 65},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = repeated(rows[i].head, rows[i].middle, rows[i].times, rows[i].tail);
        struct buf list = {0};
        struct signet_error err = {0};

        if (read_text(text, &list, &err) != SIGNET_E_LIMIT || !strstr(err.msg, rows[i].what))
            fail_msg("row %zu: %s", i, err.msg);
        free(text);
    }
}

static void more_resources_than_an_object_has(void **state)
{
    char *text = malloc(OBJECT_FILE_MAX), *at = stpcpy(text, HEAD FACTS "<Resources>");
    struct buf list = {0};
    struct signet_error err = {0};

    (void)state;
    for (int i = 0; i <= OBJECT_RESOURCES_MAX; i++)
        at += sprintf(at, "<Item ID=\"%d\">" ITEM "</Item>", i);
    strcpy(at, "</Resources>" TAIL);
    assert_int_equal(read_text(text, &list, &err), SIGNET_E_LIMIT);
    assert_non_null(strstr(err.msg, "more than 4096 resources"));
    free(text);
}

static void count_note(void *ctx, const struct signet_event *event)
{
    *(int *)ctx += event->kind == SIGNET_EVENT_WARNING && strstr(event->error->msg, "has no type");
}

static void a_resource_without_a_type_takes_any(void **state)
{
    static const char text[] = WITH("<Item ID=\"5\">" ITEM "<Operations>R</Operations></Item>");
    struct buf list = {0};
    int notes = 0;
    const struct signet_observer observer = {count_note, &notes};

    (void)state;
    assert_int_equal(object_xml_read(text, sizeof text - 1, "f", &list, &observer, NULL), 0);
    assert_int_equal(notes, 1);
    assert_int_equal(((const struct signet_object *)(void *)list.data)->resources[0].type,
                     SIGNET_TYPE_NONE);
    object_xml_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_definition_says),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(limits),
        cmocka_unit_test(more_resources_than_an_object_has),
        cmocka_unit_test(a_resource_without_a_type_takes_any),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
