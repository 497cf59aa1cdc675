/* SPDX-License-Identifier: Apache-2.0 */
/* What a bootstrap server may do to a device, request by request.
 * wrap: transport_send transport_receive
 */
#include "proof/coap.h"

#include <setjmp.h>
#include <signet/config.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/proof/wire.h"

/* A bootstrap account and a management account with its Server object. */
static const char device[] = "{0: {0: {0: 'coap://b', 1: True, 2: 3}, "
                             "1: {0: 'coap://m', 1: False, 2: 3, 10: 1}}, "
                             "1: {1: {0: 1, 1: 600, 6: False, 7: 'U'}, 2: {0: 2, 1: 60}}}";

static struct signet_tree *tree;
static struct signet_error err;
static unsigned code, first_answer, next_answer;
static bool asked;
static char path[64], query[128];

static int set_up(void **state)
{
    (void)state;
    wire_reset(NULL);
    err = (struct signet_error){0};
    first_answer = COAP_CHANGED;
    next_answer = COAP_BAD_REQUEST;
    return signet_config_parse(device, strlen(device), "t", &tree, &err);
}

static int tear_down(void **state)
{
    (void)state;
    signet_tree_free(&tree);
    return 0;
}

/* The Bootstrap-Request is answered; what the test queued comes behind. */
static void on_send(const struct coap_message *sent)
{
    struct coap_message m = {
        .type = COAP_ACK, .code = first_answer, .id = sent->id, .token_len = sent->token_len};
    struct wire_message *out;

    if (sent->code != COAP_POST)
        return;
    coap_path(sent, COAP_URI_PATH, path, sizeof(path));
    coap_path(sent, COAP_URI_QUERY, query, sizeof(query));
    memcpy(m.token, sent->token, sent->token_len);
    if (asked) {
        m.code = next_answer;
        wire_message(&m);
        return;
    }
    asked = true;
    out = &wire_in[0];
    out->len = (wire_stream ? coap_write_frame : coap_write)(&m, out->bytes, COAP_MESSAGE_MAX);
}

static void queue(unsigned method, const char *at, const void *data, size_t len, uint16_t format,
                  int block)
{
    static uint16_t id = 100;
    const uint8_t formats[2] = {(uint8_t)(format >> 8), (uint8_t)format};
    const uint8_t blocks[2] = {(uint8_t)(block >> 8), (uint8_t)block};
    struct coap_message m = {
        .type = COAP_CON, .code = method, .id = id++, .payload = data, .payload_len = len};

    if (!wire_ins)
        wire_ins = 1; /* room for the first answer */
    for (; *at; at += strcspn(at + 1, "/") + 1)
        coap_add(&m, COAP_URI_PATH, at + 1, strcspn(at + 1, "/"));
    if (format)
        coap_add(&m, COAP_CONTENT_FORMAT, formats, 2);
    if (block >= 0)
        coap_add(&m, COAP_BLOCK1, blocks, 2);
    wire_message(&m);
}

static char warned[600];
static void on_event(void *ctx, const struct signet_event *event)
{
    (void)ctx;
    if (event->kind == SIGNET_EVENT_WARNING)
        snprintf(warned, sizeof(warned), "%s", event->error->msg);
}

static int run(void)
{
    static const struct signet_observer observer = {on_event, NULL};
    static struct exchange x;
    const struct transport_address address = {.host = "b", .path = "/up"};

    if (!wire_ins)
        wire_ins = 1;
    asked = false;
    wire_on_send = on_send;
    assert_int_equal(exchange_init(&x, NULL, wire_stream, clock_ms() + 600000, &err), SIGNET_OK);
    x.observer = &observer;
    x.introduced = true;
    return bootstrap_run(&x, &address, "urn:dev:os:1", tree, &code, &err);
}

/* Code of our answer to the server's nth request, from 0. */
static unsigned answered(size_t n)
{
    return wire_sent(n + 1).code;
}

static bool has(uint16_t oid, uint16_t iid, uint16_t rid)
{
    return signet_tree_find(tree, (struct signet_path){oid, iid, rid, SIGNET_NO_ID}) != NULL;
}

