/* SPDX-License-Identifier: Apache-2.0 */
/* The device's side against a scripted CoAP server on loopback: answers that are late, separate,
 * doubled, wrong, hostile or missing; a whole bootstrap; and each verdict's words. The real servers
 * are in tests/interop/leshan.py, DTLS in tests/unit/tls/dtls.c.
 * wrap: wipe
 */
#include "proof/coap.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <signet/config.h>
#include <signet/packet.h>
#include <signet/prove.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* How the server behaves. */
enum script {
    HONEST,
    SEPARATE,  /* an empty ACK first, the answer later as a request of its own kind */
    DEAF_ONCE, /* the first datagram is lost */
    TWICE,     /* each answer comes twice */
    RUBBISH,   /* bytes that are no message, and answers to nobody, come before */
    ASKS,      /* reads /3/0 before it answers */
    NEWER,     /* speaks LwM2M 1.1 alone */
    OLD,       /* knows 1.0 alone, and says 4.00 to others */
    FORBIDDEN,
    BAD_REQUEST,
    NOT_FOUND,
    BUSY,
    RESET,
    NO_LOCATION,
    CHANGED,       /* 2.04 and a place: not what Register is answered with */
    LONG_LOCATION, /* one part is longer than clients take */
    MANY_PARTS,    /* of a place, 600 and two */
    STAYS,         /* deregisters nobody */
    SILENT,
    BOOTSTRAP,         /* writes an account for itself, as TLV */
    BOOTSTRAP_SENML,   /* the same as SenML CBOR */
    BOOTSTRAP_BLOCKS,  /* the same in blocks of 32 bytes */
    BOOTSTRAP_BAD,     /* writes bytes that are no TLV */
    BOOTSTRAP_NOWHERE, /* writes an account whose URI leads nowhere */
    BOOTSTRAP_HALF,    /* writes a Server instance without its binding */
    BOOTSTRAP_NOTHING, /* finishes without a write */
    BOOTSTRAP_ENDLESS, /* never finishes */
};

struct server {
    enum script script;
    int fd;
    uint16_t port;
    pthread_t thread;
    struct sockaddr_in peer;
    unsigned registers, deregisters, datagrams;
    uint16_t next_id;
    char query[256], deleted[256]; /* the last ones */
    size_t deleted_parts;
};

static void send_message(struct server *s, const struct coap_message *m)
{
    uint8_t out[COAP_MESSAGE_MAX];
    size_t len = coap_write(m, out, sizeof out);

    for (int i = 0; i < (s->script == TWICE ? 2 : 1); i++)
        sendto(s->fd, out, len, 0, (struct sockaddr *)&s->peer, sizeof s->peer);
}

static bool receive_message(struct server *s, struct coap_message *m, uint8_t in[COAP_MESSAGE_MAX])
{
    socklen_t size = sizeof s->peer;
    ssize_t n = recvfrom(s->fd, in, COAP_MESSAGE_MAX, 0, (struct sockaddr *)&s->peer, &size);

    return n > 1 && coap_read(m, in, (size_t)n); /* one byte: stop */
}

/* A request of the server; the answer's code, or 0. */
static unsigned ask(struct server *s, struct coap_message *request)
{
    uint8_t in[COAP_MESSAGE_MAX];
    struct coap_message answer;

    request->type = COAP_CON;
    request->id = s->next_id++;
    request->token_len = 2;
    request->token[0] = (uint8_t)request->id;
    send_message(s, request);
    while (receive_message(s, &answer, in))
        if (answer.type == COAP_ACK && answer.id == request->id)
            return answer.code;
    return 0;
}

static unsigned put(struct server *s, const char *object, const char *instance, uint16_t format,
                    const void *data, size_t len, const uint8_t *block)
{
    struct coap_message request = {.code = COAP_PUT, .payload = data, .payload_len = len};
    uint8_t number[2] = {(uint8_t)(format >> 8), (uint8_t)format};

    coap_add_text(&request, COAP_URI_PATH, object);
    if (instance)
        coap_add_text(&request, COAP_URI_PATH, instance);
    coap_add(&request, COAP_CONTENT_FORMAT, number, 2);
    if (block)
        coap_add(&request, COAP_BLOCK1, block, 1);
    return ask(s, &request);
}

