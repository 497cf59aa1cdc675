/* SPDX-License-Identifier: Apache-2.0 */
/* The recipe zephyr-credentials, on a simulated board with Zephyr's shell for credentials. */
#include "unit/board/console.h"

static struct signet_board_options on_port(const struct bench *b, bool keygen)
{
    struct signet_board_options o = {
        .port = b->ports[0], .smp_timeout_ms = 150, .ready_timeout_ms = 3000};

    if (keygen)
        o.recipe[0] = (struct signet_option){"keygen", "true"};
    return o;
}

static void board(struct bench *b, const char *misbehave)
{
    bench_sim(b, 0,
              (struct sim_board_options){.firmware = SIM_FIRMWARE_CRED,
                                         .endpoint = "cred-0123456789abcdef",
                                         .misbehave = misbehave,
                                         .seed = 5});
}

/* *ctx: how many of both credentials are there */
static void count_credentials(void *ctx, const struct signet_event *event)
{
    if (event->kind != SIGNET_EVENT_PROGRESS || strcmp(event->stage, "load") != 0)
        return;
    assert_int_equal(event->done, ++*(uint64_t *)ctx);
    assert_int_equal(event->total, 2);
}

static void a_psk_and_its_identity(void **state)
{
    uint64_t count = 0;
    const struct signet_observer observer = {count_credentials, &count};
    struct bench *b = *state;
    struct signet_board_state s;

    board(b, NULL);
    bench_open(b, "zephyr-credentials", on_port(b, false), &observer, NULL);
    assert_false(signet_board_makes_key(b->board));
    bench_run_ok(b);
    signet_board_state(b->board, &s);
    assert_string_equal(s.hw_id, "0123456789abcdef");
    assert_true(s.loaded && s.applied && s.finished && s.bytes_sent);
    assert_int_equal(count, 2);
    struct signet_bytes psk = held(b, "PSK"), id = held(b, "PSK_ID");
    assert_int_equal(psk.len, 16);
    assert_memory_equal(psk.data, "0123456789abcdef", 16);
    assert_int_equal(id.len, 8);
    assert_memory_equal(id.data, "identity", 8);
    signet_bytes_free(&psk);
    signet_bytes_free(&id);
    assert_false(holds(b, "CLIENT"));
}

static void a_certificate_with_a_key_of_the_station(void **state)
{
    struct bench *b = *state;
    struct signet_key *key = NULL;
    struct signet_cert *cert = NULL;
    struct signet_bytes key_der = {0}, cert_der = {0}, got;

    assert_int_equal(signet_key_generate(&key, NULL, NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_make(&cert, key, NULL, "urn:dev:1", NULL, NULL), SIGNET_OK);
    signet_key_der(key, &key_der, NULL);
    signet_cert_der(cert, &cert_der, NULL);
    cert_packet(b, &cert_der, &key_der);
    board(b, NULL);
    bench_open(b, "zephyr-credentials", on_port(b, false), NULL, NULL);
    bench_run_ok(b);
    got = held(b, "PK");
    assert_int_equal(got.len, key_der.len);
    assert_memory_equal(got.data, key_der.data, got.len);
    signet_bytes_free(&got);
    got = held(b, "CLIENT");
    assert_int_equal(got.len, cert_der.len);
    signet_bytes_free(&got);
    assert_true(holds(b, "CA"));
    signet_bytes_free(&key_der);
    signet_bytes_free(&cert_der);
    signet_key_free(&key);
    signet_cert_free(&cert);
}

static void a_key_that_is_born_on_the_board(void **state)
{
    struct bench *b = *state;
    struct sim_board_state s;

    board(b, NULL);
    bench_open(b, "zephyr-credentials", on_port(b, true), NULL, NULL);
    assert_true(signet_board_makes_key(b->board));
    born_ok(b);
    assert_true(holds(b, "key") && holds(b, "CLIENT") && holds(b, "CA") && !holds(b, "PK"));
    struct signet_bytes before = held(b, "key");
    signet_board_close(&b->board);
    bench_open(b, "zephyr-credentials", on_port(b, true), NULL, NULL);
    struct signet_error err = {0};
    assert_int_equal(born(b, &err), SIGNET_E_PROVISIONED); /* it is somebody's */
    assert_non_null(strstr(err.msg, "holds a client certificate under the security tag 35724861"));
    /* ... and this somebody's second attempt finds all of it there */
    struct signet_bytes csr = {0};
    signet_board_take_over(b->board);
    assert_int_equal(signet_board_request(b->board, "urn:dev:1", &csr, NULL), SIGNET_OK);
    signet_bytes_free(&csr);
    assert_int_equal(signet_board_load(b->board, b->packet.data, b->packet.len, NULL), SIGNET_OK);
    assert_int_equal(signet_board_result(b->board, NULL), SIGNET_OK);
    struct signet_board_state state_now;
    signet_board_state(b->board, &state_now);
    assert_false(state_now.bytes_sent);
    struct signet_bytes after = held(b, "key");
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, after.len);
    signet_bytes_free(&before);
    signet_bytes_free(&after);
    sim_board_state(b->sims[0], &s);
    assert_int_equal(s.keys, 1);
}