static void asks_and_is_served(void **state)
{
    (void)state;
    queue(COAP_GET, "/0", NULL, 0, 0, -1);
    queue(COAP_POST, "/bt", NULL, 0, 0, -1);
    queue(COAP_POST, "/bss", NULL, 0, 0, -1);
    queue(COAP_DELETE, "/x", NULL, 0, 0, -1);
    queue(COAP_POST, "/bs", NULL, 0, 0, -1);
    assert_int_equal(run(), SIGNET_OK);
    assert_int_equal(code, COAP_CHANGED);
    assert_string_equal(path, "/up/bs");
    assert_string_equal(query, "/ep=urn:dev:os:1/pct=11542");
    assert_int_equal(answered(0), COAP_NOT_ALLOWED);
    assert_int_equal(answered(1), COAP_NOT_ALLOWED);
    assert_int_equal(answered(2), COAP_NOT_ALLOWED);
    assert_int_equal(answered(3), COAP_NOT_ALLOWED);
    assert_int_equal(answered(4), COAP_CHANGED);
    assert_int_equal(signet_tree_count(tree), 13);
}

static void refused(void **state)
{
    static const unsigned codes[] = {COAP_BAD_REQUEST, 403,         503, COAP_CONTINUE, 200,
                                     COAP_CREATED,     COAP_CONTENT};

    (void)state;
    for (size_t i = 0; i < 7; i++) {
        wire_reset(NULL);
        first_answer = codes[i];
        assert_int_equal(run(), SIGNET_E_PROOF);
        assert_int_equal(code, i == 1 ? COAP_BAD_REQUEST : codes[i]);
        assert_int_equal(wire_outs, codes[i] / 100 == 4 ? 2 : 1);
    }
}

/* It does not know pct, and says so. */
static void a_server_of_lwm2m_1_0(void **state)
{
    (void)state;
    first_answer = COAP_BAD_REQUEST;
    next_answer = COAP_CHANGED;
    assert_int_equal(run(), SIGNET_E_TIMEOUT); /* it was begun, and nothing came */
    assert_string_equal(query, "/ep=urn:dev:os:1");
    assert_string_equal(err.msg, "the server did not finish");
}

/* The bootstrap account stays, whatever the server deletes (Core 1.2, section 6.1.7.6). */
static void the_bootstrap_account_stays(void **state)
{
    static const char *const paths[] = {"/0/0", "/0", ""};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        wire_reset(NULL);
        queue(COAP_DELETE, paths[i], NULL, 0, 0, -1);
        queue(COAP_POST, "/bs", NULL, 0, 0, -1);
        assert_int_equal(run(), SIGNET_OK);
        assert_int_equal(answered(0), COAP_DELETED);
        assert_true(has(0, 0, 0) && has(0, 0, 1) && has(0, 0, 2));
        assert_int_equal(has(0, 1, 0), i == 0);
        assert_int_equal(has(1, 1, 0), i < 2);
        signet_tree_free(&tree);
        set_up(NULL);
    }
}

static void only_what_is_named_goes(void **state)
{
    (void)state;
    queue(COAP_DELETE, "/1/1/6", NULL, 0, 0, -1);
    queue(COAP_POST, "/bs", NULL, 0, 0, -1);
    assert_int_equal(run(), SIGNET_OK);
    assert_int_equal(answered(0), COAP_NOT_ALLOWED); /* a resource alone */
    assert_true(has(1, 1, 6));
    wire_reset(NULL);
    queue(COAP_DELETE, "/1/1", NULL, 0, 0, -1);
    queue(COAP_POST, "/bs", NULL, 0, 0, -1);
    assert_int_equal(run(), SIGNET_OK);
    assert_false(has(1, 1, 0));
    assert_true(has(1, 2, 0) && has(0, 1, 0));
    wire_reset(NULL);
    queue(COAP_DELETE, "/1", NULL, 0, 0, -1);
    queue(COAP_POST, "/bs", NULL, 0, 0, -1);
    assert_int_equal(run(), SIGNET_OK);
    assert_int_equal(signet_tree_count(tree), 7); /* all of Security */
}

