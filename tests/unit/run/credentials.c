/* SPDX-License-Identifier: Apache-2.0 */
/* A packet's way through a whole run: it is encoded once, and decoded once for all servers.
 * wrap: signet_packet_encode signet_packet_decode */
#include "base/base.h"

#include <pthread.h>
#include <setjmp.h>
#include <signet/cert.h>
#include <signet/packet.h>
#include <signet/run.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

enum { DEVICES = 500 }; /* as many as are kept open while one server is behind the other */

static atomic_int encoded, decoded;

int __real_signet_packet_encode(const struct signet_tree *tree, struct signet_bytes *out,
                                struct signet_error *err);
int __wrap_signet_packet_encode(const struct signet_tree *tree, struct signet_bytes *out,
                                struct signet_error *err);
int __wrap_signet_packet_encode(const struct signet_tree *tree, struct signet_bytes *out,
                                struct signet_error *err)
{
    atomic_fetch_add(&encoded, 1);
    return __real_signet_packet_encode(tree, out, err);
}

int __real_signet_packet_decode(const void *data, size_t len, struct signet_tree **out,
                                struct signet_error *err);
int __wrap_signet_packet_decode(const void *data, size_t len, struct signet_tree **out,
                                struct signet_error *err);
int __wrap_signet_packet_decode(const void *data, size_t len, struct signet_tree **out,
                                struct signet_error *err)
{
    atomic_fetch_add(&decoded, 1);
    return __real_signet_packet_decode(data, len, out, err);
}

static const char template[] = "{OID.Security: {1: {RID.Security.ServerURI: 'coaps://localhost',"
                               " RID.Security.Bootstrap: False, RID.Security.Mode: 0,"
                               " RID.Security.ShortServerID: 1}},"
                               " OID.Server: {1: {RID.Server.ShortServerID: 1,"
                               " RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False,"
                               " RID.Server.Binding: 'U'}}}";

static void put(const char *folder, const char *name, const char *text)
{
    char path[300];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(signet_bytes_write(path, text, strlen(text), NULL), SIGNET_OK);
}

static void each_packet_is_encoded_and_decoded_once(void **state)
{
    const struct signet_run_options options = {.size = sizeof(options)};
    struct signet_run_report report = {0};
    struct signet_order *order = NULL;
    struct signet_run *run = NULL;
    struct signet_error err = {0};
    char folder[FOLDER_SIZE], path[300], text[1024], command[240];

    (void)state;
    assert_true(folder_make(folder));
    put(folder, "template", template);
    for (int i = 1; i <= 2; i++) {
        snprintf(path, sizeof(path), "list%d.json", i);
        snprintf(text, sizeof(text), "{\"kind\": \"export\", \"file\": \"%s/list%d.csv\"}", folder,
                 i);
        put(folder, path, text);
    }
    snprintf(text, sizeof(text),
             "name: o\nquota: %d\ntemplate: template\nledger: ledger.db\nstation: A\n"
             "names: {pattern: \"urn:dev:os:{serial:04}\"}\n"
             "output: {packets: out.ndjson}\n"
             "servers: [{file: list1.json}, {file: list2.json}]\n",
             DEVICES);
    put(folder, "order.yaml", text);
    snprintf(path, sizeof(path), "%s/order.yaml", folder);
    if (signet_order_load(&order, path, &err) != SIGNET_OK ||
        signet_run_open(&run, order, &options, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
    encoded = decoded = 0; /* the preflight has samples of its own */
    if (signet_run_make(run, &report, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(report.states[SIGNET_DEVICE_DONE], DEVICES);
    assert_int_equal(report.batch.made, DEVICES);
    assert_int_equal(report.delivery.done, DEVICES);
    assert_int_equal(report.delivery.server_count, 2);
    assert_int_equal(report.delivery.servers[0].registered, DEVICES);
    assert_int_equal(report.delivery.servers[1].registered, DEVICES);
    assert_int_equal(encoded, DEVICES);
    assert_int_equal(decoded, DEVICES);
    signet_run_report_free(&report);
    signet_run_close(&run);
    signet_order_free(&order);
    /* batches grow with the pace: of the least there would be 16 */
    snprintf(command, sizeof(command), "test $(sed -n 's/^batch //p' %s/work/*.state) -lt 12",
             folder);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

static const char with_cert[] = "{OID.Security: {1: {RID.Security.ServerURI: 'coaps://localhost',"
                                " RID.Security.Bootstrap: False, RID.Security.Mode: 2,"
                                " RID.Security.ShortServerID: 1}},"
                                " OID.Server: {1: {RID.Server.ShortServerID: 1,"
                                " RID.Server.Lifetime: 60, RID.Server.NotificationStoring: False,"
                                " RID.Server.Binding: 'U'}}}";

static void put_server_cert(const char *folder)
{
    const struct signet_cert_info info = {0};
    struct signet_key *key = NULL;
    struct signet_cert *cert = NULL;
    struct signet_bytes pem = {0};

    assert_int_equal(signet_key_generate(&key, &info, NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_make(&cert, key, &info, "localhost", NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_pem(cert, &pem, NULL), SIGNET_OK);
    put(folder, "server.pem", (const char *)pem.data);
    signet_bytes_free(&pem);
    signet_cert_free(&cert);
    signet_key_free(&key);
}

/* Another cert_info makes other devices: it is another order. */
static void an_order_makes_certificates(void **state)
{
    const struct signet_run_options options = {.size = sizeof(options)};
    static const char *const infos[] = {"{\"countryName\": \"PL\"}", "{\"countryName\": \"DE\"}"};
    struct signet_run_report report = {0};
    struct signet_order *order = NULL;
    struct signet_run *run = NULL;
    struct signet_error err = {0};
    char folder[FOLDER_SIZE], path[300], command[240];

    (void)state;
    assert_true(folder_make(folder));
    put(folder, "template", with_cert);
    put_server_cert(folder);
    put(folder, "info.json", infos[0]);
    put(folder, "order.yaml",
        "name: o\nquota: 3\ntemplate: template\nledger: ledger.db\nstation: A\n"
        "names: {pattern: \"urn:dev:os:{serial:04}\"}\n"
        "credentials: {cert_info: info.json, server_cert: server.pem}\n"
        "output: {packets: out.ndjson}\n");
    snprintf(path, sizeof(path), "%s/order.yaml", folder);
    if (signet_order_load(&order, path, &err) != SIGNET_OK ||
        signet_run_open(&run, order, &options, &err) != SIGNET_OK ||
        signet_run_make(run, &report, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(report.states[SIGNET_DEVICE_DONE], 3);
    signet_run_report_free(&report);
    signet_run_close(&run);
    put(folder, "info.json", infos[1]);
    assert_int_equal(signet_run_open(&run, order, &options, &err), SIGNET_E_CONFLICT);
    assert_non_null(strstr(err.msg, "another order or other files"));
    assert_int_equal(signet_run_open(&run, order, &options, NULL), SIGNET_E_CONFLICT);
    signet_order_free(&order);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_makes_certificates),
        cmocka_unit_test(each_packet_is_encoded_and_decoded_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
