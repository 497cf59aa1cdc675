/* SPDX-License-Identifier: Apache-2.0 */
/* Many devices at the simulated servers: batches, logins, faults. */
#include "server/ops.h"
#include "server/server.h"
#include "sim.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

#define NOT_SENT "not sent, since another device met this: "

enum { MANY = 250 };

struct bench {
    char folder[FOLDER_SIZE], ca[96];
    struct sim_server *sim;
    struct signet_server *server;
    struct signet_device devices[MANY];
    struct signet_server_result results[MANY];
    char names[MANY][24];
    uint8_t keys[MANY][16];
};

static void start_profile(struct bench *b, const char *kind, const char *auth,
                          const char *misbehave, unsigned token_seconds, char *profile)
{
    char kind_text[16], url[] = "https://127.0.0.1", user[] = "anna", auth_text[24];
    bool coiote = strcmp(kind, "coiote") == 0;
    const struct sim_server_options options = {
        .kind = kind, .misbehave = misbehave, .ca_file = b->ca, .token_seconds = token_seconds};
    const struct signet_server_options how = {.ca_file = b->ca, .retry_ms = 1, .parallel = 8};
    struct signet_server_info info = {.kind = kind_text,
                                      .url = url,
                                      .auth = auth_text,
                                      .user = user,
                                      .options = {{"domain", coiote ? "/acme/" : NULL},
                                                  {"realm", coiote ? "acme" : NULL},
                                                  {"profile", profile}}};
    struct signet_error err = {0};

    memset(b, 0, sizeof *b);
    assert_true(folder_make(b->folder));
    snprintf(b->ca, sizeof b->ca, "%s/ca.pem", b->folder);
    snprintf(kind_text, sizeof kind_text, "%s", kind);
    snprintf(auth_text, sizeof auth_text, "%s", auth);
    assert_int_equal(sim_server_start(&b->sim, &options, &err), SIGNET_OK);
    info.port = sim_server_port(b->sim);
    assert_int_equal(signet_server_open(&b->server, &info, &how, "token", 5, NULL, NULL, &err),
                     SIGNET_OK);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(b->names[i], sizeof b->names[i], "urn:dev:os:1-%zu", i);
        memset(b->keys[i], (int)i + 1, sizeof b->keys[i]);
        b->devices[i] = (struct signet_device){.endpoint = b->names[i],
                                               .mode = SIGNET_MODE_PSK,
                                               .identity = (const uint8_t *)b->names[i],
                                               .identity_len = strlen(b->names[i]),
                                               .psk = b->keys[i],
                                               .psk_len = sizeof b->keys[i]};
    }
}

static void start(struct bench *b, const char *kind, const char *auth, const char *misbehave,
                  unsigned token_seconds)
{
    start_profile(b, kind, auth, misbehave, token_seconds, NULL);
}

static void stop(struct bench *b)
{
    signet_server_close(&b->server);
    sim_server_stop(&b->sim);
}

static int add(struct bench *b, size_t count)
{
    struct signet_error err = {0};

    return signet_server_add_batch(b->server, b->devices, count, b->results, &err);
}

static void test_batch_of_100(void **state)
{
    struct bench b;

    (void)state;
    start(&b, "coiote", "token", NULL, 0);
    assert_int_equal(add(&b, MANY), SIGNET_OK);
    assert_int_equal(sim_server_devices(b.sim), MANY);
    assert_int_equal(sim_server_requests(b.sim), 3); /* 100, 100, 50 */
    stop(&b);
}

static void test_batch_that_failed_in_part(void **state)
{
    struct bench b;

    (void)state;
    start(&b, "coiote", "token", NULL, 0);
    assert_int_equal(signet_server_add(b.server, &b.devices[7], NULL, NULL), SIGNET_OK);
    b.devices[9].identity = b.devices[7].identity; /* another device's */
    b.devices[9].identity_len = b.devices[7].identity_len;
    assert_int_equal(add(&b, 20), SIGNET_E_SERVER);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(b.results[i].error.code, i == 9 ? SIGNET_E_SERVER : SIGNET_OK);
    assert_true(b.results[7].existed);
    assert_int_equal(sim_server_devices(b.sim), 19);
    stop(&b);
}