static void paths_of_writes(void **state)
{
    static const struct {
        const char *path;
        unsigned code;
    } rows[] = {
        {"/1/3", COAP_CHANGED},           {"/1/00003", COAP_CHANGED},
        {"/65534/3", COAP_CHANGED},       {"", COAP_BAD_REQUEST},
        {"/65535/3", COAP_BAD_REQUEST},   {"/99999/3", COAP_BAD_REQUEST},
        {"/1/000003", COAP_BAD_REQUEST},                              /* of six digits */
        {"/1/3x", COAP_BAD_REQUEST},      {"/1/:", COAP_BAD_REQUEST}, /* one behind 9 */
        {"/1/-1", COAP_BAD_REQUEST},      {"/1/3/0/0", COAP_BAD_REQUEST},
        {"/1/3/0/0/0", COAP_BAD_REQUEST},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        wire_reset(NULL);
        queue(COAP_PUT, rows[i].path, "\xc1\x00\x07", 3, COAP_LWM2M_TLV, -1);
        queue(COAP_POST, "/bs", NULL, 0, 0, -1);
        assert_int_equal(run(), SIGNET_OK);
        if (answered(0) != rows[i].code)
            fail_msg("%s: %u", rows[i].path, answered(0));
    }
}

/* One value of 64 bytes: Server URI of Security 1. */
static size_t long_tlv(uint8_t out[67])
{
    memcpy(out, "\xc8\x00\x40", 3);
    memset(out + 3, 'u', 64);
    return 67;
}

static void blocks(void **state)
{
    uint8_t tlv[67];
    const struct signet_record *uri;

    (void)state;
    long_tlv(tlv);
    queue(COAP_PUT, "/0/1", tlv, 32, COAP_LWM2M_TLV, 0x09);      /* block 0 of 32 bytes */
    queue(COAP_PUT, "/0/1", tlv, 32, COAP_LWM2M_TLV, 0x09);      /* from the start, in the middle */
    queue(COAP_PUT, "/0/1", tlv, 32, COAP_LWM2M_TLV, 0x09);      /* from the start again */
    queue(COAP_PUT, "/0/1", tlv + 32, 32, COAP_LWM2M_TLV, 0x29); /* one is missing */
    queue(COAP_PUT, "/0/1", tlv + 32, 32, COAP_LWM2M_TLV, 0x19); /* block 1 */
    queue(COAP_PUT, "/0/1", tlv + 64, 3, COAP_LWM2M_TLV, 0x21);  /* the last */
    queue(COAP_PUT, "/0/1", tlv, 3, COAP_LWM2M_TLV, 0x07);       /* a size that is none */
    queue(COAP_PUT, "/0/1", tlv + 32, 32, COAP_LWM2M_TLV, 0x21); /* the end of nothing */
    queue(COAP_POST, "/bs", NULL, 0, 0, -1);
    assert_int_equal(run(), SIGNET_OK);
    assert_int_equal(answered(0), COAP_CONTINUE);
    assert_int_equal(answered(1), COAP_INCOMPLETE);
    assert_int_equal(answered(2), COAP_CONTINUE);
    assert_int_equal(answered(3), COAP_INCOMPLETE);
    assert_int_equal(answered(4), COAP_CONTINUE);
    assert_int_equal(answered(5), COAP_CHANGED);
    assert_int_equal(answered(6), COAP_BAD_REQUEST);
    assert_int_equal(answered(7), COAP_INCOMPLETE);
    const struct coap_message last = wire_sent(6);
    assert_int_equal(coap_uint(&last, COAP_BLOCK1, 0), 0x21);
    uri = signet_tree_find(tree, (struct signet_path){0, 1, 0, SIGNET_NO_ID});
    assert_non_null(uri);
    assert_int_equal(uri->value.as.bytes.len, 64);
}