static void a_key_that_is_there_is_taken(void **state)
{
    struct bench *b = *state;
    struct signet_bytes csr = {0};
    struct sim_board_state s;
    char name[152];

    board(b, NULL);
    for (int i = 0; i < 2; i++) { /* cut off after the key was made */
        bench_open(b, "zephyr-credentials", on_port(b, true), NULL, NULL);
        assert_int_equal(signet_board_prepare(b->board, NULL), SIGNET_OK);
        assert_int_equal(signet_board_endpoint(b->board, name, NULL), SIGNET_OK);
        assert_int_equal(signet_board_request(b->board, "urn:dev:1", &csr, NULL), SIGNET_OK);
        signet_bytes_free(&csr);
    }
    born_ok(b);
    sim_board_state(b->sims[0], &s);
    assert_int_equal(s.keys, 1);
}

static void replace_makes_a_new_key(void **state)
{
    struct bench *b = *state;
    struct signet_board_options o = on_port(b, true);
    struct sim_board_state s;

    board(b, NULL);
    bench_open(b, "zephyr-credentials", o, NULL, NULL);
    born_ok(b);
    o.recipe[1] = (struct signet_option){"replace", "true"};
    bench_open(b, "zephyr-credentials", o, NULL, NULL);
    born_ok(b);
    sim_board_state(b->sims[0], &s);
    assert_int_equal(s.keys, 2);
    struct signet_error err = {0};
    board(b, "keeps-key");
    bench_open(b, "zephyr-credentials", on_port(b, true), NULL, NULL);
    born_ok(b);
    bench_open(b, "zephyr-credentials", o, NULL, NULL);
    assert_int_equal(born(b, &err), SIGNET_E_BOARD);
    assert_non_null(strstr(err.msg, "its key could not be removed"));
}

/* The hash is the right one, of a credential that is no PSK. */
static void a_list_of_another_type(void **state)
{
    struct bench *b = *state;
    struct signet_error err = {0};
    int stage;

    board(b, "wrong-type");
    bench_open(b, "zephyr-credentials", on_port(b, false), NULL, NULL);
    assert_int_not_equal(bench_run(b, &stage, &err), SIGNET_OK);
    assert_non_null(strstr(err.msg, "the board lists another type"));
}

/* Whatever the line does to lines and bytes: what is there in the end is what was sent, or the
 * stage says that it is not. */