/* What one batch brought stays; only the devices of the other are added one by one. */
static void test_batches_that_are_left(void **state)
{
    struct bench b;

    (void)state;
    start(&b, "coiote", "token", NULL, 0);
    assert_int_equal(signet_server_add(b.server, &b.devices[7], NULL, NULL), SIGNET_OK);
    b.devices[9].identity = b.devices[7].identity; /* another device's */
    b.devices[9].identity_len = b.devices[7].identity_len;
    size_t before = sim_server_requests(b.sim);
    assert_int_equal(add(&b, MANY), SIGNET_E_SERVER);
    assert_int_equal(sim_server_devices(b.sim), MANY - 1);
    assert_in_range(sim_server_requests(b.sim) - before, 103, 310); /* each with a look-up */
    stop(&b);
}

/* An account that may not send batches is told so once. */
static void test_no_batches(void **state)
{
    struct bench b;

    (void)state;
    start(&b, "coiote", "token", "403", 0);
    b.server->parallel = 1;
    assert_int_equal(add(&b, MANY), SIGNET_OK);
    assert_int_equal(sim_server_devices(b.sim), MANY);
    assert_int_equal(sim_server_requests(b.sim), 1 + MANY);
    stop(&b);
}

/* The server commits a batch and drops the answer: nothing is registered twice, nothing lost. */
static void test_lost_answers(void **state)
{
    static const char *const kinds[] = {"coiote", "thingsboard", "leshan"};
    static const char *const faults[] = {"commit-then-drop*3",
                                         "drop*3",
                                         "truncate*2",
                                         "html",
                                         "503=0*2",
                                         "429=0",
                                         "slow*2",
                                         "portal",
                                         "portal*2"};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < sizeof faults / sizeof *faults; j++) {
            struct bench b;
            bool gateway = strcmp(faults[j], "html") == 0;

            start(&b, kinds[i], "token", faults[j], 0);
            b.results[0].error.code = SIGNET_E_NET;
            if (add(&b, 12) !=
                SIGNET_OK) { /* a page of 502 is an error; given again, all is well */
                assert_true(gateway || strchr(faults[j], '*'));
                assert_int_equal(add(&b, 12), SIGNET_OK);
            }
            assert_int_equal(sim_server_devices(b.sim), 12);
            for (size_t k = 0; k < 12; k++)
                assert_int_equal(signet_server_find(b.server, b.names[k], NULL), SIGNET_OK);
            stop(&b);
        }
}

/* On a kept connection, too, where HTTP clients like to send again by themselves. */
static void test_lost_on_a_kept_connection(void **state)
{
    static const char *const kinds[] = {"coiote", "thingsboard"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bench b;
        bool existed = true;

        start(&b, kinds[i], "token", "429=0,commit-then-drop", 0);
        assert_int_equal(signet_server_add(b.server, &b.devices[0], &existed, NULL), SIGNET_OK);
        assert_false(existed);
        assert_int_equal(sim_server_devices(b.sim), 1);
        assert_int_equal(sim_server_requests(b.sim), 4); /* 429, the lost one, two of the look-up */
        stop(&b);
    }
}

static void test_bulk_import(void **state)
{
    char profile[] = "lwm2m";
    struct bench b;

    (void)state;
    start_profile(&b, "thingsboard", "token", NULL, 0, profile);
    b.devices[3].mode = SIGNET_MODE_NOSEC;
    assert_int_equal(add(&b, MANY), SIGNET_OK);
    assert_int_equal(sim_server_devices(b.sim), MANY);
    assert_true(sim_server_requests(b.sim) <= 9); /* profile, search, import: three times */
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(signet_server_add(b.server, &b.devices[i], NULL, NULL), SIGNET_OK);
    assert_int_equal(sim_server_devices(b.sim), MANY);
    stop(&b);
}

