/* SPDX-License-Identifier: Apache-2.0 */
/* Which message answers a request, which is none, and what the server's own requests get.
 * wrap: transport_send transport_receive wipe
 */
#include "proof/coap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/proof/wire.h"

void __real_wipe(void *data, size_t len);
void __wrap_wipe(void *data, size_t len);

static const char payload[] = "a request may hold a key";
static size_t payloads_wiped;

void __wrap_wipe(void *data, size_t len)
{
    payloads_wiped += memmem(data, len, payload, sizeof(payload) - 1) != NULL;
    __real_wipe(data, len);
}

static struct exchange x;
static struct signet_error err;

static int set_up(void **state)
{
    (void)state;
    wire_reset(NULL);
    err = (struct signet_error){0};
    return exchange_init(&x, NULL, false, clock_ms() + 600000, &err);
}

static int request(struct coap_message *answer)
{
    struct coap_message m = {
        .code = COAP_POST, .payload = (const uint8_t *)payload, .payload_len = sizeof(payload) - 1};

    return exchange_request(&x, &m, answer, &err);
}

/* What comes in answer to the first request, one after the other; %: made of the request. */
static void (*answer_first)(const struct coap_message *sent);
static void on_send(const struct coap_message *sent)
{
    if (wire_outs == 1)
        answer_first(sent);
}

static struct coap_message answer_to(const struct coap_message *sent, enum coap_type type,
                                     unsigned code)
{
    struct coap_message m = {
        .type = type, .code = code, .id = sent->id, .token_len = sent->token_len};

    memcpy(m.token, sent->token, sent->token_len);
    return m;
}

static void wrong_answers(const struct coap_message *sent)
{
    struct coap_message m = answer_to(sent, COAP_ACK, COAP_BAD_REQUEST);

    m.token[COAP_TOKEN_MAX - 1] ^= 1; /* another's token */
    wire_message(&m);
    m = answer_to(sent, COAP_NON, COAP_BAD_REQUEST);
    m.token[0] ^= 0x80;
    wire_message(&m);
    m = answer_to(sent, COAP_ACK, COAP_BAD_REQUEST);
    m.token_len--; /* the beginning of ours */
    wire_message(&m);
    m.token_len = 0;
    wire_message(&m);
    m = answer_to(sent, COAP_ACK, COAP_BAD_REQUEST);
    m.id++; /* the acknowledgement of another request */
    wire_message(&m);
    for (size_t i = 0; i < 3; i++) { /* no answers at all */
        m = answer_to(sent, COAP_ACK, (unsigned[]){COAP_PUT, 301, 600}[i]);
        wire_message(&m);
    }
    m = (struct coap_message){.type = COAP_RST, .id = (uint16_t)(sent->id + 1)};
    wire_message(&m);
    wire_bytes("\xff\x01\x02\x03", 4);
    wire_bytes("\x60", 1);
    m = answer_to(sent, COAP_ACK, COAP_CREATED);
    wire_message(&m);
}

static void only_its_own_answer_counts(void **state)
{
    struct coap_message answer;

    (void)state;
    answer_first = wrong_answers;
    wire_reset(on_send);
    assert_int_equal(request(&answer), SIGNET_OK);
    assert_int_equal(answer.code, COAP_CREATED);
    assert_int_equal(wire_next, 12);
    assert_int_equal(wire_outs, 1); /* nothing of it was answered, and nothing sent again */
    assert_int_equal(payloads_wiped, 1);
}

static void a_reset_with_a_code(const struct coap_message *sent)
{
    const struct coap_message m = answer_to(sent, COAP_RST, COAP_CREATED);

    wire_message(&m);
}

static void a_block_of_no_size(const struct coap_message *sent)
{
    struct coap_message m = answer_to(sent, COAP_ACK, COAP_CREATED);

    coap_add(&m, COAP_BLOCK1, "\x07", 1);
    wire_message(&m);
}

static void another_block_of_no_size(const struct coap_message *sent)
{
    struct coap_message m = answer_to(sent, COAP_ACK, COAP_CREATED);

    coap_add(&m, COAP_BLOCK2, "\x17", 1);
    wire_message(&m);
}