static void lines_that_are_lost_or_damaged(void **state)
{
    static const char *const faults[] = {"drop-tx=31", "drop-rx=7",   "dup=23",   "flip=1e-4",
                                         "log-noise",  "insert=1e-4", "restart=9"};
    struct bench *b = *state;
    struct sim_board_state s;

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct signet_error err = {0};
        int rc = SIGNET_E_TIMEOUT;

        board(b, faults[i]);
        for (int tries = 0; tries < 6 && rc != SIGNET_OK; tries++) {
            bench_packet(b, 0);
            bench_open(b, "zephyr-credentials", on_port(b, true), NULL, NULL);
            assert_int_equal(signet_board_prepare(b->board, &err), SIGNET_OK);
            struct signet_bytes csr = {0}, cert = {0};
            char name[152];
            rc = signet_board_endpoint(b->board, name, &err);
            signet_board_take_over(b->board);
            if (rc == SIGNET_OK)
                rc = signet_board_request(b->board, "urn:dev:1", &csr, &err);
            signet_bytes_free(&csr);
            if (rc != SIGNET_OK)
                continue;
            cert_of_board(b, &cert);
            cert_packet(b, &cert, NULL);
            rc = signet_board_load(b->board, b->packet.data, b->packet.len, &err);
            if (rc == SIGNET_OK)
                rc = signet_board_result(b->board, &err);
            if (rc == SIGNET_OK) {
                struct signet_bytes got = held(b, "CLIENT");
                assert_int_equal(got.len, cert.len);
                assert_memory_equal(got.data, cert.data, got.len);
                signet_bytes_free(&got);
            }
            signet_bytes_free(&cert);
        }
        if (rc != SIGNET_OK)
            fail_msg("%s: %s", faults[i], err.msg);
        sim_board_state(b->sims[0], &s);
        assert_int_equal(s.keys, 1);
    }
}

/* In the middle of any conversation: told as what it is, and nothing is taken for an answer. */
static void a_board_that_goes_away(void **state)
{
    static const int after[] = {55, 85, 115, 145, 175, 205, 235, 285, 600, 1000, 1400, 1480, 1560};
    struct bench *b = *state;
    struct signet_board_options o;

    for (size_t i = 0; i < COUNT_OF(after); i++) {
        struct signet_error err = {0};
        char misbehave[40];

        snprintf(misbehave, sizeof(misbehave), "unplug-after=%d", after[i]);
        board(b, misbehave);
        o = on_port(b, true);
        o.recipe[1] = (struct signet_option){"replace", "true"};
        o.smp_timeout_ms = 5000; /* no line is sent twice */
        bench_open(b, "zephyr-credentials", o, NULL, NULL);
        if (born(b, &err) != SIGNET_E_LINK || !strstr(err.msg, "the port went away"))
            fail_msg("after %d bytes: %s", after[i], err.msg);
    }
}

static void what_the_board_refuses(void **state)
{
    static const struct {
        const char *misbehave, *words;
        int code;
    } rows[] = {
        {"no-heap", "no key was made: the board said 'Key generation failed: -12'", SIGNET_E_BOARD},
        {"wrong-key", "it is not signed with the key that it is for", SIGNET_E_CERT},
    };
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err = {0};

        board(b, rows[i].misbehave);
        bench_open(b, "zephyr-credentials", on_port(b, true), NULL, NULL);
        assert_int_equal(born(b, &err), rows[i].code);
        assert_non_null(strstr(err.msg, rows[i].words));
    }
    struct signet_error err = {0};
    int stage;
    board(b, "no-heap");
    bench_open(b, "zephyr-credentials", on_port(b, false), NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_BOARD);
    assert_int_equal(stage, 2);
    assert_non_null(strstr(err.msg, "Failed to add TLS credential"));
    assert_null(strstr(err.msg, "MDEyMzQ1")); /* the secret */
    board(b, "forgets");
    bench_open(b, "zephyr-credentials", on_port(b, false), NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_BOARD);
    assert_int_equal(stage, 2);
    assert_non_null(strstr(err.msg, "the board does not keep the "));
    /* a board without that shell */
    bench_sim(b, 0, (struct sim_board_options){.firmware = SIM_FIRMWARE_SMP_FILE});
    struct signet_board_options o = on_port(b, false);
    o.ready_timeout_ms = 300;
    bench_open(b, "zephyr-credentials", o, NULL, NULL);
    assert_int_equal(signet_board_prepare(b->board, &err), SIGNET_E_BOARD);
    assert_non_null(strstr(err.msg, "the board's shell has no 'cred'"));
    assert_non_null(strstr(err.hint, "CONFIG_TLS_CREDENTIALS_SHELL"));
}