/* An import overwrites what is there: a device with another key must not meet it. */
static void test_bulk_import_overwrites_nobody(void **state)
{
    char profile[] = "lwm2m";
    struct signet_device other;
    struct bench b;

    (void)state;
    start_profile(&b, "thingsboard", "token", NULL, 0, profile);
    other = b.devices[5];
    other.psk = b.keys[6];
    assert_int_equal(signet_server_add(b.server, &other, NULL, NULL), SIGNET_OK);
    assert_int_equal(add(&b, 20), SIGNET_E_EXISTS);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(b.results[i].error.code, i == 5 ? SIGNET_E_EXISTS : SIGNET_OK);
    assert_int_equal(signet_server_add(b.server, &other, NULL, NULL), SIGNET_OK); /* as it was */
    b.devices[30].identity = b.devices[2].identity; /* a row that the server refuses */
    b.devices[30].identity_len = b.devices[2].identity_len;
    assert_int_not_equal(add(&b, 40), SIGNET_OK);
    for (size_t i = 0; i < 40; i++)
        assert_int_equal(b.results[i].error.code == SIGNET_OK, i != 5 && i != 30);
    assert_int_equal(sim_server_devices(b.sim), 39);
    stop(&b);
}

static void test_bulk_import_with_faults(void **state)
{
    static const char *const faults[] = {
        "commit-then-drop", "drop", "truncate", "html", "503=0", "429=0", "403", "500"};
    char profile[] = "lwm2m";

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct bench b;

        start_profile(&b, "thingsboard", "token", faults[i], 0, profile);
        assert_int_equal(add(&b, 50), SIGNET_OK);
        assert_int_equal(sim_server_devices(b.sim), 50);
        stop(&b);
    }
}

static void test_connections_are_kept(void **state)
{
    struct bench b;

    (void)state;
    start(&b, "leshan", "token", NULL, 0);
    assert_int_equal(add(&b, MANY), SIGNET_OK);
    assert_int_equal(add(&b, MANY), SIGNET_OK); /* overwrites */
    assert_int_equal(sim_server_devices(b.sim), MANY);
    assert_int_equal(sim_server_requests(b.sim), 2 * MANY);
    assert_true(sim_server_connections(b.sim) <= 8);
    stop(&b);
}

static void test_logins(void **state)
{
    static const char *const cases[][2] = {
        {"coiote", "password"}, {"coiote", "client-credentials"}, {"thingsboard", "password"}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct bench b;

        start(&b, cases[i][0], cases[i][1], NULL, 0);
        assert_int_equal(add(&b, 3), SIGNET_OK);
        assert_int_equal(sim_server_logins(b.sim), 1);
        assert_int_equal(signet_server_check(b.server, NULL), SIGNET_OK);
        assert_int_equal(sim_server_logins(b.sim), 1); /* the token is kept */
        sim_server_revoke(b.sim);
        assert_int_equal(signet_server_find(b.server, b.names[1], NULL), SIGNET_OK);
        assert_int_equal(sim_server_logins(b.sim), 2); /* once, after the 401 */
        stop(&b);
    }
}

static void test_login_before_the_end(void **state)
{
    struct bench b;

    (void)state;
    start(&b, "coiote", "password", NULL, 1); /* renewed after half a second */
    assert_int_equal(add(&b, 1), SIGNET_OK);
    usleep(600000);
    assert_int_equal(signet_server_check(b.server, NULL), SIGNET_OK);
    assert_true(sim_server_logins(b.sim) >= 2);
    stop(&b);
}

/* The devices after it were not sent, and say so. */
static void test_one_401_stops_a_batch(void **state)
{
    struct bench b;
    size_t sent = 0;

    (void)state;
    start(&b, "thingsboard", "token", "401*200,401*200", 0);
    assert_int_equal(add(&b, MANY), SIGNET_E_AUTH);
    assert_true(sim_server_requests(b.sim) <= 16); /* those in flight */
    for (size_t i = 0; i < MANY; i++) {
        bool asked = strncmp(b.results[i].error.msg, NOT_SENT, strlen(NOT_SENT)) != 0;

        assert_int_equal(b.results[i].error.code, SIGNET_E_AUTH);
        assert_non_null(strstr(b.results[i].error.msg, "401"));
        sent += asked;
    }
    assert_in_range(sent, 1, 16);
    stop(&b);
}