static void blocks_without_end(void **state)
{
    static const uint8_t block[1024];

    (void)state;
    for (int i = 0; i <= 64; i++) /* 64 KiB and one block more */
        queue(COAP_PUT, "/0/1", block, sizeof(block), COAP_LWM2M_TLV, i << 4 | 0x0e);
    queue(COAP_POST, "/bs", NULL, 0, 0, -1);
    assert_int_equal(run(), SIGNET_OK);
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(answered(i), COAP_CONTINUE);
    assert_int_equal(answered(64), COAP_TOO_LARGE);
}

/* The first Write that cannot be taken is the verdict of a server that waits then, and a warning
 * where it goes on: what it wrote else is what counts. */
static void malformed_writes(void **state)
{
    (void)state;
    queue(COAP_PUT, "/0/1", "\xff\xff", 2, COAP_LWM2M_TLV, -1);
    queue(COAP_PUT, "/1/1", "\xff\xff", 2, COAP_SENML_CBOR, -1);
    queue(COAP_PUT, "/1/1", "\xff\xff", 2, 50, -1);
    queue(COAP_PUT, "/1/1", "\xff\xff", 2, 0, -1);
    queue(COAP_POST, "/bs", NULL, 0, 0, -1);
    assert_int_equal(run(), SIGNET_OK);
    assert_string_equal(warned, "the server's Write to /0 is malformed, or has a value that the "
                                "device refuses");
    assert_int_equal(answered(0), COAP_BAD_REQUEST);
    assert_int_equal(answered(1), COAP_BAD_REQUEST);
    assert_int_equal(answered(2), COAP_UNSUPPORTED_FORMAT);
    assert_int_equal(answered(3), COAP_UNSUPPORTED_FORMAT); /* of no format */
    wire_reset(NULL);
    queue(COAP_PUT, "/1/1", "\xff\xff", 2, COAP_LWM2M_TLV, -1);
    assert_int_equal(run(), SIGNET_E_PROOF); /* not a timeout */
    assert_string_equal(err.msg, "the server's Write to /1 is malformed, or has a value that the "
                                 "device refuses");
    wire_reset(NULL);
    queue(COAP_PUT, "/1/1", "\xff\xff", 2, COAP_LWM2M_TLV, -1);
    wire_end = SIGNET_E_CANCELLED;
    assert_int_equal(run(), SIGNET_E_CANCELLED); /* a person's stop is no verdict */
    wire_reset(NULL);
    queue(COAP_GET, "/1", NULL, 0, 0, -1);
    assert_int_equal(run(), SIGNET_E_TIMEOUT);
    assert_string_equal(err.msg, "the server did not finish");
}

/* Critical options that no client expects there (RFC 7252, section 5.4.1). */
static void options_that_are_refused(void **state)
{
    static const struct {
        unsigned number, code;
    } rows[] = {
        {65001, COAP_BAD_OPTION}, {3, COAP_BAD_OPTION},        {COAP_URI_QUERY, COAP_BAD_OPTION},
        {5, COAP_BAD_OPTION},     {65000, COAP_DELETED},       {COAP_BLOCK2, COAP_DELETED},
        {6, COAP_DELETED},        {COAP_ACCEPT, COAP_DELETED}, {COAP_BLOCK1, COAP_DELETED}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct coap_message m = {.type = COAP_CON, .code = COAP_DELETE, .id = (uint16_t)(500 + i)};

        wire_reset(NULL);
        wire_ins = 1;
        coap_add_text(&m, COAP_URI_PATH, "65000");
        coap_add(&m, rows[i].number, "\x01", 1);
        wire_message(&m);
        queue(COAP_POST, "/bs", NULL, 0, 0, -1);
        assert_int_equal(run(), SIGNET_OK);
        if (answered(0) != rows[i].code)
            fail_msg("option %u: %u", rows[i].number, answered(0));
    }
}