static void a_credential_that_is_longer_than_the_buffer(void **state)
{
    struct bench *b = *state;
    struct signet_error err = {0};
    struct signet_bytes long_cert = {0}, key = {(uint8_t *)strdup("keykeykeykeykeyk"), 16};
    struct signet_cert_info info = {.rsa_key_len = 2048};
    struct signet_key *rsa = NULL;
    struct signet_cert *cert = NULL;
    int stage;

    assert_int_equal(signet_key_generate(&rsa, &info, NULL, NULL), SIGNET_OK);
    assert_int_equal(signet_cert_make(&cert, rsa, &info, "urn:dev:1", NULL, NULL), SIGNET_OK);
    signet_cert_der(cert, &long_cert, NULL);
    cert_packet(b, &long_cert, &key);
    board(b, NULL);
    bench_open(b, "zephyr-credentials", on_port(b, false), NULL, NULL);
    int rc = bench_run(b, &stage, &err);
    if (long_cert.len / 3 * 4 < 1024) { /* depends on its names */
        assert_true(rc == SIGNET_OK);
    } else {
        assert_int_equal(rc, SIGNET_E_LIMIT);
        assert_non_null(strstr(err.msg, "buffer has no room for the CA certificate"));
        assert_non_null(strstr(err.hint, "CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE"));
    }
    signet_bytes_free(&long_cert);
    signet_bytes_free(&key);
    signet_key_free(&rsa);
    signet_cert_free(&cert);
}

static void another_credential_is_there(void **state)
{
    struct bench *b = *state;
    struct signet_error err = {0};
    struct signet_board_state s;
    int stage;

    board(b, NULL);
    bench_open(b, "zephyr-credentials", on_port(b, false), NULL, NULL);
    bench_run_ok(b);
    bench_run_ok(b); /* the same ones are there: as good as written */
    struct signet_tree *tree = NULL;
    assert_int_equal(signet_packet_decode(b->packet.data, b->packet.len, &tree, NULL), SIGNET_OK);
    put_bytes(tree, 5, "fedcba9876543210", 16);
    signet_bytes_free(&b->packet);
    assert_int_equal(signet_packet_encode(tree, &b->packet, NULL), SIGNET_OK);
    signet_tree_free(&tree);
    bench_open(b, "zephyr-credentials", on_port(b, false), NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_PROVISIONED);
    assert_non_null(strstr(err.msg, "holds a pre-shared key under the security tag 35724861"));
    signet_board_state(b->board, &s);
    assert_false(s.bytes_sent);
    struct signet_board_options o = on_port(b, false);
    o.recipe[0] = (struct signet_option){"replace", "true"};
    bench_open(b, "zephyr-credentials", o, NULL, NULL);
    bench_run_ok(b);
    struct signet_bytes psk = held(b, "PSK");
    assert_memory_equal(psk.data, "fedcba9876543210", 16);
    signet_bytes_free(&psk);
}

/* A bootstrap account besides, whose tag is that or the usual one. */
static int load_two_accounts(struct bench *b, const char *sec_tag, struct signet_error *err)
{
    const struct signet_value bootstrap = {SIGNET_TYPE_BOOLEAN, {.boolean = true}};
    struct signet_board_options o = on_port(b, false);
    struct signet_tree *tree = NULL;
    int stage;

    bench_packet(b, 0);
    assert_int_equal(signet_packet_decode(b->packet.data, b->packet.len, &tree, NULL), SIGNET_OK);
    for (uint16_t rid = 0; rid <= 5; rid++) {
        struct signet_path path = {0, 0, rid, SIGNET_NO_ID};
        const struct signet_record *old = signet_tree_find(tree, path);

        if (!old)
            continue;
        const struct signet_value value = rid == 1 ? bootstrap : old->value;
        path.iid = 1;
        assert_int_equal(signet_tree_put(tree, path, &value, NULL), SIGNET_OK);
    }
    signet_bytes_free(&b->packet);
    assert_int_equal(signet_packet_encode(tree, &b->packet, NULL), SIGNET_OK);
    signet_tree_free(&tree);
    if (sec_tag)
        o.recipe[0] = (struct signet_option){"bootstrap_sec_tag", sec_tag};
    bench_open(b, "zephyr-credentials", o, NULL, NULL);
    return bench_run(b, &stage, err);
}