/* An option of three bytes, of which one is there: to another's token, then to ours. */
static void cut_short(const struct coap_message *sent)
{
    struct coap_message m = answer_to(sent, COAP_ACK, COAP_CREATED);

    for (int ours = 0; ours < 2; ours++) {
        m.token[0] ^= 1;
        if (ours)
            m = answer_to(sent, COAP_ACK, COAP_CREATED);
        wire_message(&m);
        memcpy(wire_in[wire_ins - 1].bytes + wire_in[wire_ins - 1].len, "\x83r", 2);
        wire_in[wire_ins - 1].len += 2;
    }
    m = answer_to(sent, COAP_ACK, COAP_CREATED);
    wire_message(&m);
}

/* Clients give up, also where the same answer comes whole a little later. */
static void an_answer_that_is_none(void **state)
{
    static const struct {
        void (*answer)(const struct coap_message *sent);
        size_t read;
        const char *words;
    } rows[] = {
        {a_reset_with_a_code, 1, "the server reset the request"},
        {a_block_of_no_size, 1, "the server's answer is malformed (RFC 7252, section 3)"},
        {another_block_of_no_size, 1, "the server's answer is malformed (RFC 7252, section 3)"},
        {cut_short, 2, "the server's answer is malformed (RFC 7252, section 3)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct coap_message answer;

        answer_first = rows[i].answer;
        wire_reset(on_send);
        assert_int_equal(request(&answer), SIGNET_E_PROOF);
        assert_string_equal(err.msg, rows[i].words);
        assert_int_equal(wire_next, rows[i].read);
    }
}

static void separate(const struct coap_message *sent)
{
    struct coap_message m = answer_to(sent, COAP_CON, COAP_CREATED);

    m.id = 77;
    wire_message(&m);
}

static void a_confirmable_answer_is_acknowledged(void **state)
{
    struct coap_message answer, ack;

    (void)state;
    answer_first = separate;
    wire_reset(on_send);
    assert_int_equal(request(&answer), SIGNET_OK);
    assert_int_equal(answer.code, COAP_CREATED);
    assert_int_equal(wire_outs, 2);
    ack = wire_sent(1);
    assert_int_equal(ack.type, COAP_ACK);
    assert_int_equal(ack.code, COAP_EMPTY);
    assert_int_equal(ack.id, 77);
}

static void to_nobody(const struct coap_message *sent)
{
    struct coap_message m = {.type = COAP_CON, .code = 205, .id = 78, .token_len = 2};

    wire_message(&m); /* an answer to nobody */
    m = (struct coap_message){.type = COAP_CON, .id = 79};
    wire_message(&m); /* a ping */
    m = answer_to(sent, COAP_NON, COAP_CREATED);
    m.id = 80;
    wire_message(&m);
}

static void what_nobody_asked_for_is_reset(void **state)
{
    struct coap_message answer, reset;

    (void)state;
    answer_first = to_nobody;
    wire_reset(on_send);
    assert_int_equal(request(&answer), SIGNET_OK);
    assert_int_equal(wire_outs, 3);
    for (size_t i = 1; i < 3; i++) {
        reset = wire_sent(i);
        assert_int_equal(reset.type, COAP_RST);
        assert_int_equal(reset.id, 77 + i);
    }
}

static void reset_it(const struct coap_message *sent)
{
    wire_message(&(struct coap_message){.type = COAP_RST, .id = sent->id});
}

static void a_reset_is_a_verdict(void **state)
{
    struct coap_message answer;

    (void)state;
    answer_first = reset_it;
    wire_reset(on_send);
    assert_int_equal(request(&answer), SIGNET_E_PROOF);
    assert_string_equal(err.msg, "the server reset the request");
}

static void count_retries(void *ctx, const struct signet_event *event)
{
    assert_int_equal(event->kind, SIGNET_EVENT_RETRY);
    ++*(int *)ctx;
}

static void sent_again_until_it_is_acknowledged(void **state)
{
    int retries = 0;
    const struct signet_observer observer = {.on_event = count_retries, .ctx = &retries};
    struct coap_message answer;

    (void)state;
    x.observer = &observer;
    assert_int_equal(request(&answer), SIGNET_E_TIMEOUT);
    assert_int_equal(wire_outs, 5);
    assert_int_equal(retries, 5);
    for (size_t i = 1; i < 5; i++) {
        assert_int_equal(wire_out[i].len, wire_out[0].len);
        assert_memory_equal(wire_out[i].bytes, wire_out[0].bytes, wire_out[0].len);
    }
    wire_reset(NULL);
    x.deadline = clock_ms() - 1;
    assert_int_equal(request(&answer), SIGNET_E_TIMEOUT);
    assert_int_equal(wire_outs, 1); /* the time for everything is over */
}

static void acknowledge(const struct coap_message *sent)
{
    wire_message(&(struct coap_message){.type = COAP_ACK, .id = sent->id});
}

static void acknowledge_another(const struct coap_message *sent)
{
    wire_message(&(struct coap_message){.type = COAP_ACK, .id = (uint16_t)(sent->id - 1)});
}

static void an_acknowledgement_ends_it(void **state)
{
    struct coap_message answer;

    (void)state;
    answer_first = acknowledge;
    wire_reset(on_send);
    assert_int_equal(request(&answer), SIGNET_E_TIMEOUT);
    assert_int_equal(wire_outs, 1);
    answer_first = acknowledge_another;
    wire_reset(on_send);
    assert_int_equal(request(&answer), SIGNET_E_TIMEOUT);
    assert_int_equal(wire_outs, 5);
}

/* Its messages are there, and the time is over. */
static void a_server_that_never_stops(void **state)
{
    const struct coap_message ping = {.type = COAP_CON, .id = 1};
    bool done = false;

    (void)state;
    for (int i = 0; i < 3; i++)
        wire_message(&ping);
    x.deadline = clock_ms();
    assert_int_equal(exchange_serve(&x, &done, &err), SIGNET_E_TIMEOUT);
    assert_int_equal(wire_next, 1);
    assert_int_equal(wire_outs, 0);
}

static void make_long(const struct coap_message *sent)
{
    struct coap_message m = {.type = COAP_ACK,
                             .code = COAP_CREATED,
                             .id = sent->id,
                             .token_len = sent->token_len,
                             .payload = (const uint8_t *)"x",
                             .payload_len = 1};

    memcpy(m.token, sent->token, sent->token_len);
    wire_message(&m);
    wire_in[wire_ins - 1].len = COAP_MESSAGE_MAX + 1;
}

static void too_large(void **state)
{
    static uint8_t large[COAP_MESSAGE_MAX];
    struct coap_message m = {.code = COAP_POST, .payload = large, .payload_len = sizeof(large)};
    struct coap_message answer;

    (void)state;
    assert_int_equal(exchange_request(&x, &m, &answer, &err), SIGNET_E_LIMIT);
    assert_int_equal(wire_outs, 0);
}

/* What is longer than the client's buffer: a request is told so, an answer is none. */
static void longer_than_the_buffer(void **state)
{
    const struct coap_message request = {.type = COAP_CON,
                                         .code = COAP_PUT,
                                         .id = 7,
                                         .token_len = 1,
                                         .token = {9},
                                         .payload = (const uint8_t *)"x",
                                         .payload_len = 1};
    struct coap_message sent;
    bool done = false;

    (void)state;
    wire_message(&request);
    wire_in[0].len = COAP_MESSAGE_MAX + 1;
    assert_int_equal(exchange_serve(&x, &done, &err), SIGNET_E_TIMEOUT);
    assert_int_equal(wire_outs, 1);
    assert_true(coap_read(&sent, wire_out[0].bytes, wire_out[0].len));
    assert_int_equal(sent.type, COAP_ACK);
    assert_int_equal(sent.code, COAP_TOO_LARGE);
    assert_int_equal(sent.id, 7);
    assert_int_equal(sent.token[0], 9);
    wire_reset(make_long);
    struct coap_message m = {.code = COAP_POST}, answer;
    assert_int_equal(exchange_request(&x, &m, &answer, &err), SIGNET_E_PROOF);
    assert_non_null(strstr(err.msg, "answer has more than 4000 bytes"));
}

/* The server's requests: counted, and answered with the count. */
struct service {
    bool done;
    size_t count;
};

static void on_request(void *ctx, const struct coap_message *asked, struct coap_message *answer)
{
    static const uint8_t digits[] = "0123456789";
    struct service *s = ctx;

    answer->code = COAP_CHANGED;
    answer->payload = digits + ++s->count;
    answer->payload_len = 1;
    s->done = asked->code == COAP_POST;
}

static struct coap_message of_server(enum coap_type type, unsigned code, uint16_t id)
{
    return (struct coap_message){
        .type = type, .code = code, .id = id, .token_len = 3, .token = {7, 8, 9}};
}

static void queue(enum coap_type type, unsigned code, uint16_t id)
{
    const struct coap_message m = of_server(type, code, id);

    wire_message(&m);
}

static void check_served(size_t i, char digit, uint16_t id)
{
    struct coap_message m = wire_sent(i);

    assert_int_equal(m.type, COAP_ACK);
    assert_int_equal(m.code, COAP_CHANGED);
    assert_int_equal(m.id, id);
    assert_int_equal(m.token_len, 3);
    assert_memory_equal(m.token, "\7\10\11", 3);
    assert_int_equal(m.payload[0], digit);
}

/* A request that comes again gets the same answer, and is not done again. */
static void a_repeated_request_is_served_once(void **state)
{
    struct service s = {0};

    (void)state;
    x.on_request = on_request;
    x.ctx = &s;
    queue(COAP_CON, COAP_PUT, 0);
    queue(COAP_CON, COAP_PUT, 0);
    queue(COAP_CON, COAP_PUT, 21);
    queue(COAP_CON, COAP_PUT, 21);
    queue(COAP_ACK, COAP_PUT, 22); /* no request: the type is not of one */
    queue(COAP_RST, COAP_POST, 23);
    queue(COAP_CON, COAP_POST, 24);
    assert_int_equal(exchange_serve(&x, &s.done, &err), SIGNET_OK);
    assert_int_equal(s.count, 3);
    assert_int_equal(wire_outs, 5);
    check_served(0, '1', 0);
    check_served(1, '1', 0);
    check_served(2, '2', 21);
    check_served(3, '2', 21);
    check_served(4, '3', 24);
    s.done = false;
    assert_int_equal(exchange_serve(&x, &s.done, &err), SIGNET_E_TIMEOUT);
}

static void others_are_answered_in_their_kind(void **state)
{
    struct service s = {0};
    struct coap_message m;
    uint16_t id = x.next_id;

    (void)state;
    queue(COAP_CON, COAP_PUT, 1);
    assert_int_equal(exchange_serve(&x, &s.done, &err), SIGNET_E_TIMEOUT);
    m = wire_sent(0);
    assert_int_equal(m.code, COAP_NOT_ALLOWED); /* nobody serves */
    x.on_request = on_request;
    x.ctx = &s;
    queue(COAP_NON, COAP_POST, 2);
    assert_int_equal(exchange_serve(&x, &s.done, &err), SIGNET_OK);
    m = wire_sent(1);
    assert_int_equal(m.type, COAP_NON);
    assert_int_equal(m.id, id); /* a number of ours */
}

/* Over TCP (RFC 8323). */

static int set_up_stream(void **state)
{
    (void)state;
    wire_reset(NULL);
    wire_stream = true;
    err = (struct signet_error){0};
    return exchange_init(&x, NULL, true, clock_ms() + 600000, &err);
}

static void signal_message(unsigned code, const char *text)
{
    const struct coap_message m = {.code = code,
                                   .token = "t",
                                   .token_len = 1,
                                   .payload = (const uint8_t *)text,
                                   .payload_len = text ? strlen(text) : 0};

    wire_message(&m);
}

static void signals_and_then_the_answer(const struct coap_message *sent)
{
    struct coap_message m = answer_to(sent, COAP_NON, COAP_CREATED);

    if (sent->code != COAP_POST)
        return;
    signal_message(COAP_CSM, NULL);
    signal_message(COAP_PING, NULL);
    signal_message(706, "not known yet");
    m = answer_to(sent, COAP_NON, COAP_PONG); /* with our token: no answer either */
    wire_message(&m);
    m = answer_to(sent, COAP_NON, COAP_CREATED);
    m.token[0] ^= 1;
    wire_message(&m);
    m.token[0] ^= 1;
    coap_add(&m, COAP_BLOCK2, "\x07", 1); /* several blocks of 1024 bytes */
    wire_message(&m);
}

static void over_tcp_each_introduces_itself(void **state)
{
    struct coap_message answer, csm = wire_sent(0);

    (void)state;
    assert_int_equal(csm.code, COAP_CSM);
    assert_int_equal(csm.option_count, 1);
    assert_int_equal(csm.options[0].number, 4); /* blocks */
    payloads_wiped = 0;
    wire_on_send = signals_and_then_the_answer;
    assert_int_equal(request(&answer), SIGNET_OK);
    assert_int_equal(answer.code, COAP_CREATED);
    assert_int_equal(wire_outs, 3);
    assert_int_equal(wire_sent(2).code, COAP_PONG);
    assert_int_equal(wire_sent(2).token_len, 1);
    assert_int_equal(wire_sent(2).token[0], 't');
    assert_int_equal(payloads_wiped, 1);
}

static void over_tcp_nothing_is_sent_twice(void **state)
{
    struct coap_message answer;

    (void)state;
    signal_message(COAP_CSM, NULL);
    assert_int_equal(request(&answer), SIGNET_E_TIMEOUT);
    assert_int_equal(wire_outs, 2);
}

static void over_tcp_a_connection_that_ends(void **state)
{
    static const struct {
        unsigned first, second;
        const char *words;
    } rows[] = {
        {COAP_CSM, COAP_RELEASE, "the server ended the connection: why"},
        {COAP_CSM, COAP_ABORT, "the server ended the connection: why"},
        {COAP_CREATED, COAP_CSM, "the server's first message is not a CSM"},
        {COAP_PING, COAP_CSM, "the server's first message is not a CSM"},
        {COAP_PUT, COAP_CSM, "the server's first message is not a CSM"},
    };
    struct coap_message answer;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        set_up_stream(state);
        signal_message(rows[i].first, NULL);
        signal_message(rows[i].second, "why");
        assert_int_equal(request(&answer), SIGNET_E_PROOF);
        if (!strstr(err.msg, rows[i].words))
            fail_msg("row %zu: %s", i, err.msg);
        assert_int_equal(wire_outs, 2);
    }
}

