/* SPDX-License-Identifier: Apache-2.0 */
/* The recipe nrf91, on a simulated modem that takes AT commands.
 * wrap: malloc calloc realloc reallocarray strdup strndup vasprintf locked_alloc */
#include "board/recipe.h"
#include "unit/board/console.h"
#include "unit/starve.h"

static struct signet_board_options on_port(const struct bench *b, bool keygen, bool attest)
{
    struct signet_board_options o = {
        .port = b->ports[0], .smp_timeout_ms = 150, .ready_timeout_ms = 3000};
    size_t n = 0;

    if (keygen)
        o.recipe[n++] = (struct signet_option){"keygen", "true"};
    if (attest)
        o.recipe[n++] = (struct signet_option){"attest", "true"};
    return o;
}

static void modem(struct bench *b, const char *misbehave)
{
    bench_sim(b, 0,
              (struct sim_board_options){.firmware = SIM_FIRMWARE_AT,
                                         .endpoint = "nrf-352656100248049",
                                         .misbehave = misbehave,
                                         .seed = 3});
}

static void a_psk_and_its_identity(void **state)
{
    struct bench *b = *state;
    struct signet_board_state s;

    modem(b, "echo");
    bench_open(b, "nrf91", on_port(b, false, false), NULL, NULL);
    bench_run_ok(b);
    signet_board_state(b->board, &s);
    assert_string_equal(s.hw_id, "352656100248049");
    struct signet_bytes psk = held(b, "PSK"), id = held(b, "PSK_ID");
    assert_int_equal(psk.len, 32);
    assert_memory_equal(psk.data, "30313233343536373839616263646566", 32);
    assert_memory_equal(id.data, "identity", 8);
    signet_bytes_free(&psk);
    signet_bytes_free(&id);
    bench_run_ok(b); /* it is there: as good as written */
}

/* Its OK alone is nothing: what is not in its list is not there. */
static void a_modem_that_keeps_nothing(void **state)
{
    struct bench *b = *state;
    struct signet_error err = {0};
    int stage;

    modem(b, "forgets");
    bench_open(b, "nrf91", on_port(b, false, false), NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_BOARD);
    assert_int_equal(stage, 2);
    assert_non_null(strstr(err.msg, "the board does not keep the "));
}

/* In the middle of any conversation: told as what it is, and nothing is taken for an answer. */
static void a_modem_that_goes_away(void **state)
{
    static const int after[] = {35, 65, 95, 125, 145, 200, 600, 900, 1200, 1318};
    struct bench *b = *state;
    struct signet_board_options o;

    for (size_t i = 0; i < COUNT_OF(after); i++) {
        struct signet_error err = {0};
        char misbehave[40];

        snprintf(misbehave, sizeof(misbehave), "unplug-after=%d", after[i]);
        modem(b, misbehave);
        o = on_port(b, true, true);
        o.smp_timeout_ms = 5000; /* no line is sent twice */
        bench_open(b, "nrf91", o, NULL, NULL);
        if (born(b, &err) != SIGNET_E_LINK || !strstr(err.msg, "the port went away"))
            fail_msg("after %d bytes: %s", after[i], err.msg);
    }
}

static void a_key_that_is_born_in_the_modem(void **state)
{
    struct bench *b = *state;
    struct signet_error err = {0};
    struct signet_bytes csr = {0};
    struct sim_board_state s;

    modem(b, "echo");
    bench_open(b, "nrf91", on_port(b, true, true), NULL, NULL);
    born_ok(b);
    assert_true(holds(b, "key") && holds(b, "CLIENT") && holds(b, "CA") && !holds(b, "PK"));
    bench_open(b, "nrf91", on_port(b, true, false), NULL, NULL);
    assert_int_equal(born(b, &err), SIGNET_E_PROVISIONED);
    /* this device's second attempt: its request does not come again, what is there is compared */
    signet_board_take_over(b->board);
    assert_int_equal(signet_board_request(b->board, "urn:dev:1", &csr, &err), SIGNET_E_EXISTS);
    assert_int_equal(signet_board_load(b->board, b->packet.data, b->packet.len, NULL), SIGNET_OK);
    assert_int_equal(signet_board_result(b->board, NULL), SIGNET_OK);
    sim_board_state(b->sims[0], &s);
    assert_int_equal(s.keys, 1);
}