static void two_accounts_have_a_tag_each(void **state)
{
    struct bench *b = *state;
    struct signet_error err = {0};

    board(b, NULL);
    assert_int_equal(load_two_accounts(b, "35724861", &err), SIGNET_E_MEANING);
    assert_non_null(strstr(err.msg, "two accounts have the security tag 35724861"));
    assert_false(holds(b, "PSK"));
    assert_int_equal(load_two_accounts(b, NULL, &err), SIGNET_OK);
    assert_true(holds(b, "PSK"));
    struct signet_bytes second = {0};
    sim_board_credential(b->sims[0], TAG + 1, "PSK_ID", &second, NULL);
    assert_int_equal(second.len, 8);
    signet_bytes_free(&second);
}

/* The packet for a board that makes its key, with this in the place of its resource; key: whose
 * certificate it is, NULL: the board's. */
static void born_packet(struct bench *b, struct signet_key *key, uint16_t rid,
                        struct signet_value value)
{
    struct signet_bytes cert = {0};
    struct signet_cert *made = NULL;
    struct signet_tree *tree = NULL;

    certified_packet(b);
    if (key) {
        assert_int_equal(signet_cert_make(&made, key, NULL, "urn:dev:1", NULL, NULL), SIGNET_OK);
        assert_int_equal(signet_cert_der(made, &cert, NULL), SIGNET_OK);
        cert_packet(b, &cert, NULL);
    }
    assert_int_equal(signet_packet_decode(b->packet.data, b->packet.len, &tree, NULL), SIGNET_OK);
    assert_int_equal(
        signet_tree_put(tree, (struct signet_path){0, 0, rid, SIGNET_NO_ID}, &value, NULL),
        SIGNET_OK);
    signet_bytes_free(&b->packet);
    assert_int_equal(signet_packet_encode(tree, &b->packet, NULL), SIGNET_OK);
    signet_tree_free(&tree);
    signet_cert_free(&made);
    signet_bytes_free(&cert);
}

static void packets_that_are_not_for_this_board(void **state)
{
    const struct signet_value ssid = {SIGNET_TYPE_INTEGER, {.integer = 1}},
                              nosec = {SIGNET_TYPE_INTEGER, {.integer = SIGNET_MODE_NOSEC}},
                              yes = {SIGNET_TYPE_BOOLEAN, {.boolean = true}},
                              key = {SIGNET_TYPE_OPAQUE,
                                     {.bytes = {(uint8_t *)(uintptr_t) "k", 1}}};
    struct signet_key *other = NULL;
    const struct {
        uint16_t rid;
        struct signet_value value;
        bool of_another;
        int code;
        const char *words;
    } rows[] = {
        {5, key, false, SIGNET_E_USAGE, "the board makes its key, but the packet has one"},
        {2, nosec, false, SIGNET_E_MEANING, "the packet has no credentials for the board"},
        {1, yes, false, SIGNET_E_MEANING, "and its certificate would be under 35724862"},
        {10, ssid, true, SIGNET_E_USAGE, "the certificate is not for the key of the board"},
    };
    struct bench *b = *state;
    struct signet_error err = {0};
    struct signet_bytes csr = {0};
    struct sim_board_state s;

    assert_int_equal(signet_key_generate(&other, NULL, NULL, NULL), SIGNET_OK);
    board(b, NULL);
    bench_open(b, "zephyr-credentials", on_port(b, true), NULL, NULL);
    assert_int_equal(ask(b, &csr, &err), SIGNET_OK);
    signet_bytes_free(&csr);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        born_packet(b, rows[i].of_another ? other : NULL, rows[i].rid, rows[i].value);
        int rc = signet_board_load(b->board, b->packet.data, b->packet.len, &err);
        if (rc != rows[i].code || !strstr(err.msg, rows[i].words))
            fail_msg("%zu: %d %s", i, rc, err.msg);
        assert_false(holds(b, "CA") || holds(b, "CLIENT"));
    }
    assert_int_equal(signet_board_load(b->board, b->packet.data, 0, &err), SIGNET_E_USAGE);
    assert_string_equal(err.msg, "the packet is empty");
    certified_packet(b);
    assert_int_equal(signet_board_load(b->board, b->packet.data, b->packet.len, &err), SIGNET_OK);
    assert_int_equal(signet_board_load(b->board, b->packet.data, b->packet.len, &err),
                     SIGNET_E_USAGE);
    assert_string_equal(err.msg, "the board was loaded already");
    /* erased behind our back */
    assert_int_equal(sim_board_program(b->sims[0], SIM_FIRMWARE_CRED, true, NULL), SIGNET_OK);
    assert_int_equal(sim_board_reset(b->sims[0], NULL), SIGNET_OK);
    assert_int_equal(signet_board_result(b->board, &err), SIGNET_E_BOARD);
    assert_non_null(strstr(err.msg, "the CA certificate under the security tag 35724861 is gone"));
    sim_board_state(b->sims[0], &s);
    assert_int_equal(s.keys, 1); /* no other was made */
    signet_key_free(&other);
}

