/* SPDX-License-Identifier: Apache-2.0 */
/* What a program that calls the library may get wrong: said before anything is made. */
#include <setjmp.h>
#include <signet/config.h>
#include <signet/provision.h>
#include <signet/server.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char psk[] = "{OID.Security: {1: {0: 'coaps://a', 1: False, 2: 0, 10: 1, 3: b'me',"
                          " 5: b'0123456789abcdef'}}, OID.Server: {1: {0: 1, 1: 60, 6: False,"
                          " 7: 'U'}}}";

static struct signet_tree *tree_of(const char *text)
{
    struct signet_tree *tree = NULL;
    struct signet_error err = {0};

    if (signet_config_parse(text, strlen(text), "cfg", &tree, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
    return tree;
}

static void refused(const struct signet_provision_job *job, enum signet_code code,
                    const char *words, const char *hint)
{
    struct signet_provision_result result;
    struct signet_error err = {0};

    assert_int_equal(signet_provision_run(job, &result, &err), code);
    if (!strstr(err.msg, words) || !strstr(err.hint, hint))
        fail_msg("%s (%s)", err.msg, err.hint);
    assert_false(result.registered);
    assert_int_equal(signet_provision_run(job, NULL, NULL), code);
}

static void arguments_that_do_not_fit_together(void **state)
{
    struct signet_tree *tree = tree_of(psk);
    const struct signet_server_info server = {.kind = (char *)(uintptr_t) "export"};
    const struct signet_cert_info cert = {0};
    const struct signet_factory_args device = {.size = sizeof(device), .tree = tree};
    struct signet_provision_job job = {.device = device};

    (void)state;
    job.device.server = &server;
    refused(&job, SIGNET_E_USAGE, "the server needs the endpoint name", "there is no board");
    job.device.endpoint_name = "urn:1";
    job.device.server_info = "server.json";
    refused(&job, SIGNET_E_USAGE, "server_info and server are both given", "");
    job.device = device;
    job.device.endpoint_cfg = "cfg";
    refused(&job, SIGNET_E_USAGE, "as a file or as a tree", "");
    job.device.endpoint_cfg = NULL;
    job.device.tree = NULL;
    refused(&job, SIGNET_E_USAGE, "as a file or as a tree", "");
    job.device = device;
    job.endpoint_cert = "cert.pem";
    refused(&job, SIGNET_E_USAGE, "certificate and key of the device", "");
    job.endpoint_key = "key.pem";
    job.device.cert = &cert;
    refused(&job, SIGNET_E_USAGE, "or let them be made", "");
    signet_tree_free(&tree);
}

static void certificates_that_cannot_be_made(void **state)
{
    struct signet_tree *tree = tree_of("{OID.Security: {1: {0: 'coaps://a', 1: False, 2: 2,"
                                       " 10: 1}}, OID.Server: {1: {0: 1, 1: 60, 6: False,"
                                       " 7: 'U'}}}");
    const struct signet_cert_info cert = {0};
    struct signet_provision_job job = {.device = {.size = sizeof(job.device), .tree = tree}};

    (void)state;
    job.device.cert = &cert;
    refused(&job, SIGNET_E_USAGE, "the certificate has no common name", "name the endpoint");
    job.device.cert_info = "info.json";
    refused(&job, SIGNET_E_USAGE, "cert_info and cert are both given", "");
    signet_tree_free(&tree);
}

static void a_mode_that_is_missing(void **state)
{
    struct signet_tree *tree = tree_of("{OID.Security: {1: {0: 'coaps://a', 1: False, 2: 9}}}");
    struct signet_provision_job job = {.device = {.size = sizeof(job.device), .tree = tree}};

    (void)state;
    refused(&job, SIGNET_E_MEANING, "RID.Security.Mode", "");
    job.device.flags = SIGNET_FACTORY_NO_CHECK;
    refused(&job, SIGNET_E_MEANING, "RID.Security.Mode", "");
    signet_tree_free(&tree);
    tree = tree_of("{OID.Server: {1: {0: 1, 1: 60, 6: False, 7: 'U'}}}");
    job.device.tree = tree;
    refused(&job, SIGNET_E_MEANING, "no instance of OID.Security", "a device needs a server");
    signet_tree_free(&tree);
}

static void a_stop_comes_before_a_stage(void **state)
{
    struct signet_tree *tree = tree_of(psk);
    struct signet_provision_job job = {.device = {.size = sizeof(job.device), .tree = tree}};
    struct signet_cancel *cancel = NULL;

    (void)state;
    assert_int_equal(signet_cancel_new(&cancel, NULL), SIGNET_OK);
    signet_cancel_fire(cancel);
    job.device.cancel = cancel;
    refused(&job, SIGNET_E_CANCELLED, "stopped before stage 'check'", "");
    signet_cancel_free(&cancel);
    signet_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_that_do_not_fit_together),
        cmocka_unit_test(certificates_that_cannot_be_made),
        cmocka_unit_test(a_mode_that_is_missing),
        cmocka_unit_test(a_stop_comes_before_a_stage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