/* coap://127.0.0.1:PORT in mode 3 as Security 1, and its Server 1. */
static size_t security_tlv(const struct server *s, uint8_t *out)
{
    char uri[40];
    size_t n = 0, len = (size_t)snprintf(uri, sizeof uri, "coap://127.0.0.1:%u%s", s->port,
                                         s->script == BOOTSTRAP_NOWHERE ? "#x" : "");

    out[n++] = 0xc8; /* resource, 8-bit id, 8-bit length */
    out[n++] = 0;
    out[n++] = (uint8_t)len;
    memcpy(out + n, uri, len);
    n += len;
    /* 1: False, 2: 3, 6: 3 (Leshan writes it; Anjay has none, and passes it over), 10: 7 */
    memcpy(out + n, "\xc1\x01\x00\xc1\x02\x03\xc1\x06\x03\xc1\x0a\x07", 12);
    return n + 12;
}

static const uint8_t server_tlv[] = {0xc1, 0x00, 0x07, 0xc2, 0x01, 0x01, 0x2c,
                                     0xc1, 0x06, 0x01, 0xc1, 0x07, 'U'};

static void bootstrap(struct server *s)
{
    struct coap_message request = {.code = COAP_DELETE};
    uint8_t tlv[128];
    size_t len = security_tlv(s, tlv);

    coap_add_text(&request, COAP_URI_PATH, "0");
    assert_int_equal(ask(s, &request), COAP_DELETED);
    if (s->script == BOOTSTRAP_BAD) {
        assert_int_equal(put(s, "0", "1", COAP_LWM2M_TLV, "\xff\xff\xff\xff", 4, NULL),
                         COAP_BAD_REQUEST);
    } else if (s->script == BOOTSTRAP_SENML) {
        char text[300];
        struct signet_tree *tree = NULL;
        struct signet_bytes packet = {0};
        snprintf(text, sizeof text, "{0: {1: {0: 'coap://127.0.0.1:%u', 1: False, 2: 3, 10: 7}}}",
                 s->port);
        for (int i = 0; i < 2; i++) {
            const char *now = i ? "{1: {1: {0: 7, 1: 300, 6: True, 7: 'U'}}}" : text;
            assert_int_equal(signet_config_parse(now, strlen(now), "t", &tree, NULL), 0);
            assert_int_equal(signet_packet_encode(tree, &packet, NULL), 0);
            assert_int_equal(
                put(s, i ? "0" : "1", NULL, COAP_SENML_CBOR, packet.data, packet.len, NULL),
                COAP_BAD_REQUEST); /* of another object */
            assert_int_equal(
                put(s, i ? "1" : "0", NULL, COAP_SENML_CBOR, packet.data, packet.len, NULL),
                COAP_CHANGED);
            signet_bytes_free(&packet);
            signet_tree_free(&tree);
        }
    } else if (s->script == BOOTSTRAP_BLOCKS) {
        for (size_t at = 0, n = 0; at < len; at += 32, n++) {
            bool more = at + 32 < len;
            uint8_t block = (uint8_t)(n << 4 | (more ? 8 : 0) | 1);
            assert_int_equal(
                put(s, "0", "1", COAP_LWM2M_TLV, tlv + at, more ? 32 : len - at, &block),
                more ? COAP_CONTINUE : COAP_CHANGED);
        }
        assert_int_equal(put(s, "0", "1", COAP_LWM2M_TLV, tlv, 16, (const uint8_t[]){0x51}),
                         COAP_INCOMPLETE);
    } else if (s->script == BOOTSTRAP) {
        assert_int_equal(put(s, "0", "1", COAP_LWM2M_TLV, tlv, len, NULL), COAP_CHANGED);
        assert_int_equal(put(s, "0", "1", 999, tlv, len, NULL), COAP_UNSUPPORTED_FORMAT);
        assert_int_equal(put(s, "x", "1", COAP_LWM2M_TLV, tlv, len, NULL), COAP_BAD_REQUEST);
    }
    if (s->script == BOOTSTRAP_NOWHERE || s->script == BOOTSTRAP_HALF)
        assert_int_equal(put(s, "0", "1", COAP_LWM2M_TLV, tlv, len, NULL), COAP_CHANGED);
    if (s->script == BOOTSTRAP || s->script == BOOTSTRAP_BLOCKS || s->script == BOOTSTRAP_NOWHERE)
        assert_int_equal(put(s, "1", "1", COAP_LWM2M_TLV, server_tlv, sizeof server_tlv, NULL),
                         COAP_CHANGED);
    if (s->script == BOOTSTRAP_HALF)
        assert_int_equal(put(s, "1", "1", COAP_LWM2M_TLV, server_tlv, sizeof server_tlv - 3, NULL),
                         COAP_CHANGED);
    if (s->script == BOOTSTRAP_ENDLESS)
        return;
    request = (struct coap_message){.code = COAP_POST};
    coap_add_text(&request, COAP_URI_PATH, "bs");
    assert_int_equal(ask(s, &request), COAP_CHANGED);
}