static void over_tcp_options_of_the_connection(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool taken;
    } rows[] = {
        {"\x20\xe1\x61x", 4, true}, /* 6 is elective */
        {"\x20\xe1\x91x", 4, false},
        {"\x50\xe1\x24\x00\x00\x04\x80", 7, true},
        {"\x60\xe1\x25\x00\x00\x00\x04\x80", 8, false}, /* no number has five bytes */
        {"\x00\xe1\x10\xe2\x20", 5, true},
        {"\x00\xe1\x10\xe2\x10", 5, false},
    };
    struct coap_message answer;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t csm = rows[i].bytes[0] ? rows[i].len : 2;

        set_up_stream(state);
        wire_bytes(rows[i].bytes, csm);
        if (csm < rows[i].len)
            wire_bytes(rows[i].bytes + csm, rows[i].len - csm);
        if (request(&answer) != (rows[i].taken ? SIGNET_E_TIMEOUT : SIGNET_E_PROOF))
            fail_msg("row %zu: %s", i, err.msg);
        assert_true(rows[i].taken || strstr(err.msg, "an option that no client takes"));
    }
}

static void over_tcp_each_request_is_served(void **state)
{
    struct service s = {0};

    (void)state;
    x.on_request = on_request;
    x.ctx = &s;
    signal_message(COAP_CSM, NULL);
    queue(COAP_NON, COAP_PUT, 0); /* the same bytes twice are two requests there */
    queue(COAP_NON, COAP_PUT, 0);
    queue(COAP_NON, COAP_POST, 0);
    assert_int_equal(exchange_serve(&x, &s.done, &err), SIGNET_OK);
    assert_int_equal(s.count, 3);
    assert_int_equal(wire_outs, 4);
}

