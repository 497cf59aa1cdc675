/* SPDX-License-Identifier: Apache-2.0 */
/* Confirmable requests with retransmission (RFC 7252, section 4.2), or requests over TCP, which
 * does that itself (RFC 8323), and the server's own requests, which come whenever they like. */
#include "proof/coap.h"

enum { ACK_TIMEOUT_MS = 2000, MAX_RETRANSMIT = 4 };
enum { CSM_MAX_MESSAGE_SIZE = 2, CSM_BLOCK_WISE = 4 }; /* options (RFC 8323, section 5.3) */
enum { SIGNALS = 7 };                                  /* the class of their codes */

static size_t write_message(const struct exchange *x, const struct coap_message *m,
                            uint8_t out[static COAP_MESSAGE_MAX])
{
    return x->stream ? coap_write_frame(m, out, x->peer_max) : coap_write(m, out, COAP_MESSAGE_MAX);
}

static int send_written(struct exchange *x, const uint8_t *message, size_t len,
                        struct signet_error *err)
{
    if (len)
        return transport_send(x->transport, message, len, err);
    return x->stream ? error_set(err, SIGNET_E_PROOF,
                                 "the server takes only messages of up to %zu bytes", x->peer_max)
                     : error_set(err, SIGNET_E_LIMIT, "the message is larger than a datagram");
}

static int send_message(struct exchange *x, const struct coap_message *m, struct signet_error *err)
{
    uint8_t out[COAP_MESSAGE_MAX];

    return send_written(x, out, write_message(x, m, out), err);
}

static int send_empty(struct exchange *x, enum coap_type type, uint16_t id,
                      struct signet_error *err)
{
    return send_message(x, &(const struct coap_message){.type = type, .id = id}, err);
}

unsigned exchange_block(const struct exchange *x)
{
    enum { AROUND = 32 }; /* length, code, token, options and marker */
    unsigned exponent = 6;

    while (x->stream && exponent && ((size_t)16 << exponent) + AROUND > x->peer_max)
        exponent--;
    return exponent;
}

/* Over TCP each side first says what it can (RFC 8323, section 5.3): blocks. */
static int introduce(struct exchange *x, struct signet_error *err)
{
    struct coap_message csm = {.code = COAP_CSM};

    coap_add(&csm, CSM_BLOCK_WISE, NULL, 0);
    return send_message(x, &csm, err);
}

int exchange_init(struct exchange *x, struct transport *transport, bool stream, int64_t deadline,
                  struct signet_error *err)
{
    *x = (struct exchange){
        .transport = transport, .deadline = deadline, .stream = stream, .peer_max = COAP_FRAME_MAX};
    int rc = random_bytes(&x->next_id, sizeof(x->next_id), err);

    return rc || !stream ? rc : introduce(x, err);
}

/* A request of the server: answered at once, in the ACK; the same answer when it comes again. */
static int answer_request(struct exchange *x, const struct coap_message *request,
                          struct signet_error *err)
{
    struct coap_message answer = {.type = request->type == COAP_CON ? COAP_ACK : COAP_NON,
                                  .code = COAP_NOT_ALLOWED,
                                  .id = request->id,
                                  .token_len = request->token_len};

    if (x->stream || !x->answered_len || x->answered_id != request->id) {
        memcpy(answer.token, request->token, request->token_len);
        if (x->on_request)
            x->on_request(x->ctx, request, &answer);
        if (answer.type == COAP_NON)
            answer.id = x->next_id++;
        x->answered_id = request->id;
        x->answered_len = write_message(x, &answer, x->answered);
    }
    return send_written(x, x->answered, x->answered_len, err);
}

/* Unknown critical options end the connection (RFC 8323, section 5.2), and all of its own options
 * have even numbers. A size of more than four bytes is none. */
static bool is_bad_signal(const struct coap_message *in)
{
    const struct coap_option *max = coap_find(in, CSM_MAX_MESSAGE_SIZE);

    for (size_t i = 0; i < in->option_count; i++)
        if (in->options[i].number % 2)
            return true;
    return in->code == COAP_CSM && max && max->len > 4;
}