static void answer_register(struct server *s, const struct coap_message *request)
{
    struct coap_message a = {
        .type = COAP_ACK, .code = COAP_CREATED, .id = request->id, .token_len = request->token_len};
    static const unsigned codes[] = {
        [FORBIDDEN] = 403, [BAD_REQUEST] = 400, [NOT_FOUND] = 404, [BUSY] = 503};

    memcpy(a.token, request->token, request->token_len);
    s->registers++;
    coap_path(request, COAP_URI_QUERY, s->query, sizeof s->query);
    if (s->script == ASKS) {
        struct coap_message read = {.code = COAP_GET};
        coap_add_text(&read, COAP_URI_PATH, "3");
        coap_add_text(&read, COAP_URI_PATH, "0");
        assert_int_equal(ask(s, &read), COAP_NOT_ALLOWED);
    }
    if (s->script == SEPARATE) {
        const struct coap_message empty = {.type = COAP_ACK, .id = request->id};
        send_message(s, &empty);
        usleep(20000);
        a.type = COAP_CON;
        a.id = s->next_id++;
    }
    if (s->script == RUBBISH) {
        struct coap_message stranger = {.type = COAP_CON, .code = 205, .id = 9, .token_len = 1};
        sendto(s->fd, "\xff\x00\x01", 3, 0, (struct sockaddr *)&s->peer, sizeof s->peer);
        send_message(s, &stranger);
        stranger = (struct coap_message){.type = COAP_ACK, .code = 403, .id = (uint16_t)(a.id + 1)};
        send_message(s, &stranger);
    }
    if (s->script == NEWER && !strstr(s->query, "/lwm2m=1.1")) {
        a.code = COAP_PRECONDITION_FAILED;
    } else if (s->script == OLD && !strstr(s->query, "/lwm2m=1.0")) {
        a.code = COAP_BAD_REQUEST;
    } else if (s->script >= FORBIDDEN && s->script <= BUSY) {
        a.code = codes[s->script];
        a.payload = (const uint8_t *)"no \x1b[31mway";
        a.payload_len = 11;
    } else if (s->script != NO_LOCATION) {
        char part[256] = "";

        memset(part, 'x', 255); /* clients take 254 */
        coap_add_text(&a, COAP_LOCATION_PATH, "rd");
        coap_add_text(&a, COAP_LOCATION_PATH, "5a3f");
        coap_add(&a, COAP_CONTENT_FORMAT, "", 0); /* says nothing about the place */
        if (s->script == LONG_LOCATION)
            coap_add_text(&a, COAP_LOCATION_PATH, part);
        for (int i = 0; s->script == MANY_PARTS && i < 600; i++)
            coap_add_text(&a, COAP_LOCATION_PATH, "x");
    }
    if (s->script == CHANGED)
        a.code = COAP_CHANGED;
    send_message(s, &a);
}

static void *serve(void *arg)
{
    struct server *s = arg;
    uint8_t in[COAP_MESSAGE_MAX];
    struct coap_message m;

    while (receive_message(s, &m, in)) {
        const struct coap_option *path = coap_find(&m, COAP_URI_PATH);
        bool bs = path && path->len == 2 && !memcmp(path->data, "bs", 2);
        struct coap_message plain = {
            .type = COAP_ACK, .code = COAP_CHANGED, .id = m.id, .token_len = m.token_len};

        memcpy(plain.token, m.token, m.token_len);
        s->datagrams++;
        if (s->script == SILENT || (s->script == DEAF_ONCE && s->datagrams == 1) ||
            m.code == COAP_EMPTY || m.code >= 200)
            continue;
        if (s->script == RESET) {
            const struct coap_message reset = {.type = COAP_RST, .id = m.id};
            send_message(s, &reset);
        } else if (m.code == COAP_DELETE) {
            s->deregisters++;
            coap_path(&m, COAP_URI_PATH, s->deleted, sizeof s->deleted);
            s->deleted_parts = m.option_count;
            plain.code = s->script == STAYS ? COAP_BAD_REQUEST : COAP_DELETED;
            send_message(s, &plain);
        } else if (bs) {
            send_message(s, &plain);
            bootstrap(s);
        } else {
            answer_register(s, &m);
        }
    }
    return NULL;
}