static void options_that_do_not_do(void **state)
{
    static const struct {
        struct signet_option option;
        const char *words;
    } rows[] = {
        {{"keygen", "yes"}, "'keygen' is true or false"},
        {{"replace", "1"}, "'replace' is true or false"},
        {{"sec_tag", "x"}, "'sec_tag' is a number from 0 to 2147483647"},
        {{"sec_tag", "4294967296"}, "'sec_tag' is a number"},
        {{"bootstrap_sec_tag", ""}, "'bootstrap_sec_tag' is a number"},
        {{"name_prefix", "a b"}, "'name_prefix' has at most 60"},
        {{"sectag", "1"}, "zephyr-credentials: unknown option 'sectag'"},
    };
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_board_options o = on_port(b, false);
        struct signet_error err = {0};

        o.recipe[0] = rows[i].option;
        assert_int_equal(signet_board_open(&b->board, "zephyr-credentials", &o, NULL, NULL, &err),
                         SIGNET_E_USAGE);
        assert_non_null(strstr(err.msg, rows[i].words));
    }
    struct signet_board_options o = on_port(b, true);
    struct signet_error err = {0};
    assert_int_equal(signet_board_open(&b->board, "smp-file", &o, NULL, NULL, &err),
                     SIGNET_E_USAGE);
    struct signet_bytes csr = {0};
    board(b, NULL);
    bench_open(b, "zephyr-credentials", on_port(b, false), NULL, NULL);
    assert_int_equal(signet_board_request(b->board, "x", &csr, &err), SIGNET_E_UNSUPPORTED);
    bench_open(b, "zephyr-credentials", on_port(b, true), NULL, NULL);
    assert_int_equal(signet_board_request(b->board, "x", &csr, &err), SIGNET_E_USAGE);
    assert_int_equal(signet_board_prepare(b->board, NULL), SIGNET_OK);
    char name[152];
    assert_int_equal(signet_board_endpoint(b->board, name, NULL), SIGNET_OK);
    assert_string_equal(name, "zephyr-0123456789abcdef");
    assert_int_equal(signet_board_load(b->board, b->packet.data, b->packet.len, &err), SIGNET_OK);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)
        TEST(a_psk_and_its_identity),          TEST(a_certificate_with_a_key_of_the_station),
        TEST(a_key_that_is_born_on_the_board), TEST(a_key_that_is_there_is_taken),
        TEST(replace_makes_a_new_key),         TEST(lines_that_are_lost_or_damaged),
        TEST(a_list_of_another_type),          TEST(a_board_that_goes_away),
        TEST(what_the_board_refuses),          TEST(a_credential_that_is_longer_than_the_buffer),
        TEST(another_credential_is_there),     TEST(two_accounts_have_a_tag_each),
        TEST(options_that_do_not_do),          TEST(packets_that_are_not_for_this_board),
    };

    bench_flasher(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