/* Of the connection itself (RFC 8323, section 5); of what it does not know it takes nothing. */
static int take_signal(struct exchange *x, const struct coap_message *in, struct signet_error *err)
{
    struct coap_message pong = {.code = COAP_PONG, .token_len = in->token_len};
    uint32_t max = coap_uint(in, CSM_MAX_MESSAGE_SIZE, (uint32_t)x->peer_max); /* what an
                                                                           earlier one said stays */

    if (is_bad_signal(in))
        return error_set(err, SIGNET_E_PROOF,
                         "a message of the server about the connection (%u.%02u) has an option "
                         "that no client takes (RFC 8323, section 5.2)",
                         in->code / 100, in->code % 100);
    if (in->code == COAP_CSM) {
        x->introduced = true;
        x->peer_max = max < COAP_MESSAGE_MAX ? max : COAP_MESSAGE_MAX;
    } else if (in->code == COAP_PING) {
        memcpy(pong.token, in->token, in->token_len);
        return send_message(x, &pong, err);
    } else if (in->code == COAP_RELEASE || in->code == COAP_ABORT) {
        return error_set(err, SIGNET_E_PROOF, "the server ended the connection%s%s",
                         in->payload_len ? ": " : "",
                         text_shown((const char *)in->payload, in->payload_len, 120));
    }
    return SIGNET_OK;
}

/* A datagram that is longer than the buffer: a request is told so (RFC 7959, section 2.9.3), an
 * answer is cut. */
static int refuse_long(struct exchange *x, struct coap_message *in, struct signet_error *err)
{
    struct coap_message answer = {.type = in->type == COAP_CON ? COAP_ACK : COAP_NON,
                                  .code = COAP_TOO_LARGE,
                                  .id = in->type == COAP_CON ? in->id : x->next_id++,
                                  .token_len = in->token_len};

    in->cut = in->too_long = true;
    if (in->code == COAP_EMPTY || in->code >= 100)
        return SIGNET_OK;
    memcpy(answer.token, in->token, in->token_len);
    return send_message(x, &answer, err);
}

/* One message from the server into *in. Its requests are served here; SIGNET_E_TIMEOUT is the
 * deadline, and of what is no message there is what could be read, with "cut". */
static int receive(struct exchange *x, struct coap_message *in, int64_t deadline,
                   struct signet_error *err)
{
    size_t len = 0;
    int rc = transport_receive(x->transport, x->in, &len, deadline, err);

    *in = (struct coap_message){.type = COAP_NON};
    if (!rc && clock_ms() >= x->deadline) /* a server that never stops sending */
        rc = error_set(err, SIGNET_E_TIMEOUT, "nothing came back");
    if (rc)
        return rc;
    bool whole = len <= COAP_MESSAGE_MAX;
    len = whole ? len : COAP_MESSAGE_MAX;
    if (!(x->stream ? coap_read_frame(in, x->in, len) : coap_read(in, x->in, len))) {
        in->cut = true;
        return !x->stream
                   ? SIGNET_OK
                   : error_set(err, SIGNET_E_PROOF,
                               "a message of the server is malformed (RFC 8323, section 3.2)");
    }
    if (!whole)
        return refuse_long(x, in, err);
    if (x->stream && !x->introduced && in->code != COAP_CSM)
        return error_set(err, SIGNET_E_PROOF,
                         "the server's first message is not a CSM (RFC 8323, section 5.3)");
    if (x->stream && in->code / 100 == SIGNALS)
        rc = take_signal(x, in, err);
    else if (in->code > COAP_EMPTY && in->code < 100 &&
             (in->type == COAP_CON || in->type == COAP_NON))
        rc = answer_request(x, in, err);
    else if (in->type == COAP_CON && in->code == COAP_EMPTY)
        return send_empty(x, COAP_RST, in->id, err); /* CoAP ping */
    else
        return SIGNET_OK;
    *in = (struct coap_message){.type = COAP_NON};
    return rc;
}

/* A Reset carries nothing (RFC 7252, section 4.2), and classes 3 and 6 are no answers (section
 * 12.1). */
static bool is_answer(const struct coap_message *in, const struct coap_message *request)
{
    unsigned class = in->code / 100;

    return (class == 2 || class == 4 || class == 5) && in->type != COAP_RST &&
           in->token_len == request->token_len &&
           memcmp(in->token, request->token, in->token_len) == 0 &&
           (in->type != COAP_ACK || in->id == request->id);
}

/* Options cut short, or a block of a size that is none (RFC 7959, section 2.2), but over TCP (RFC
 * 8323, section 6): clients such as Anjay give up then. */