/* A resource at a time, without TLV around it. */
static void plain_values(void **state)
{
    (void)state;
    wire_ins = 1; /* room for the first answer */
    for (int i = 0; i < 2; i++) {
        struct coap_message m = {.type = COAP_CON, .code = COAP_PUT, .id = (uint16_t)(700 + i)};
        const char *value = i ? "7" : "coap://n";

        m.payload = (const uint8_t *)value;
        m.payload_len = strlen(value);
        coap_add_text(&m, COAP_URI_PATH, "0");
        coap_add_text(&m, COAP_URI_PATH, "1");
        coap_add_text(&m, COAP_URI_PATH, i ? "10" : "0");
        coap_add(&m, COAP_CONTENT_FORMAT, "", 0); /* zero has no bytes */
        wire_message(&m);
    }
    queue(COAP_PUT, "/0/1/5", "\x00\xff", 2, COAP_OPAQUE, -1);
    queue(COAP_PUT, "/0/1/10", "\x07", 1, COAP_OPAQUE, -1); /* it is a number */
    queue(COAP_PUT, "/0/1", "x", 1, COAP_OPAQUE, -1);       /* an instance has no one value */
    queue(COAP_POST, "/bs", NULL, 0, 0, -1);
    assert_int_equal(run(), SIGNET_OK);
    assert_int_equal(answered(0), COAP_CHANGED);
    assert_int_equal(answered(1), COAP_CHANGED);
    assert_int_equal(answered(2), COAP_CHANGED);
    assert_int_equal(answered(3), COAP_BAD_REQUEST);
    assert_int_equal(answered(4), COAP_UNSUPPORTED_FORMAT);
    assert_true(has(0, 1, 5));
}

static void an_instance_of_nothing(void **state)
{
    static const char *const paths[] = {"/1/5", "/0/5", "/4/0", "/1"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        wire_reset(NULL);
        queue(COAP_PUT, paths[i], NULL, 0, COAP_LWM2M_TLV, -1);
        queue(COAP_POST, "/bs", NULL, 0, 0, -1);
        assert_int_equal(run(), i < 2 ? SIGNET_E_PROOF : SIGNET_OK);
        if (i < 2)
            assert_string_equal(err.msg, "the server wrote an instance without its mandatory "
                                         "resources (LwM2M Core 1.2, Appendix E)");
    }
}