static void a_key_whose_request_was_lost_makes_place(void **state)
{
    struct bench *b = *state;
    struct signet_bytes csr = {0};
    struct sim_board_state s;

    modem(b, NULL);
    bench_open(b, "nrf91", on_port(b, true, false), NULL, NULL);
    assert_int_equal(ask(b, &csr, NULL), SIGNET_OK);
    signet_bytes_free(&csr);
    bench_open(b, "nrf91", on_port(b, true, false), NULL, NULL);
    born_ok(b);
    sim_board_state(b->sims[0], &s);
    assert_int_equal(s.keys, 2);
    struct signet_bytes key = held(b, "key");
    assert_true(key.len); /* the one that is certified */
    signet_bytes_free(&key);
}

static void what_goes_wrong(void **state)
{
    static const struct {
        const char *misbehave, *words;
        int code;
        bool attest;
    } rows[] = {
        {"online", "no key was made: the modem is online (518)", SIGNET_E_BOARD, false},
        {"no-heap", "no key was made: the modem has no right to it (515)", SIGNET_E_BOARD, false},
        {"wrong-key", "it is not signed with the key that it is for", SIGNET_E_CERT, false},
        {"wrong-attest", "the modem attested another thing than it sent", SIGNET_E_CERT, false},
        {"wrong-attest=2", "the modem attested the security tag 35724862", SIGNET_E_CERT, false},
        {"wrong-attest=3", "the key was made by another chip", SIGNET_E_CERT, true},
        {"wrong-nonce", "the modem attested with another nonce than ours", SIGNET_E_CERT, true},
    };
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signet_error err = {0};
        struct signet_bytes csr = {0};

        modem(b, rows[i].misbehave);
        bench_open(b, "nrf91", on_port(b, true, rows[i].attest), NULL, NULL);
        int rc = ask(b, &csr, &err);
        if (rc != rows[i].code && i > 0)
            fail_msg("%s: %d %s", rows[i].misbehave, rc, err.msg);
        if (i > 0)
            assert_non_null(strstr(err.msg, rows[i].words));
        assert_null(csr.data);
    }
    struct signet_error err = {0};
    modem(b, "online"); /* the look at what it holds is refused before */
    bench_open(b, "nrf91", on_port(b, true, false), NULL, NULL);
    struct signet_bytes csr = {0};
    assert_int_equal(ask(b, &csr, &err), SIGNET_E_BOARD);
    assert_non_null(strstr(err.msg, "the modem is online (518)"));
    assert_non_null(strstr(err.hint, "+CFUN=4"));
    int stage;
    modem(b, "no-heap");
    bench_open(b, "nrf91", on_port(b, false, false), NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_BOARD);
    assert_int_equal(stage, 2);
    assert_non_null(strstr(err.msg, "identity of the pre-shared key: the modem said"));
}

/* 528 once in a while, a line that is lost, a restart: written again. */
static void what_is_tried_again(void **state)
{
    static const char *const faults[] = {"power-warning=2", "drop-tx=11", "restart=7",
                                         "echo,flip=3e-5"};
    struct bench *b = *state;

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct signet_error err = {0};
        int rc = SIGNET_E_TIMEOUT;

        modem(b, faults[i]);
        bench_open(b, "nrf91", on_port(b, false, false), NULL, NULL);
        for (int tries = 0; tries < 5 && rc != SIGNET_OK; tries++) {
            int stage;

            rc = bench_run(b, &stage, &err);
        }
        if (rc != SIGNET_OK)
            fail_msg("%s: %s", faults[i], err.msg);
        struct signet_bytes psk = held(b, "PSK");
        assert_memory_equal(psk.data, "30313233343536373839616263646566", 32);
        signet_bytes_free(&psk);
    }
}