static bool is_malformed(const struct exchange *x, const struct coap_message *answer)
{
    return answer->cut || (!x->stream && ((coap_uint(answer, COAP_BLOCK1, 0) & 7) == 7 ||
                                          (coap_uint(answer, COAP_BLOCK2, 0) & 7) == 7));
}

static void report_resend(const struct exchange *x, int attempt)
{
    struct signet_error again = {0};
    struct signet_event event = {.kind = SIGNET_EVENT_RETRY, .stage = "prove", .error = &again};

    error_set(&again, SIGNET_E_TIMEOUT, "no answer yet, request sent %d times", attempt);
    event_send(x->observer, &event);
}

/* Waits for the answer to a request that was sent; confirmed: an empty ACK came, nothing is sent
 * again. SIGNET_E_TIMEOUT: not until then. */
static int await_answer(struct exchange *x, const struct coap_message *request,
                        struct coap_message *answer, int64_t until, bool *confirmed,
                        struct signet_error *err)
{
    for (;;) {
        int rc = receive(x, answer, *confirmed ? x->deadline : until, err);

        if (rc)
            return rc;
        if (is_answer(answer, request) && is_malformed(x, answer))
            return answer->too_long
                       ? error_set(err, SIGNET_E_PROOF,
                                   "the server's answer has more than %d bytes, and the device's "
                                   "buffer ends there",
                                   COAP_MESSAGE_MAX)
                       : error_set(err, SIGNET_E_PROOF,
                                   "the server's answer is malformed (RFC 7252, section 3)");
        if (answer->cut)
            continue;
        if (is_answer(answer, request))
            return answer->type == COAP_CON ? send_empty(x, COAP_ACK, answer->id, err) : SIGNET_OK;
        if (answer->type == COAP_RST && answer->id == request->id)
            return error_set(err, SIGNET_E_PROOF, "the server reset the request");
        if (answer->type == COAP_ACK && answer->id == request->id && answer->code == COAP_EMPTY)
            *confirmed = true;
        else if (answer->type == COAP_CON && answer->code >= 200) /* an answer to nobody */
            rc = send_empty(x, COAP_RST, answer->id, err);
        if (rc)
            return rc;
    }
}

/* Over TCP once, else again and again until something comes. */
static int send_until_answered(struct exchange *x, const struct coap_message *request,
                               const uint8_t *out, size_t len, int64_t wait,
                               struct coap_message *answer, struct signet_error *err)
{
    bool confirmed = x->stream;
    int rc = SIGNET_E_TIMEOUT;

    for (int attempt = 1; attempt <= MAX_RETRANSMIT + 1; attempt++, wait *= 2) {
        int64_t until = clock_ms() + wait;

        rc = transport_send(x->transport, out, len, err);
        if (!rc)
            rc = await_answer(x, request, answer, until < x->deadline ? until : x->deadline,
                              &confirmed, err);
        if (rc != SIGNET_E_TIMEOUT || confirmed || clock_ms() >= x->deadline)
            break;
        report_resend(x, attempt);
    }
    return rc;
}

int exchange_request(struct exchange *x, struct coap_message *request, struct coap_message *answer,
                     struct signet_error *err)
{
    uint8_t out[COAP_MESSAGE_MAX], jitter = 0;
    int rc;

    request->type = x->stream ? COAP_NON : COAP_CON;
    request->id = x->next_id++;
    request->token_len = COAP_TOKEN_MAX;
    rc = random_bytes(request->token, COAP_TOKEN_MAX, err);
    if (!rc)
        rc = random_bytes(&jitter, 1, err);
    if (rc)
        return rc;
    size_t len = write_message(x, request, out);
    if (!len)
        return send_written(x, out, len, err);
    rc = send_until_answered(x, request, out, len,
                             ACK_TIMEOUT_MS + ACK_TIMEOUT_MS * jitter / 512, /* RANDOM_FACTOR 1.5 */
                             answer, err);
    wipe(out, sizeof(out));
    return rc;
}

int exchange_serve(struct exchange *x, const bool *done, struct signet_error *err)
{
    while (!*done) {
        struct coap_message in;
        int rc = receive(x, &in, x->deadline, err);

        if (rc)
            return rc;
    }
    return SIGNET_OK;
}