static void tells_what_it_has(void **state)
{
    static const struct {
        const char *path;
        uint8_t accept;
        unsigned code;
        const char *text;
    } rows[] = {
        {"/", COAP_LINK_FORMAT, COAP_CONTENT,
         "</>;lwm2m=1.1,</0/0>;uri=\"coap://b\",</0/1>;ssid=1;uri=\"coap://m\",</1/1>;ssid=1,"
         "</1/2>;ssid=2"},
        {"/1", COAP_LINK_FORMAT, COAP_CONTENT, "</1/1>;ssid=1,</1/2>;ssid=2"},
        {"/3", COAP_LINK_FORMAT, COAP_NOT_FOUND, ""},
        {"/1/1", COAP_LINK_FORMAT, COAP_NOT_FOUND, ""},
        {"/x", COAP_LINK_FORMAT, COAP_NOT_FOUND, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct coap_message m = {.type = COAP_CON, .code = COAP_GET, .id = (uint16_t)(600 + i)};

        wire_reset(NULL);
        wire_ins = 1;
        coap_add_path(&m, rows[i].path);
        coap_add(&m, COAP_ACCEPT, &rows[i].accept, 1);
        wire_message(&m);
        queue(COAP_POST, "/bs", NULL, 0, 0, -1);
        assert_int_equal(run(), SIGNET_OK);
        const struct coap_message said = wire_sent(1);
        if (said.code != rows[i].code || said.payload_len != strlen(rows[i].text) ||
            (said.payload_len && memcmp(said.payload, rows[i].text, said.payload_len)))
            fail_msg("%s: %u '%.*s'", rows[i].path, said.code, (int)said.payload_len,
                     (const char *)said.payload);
    }
}

/* A GET with Accept, and a block of the answer where there is one. */
static void queue_get(const char *at, uint16_t accept, int block)
{
    static uint16_t id = 800;
    static uint8_t formats[40][2], blocks[40][2];
    uint8_t *format = formats[id % 40], *number = blocks[id % 40];
    struct coap_message m = {.type = COAP_CON, .code = COAP_GET, .id = id++};

    if (!wire_ins)
        wire_ins = 1;
    coap_add_path(&m, at);
    format[0] = (uint8_t)(accept >> 8);
    format[1] = (uint8_t)accept;
    if (accept)
        coap_add(&m, COAP_ACCEPT, format, 2);
    number[0] = (uint8_t)(block >> 8);
    number[1] = (uint8_t)block;
    if (block >= 0)
        coap_add(&m, COAP_BLOCK2, number, 2);
    wire_message(&m);
}

/* Of Server and Access Control (LwM2M Core 1.2, section 6.1.7). */
static void is_read(void **state)
{
    static const struct {
        const char *path;
        unsigned accept, code, format;
        const char *bytes;
        size_t len;
    } rows[] = {
        {"/1/2", COAP_LWM2M_TLV, COAP_CONTENT, COAP_LWM2M_TLV, "\xc1\x00\x02\xc1\x01\x3c", 6},
        {"/1/2", 0, COAP_CONTENT, COAP_LWM2M_TLV, "\xc1\x00\x02\xc1\x01\x3c", 6},
        {"/1/2", COAP_LWM2M_CBOR, COAP_CONTENT, COAP_LWM2M_CBOR,
         "\xa2\x83\x01\x02\x00\x02\x83\x01\x02\x01\x18\x3c", 12},
        {"/1/2", COAP_SENML_CBOR, COAP_CONTENT, COAP_SENML_CBOR,
         "\x82\xa2\x00\x66/1/2/0\x02\x02\xa2\x00\x66/1/2/1\x02\x18\x3c", 24},
        {"/1/2", COAP_SENML_JSON, COAP_CONTENT, COAP_SENML_JSON, NULL, 0},
        {"/1", COAP_SENML_CBOR, COAP_CONTENT, COAP_SENML_CBOR, NULL, 0},
        {"/2", COAP_SENML_CBOR, COAP_CONTENT, COAP_SENML_CBOR, "\x80", 1},
        {"/2", COAP_LWM2M_TLV, COAP_CONTENT, COAP_LWM2M_TLV, "", 0},
        {"/2/0", COAP_LWM2M_TLV, COAP_NOT_FOUND, 0, "", 0},
        {"/1/9", COAP_LWM2M_TLV, COAP_NOT_FOUND, 0, "", 0},
        {"/1/1/0", COAP_LWM2M_TLV, COAP_NOT_ALLOWED, 0, "", 0},
        {"/0", COAP_LWM2M_TLV, COAP_NOT_ALLOWED, 0, "", 0},
        {"/0/1", COAP_SENML_CBOR, COAP_NOT_ALLOWED, 0, "", 0},
        {"/3", COAP_SENML_CBOR, COAP_NOT_ALLOWED, 0, "", 0},
        {"/", COAP_SENML_CBOR, COAP_NOT_ALLOWED, 0, "", 0},
        {"/x", COAP_SENML_CBOR, COAP_NOT_FOUND, 0, "", 0},
        {"/1", 11543, COAP_NOT_ACCEPTABLE, 0, "", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        wire_reset(NULL);
        queue_get(rows[i].path, (uint16_t)rows[i].accept, -1);
        queue(COAP_POST, "/bs", NULL, 0, 0, -1);
        assert_int_equal(run(), SIGNET_OK);
        const struct coap_message said = wire_sent(1);
        if (said.code != rows[i].code || coap_uint(&said, COAP_CONTENT_FORMAT, 0) != rows[i].format)
            fail_msg("%s: %u", rows[i].path, said.code);
        if (rows[i].bytes && (said.payload_len != rows[i].len ||
                              (rows[i].len && memcmp(said.payload, rows[i].bytes, rows[i].len))))
            fail_msg("row %zu: %zu bytes", i, said.payload_len);
        assert_true(rows[i].bytes || said.payload_len > 20);
    }
}

static void answers_in_blocks(void **state)
{
    static const uint8_t whole[] = "\xc1\x00\x01\xc2\x01\x02\x58\xc1\x06\x00\xc1\x07U";

    (void)state;
    queue_get("/1/1", COAP_LWM2M_TLV, 0);    /* 16 bytes, which is all */
    queue_get("/1/1", COAP_LWM2M_TLV, 0x10); /* behind them */
    queue_get("/1/1", COAP_LWM2M_TLV, 7);    /* a size that is none */
    queue_get("/1", COAP_LWM2M_TLV, 0x00);   /* of more */
    queue_get("/1", COAP_LWM2M_TLV, 0x10);   /* the rest */
    queue(COAP_POST, "/bs", NULL, 0, 0, -1);
    assert_int_equal(run(), SIGNET_OK);
    struct coap_message said = wire_sent(1);
    assert_int_equal(said.code, COAP_CONTENT);
    assert_int_equal(coap_uint(&said, COAP_BLOCK2, 9), 0);
    assert_int_equal(said.payload_len, sizeof(whole) - 1);
    assert_memory_equal(said.payload, whole, sizeof(whole) - 1);
    assert_int_equal(answered(1), COAP_BAD_REQUEST);
    assert_int_equal(answered(2), COAP_BAD_REQUEST);
    said = wire_sent(4);
    assert_int_equal(coap_uint(&said, COAP_BLOCK2, 0), 8);
    assert_int_equal(said.payload_len, 16);
    said = wire_sent(5);
    assert_int_equal(coap_uint(&said, COAP_BLOCK2, 0), 0x10);
    assert_int_equal(said.payload_len, 8);
}

/* Over TCP, at a server that takes short messages: 16 times 2 to the power of SZX, and 32 around.
 */
static void blocks_as_the_server_takes_them(void **state)
{
    static const struct {
        size_t takes;
        unsigned exponent;
    } rows[] = {{40, 0}, {63, 0}, {64, 1}, {1055, 5}, {1056, 6}, {1400, 6}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct exchange x = {.stream = true, .peer_max = rows[i].takes};

        assert_int_equal(exchange_block(&x), rows[i].exponent);
    }
    const struct exchange datagrams = {.peer_max = 40};
    assert_int_equal(exchange_block(&datagrams), 6);
}

/* More than a datagram takes: the first block comes by itself. */
static void a_long_list(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 80; i++)
        assert_int_equal(
            signet_tree_put(
                tree, (struct signet_path){1, (uint16_t)(i + 10), 0, 65535},
                &(struct signet_value){.type = SIGNET_TYPE_INTEGER, .as.integer = i + 10}, NULL),
            SIGNET_OK);
    queue_get("/", COAP_LINK_FORMAT, -1);
    queue_get("/", COAP_LINK_FORMAT, 0x16);
    queue(COAP_POST, "/bs", NULL, 0, 0, -1);
    assert_int_equal(run(), SIGNET_OK);
    struct coap_message said = wire_sent(1);
    assert_int_equal(said.payload_len, 1024);
    assert_int_equal(coap_uint(&said, COAP_BLOCK2, 0), 0x0e);
    said = wire_sent(2);
    assert_int_equal(coap_uint(&said, COAP_BLOCK2, 0), 0x16);
    assert_true(said.payload_len > 100 && said.payload_len < 1024);
}

/* RFC 8323, section 6: of several times 1024 bytes, in what is written and in what is asked for. */
static void blocks_over_tcp(void **state)
{
    static uint8_t zeros[1024];

    (void)state;
    for (size_t stream = 0; stream < 2; stream++) {
        wire_reset(NULL);
        wire_stream = stream;
        queue(COAP_PUT, "/1/3", zeros, sizeof(zeros), COAP_LWM2M_TLV, 0x0f);
        queue_get("/", COAP_LINK_FORMAT, 0x07);
        queue(COAP_POST, "/bs", NULL, 0, 0, -1);
        assert_int_equal(run(), SIGNET_OK);
        assert_int_equal(wire_sent(1 + stream).code, stream ? COAP_CONTINUE : COAP_BAD_REQUEST);
        const struct coap_message said = wire_sent(2 + stream);
        assert_int_equal(said.code, stream ? COAP_CONTENT : COAP_BAD_REQUEST);
        assert_int_equal(coap_uint(&said, COAP_BLOCK2, 9), stream ? 6 : 9);
    }
}

/* A client writes value by value, and the first that it refuses ends the Write. */
static void values_that_are_refused(void **state)
{
    static const struct {
        const char *path, *bytes;
        size_t len;
        uint16_t format;
        unsigned code;
    } rows[] = {
        {"/1/7", "\xc1\x00\x07\xc1\x03\x00\xc1\x01\x09", 9, COAP_LWM2M_TLV, 400},
        {"/0/1", "\xc2\x10\xc0\xa8", 4, COAP_LWM2M_TLV, 400}, /* one of several */
        {"/1/1/99", "1", 1, COAP_OPAQUE, 404},                /* no such resource */
        {"/1/1/13", "\xc1\x0d\x01", 3, COAP_LWM2M_TLV, 404},  /* its client lacks it */
        {"/1/1", "\xc1\x0d\x01", 3, COAP_LWM2M_TLV, 204},     /* among others it is passed over */
        {"/1/1", "\xc1\x04\x01", 3, COAP_LWM2M_TLV, 400},     /* executable */
        {"/1/1/1", "\x18\x3d", 2, COAP_CBOR, 204},
        {"/1/1", "\x18\x3d", 2, COAP_CBOR, 415},
        {"/1/1", "[{\"n\":\"/1/1/1\",\"v\":62}]", 23, COAP_SENML_JSON, 204},
        {"/1/1", "\xa1\x83\x01\x01\x01\x18\x3f", 7, COAP_LWM2M_CBOR, 204},
        {"/1/2", "\xa1\x83\x01\x01\x01\x18\x3f", 7, COAP_LWM2M_CBOR, 400},
    };
    const struct signet_profile *profile = NULL;

    (void)state;
    assert_int_equal(signet_profile_open(&profile, "anjay-3", NULL), SIGNET_OK);
    signet_tree_set_profile(tree, profile);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        wire_reset(NULL);
        queue(COAP_PUT, rows[i].path, rows[i].bytes, rows[i].len, rows[i].format, -1);
        queue(COAP_POST, "/bs", NULL, 0, 0, -1);
        assert_int_equal(run(), SIGNET_OK);
        if (answered(0) != rows[i].code)
            fail_msg("row %zu: %u", i, answered(0));
    }
    assert_true(has(1, 7, 0) && !has(1, 7, 3) && !has(1, 7, 1) && !has(1, 1, 13));
    signet_tree_set_profile(tree, NULL);
    signet_profile_close(&profile);
}

