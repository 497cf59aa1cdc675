/* SPDX-License-Identifier: Apache-2.0 */
/* What packets and records say of one device. */
#include "batch/private.h"

#include <setjmp.h>
#include <signet/config.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MANAGEMENT                                                                                 \
    "1: {RID.Security.ServerURI: 'coaps://m:5684', RID.Security.Bootstrap: False,"                 \
    " RID.Security.Mode: %d, %s RID.Security.ShortServerID: 1}"
#define BOOTSTRAP                                                                                  \
    ", 2: {RID.Security.ServerURI: 'coaps://b', RID.Security.Bootstrap: True,"                     \
    " RID.Security.Mode: 0, RID.Security.PKOrIdentity: b'it', RID.Security.SecretKey: b'0123'}"
#define PSK_KEY "RID.Security.SecretKey: b'key1',"
#define PSK(id) "RID.Security.PKOrIdentity: b'" id "', " PSK_KEY

static struct signet_error err;

static struct signet_tree *tree;

/* Its records are of its tree alone, which need not be that of a whole device. */
static void make(struct device *device, int mode, const char *credential, const char *more)
{
    char text[2048], account[1024];

    snprintf(account, sizeof(account), MANAGEMENT, mode, credential);
    int n = snprintf(text, sizeof(text),
                     "{OID.Security: {%s%s}, OID.Server: {1: {RID.Server.ShortServerID: 1,"
                     " RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False,"
                     " RID.Server.Binding: 'U'}}}",
                     account, more);
    signet_tree_free(&tree);
    *device = (struct device){0};
    if (signet_config_parse(text, (size_t)n, "text", &tree, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
    device_describe(&device->view, tree, "urn:d");
}

static int free_tree(void **state)
{
    (void)state;
    signet_tree_free(&tree);
    return 0;
}

static void is(int rc, struct buf *found, const char *text)
{
    if (rc != SIGNET_OK)
        fail_msg("%s", err.msg);
    assert_string_equal((const char *)found->data, text);
    buf_free(found);
}

static void a_packet_in_base64(void **state)
{
    struct device device;
    struct buf found = {0}, wanted = {0};

    (void)state;
    make(&device, 0, PSK("id"), "");
    if (device_from_tree(&device, tree, NULL, "urn:d", &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
    tree = NULL; /* the device has it */
    buf_text(&wanted, "{\"endpoint\": \"urn:d\", \"packet\": \"");
    buf_base64(&wanted, device.packet.data, device.packet.len);
    buf_printf(&wanted, "\", \"packet_sha256\": \"%s\"}\n", device.facts.packet_sha256);
    is(row_packet(&found, &device, &err), &found, (const char *)wanted.data);
    buf_free(&wanted);
    found.max = 20;
    assert_int_equal(row_packet(&found, &device, &err), SIGNET_E_LIMIT);
    buf_free(&found);
    device_free(&device);
}

static void records_of_a_psk(void **state)
{
    struct device device;
    struct buf found = {0};

    (void)state;
    make(&device, 0, PSK("i,d"), BOOTSTRAP);
    is(row_record(&found, &device, true, RECORDS_ROW_PER_ACCOUNT, &err), &found,
       "urn:d,psk,\"i,d\",6b657931,,management,coaps://m:5684\n"
       "urn:d,psk,it,30313233,,bootstrap,coaps://b\n");
    is(row_record(&found, &device, true, RECORDS_ONE_ROW, &err), &found,
       "urn:d,psk,\"i,d\",6b657931,\n");
    is(row_record(&found, &device, false, RECORDS_ROW_PER_ACCOUNT, &err), &found,
       "{\"endpoint\": \"urn:d\", \"mode\": \"psk\", \"identity\": \"i,d\", \"psk\": \"6b657931\","
       " \"account\": \"management\", \"uri\": \"coaps://m:5684\"}\n"
       "{\"endpoint\": \"urn:d\", \"mode\": \"psk\", \"identity\": \"it\", \"psk\": \"30313233\","
       " \"account\": \"bootstrap\", \"uri\": \"coaps://b\"}\n");
    is(row_record(&found, &device, false, RECORDS_ONE_ROW, &err), &found,
       "{\"endpoint\": \"urn:d\", \"mode\": \"psk\", \"identity\": \"i,d\","
       " \"psk\": \"6b657931\"}\n");
}

/* A secret is in no row of a device that has none of its own, and half of one is none. */
static void records_of_other_modes(void **state)
{
    static const struct {
        int mode;
        const char *credential, *row, *object;
    } rows[] = {
        {3, "", "urn:d,nosec,,,,management,coaps://m:5684\n",
         "{\"endpoint\": \"urn:d\", \"mode\": \"nosec\", \"account\": \"management\","
         " \"uri\": \"coaps://m:5684\"}\n"},
        {0, PSK_KEY, "urn:d,psk,,,,management,coaps://m:5684\n",
         "{\"endpoint\": \"urn:d\", \"mode\": \"psk\", \"account\": \"management\","
         " \"uri\": \"coaps://m:5684\"}\n"},
        {2, PSK("cert"), "urn:d,cert,,,Y2VydA==,management,coaps://m:5684\n",
         "{\"endpoint\": \"urn:d\", \"mode\": \"cert\", \"certificate\": \"Y2VydA==\","
         " \"account\": \"management\", \"uri\": \"coaps://m:5684\"}\n"},
        {1, PSK("raw"), "urn:d,rpk,,,,management,coaps://m:5684\n",
         "{\"endpoint\": \"urn:d\", \"mode\": \"rpk\", \"account\": \"management\","
         " \"uri\": \"coaps://m:5684\"}\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct device device;
        struct buf found = {0};

        make(&device, rows[i].mode, rows[i].credential, "");
        is(row_record(&found, &device, true, RECORDS_ROW_PER_ACCOUNT, &err), &found, rows[i].row);
        is(row_record(&found, &device, false, RECORDS_ROW_PER_ACCOUNT, &err), &found,
           rows[i].object);
    }
}

/* What a table would take for a formula, and what is no text. */
static void records_that_are_refused(void **state)
{
    struct device device;
    struct buf found = {0};

    (void)state;
    make(&device, 0, PSK("=id"), "");
    assert_int_equal(row_record(&found, &device, true, RECORDS_ROW_PER_ACCOUNT, &err),
                     SIGNET_E_MEANING);
    assert_non_null(strstr(err.msg, "identity"));
    buf_free(&found);
    assert_int_equal(row_record(&found, &device, false, RECORDS_ROW_PER_ACCOUNT, &err), SIGNET_OK);
    buf_free(&found);
    device.view.endpoint = "-d";
    assert_int_equal(row_record(&found, &device, true, RECORDS_ROW_PER_ACCOUNT, &err),
                     SIGNET_E_MEANING);
    assert_non_null(strstr(err.msg, "endpoint name"));
    buf_free(&found);
    make(&device, 0, PSK("\\xff"), "");
    for (int csv = 0; csv < 2; csv++) {
        assert_int_equal(row_record(&found, &device, csv, RECORDS_ONE_ROW, &err), SIGNET_E_MEANING);
        assert_non_null(strstr(err.msg, "its identity is no text"));
        buf_free(&found);
    }
}

static void headers(void **state)
{
    (void)state;
    assert_string_equal(row_header(RECORDS_ONE_ROW), "endpoint,mode,identity,psk,certificate\n");
    assert_string_equal(row_header(RECORDS_ROW_PER_ACCOUNT),
                        "endpoint,mode,identity,psk,certificate,account,uri\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_in_base64),
        cmocka_unit_test(records_of_a_psk),
        cmocka_unit_test(records_of_other_modes),
        cmocka_unit_test(records_that_are_refused),
        cmocka_unit_test(headers),
    };
    return cmocka_run_group_tests(tests, NULL, free_tree);
}
