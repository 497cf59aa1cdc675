/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that are known by their key: the pin alone decides, or the pin and an authority. */
#include "http_client/http_client.h"
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/folder.h"

#define OTHER "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static char folder[FOLDER_SIZE], ca[96], other_ca[96];

static int ask(const char *url, uint16_t port, const char *ca_file, const char *pin,
               struct signet_error *err)
{
    const struct http_options options = {.url = url,
                                         .port = port,
                                         .ca_file = ca_file,
                                         .pin = pin,
                                         .allow_http = true,
                                         .attempts = 3};
    const struct http_request request = {.method = "GET", .path = "/x"};
    const struct http_auth auth = {.token = "word", .token_len = 4};
    struct http_answer answer = {0};
    struct http *http = NULL;

    *err = (struct signet_error){0};
    int rc = http_open(&http, &options, &auth, NULL, NULL, err);
    if (rc == SIGNET_OK)
        rc = http_send(http, &request, &answer, err);
    http_close(&http);
    secret_wipe(&answer.body);
    return rc;
}

static struct sim_server *start(const char *path, const char *bad)
{
    const struct sim_server_options options = {
        .kind = "coiote", .ca_file = path, .misbehave = bad, .token = "word"};
    struct sim_server *sim = NULL;

    assert_int_equal(sim_server_start(&sim, &options, NULL), SIGNET_OK);
    return sim;
}

/* What the message about another key says that it is. */
static void told_pin(const struct signet_error *err, char pin[64])
{
    const char *at = strstr(err->msg, "its key is not the pinned one, but sha256//");

    assert_non_null(at);
    assert_int_equal(sscanf(strstr(at, "sha256//"), "%63s", pin), 1);
    assert_int_equal(strlen(pin), 52);
}

static void test_pin_alone(void **state)
{
    static const char *const bad[] = {NULL, "bad-tls=expired", "bad-tls=wrong-host",
                                      "bad-tls=untrusted"};
    struct signet_error err;
    char pin[64], both[160];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sim_server *sim = start(ca, bad[i]);
        const uint16_t port = sim_server_port(sim);

        assert_int_equal(ask("https://127.0.0.1", port, NULL, OTHER, &err), SIGNET_E_NET);
        assert_int_equal(sim_server_requests(sim), 0);
        told_pin(&err, pin);
        assert_int_equal(ask("https://127.0.0.1", port, NULL, pin, &err), SIGNET_OK);
        snprintf(both, sizeof(both), "%s;%s", OTHER, pin);
        assert_int_equal(ask("https://127.0.0.1", port, NULL, both, &err), SIGNET_OK);
        assert_int_equal(sim_server_requests(sim), 2);
        sim_server_stop(&sim);
    }
}

static void test_pin_and_authority(void **state)
{
    struct sim_server *other = start(other_ca, NULL), *sim = start(ca, NULL);
    const uint16_t port = sim_server_port(sim);
    struct signet_error err;
    char pin[64];

    (void)state;
    assert_int_equal(ask("https://127.0.0.1", port, ca, OTHER, &err), SIGNET_E_NET);
    told_pin(&err, pin);
    assert_int_equal(ask("https://127.0.0.1", port, other_ca, pin, &err), SIGNET_E_NET);
    assert_non_null(strstr(err.msg, "of no authority in /"));
    assert_int_equal(sim_server_requests(sim), 0);
    assert_int_equal(ask("https://127.0.0.1", port, ca, pin, &err), SIGNET_OK);
    sim_server_stop(&sim);
    sim_server_stop(&other);
}

static void test_no_pins(void **state)
{
    static const char *const none[] = {
        "",
        "sha256//",
        "sha256//AAAA",
        "SHA256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "sha1//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "/etc/ssl/key.pem",
        OTHER ";",
        OTHER ";;" OTHER,
        OTHER " ",
        OTHER ";" OTHER ";" OTHER ";" OTHER ";" OTHER ";" OTHER ";" OTHER ";" OTHER ";" OTHER,
    };
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_int_equal(ask("https://127.0.0.1", 1, NULL, none[i], &err), SIGNET_E_USAGE);
        assert_non_null(strstr(err.msg, "is no pin"));
    }
    assert_int_equal(ask("http://127.0.0.1", 1, NULL, OTHER, &err), SIGNET_E_USAGE);
    assert_non_null(strstr(err.msg, "a pin is of a server that speaks https"));
}

static int set_up(void **state)
{
    (void)state;
    if (!folder_make(folder))
        return -1;
    snprintf(ca, sizeof(ca), "%s/ca.pem", folder);
    snprintf(other_ca, sizeof(other_ca), "%s/other.pem", folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pin_alone),
        cmocka_unit_test(test_pin_and_authority),
        cmocka_unit_test(test_no_pins),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