/* An answer that comes when its question was given up is no answer to the next one. */
static void what_comes_too_late(void **state)
{
    struct bench *b = *state;

    for (int phase = 0; phase < 5; phase++) {
        struct signet_board_options o = on_port(b, true, true);
        struct signet_error err = {0};
        struct signet_bytes csr = {0};
        struct sim_board_state s;

        o.smp_timeout_ms = 400; /* a busy machine makes it later still */
        bench_sim(b, 0,
                  (struct sim_board_options){.firmware = SIM_FIRMWARE_AT,
                                             .endpoint = "nrf-352656100248049",
                                             .misbehave = "late=450",
                                             .seed = 3,
                                             .baud = 115200});
        bench_open(b, "nrf91", o, NULL, NULL);
        for (int i = 0; i < phase; i++)
            assert_int_equal(signet_board_prepare(b->board, NULL), SIGNET_OK);
        born_ok(b);
        bench_open(b, "nrf91", o, NULL, NULL);
        if (ask(b, &csr, &err) != SIGNET_E_PROVISIONED)
            fail_msg("phase %d: %s", phase, err.msg);
        sim_board_state(b->sims[0], &s);
        assert_int_equal(s.keys, 1);
    }
}

static void an_identity_that_a_modem_does_not_take(void **state)
{
    struct bench *b = *state;
    struct signet_error err = {0};
    struct signet_tree *tree = NULL;
    int stage;

    assert_int_equal(signet_packet_decode(b->packet.data, b->packet.len, &tree, NULL), SIGNET_OK);
    put_bytes(tree, 3, "a\"b", 3);
    signet_bytes_free(&b->packet);
    assert_int_equal(signet_packet_encode(tree, &b->packet, NULL), SIGNET_OK);
    signet_tree_free(&tree);
    modem(b, NULL);
    bench_open(b, "nrf91", on_port(b, false, false), NULL, NULL);
    assert_int_equal(bench_run(b, &stage, &err), SIGNET_E_MEANING);
    assert_non_null(strstr(err.msg, "printable characters without quotes"));
    assert_false(holds(b, "PSK_ID"));
}

static struct bench *starved;
static bool cut_off; /* the last answer was: its rest could come behind the next question */

static void new_modem(void)
{
    long at = starve.at;

    starve.at = 0; /* this has its memory */
    modem(starved, NULL);
    bench_open(starved, "nrf91", on_port(starved, false, false), NULL, NULL);
    assert_int_equal(signet_board_prepare(starved->board, NULL), SIGNET_OK);
    starve.at = at;
}

static int ask_once(struct signet_error *err)
{
    static const char *const ends[] = {"=OK", "ERROR", NULL};
    struct console_answer answer;
    size_t len;

    if (cut_off)
        new_modem();
    int rc = console_ask(starved->board, "AT+CGSN=1", ends, 1000, &answer, err);
    cut_off = rc != SIGNET_OK;
    if (rc == SIGNET_OK)
        assert_non_null(console_find(&answer, "+CGSN: \"", &len)); /* no line is missing */
    console_answer_free(&answer);
    return rc;
}

static void without_memory_no_line_is_lost(void **state)
{
    starved = *state;
    cut_off = true;
    starve_each(ask_once);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)
        TEST(without_memory_no_line_is_lost),
        TEST(a_psk_and_its_identity),
        TEST(a_modem_that_goes_away),
        TEST(a_modem_that_keeps_nothing),
        TEST(a_key_that_is_born_in_the_modem),
        TEST(a_key_whose_request_was_lost_makes_place),
        TEST(what_goes_wrong),
        TEST(what_is_tried_again),
        TEST(what_comes_too_late),
        TEST(an_identity_that_a_modem_does_not_take),
    };

    bench_flasher(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
