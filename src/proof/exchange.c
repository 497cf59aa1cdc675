/* SPDX-License-Identifier: Apache-2.0 */
/* Confirmable requests with retransmission (RFC 7252, section 4.2), and the server's own requests,
 * which come whenever they like. */
#include "proof/coap.h"

enum { ACK_TIMEOUT_MS = 2000, MAX_RETRANSMIT = 4 };

int exchange_init(struct exchange *x, struct transport *transport, int64_t deadline,
                  struct signet_error *err)
{
    *x = (struct exchange){.transport = transport, .deadline = deadline};
    return random_bytes(&x->next_id, sizeof(x->next_id), err);
}

static int send_empty(struct exchange *x, enum coap_type type, uint16_t id,
                      struct signet_error *err)
{
    const struct coap_message empty = {.type = type, .id = id};
    uint8_t out[8];

    return transport_send(x->transport, out, coap_write(&empty, out, sizeof(out)), err);
}

/* A request of the server: answered at once, in the ACK; the same answer when it comes again. */
static int answer_request(struct exchange *x, const struct coap_message *request,
                          struct signet_error *err)
{
    struct coap_message answer = {.type = request->type == COAP_CON ? COAP_ACK : COAP_NON,
                                  .code = COAP_NOT_ALLOWED,
                                  .id = request->id,
                                  .token_len = request->token_len};

    if (!x->answered_len || x->answered_id != request->id) {
        memcpy(answer.token, request->token, request->token_len);
        if (x->on_request)
            x->on_request(x->ctx, request, &answer);
        if (answer.type == COAP_NON)
            answer.id = x->next_id++;
        x->answered_id = request->id;
        x->answered_len = coap_write(&answer, x->answered, sizeof(x->answered));
    }
    return transport_send(x->transport, x->answered, x->answered_len, err);
}

/* One message from the server into *in. Its requests are served here; SIGNET_E_TIMEOUT is the
 * deadline, and of what is no message there is what could be read, with "cut". */
static int receive(struct exchange *x, struct coap_message *in, int64_t deadline,
                   struct signet_error *err)
{
    size_t len = 0;
    int rc = transport_receive(x->transport, x->in, sizeof(x->in), &len, deadline, err);

    *in = (struct coap_message){.type = COAP_NON};
    if (!rc && clock_ms() >= x->deadline) /* a server that never stops sending */
        rc = error_set(err, SIGNET_E_TIMEOUT, "nothing came back");
    if (rc)
        return rc;
    if (!coap_read(in, x->in, len)) {
        in->cut = true;
        return SIGNET_OK;
    }
    if (in->code > COAP_EMPTY && in->code < 100 && (in->type == COAP_CON || in->type == COAP_NON)) {
        rc = answer_request(x, in, err);
        *in = (struct coap_message){.type = COAP_NON};
    } else if (in->type == COAP_CON && in->code == COAP_EMPTY) {
        rc = send_empty(x, COAP_RST, in->id, err); /* CoAP ping */
    }
    return rc;
}

/* A Reset carries nothing (RFC 7252, section 4.2). */
static bool is_answer(const struct coap_message *in, const struct coap_message *request)
{
    return in->code >= 200 && in->type != COAP_RST && in->token_len == request->token_len &&
           memcmp(in->token, request->token, in->token_len) == 0 &&
           (in->type != COAP_ACK || in->id == request->id);
}

/* Options cut short, or a block of a size that is none (RFC 7959, section 2.2): clients such as
 * Anjay give up then. */
static bool is_malformed(const struct coap_message *answer)
{
    return answer->cut || (coap_uint(answer, COAP_BLOCK1, 0) & 7) == 7 ||
           (coap_uint(answer, COAP_BLOCK2, 0) & 7) == 7;
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
        if (is_answer(answer, request) && is_malformed(answer))
            return error_set(err, SIGNET_E_PROOF,
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

int exchange_request(struct exchange *x, struct coap_message *request, struct coap_message *answer,
                     struct signet_error *err)
{
    uint8_t out[COAP_MESSAGE_MAX], jitter = 0;
    int64_t wait = ACK_TIMEOUT_MS;
    bool confirmed = false;
    int rc;

    request->type = COAP_CON;
    request->id = x->next_id++;
    request->token_len = COAP_TOKEN_MAX;
    rc = random_bytes(request->token, COAP_TOKEN_MAX, err);
    if (!rc)
        rc = random_bytes(&jitter, 1, err);
    if (rc)
        return rc;
    wait += wait * jitter / 512; /* ACK_RANDOM_FACTOR 1.5 */
    size_t len = coap_write(request, out, sizeof(out));
    if (!len)
        return error_set(err, SIGNET_E_LIMIT, "the request is larger than a datagram");
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