static void over_tcp_what_is_malformed(void **state)
{
    struct coap_message answer;

    (void)state;
    signal_message(COAP_CSM, NULL);
    wire_bytes("\x10\x41\xb1", 3); /* an option of a byte that is not there */
    assert_int_equal(request(&answer), SIGNET_E_PROOF);
    assert_non_null(strstr(err.msg, "a message of the server is malformed"));
}

/* Its own request, answered with less than it takes to answer at all. */
static void over_tcp_no_room_for_an_answer(void **state)
{
    struct coap_message csm = {.code = COAP_CSM};
    bool done = false;

    (void)state;
    coap_add(&csm, 2, "\x02", 1);
    wire_message(&csm);
    queue(COAP_NON, COAP_PUT, 0);
    assert_int_equal(exchange_serve(&x, &done, &err), SIGNET_E_PROOF);
    assert_string_equal(err.msg, "the server takes only messages of up to 2 bytes");
    assert_int_equal(wire_outs, 1);
}

/* What the server says that it takes is kept to. */
static void over_tcp_large_requests(void **state)
{
    static const struct {
        const char *option; /* of the CSM; NULL: none */
        size_t len, payload;
        bool fits;
    } rows[] = {
        {NULL, 0, 1152 - 13, true}, {NULL, 0, 1152 - 12, false}, {"\x64", 1, 87, true},
        {"\x64", 1, 88, false},     {"\x10\x00", 2, 3987, true}, {"\x10\x00", 2, 3988, false},
    };
    static uint8_t large[COAP_MESSAGE_MAX];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct coap_message csm = {.code = COAP_CSM}, answer,
                            m = {.code = COAP_POST,
                                 .payload = large,
                                 .payload_len = rows[i].payload};
        bool done = false;

        set_up_stream(state);
        if (rows[i].option)
            coap_add(&csm, 2, rows[i].option, rows[i].len);
        wire_message(&csm);
        signal_message(COAP_CSM, NULL); /* says nothing of it: the first stays */
        assert_int_equal(exchange_serve(&x, &done, &err), SIGNET_E_TIMEOUT);
        if (exchange_request(&x, &m, &answer, &err) !=
            (rows[i].fits ? SIGNET_E_TIMEOUT : SIGNET_E_PROOF))
            fail_msg("row %zu: %s", i, err.msg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(only_its_own_answer_counts, set_up),
        cmocka_unit_test_setup(an_answer_that_is_none, set_up),
        cmocka_unit_test_setup(a_confirmable_answer_is_acknowledged, set_up),
        cmocka_unit_test_setup(what_nobody_asked_for_is_reset, set_up),
        cmocka_unit_test_setup(a_reset_is_a_verdict, set_up),
        cmocka_unit_test_setup(sent_again_until_it_is_acknowledged, set_up),
        cmocka_unit_test_setup(an_acknowledgement_ends_it, set_up),
        cmocka_unit_test_setup(too_large, set_up),
        cmocka_unit_test_setup(longer_than_the_buffer, set_up),
        cmocka_unit_test_setup(a_server_that_never_stops, set_up),
        cmocka_unit_test_setup(a_repeated_request_is_served_once, set_up),
        cmocka_unit_test_setup(others_are_answered_in_their_kind, set_up),
        cmocka_unit_test_setup(over_tcp_each_introduces_itself, set_up_stream),
        cmocka_unit_test_setup(over_tcp_nothing_is_sent_twice, set_up_stream),
        cmocka_unit_test(over_tcp_a_connection_that_ends),
        cmocka_unit_test(over_tcp_options_of_the_connection),
        cmocka_unit_test_setup(over_tcp_each_request_is_served, set_up_stream),
        cmocka_unit_test_setup(over_tcp_what_is_malformed, set_up_stream),
        cmocka_unit_test_setup(over_tcp_no_room_for_an_answer, set_up_stream),
        cmocka_unit_test(over_tcp_large_requests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
