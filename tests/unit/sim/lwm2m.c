/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated LwM2M server: devices that were onboarded get in, and no others. */
#include "server/server.h"
#include "sim.h"

#include <setjmp.h>
#include <signet/config.h>
#include <signet/prove.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

static const char *const kinds[] = {"coiote", "thingsboard", "leshan"};

struct place {
    char folder[FOLDER_SIZE], ca[96], uri[48];
    struct sim_server *api;
    struct sim_lwm2m *lwm2m;
    struct signet_server *server;
    struct signet_error err;
};

static void open_place(struct place *p, const char *kind, bool silent)
{
    char kind_text[16], url[] = "https://127.0.0.1";
    struct signet_server_info info = {.kind = kind_text, .url = url};

    *p = (struct place){0};
    assert_true(folder_make(p->folder));
    snprintf(p->ca, sizeof p->ca, "%s/ca.pem", p->folder);
    const struct sim_server_options options = {.kind = kind, .ca_file = p->ca};
    const struct signet_server_options client = {.ca_file = p->ca};
    assert_int_equal(sim_server_start(&p->api, &options, &p->err), SIGNET_OK);
    assert_int_equal(sim_lwm2m_start(&p->lwm2m, p->api, 0, silent, &p->err), SIGNET_OK);
    snprintf(p->uri, sizeof p->uri, "coaps://127.0.0.1:%u", sim_lwm2m_port(p->lwm2m));
    snprintf(kind_text, sizeof kind_text, "%s", kind);
    info.port = sim_server_port(p->api);
    info.options[0] =
        (struct signet_option){"domain", strcmp(kind, "coiote") == 0 ? "/acme/" : NULL};
    assert_int_equal(
        signet_server_open(&p->server, &info, &client, "token", 5, NULL, NULL, &p->err), SIGNET_OK);
}

static void close_place(struct place *p)
{
    signet_server_close(&p->server);
    sim_lwm2m_stop(&p->lwm2m);
    sim_server_stop(&p->api);
}

static void add(struct place *p, const char *name, char key)
{
    uint8_t psk[16];

    memset(psk, key, sizeof psk);
    const struct signet_device device = {.endpoint = name,
                                         .mode = SIGNET_MODE_PSK,
                                         .identity = (const uint8_t *)name,
                                         .identity_len = strlen(name),
                                         .psk = psk,
                                         .psk_len = sizeof psk};
    if (signet_server_add(p->server, &device, NULL, &p->err) != SIGNET_OK)
        fail_msg("%s", p->err.msg);
}

static int ask(void *ctx, const char *endpoint, struct signet_error *err)
{
    int rc = signet_server_seen(((struct place *)ctx)->server, endpoint, err);

    return rc == SIGNET_E_UNSUPPORTED ? SIGNET_OK : rc;
}

static int prove(struct place *p, const char *identity, char key, const char *endpoint)
{
    const struct signet_prove_options options = {
        .endpoint = endpoint, .uri = p->uri, .timeout_ms = 2000, .on_registered = ask, .ctx = p};
    char text[600], psk[17] = "";
    struct signet_tree *tree = NULL;
    struct signet_proof proof;

    memset(psk, key, 16);
    snprintf(text, sizeof text,
             "{0: {1: {0: 'coaps://h', 1: False, 2: 0, 3: b'%s', 5: b'%s', 10: 1}},"
             " 1: {1: {0: 1, 1: 60, 6: False, 7: 'U'}}}",
             identity, psk);
    assert_int_equal(signet_config_parse(text, strlen(text), "c", &tree, &p->err), SIGNET_OK);
    int rc = signet_prove(tree, &options, &proof, &p->err);
    signet_tree_free(&tree);
    return rc;
}

static void who_was_onboarded_gets_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct place p;

        open_place(&p, kinds[i], false);
        assert_int_equal(prove(&p, "dev-1", 'k', NULL), SIGNET_E_PROOF);
        assert_non_null(strstr(p.err.msg, "unknown PSK identity: the server does not know"));
        add(&p, "dev-1", 'k');
        add(&p, "dev-2", 'l');
        if (prove(&p, "dev-1", 'k', NULL) != SIGNET_OK)
            fail_msg("%s: %s", kinds[i], p.err.msg);
        assert_int_equal(prove(&p, "dev-2", 'l', NULL), SIGNET_OK);
        assert_int_equal(sim_lwm2m_registered(p.lwm2m), 2);
        assert_int_equal(prove(&p, "dev-1", 'x', NULL), SIGNET_E_PROOF); /* another key */
        assert_int_equal(prove(&p, "dev-1", 'k', "dev-2"), SIGNET_E_PROOF);
        assert_non_null(strstr(p.err.msg, "4.03"));
        assert_int_equal(sim_lwm2m_registered(p.lwm2m), 2);
        close_place(&p);
    }
}

static void silence_is_no_verdict(void **state)
{
    struct place p;

    (void)state;
    open_place(&p, "coiote", true);
    add(&p, "dev-1", 'k');
    assert_int_equal(prove(&p, "dev-1", 'k', NULL), SIGNET_E_TIMEOUT);
    close_place(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_was_onboarded_gets_in),
        cmocka_unit_test(silence_is_no_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