static void test_what_a_server_refuses(void **state)
{
    struct signet_server_capabilities can;
    struct signet_error err = {0};
    struct bench b;

    (void)state;
    start(&b, "thingsboard", "api-key", NULL, 0);
    signet_server_capabilities(b.server, &can);
    assert_int_equal(can.psk_multiple, 16);
    b.devices[1].psk_len = 15;
    b.devices[2].identity = (const uint8_t *)"NO_SEC";
    b.devices[2].identity_len = 6;
    b.devices[3].identity = (const uint8_t *)"  ";
    b.devices[3].identity_len = 2;
    b.devices[4].mode = SIGNET_MODE_EST;
    b.devices[5].mode = SIGNET_MODE_NOSEC;
    b.devices[6].mode = SIGNET_MODE_CERT;
    assert_int_equal(add(&b, 7), SIGNET_E_MEANING);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(b.results[i].error.code, i >= 1 && i <= 4 ? SIGNET_E_MEANING : SIGNET_OK);
    assert_int_equal(sim_server_devices(b.sim), 3);
    b.devices[0].psk = b.keys[8];
    assert_int_equal(signet_server_add(b.server, &b.devices[0], NULL, &err), SIGNET_E_EXISTS);
    assert_non_null(strstr(err.msg, "its PSK is not the same"));
    assert_int_equal(signet_server_remove(b.server, b.names[0], NULL, &err), SIGNET_OK);
    assert_int_equal(signet_server_find(b.server, b.names[0], &err), SIGNET_E_NOT_FOUND);
    stop(&b);
}

static int take_away(struct bench *b, size_t count, struct signet_error *err)
{
    const char *names[MANY];

    for (size_t i = 0; i < count; i++)
        names[i] = b->names[i];
    *err = (struct signet_error){0};
    return signet_server_remove_batch(b->server, names, count, b->results, err);
}

/* What is not there is as good as removed; lost answers are asked again. */
static void test_many_are_removed(void **state)
{
    static const char *const kinds[] = {"coiote", "thingsboard", "leshan"};
    struct signet_error err;

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        struct bench b;

        start(&b, kinds[k], "token", "remove-drop,remove-commit-then-drop,remove-503=0", 0);
        assert_int_equal(add(&b, MANY - 5), SIGNET_OK);
        assert_int_equal(take_away(&b, MANY, &err), SIGNET_OK);
        for (size_t i = 0; i < MANY; i++)
            if (b.results[i].error.code ||
                (b.results[i].existed != (i < MANY - 5) && strcmp(kinds[k], "leshan") != 0))
                fail_msg("%s, %zu: %s", kinds[k], i, b.results[i].error.msg);
        assert_int_equal(sim_server_devices(b.sim), 0);
        stop(&b);
    }
}

/* A refusal is one device's; a token that is not taken ends the batch. */
static void test_removals_that_are_refused(void **state)
{
    struct signet_error err;
    struct bench b;
    size_t left = 0;

    (void)state;
    start(&b, "thingsboard", "token", "remove-400,remove-page=400", 0);
    assert_int_equal(add(&b, 20), SIGNET_OK);
    assert_int_equal(take_away(&b, 20, &err), SIGNET_E_SERVER);
    for (size_t i = 0; i < 20; i++)
        left += b.results[i].error.code == SIGNET_E_SERVER;
    assert_int_equal(left, 2);
    assert_int_equal(sim_server_devices(b.sim), 2);
    stop(&b);
    start(&b, "coiote", "token", "look-401*9", 0);
    assert_int_equal(add(&b, 20), SIGNET_OK);
    assert_int_equal(take_away(&b, 20, &err), SIGNET_E_AUTH);
    assert_int_equal(sim_server_devices(b.sim), 20);
    assert_in_range(sim_server_requests(b.sim), 2, 10); /* one for each thread */
    stop(&b);
}