/* The client of the profile does not have it. */
static void an_object_that_it_lacks(void **state)
{
    const struct signet_profile *profile = NULL;

    (void)state;
    assert_int_equal(signet_profile_open(&profile, "anjay-3", NULL), SIGNET_OK);
    signet_tree_set_profile(tree, profile);
    queue(COAP_PUT, "/32769/0", "\xc1\x00\x07", 3, COAP_LWM2M_TLV, -1);
    queue(COAP_PUT, "/1/1", "\xc1\x00\x07", 3, COAP_LWM2M_TLV, -1);
    queue(COAP_POST, "/bs", NULL, 0, 0, -1);
    assert_int_equal(run(), SIGNET_OK);
    assert_int_equal(answered(0), COAP_NOT_FOUND);
    assert_int_equal(answered(1), COAP_CHANGED);
    signet_tree_set_profile(tree, NULL);
    signet_profile_close(&profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(asks_and_is_served, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_server_of_lwm2m_1_0, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_bootstrap_account_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_what_is_named_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(paths_of_writes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(blocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(blocks_without_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(malformed_writes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(options_that_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(plain_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_instance_of_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_what_it_has, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_in_blocks, set_up, tear_down),
        cmocka_unit_test(blocks_as_the_server_takes_them),
        cmocka_unit_test_setup_teardown(blocks_over_tcp, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_that_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_object_that_it_lacks, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