static void server_start(struct server *s, enum script script)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;

    *s = (struct server){.script = script, .next_id = 1000};
    s->fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &size), 0);
    s->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(s->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    sendto(s->fd, "x", 1, 0, (struct sockaddr *)&at, sizeof at);
    pthread_join(s->thread, NULL);
    close(s->fd);
}

static struct signet_cancel *cancel; /* of the next proofs; may be NULL */
static const struct signet_observer *observer;
static const char *profile_name;
static int (*on_registered)(void *ctx, const char *endpoint, struct signet_error *err);

void __real_wipe(void *data, size_t len);
void __wrap_wipe(void *data, size_t len);
static size_t answers_wiped;

void __wrap_wipe(void *data, size_t len)
{
    const uint8_t *bytes = data;

    answers_wiped += len == COAP_MESSAGE_MAX && bytes[0] >> 6 == 1 && bytes[1] >> 5 == 2;
    __real_wipe(data, len);
}

static int prove_at(struct server *s, bool is_bootstrap, unsigned timeout_ms,
                    struct signet_proof *proof, struct signet_error *err)
{
    const struct signet_prove_options options = {.endpoint = "urn:dev:os:1",
                                                 .timeout_ms = timeout_ms,
                                                 .cancel = cancel,
                                                 .observer = observer,
                                                 .on_registered = on_registered,
                                                 .ctx = s};
    const struct signet_profile *profile = NULL;
    struct signet_tree *tree = NULL;
    char text[300];

    assert_int_equal(signet_profile_open(&profile,
                                         profile_name   ? profile_name
                                         : is_bootstrap ? "anjay-3"
                                                        : "any",
                                         NULL),
                     0);
    if (is_bootstrap)
        snprintf(text, sizeof text, "{0: {0: {0: 'coap://127.0.0.1:%u', 1: True, 2: 3}}}", s->port);
    else
        snprintf(
            text, sizeof text,
            "{0: {1: {0: 'coap://127.0.0.1:%u/x?q=1&r', 1: False, 2: 3, 10: 1}}, 1: {1: {0: 1, 1: "
            "600, 6: False, 7: 'U'}}}",
            s->port);
    assert_int_equal(signet_config_parse(text, strlen(text), "t", &tree, NULL), 0);
    signet_tree_set_profile(tree, profile);
    int rc = signet_prove(tree, &options, proof, err);
    signet_tree_free(&tree);
    signet_profile_close(&profile);
    return rc;
}

static void gets_in(void **state)
{
    static const enum script scripts[] = {HONEST, SEPARATE, DEAF_ONCE, TWICE, RUBBISH, ASKS, NEWER};

    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        struct signet_proof proof;
        struct signet_error err = {0};
        struct server s;

        server_start(&s, scripts[i]);
        int rc = prove_at(&s, false, 60000, &proof, &err);
        server_stop(&s);
        if (rc)
            fail_msg("script %u: %s", (unsigned)scripts[i], err.msg);
        assert_int_equal(proof.accounts, 1);
        assert_int_equal(proof.code, 202);
        assert_string_equal(proof.location, "/rd/5a3f");
        assert_string_equal(proof.step, "deregister");
        assert_true(s.registers >= 1 && s.deregisters >= 1);
        assert_string_equal(s.deleted, "/rd/5a3f");
        assert_non_null(strstr(s.query, "/q=1/r/ep=urn:dev:os:1"));
        assert_non_null(strstr(s.query, "/lt=600"));
    }
}

/* Clients count it as registered, and so does the proof; there is nothing to end. */
static void without_a_place(void **state)
{
    struct signet_proof proof;
    struct signet_error err = {0};
    struct server s;

    (void)state;
    server_start(&s, NO_LOCATION);
    assert_int_equal(prove_at(&s, false, 60000, &proof, &err), SIGNET_OK);
    server_stop(&s);
    assert_int_equal(proof.accounts, 1);
    assert_int_equal(proof.code, 201);
    assert_string_equal(proof.location, "");
    assert_string_equal(proof.step, "register");
    assert_int_equal(s.deregisters, 0);
}

