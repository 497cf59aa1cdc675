/* SPDX-License-Identifier: Apache-2.0 */
/* Trees as tables, SenML JSON and configurations: what each type of value looks like, and what must
 * not be seen. */
#include "packet/private.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lwm2m/lwm2m.h"

static struct signet_tree *tree;

static int set_up(void **state)
{
    (void)state;
    return signet_tree_new(&tree, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    signet_tree_free(&tree);
    return 0;
}

static void put(uint16_t oid, uint16_t rid, struct signet_value value)
{
    struct signet_path path = {oid, 1, rid, SIGNET_NO_ID};

    assert_int_equal(signet_tree_put(tree, path, &value, NULL), SIGNET_OK);
}

static struct signet_value bytes(enum signet_type type, const char *text)
{
    return (struct signet_value){.type = type, .as.bytes = {(const uint8_t *)text, strlen(text)}};
}

static void shows(enum signet_packet_format format, unsigned flags, const char *expected)
{
    struct signet_bytes out = {0};

    assert_int_equal(signet_packet_print(tree, format, flags, &out, NULL), SIGNET_OK);
    assert_string_equal((const char *)out.data, expected);
    signet_bytes_free(&out);
}

static void put_all(void)
{
    put(1, 0, (struct signet_value){.type = SIGNET_TYPE_INTEGER, .as.integer = -5});
    put(1, 1, (struct signet_value){.type = SIGNET_TYPE_UNSIGNED, .as.unsigned_integer = 1u << 31});
    put(1, 6, (struct signet_value){.type = SIGNET_TYPE_BOOLEAN, .as.boolean = true});
    put(1, 7, bytes(SIGNET_TYPE_STRING, "U\x1b'"));
    put(1, 10, (struct signet_value){.type = SIGNET_TYPE_OBJLNK, .as.objlnk = {10, 2}});
    put(1, 99, (struct signet_value){.type = SIGNET_TYPE_FLOAT, .as.number = -INFINITY});
    put(99, 3, bytes(SIGNET_TYPE_OPAQUE, "\xff\xfe"));
}

static void each_type(void **state)
{
    (void)state;
    put_all();
    shows(SIGNET_PACKET_TABLE, 0,
          "path     name                        type      value\n"
          "/1/1/0   Server ShortServerID        integer   -5\n"
          "/1/1/1   Server Lifetime             unsigned  2147483648\n"
          "/1/1/6   Server NotificationStoring  boolean   true\n"
          "/1/1/7   Server Binding              string    U\\x1b'\n"
          "/1/1/10  Server APNLink              objlnk    10:2\n"
          "/1/1/99  Server                      float     -inf\n"
          "/99/1/3                              opaque    fffe (2 bytes)\n");
    shows(SIGNET_PACKET_JSON, 0,
          "[\n  {\"n\": \"/1/1/0\", \"object\": \"Server\", \"resource\": \"ShortServerID\", "
          "\"type\": \"integer\", \"v\": -5},\n"
          "  {\"n\": \"/1/1/1\", \"object\": \"Server\", \"resource\": \"Lifetime\", "
          "\"type\": \"unsigned\", \"v\": 2147483648},\n"
          "  {\"n\": \"/1/1/6\", \"object\": \"Server\", \"resource\": \"NotificationStoring\", "
          "\"type\": \"boolean\", \"vb\": true},\n"
          "  {\"n\": \"/1/1/7\", \"object\": \"Server\", \"resource\": \"Binding\", "
          "\"type\": \"string\", \"vs\": \"U\\u001b'\"},\n"
          "  {\"n\": \"/1/1/10\", \"object\": \"Server\", \"resource\": \"APNLink\", "
          "\"type\": \"objlnk\", \"vlo\": \"10:2\"},\n"
          "  {\"n\": \"/1/1/99\", \"object\": \"Server\", \"type\": \"float\", \"v\": \"-inf\"},\n"
          "  {\"n\": \"/99/1/3\", \"type\": \"opaque\", \"vd\": \"__4\"}\n]\n");
    shows(SIGNET_PACKET_CFG, 0,
          "{\n    OID.Server: {\n        1: {\n"
          "            RID.Server.ShortServerID: -5,\n"
          "            RID.Server.Lifetime: 2147483648,\n"
          "            RID.Server.NotificationStoring: True,\n"
          "            RID.Server.Binding: 'U\\x1b\\'',\n"
          "            RID.Server.APNLink: Objlink(10, 2),\n"
          "            99: None, # -inf\n        },\n    },\n"
          "    99: {\n        1: {\n            3: b'\\xff\\xfe',\n        },\n    },\n}\n");
}

/* A packet may hold a secret of any type. */
static void secrets_are_hidden(void **state)
{
    (void)state;
    put(0, 5, bytes(SIGNET_TYPE_OPAQUE, "key"));
    put(0, 8, (struct signet_value){.type = SIGNET_TYPE_INTEGER, .as.integer = 1234});
    shows(SIGNET_PACKET_TABLE, 0,
          "path    name                           type      value\n"
          "/0/1/5  Security SecretKey             opaque    (3 bytes, hidden)\n"
          "/0/1/8  Security SMSBindingSecretKeys  integer   (hidden)\n");
    shows(SIGNET_PACKET_JSON, 0,
          "[\n  {\"n\": \"/0/1/5\", \"object\": \"Security\", \"resource\": \"SecretKey\", "
          "\"type\": \"opaque\", \"hidden\": true, \"bytes\": 3},\n"
          "  {\"n\": \"/0/1/8\", \"object\": \"Security\", \"resource\": \"SMSBindingSecretKeys\", "
          "\"type\": \"integer\", \"hidden\": true}\n]\n");
    shows(SIGNET_PACKET_CFG, 0,
          "{\n    OID.Security: {\n        1: {\n"
          "            RID.Security.SecretKey: None, # hidden\n"
          "            RID.Security.SMSBindingSecretKeys: None, # hidden\n"
          "        },\n    },\n}\n");
    shows(SIGNET_PACKET_TABLE, SIGNET_PACKET_REVEAL,
          "path    name                           type      value\n"
          "/0/1/5  Security SecretKey             opaque    'key' (3 bytes)\n"
          "/0/1/8  Security SMSBindingSecretKeys  integer   1234\n");
}

/* A terminal obeys control characters, in UTF-8 too; other letters are left as they are. */
static void control_characters(void **state)
{
    (void)state;
    put(1, 7, bytes(SIGNET_TYPE_STRING, "\x7f\xc2\x9b\xc2\xa0\xc3\x9b"));
    put(99, 3, bytes(SIGNET_TYPE_OPAQUE, "\xc2\x9b\xc2\xa0"));
    shows(SIGNET_PACKET_CFG, 0,
          "{\n    OID.Server: {\n        1: {\n"
          "            RID.Server.Binding: '\\x7f\\x9b\xc2\xa0\xc3\x9b',\n        },\n    },\n"
          "    99: {\n        1: {\n            3: b'\\xc2\\x9b\\xc2\\xa0',\n        },\n    "
          "},\n}\n");
}

/* By where its first record stood; nothing else moves. */
static void a_configuration_gathers(void **state)
{
    static const struct signet_path paths[] = {
        {99, 2, 1, SIGNET_NO_ID}, {98, 0, 5, 1}, {99, 1, 1, SIGNET_NO_ID},
        {98, 0, 4, SIGNET_NO_ID}, {98, 0, 5, 0}, {99, 2, 0, SIGNET_NO_ID}};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct signet_value value = {.type = SIGNET_TYPE_INTEGER, .as.integer = (int64_t)i};
        assert_int_equal(tree_append(tree, paths[i], &value, 0, 0, NULL), SIGNET_OK);
    }
    shows(SIGNET_PACKET_CFG, 0,
          "{\n    99: {\n        2: {\n            1: 0,\n            0: 5,\n        },\n"
          "        1: {\n            1: 2,\n        },\n    },\n"
          "    98: {\n        0: {\n            5: {\n                1: 1,\n"
          "                0: 4,\n            },\n            4: 3,\n        },\n    },\n}\n");
}

static void nothing(void **state)
{
    struct signet_bytes out = {0};
    struct signet_error err = {0};

    (void)state;
    shows(SIGNET_PACKET_TABLE, 0, "path  name  type      value\n");
    shows(SIGNET_PACKET_JSON, 0, "[]\n");
    shows(SIGNET_PACKET_CFG, 0, "{\n}\n");
    shows(SIGNET_PACKET_LINES, 0, "");
    assert_int_equal(signet_packet_print(tree, (enum signet_packet_format)4, 0, &out, &err),
                     SIGNET_E_USAGE);
    assert_string_equal(err.msg, "no packet format has the number 4");
    assert_null(out.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(secrets_are_hidden, set_up, tear_down),
        cmocka_unit_test_setup_teardown(control_characters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_configuration_gathers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