static void test_bad_tls(void **state)
{
    static const char *const faults[] = {"bad-tls=expired", "bad-tls=wrong-host",
                                         "bad-tls=untrusted"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct bench b;

        start(&b, "coiote", "password", faults[i], 0);
        assert_int_equal(add(&b, 2), SIGNET_E_NET);
        assert_int_equal(sim_server_requests(b.sim), 0);
        assert_int_equal(sim_server_logins(b.sim), 0); /* no password went out */
        stop(&b);
    }
}

/* Whoever listens there takes connections and says nothing. *port: where. */
static int silent_listener(uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(fd, 512), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static int connections(int listener)
{
    int count = 0, fd;

    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        close(fd);
        count++;
    }
    return count;
}

/* It is tried for the batch, not for each of its devices; all of them wait, and say why. */
static void test_a_server_that_cannot_be_reached(void **state)
{
    static const struct {
        const char *kind;
        int connections; /* at most: two attempts for each that was under way */
    } rows[] = {{"coiote", 2 * 3}, {"leshan", 2 * 8}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char kind[16], url[] = "https://127.0.0.1";
        struct signet_server_info info = {.kind = kind, .url = url};
        const struct signet_server_options how = {
            .connect_timeout_ms = 200, .attempts = 2, .retry_ms = 1, .parallel = 8};
        struct bench b;

        start(&b, rows[i].kind, "token", NULL, 0);
        signet_server_close(&b.server);
        snprintf(kind, sizeof kind, "%s", rows[i].kind);
        if (strcmp(kind, "coiote") == 0)
            info.options[0] = (struct signet_option){"domain", "/acme/"};
        int listener = silent_listener(&info.port);
        assert_int_equal(signet_server_open(&b.server, &info, &how, "t", 1, NULL, NULL, NULL), 0);
        assert_int_equal(add(&b, MANY), SIGNET_E_TIMEOUT);
        for (size_t k = 0; k < MANY; k++) {
            assert_int_equal(b.results[k].error.code, SIGNET_E_TIMEOUT);
            assert_non_null(strstr(b.results[k].error.msg, "no connection in time"));
        }
        assert_in_range(connections(listener), 2, rows[i].connections);
        close(listener);
        stop(&b);
    }
}

static void test_redirects_are_not_followed(void **state)
{
    struct bench b;

    (void)state;
    start(&b, "thingsboard", "token", "redirect", 0);
    assert_int_equal(signet_server_add(b.server, &b.devices[0], NULL, NULL), SIGNET_E_SERVER);
    assert_int_equal(sim_server_requests(b.sim), 1);
    assert_int_equal(sim_server_devices(b.sim), 0);
    stop(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch_of_100),
        cmocka_unit_test(test_batch_that_failed_in_part),
        cmocka_unit_test(test_batches_that_are_left),
        cmocka_unit_test(test_no_batches),
        cmocka_unit_test(test_lost_answers),
        cmocka_unit_test(test_lost_on_a_kept_connection),
        cmocka_unit_test(test_bulk_import),
        cmocka_unit_test(test_bulk_import_overwrites_nobody),
        cmocka_unit_test(test_bulk_import_with_faults),
        cmocka_unit_test(test_connections_are_kept),
        cmocka_unit_test(test_logins),
        cmocka_unit_test(test_login_before_the_end),
        cmocka_unit_test(test_one_401_stops_a_batch),
        cmocka_unit_test(test_what_a_server_refuses),
        cmocka_unit_test(test_many_are_removed),
        cmocka_unit_test(test_removals_that_are_refused),
        cmocka_unit_test(test_bad_tls),
        cmocka_unit_test(test_redirects_are_not_followed),
        cmocka_unit_test(test_a_server_that_cannot_be_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