static void verdicts(void **state)
{
    static const struct {
        enum script script;
        int code;
        const char *words, *hint;
    } rows[] = {
        {FORBIDDEN, SIGNET_E_PROOF, "register: the server answered 4.03 Forbidden: no \\x1b[31mway",
         "'urn:dev:os:1'"},
        {BAD_REQUEST, SIGNET_E_PROOF, "register: the server answered 4.00 Bad Request", "know"},
        {NOT_FOUND, SIGNET_E_PROOF, "register: the server answered 4.04", "no LwM2M server"},
        {BUSY, SIGNET_E_PROOF, "register: the server answered 5.03", "later"},
        {RESET, SIGNET_E_PROOF, "register: the server reset", ""},
        {CHANGED, SIGNET_E_PROOF, "register: the server answered 2.04 without a place", ""},
        {LONG_LOCATION, SIGNET_E_PROOF, "without a place", ""},
        {SILENT, SIGNET_E_TIMEOUT, "register: no answer from 127.0.0.1:", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signet_proof proof;
        struct signet_error err = {0};
        struct server s;

        server_start(&s, rows[i].script);
        int rc = prove_at(&s, false, rows[i].script == SILENT ? 500 : 60000, &proof, &err);
        server_stop(&s);
        if (rc != rows[i].code || !strstr(err.msg, rows[i].words) ||
            !strstr(err.hint, rows[i].hint))
            fail_msg("%d '%s' '%s', wanted %d '%s'", rc, err.msg, err.hint, rows[i].code,
                     rows[i].words);
        assert_int_equal(proof.accounts, 0);
    }
}

static char warned[600];
static void on_event(void *ctx, const struct signet_event *event)
{
    (void)ctx;
    if (event->kind == SIGNET_EVENT_WARNING)
        snprintf(warned, sizeof(warned), "%s", event->error->msg);
}

/* The device is in, and that is what is proved. */
static void a_server_that_keeps_the_registration(void **state)
{
    static const struct signet_observer heard = {on_event, NULL};
    struct signet_proof proof;
    struct signet_error err = {0};
    struct server s;

    (void)state;
    observer = &heard;
    server_start(&s, STAYS);
    assert_int_equal(prove_at(&s, false, 60000, &proof, &err), SIGNET_OK);
    server_stop(&s);
    observer = NULL;
    assert_int_equal(proof.accounts, 1);
    assert_int_equal(proof.code, 400);
    assert_string_equal(warned,
                        "deregister: the server answered 4.00 Bad Request: the server keeps "
                        "the registration until its lifetime ends");
}

/* Anjay registers with its newest version, and with an older one on 4.12 alone. */
static void the_order_of_versions(void **state)
{
    static const struct {
        const char *profile;
        enum script script;
        unsigned registers;
        int rc;
        const char *version;
    } rows[] = {
        {"anjay-3", HONEST, 1, SIGNET_OK, "/lwm2m=1.2"},
        {"anjay-3", NEWER, 2, SIGNET_OK, "/lwm2m=1.1"},
        {"anjay-3", OLD, 1, SIGNET_E_PROOF, "/lwm2m=1.2"},
        {"any", HONEST, 1, SIGNET_OK, "/lwm2m=1.0"},
        {"any", NEWER, 2, SIGNET_OK, "/lwm2m=1.1"},
        {"any", OLD, 1, SIGNET_OK, "/lwm2m=1.0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signet_error err = {0};
        struct server s;

        profile_name = rows[i].profile;
        server_start(&s, rows[i].script);
        int rc = prove_at(&s, false, 60000, NULL, &err);
        server_stop(&s);
        if (rc != rows[i].rc || s.registers != rows[i].registers ||
            !strstr(s.query, rows[i].version))
            fail_msg("row %zu: %d '%s', %u times, %s", i, rc, err.msg, s.registers, s.query);
    }
    profile_name = NULL;
}

static void bootstraps(void **state)
{
    static const struct {
        enum script script;
        int code;
        const char *words;
    } rows[] = {
        {BOOTSTRAP, SIGNET_OK, ""},
        {BOOTSTRAP_SENML, SIGNET_OK, ""},
        {BOOTSTRAP_BLOCKS, SIGNET_OK, ""},
        {BOOTSTRAP_BAD, SIGNET_E_PROOF, "wrote no account"},
        {BOOTSTRAP_HALF, SIGNET_E_PROOF,
         "bootstrap: the device does not take what the server wrote: RID.Server.Binding (/1/1/7) "
         "is "
         "missing, and mandatory"},
        {BOOTSTRAP_NOWHERE, SIGNET_E_PROOF,
         "after the bootstrap: account: the server's URI has a f"},
        {BOOTSTRAP_NOTHING, SIGNET_E_PROOF, "wrote no account"},
        {BOOTSTRAP_ENDLESS, SIGNET_E_TIMEOUT, "bootstrap: the server did not finish"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signet_proof proof;
        struct signet_error err = {0};
        struct server s;

        server_start(&s, rows[i].script);
        int rc = prove_at(&s, true, rows[i].code == SIGNET_E_TIMEOUT ? 700 : 60000, &proof, &err);
        server_stop(&s);
        if (rc != rows[i].code || !strstr(err.msg, rows[i].words))
            fail_msg("script %u: %d '%s', wanted '%s'", (unsigned)rows[i].script, rc, err.msg,
                     rows[i].words);
        if (!rc) {
            assert_int_equal(proof.accounts, 2);
            assert_int_equal(proof.bootstraps, 1);
            assert_int_equal(s.registers, 1);
            assert_int_equal(s.deregisters, 1);
        }
    }
}

/* The station would go wherever the server writes. */
static void a_bootstrap_to_another_host(void **state)
{
    static const struct {
        const char *from, *follow;
        int code;
    } rows[] = {
        {"127.1", NULL, SIGNET_E_PROOF},
        {"127.1", "", SIGNET_E_PROOF},
        {"127.1", "27.0.0.1,127.0.0.10,anyone", SIGNET_E_PROOF},
        {"127.1", "h.example,127.0.0.1", SIGNET_OK},
        {"127.1", "any", SIGNET_OK},
        {"127.0.0.1", NULL, SIGNET_OK},
        {"elsewhere.invalid", NULL, SIGNET_OK}, /* --uri is the same host */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signet_prove_options options = {
            .endpoint = "urn:dev:os:1", .timeout_ms = 60000, .follow = rows[i].follow};
        struct signet_tree *tree = NULL;
        struct signet_error err = {0};
        struct server s;
        char text[200], uri[60];

        server_start(&s, BOOTSTRAP);
        snprintf(uri, sizeof uri, "coap://127.0.0.1:%u", s.port);
        options.uri = strstr(rows[i].from, "invalid") ? uri : NULL;
        snprintf(text, sizeof text, "{0: {0: {0: 'coap://%s:%u', 1: True, 2: 3}}}", rows[i].from,
                 s.port);
        assert_int_equal(signet_config_parse(text, strlen(text), "t", &tree, NULL), 0);
        int rc = signet_prove(tree, &options, NULL, &err);
        signet_tree_free(&tree);
        server_stop(&s);
        if (rc != rows[i].code)
            fail_msg("row %zu: %d '%s'", i, rc, err.msg);
        assert_int_equal(s.registers, rc == SIGNET_OK);
        assert_true(!rc || strstr(err.msg, "sent the device to another host, '127.0.0.1'"));
    }
}

static void nobody_there(void **state)
{
    struct signet_proof proof;
    struct signet_error err = {0};
    struct server s;

    (void)state;
    server_start(&s, HONEST);
    server_stop(&s); /* its port is free again */
    assert_int_equal(prove_at(&s, false, 10000, &proof, &err), SIGNET_E_NET);
    assert_non_null(strstr(err.hint, "is the server up?"));
}

static void *fire(void *arg)
{
    usleep(100000);
    signet_cancel_fire(arg);
    return NULL;
}

/* In the middle of the wait for an answer, and of a bootstrap that does not end: well before the
 * ten minutes that it may take. */
static void stops_on_request(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct signet_error err = {0};
        struct signet_proof proof;
        pthread_t thread;
        struct server s;

        assert_int_equal(signet_cancel_new(&cancel, &err), SIGNET_OK);
        server_start(&s, i ? BOOTSTRAP_ENDLESS : SILENT);
        assert_int_equal(pthread_create(&thread, NULL, fire, cancel), 0);
        assert_int_equal(prove_at(&s, i == 1, 600000, &proof, &err), SIGNET_E_CANCELLED);
        assert_string_equal(proof.step, i ? "bootstrap" : "register");
        pthread_join(thread, NULL);
        server_stop(&s);
        signet_cancel_free(&cancel);
    }
}

static int seen_code;
static int ask_the_server(void *ctx, const char *endpoint, struct signet_error *err)
{
    const struct server *s = ctx;

    assert_string_equal(endpoint, "urn:dev:os:1");
    assert_true(s->registers == 1 && s->deregisters == 0); /* while it is in */
    return seen_code ? error_set(err, (enum signet_code)seen_code, "said the API") : SIGNET_OK;
}

/* "Not found" by the server's API is a failed proof, however well the rest went. */
static void must_be_seen(void **state)
{
    static const struct {
        int seen, rc;
    } rows[] = {{SIGNET_OK, SIGNET_OK},
                {SIGNET_E_NOT_FOUND, SIGNET_E_PROOF},
                {SIGNET_E_SERVER, SIGNET_E_SERVER}};

    (void)state;
    on_registered = ask_the_server;
    for (size_t i = 0; i < 3; i++) {
        for (int stays = 0; stays < 2; stays++) {
            struct signet_error err = {0};
            struct signet_proof proof;
            struct server s;

            seen_code = rows[i].seen;
            server_start(&s, stays ? STAYS : HONEST);
            int rc = prove_at(&s, false, 60000, &proof, &err);
            server_stop(&s);
            assert_int_equal(rc, rows[i].rc);
            assert_int_equal(err.code, rc);
            if (rows[i].rc) /* what failed first is what counts */
                assert_string_equal(err.msg, "seen: said the API");
            assert_int_equal(s.deregisters, 1); /* and it goes out again */
            assert_int_equal(proof.accounts, rc ? 0 : 1);
        }
    }
    on_registered = NULL;
}

static int prove_text(const char *text, const char *endpoint, const char *uri,
                      struct signet_error *err)
{
    const struct signet_prove_options options = {
        .endpoint = endpoint, .uri = uri, .timeout_ms = 100};
    struct signet_tree *tree = NULL;

    assert_int_equal(signet_config_parse(text, strlen(text), "t", &tree, NULL), SIGNET_OK);
    int rc = signet_prove(tree, &options, NULL, err);
    signet_tree_free(&tree);
    return rc;
}

#define SERVER ", 1: {0: {0: 1, 1: 60, 6: False, 7: 'U'}}"

/* A name that is not found may be a name server that is away: no verdict on the device. */
static void a_host_that_is_not_found_is_no_verdict(void **state)
{
    struct signet_error err = {0};
    int rc = prove_text("{0: {1: {0: 'coaps://no-such-host.invalid', 1: False, 2: 0, 3: b'me',"
                        " 5: b'0123456789abcdef', 10: 1}}" SERVER "}",
                        "me", NULL, &err);

    (void)state;
    assert_int_equal(rc, SIGNET_E_NET);
    assert_non_null(strstr(err.msg, "no such host"));
    assert_int_equal(signet_error_class(&err), SIGNET_CLASS_AWAY);
    rc = prove_text("{0: {1: {0: 'coap://no-such-host.invalid', 1: False, 2: 3, 10: 1}}" SERVER "}",
                    "me", NULL, &err);
    assert_int_equal(rc, SIGNET_E_NET);
    assert_int_equal(strncmp(err.msg, "connect: no-such-host.invalid:5683: no such host: ", 50), 0);
    assert_int_equal(signet_error_class(&err), SIGNET_CLASS_AWAY);
}

/* The place of a registration may have as many parts as a datagram holds. */
static void a_place_of_many_parts(void **state)
{
    struct signet_error err = {0};
    struct signet_proof proof;
    struct server s;

    (void)state;
    server_start(&s, MANY_PARTS);
    assert_int_equal(prove_at(&s, false, 60000, &proof, &err), SIGNET_OK);
    server_stop(&s);
    assert_int_equal(s.deleted_parts, 602);
    assert_int_equal(strncmp(proof.location, "/rd/5a3f/x/x/x", 14), 0);
}

/* Nothing is sent for these. */
static void what_cannot_be_proved(void **state)
{
    static const char nosec[] =
        "{0: {1: {0: 'coap://127.0.0.1:9', 1: False, 2: 3, 10: 1}}" SERVER "}";
    static const struct {
        const char *text, *uri;
        int rc;
        const char *words;
    } rows[] = {
        {nosec, "coaps://127.0.0.1:9", SIGNET_E_MEANING, "which coaps:// does not go with"},
        {"{0: {1: {0: 'coap://127.0.0.1:9', 1: False, 2: 0, 10: 1, 3: b'i', 5: b'k'}}" SERVER "}",
         NULL, SIGNET_E_MEANING, "which coap:// does not go with"},
        {"{0: {1: {1: False, 2: 3, 10: 1}}" SERVER "}", NULL, SIGNET_E_MEANING,
         "has no server URI"},
        {"{0: {1: {0: 'coaps://127.0.0.1:9', 1: False, 2: 1, 10: 1, 3: b'i', 5: b'k'}}" SERVER "}",
         NULL, SIGNET_E_UNSUPPORTED, "cannot be proved"},
        {"{0: {1: {0: 'coaps://127.0.0.1:9', 1: False, 2: 4, 10: 1}}" SERVER "}", NULL,
         SIGNET_E_UNSUPPORTED, "cannot be proved"},
        {"{0: {1: {0: 'coaps://127.0.0.1:9', 1: False, 2: 0, 10: 1, 5: b'k'}}" SERVER "}", NULL,
         SIGNET_E_MEANING, "has no credentials"},
        {"{0: {1: {0: 'coaps://127.0.0.1:9', 1: False, 2: 0, 10: 1, 3: b'i'}}" SERVER "}", NULL,
         SIGNET_E_MEANING, "has no credentials"},
        {"{1: {1: {0: 1, 1: 60}}}", NULL, SIGNET_E_USAGE, "no server account"},
        {nosec, "coap://127.0.0.1:9 ", SIGNET_E_USAGE, "the server's URI"},
        {nosec, "nonsense", SIGNET_E_USAGE, "the server's URI"},
        {nosec, "coap+nidd://127.0.0.1", SIGNET_E_UNSUPPORTED,
         "account: not tried: the server is reached neither over UDP nor over TCP"},
        {nosec, "coap+tcp://127.0.0.1:9", SIGNET_E_NET, "connect: cannot connect to 127.0.0.1:9"},
        {nosec, "tel:+4812", SIGNET_E_UNSUPPORTED, "account: not tried"},
    };
    char name[152];
    struct signet_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int rc = prove_text(rows[i].text, "urn:dev:os:1", rows[i].uri, &err);

        if (rc != rows[i].rc || !strstr(err.msg, rows[i].words))
            fail_msg("case %zu: %d %s", i, rc, err.msg);
    }
    memset(name, 'a', sizeof(name));
    name[151] = '\0';
    assert_int_equal(prove_text(nosec, name, NULL, &err), SIGNET_E_USAGE);
    assert_string_equal(err.msg, "which name has the device?");
    assert_int_equal(prove_text(nosec, NULL, NULL, &err), SIGNET_E_USAGE);
    name[150] = '\0';
    assert_int_not_equal(prove_text(nosec, name, NULL, &err), SIGNET_E_USAGE);
}

/* What came in last may hold a key that a bootstrap server wrote. */
static void leaves_nothing_behind(void **state)
{
    struct signet_error err = {0};
    struct signet_proof proof;
    struct server s;

    (void)state;
    answers_wiped = 0;
    server_start(&s, BOOTSTRAP);
    assert_int_equal(prove_at(&s, true, 60000, &proof, &err), SIGNET_OK);
    server_stop(&s);
    assert_true(answers_wiped >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gets_in),
        cmocka_unit_test(a_host_that_is_not_found_is_no_verdict),
        cmocka_unit_test(without_a_place),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(a_server_that_keeps_the_registration),
        cmocka_unit_test(the_order_of_versions),
        cmocka_unit_test(bootstraps),
        cmocka_unit_test(a_bootstrap_to_another_host),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(stops_on_request),
        cmocka_unit_test(must_be_seen),
        cmocka_unit_test(what_cannot_be_proved),
        cmocka_unit_test(a_place_of_many_parts),
        cmocka_unit_test(leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
