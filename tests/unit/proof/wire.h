/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_PROOF_WIRE_H
#define TESTS_UNIT_PROOF_WIRE_H

/* The server's side without a server: what is sent is kept and shown to the test, which queues what
 * comes in. With an empty queue the time is over at once. Include after cmocka.h; the test says
 * ` * wrap: transport_send transport_receive`. */
#include "proof/coap.h"

#include <string.h>

struct wire_message {
    size_t len;
    uint8_t bytes[COAP_MESSAGE_MAX];
};

enum { WIRE_MAX = 160 };
static struct wire_message wire_in[WIRE_MAX], wire_out[WIRE_MAX];
static size_t wire_ins, wire_next, wire_outs;
static void (*wire_on_send)(const struct coap_message *sent); /* may queue the answer */
static bool wire_stream;                                      /* over TCP */
static int wire_end; /* the code when nothing comes any more; 0: SIGNET_E_TIMEOUT */

int __wrap_transport_send(struct transport *t, const void *data, size_t len,
                          struct signet_error *err);
int __wrap_transport_receive(struct transport *t, uint8_t out[static COAP_MESSAGE_MAX], size_t *len,
                             int64_t deadline, struct signet_error *err);

int __wrap_transport_send(struct transport *t, const void *data, size_t len,
                          struct signet_error *err)
{
    struct wire_message *out = &wire_out[wire_outs];
    struct coap_message sent;

    (void)t;
    (void)err;
    assert_true(wire_outs < WIRE_MAX && len <= COAP_MESSAGE_MAX);
    wire_outs++;
    memcpy(out->bytes, data, len);
    out->len = len;
    assert_true((wire_stream ? coap_read_frame : coap_read)(&sent, out->bytes, len));
    if (wire_on_send)
        wire_on_send(&sent);
    return SIGNET_OK;
}

int __wrap_transport_receive(struct transport *t, uint8_t out[static COAP_MESSAGE_MAX], size_t *len,
                             int64_t deadline, struct signet_error *err)
{
    (void)t;
    (void)deadline;
    if (wire_next == wire_ins)
        return error_set(err, wire_end ? (enum signet_code)wire_end : SIGNET_E_TIMEOUT,
                         "nothing came back");
    *len = wire_in[wire_next].len;
    memcpy(out, wire_in[wire_next++].bytes, *len < COAP_MESSAGE_MAX ? *len : COAP_MESSAGE_MAX);
    return SIGNET_OK;
}

static inline void wire_reset(void (*on_send)(const struct coap_message *sent))
{
    wire_ins = wire_next = wire_outs = 0;
    wire_on_send = on_send;
    wire_end = 0;
    wire_stream = false;
}

static inline void wire_bytes(const void *data, size_t len)
{
    assert_true(wire_ins < WIRE_MAX);
    memcpy(wire_in[wire_ins].bytes, data, len);
    wire_in[wire_ins++].len = len;
}

static inline void wire_message(const struct coap_message *m)
{
    assert_true(wire_ins < WIRE_MAX);
    wire_in[wire_ins].len =
        (wire_stream ? coap_write_frame : coap_write)(m, wire_in[wire_ins].bytes, COAP_MESSAGE_MAX);
    assert_true(wire_in[wire_ins].len > 0);
    wire_ins++;
}

static inline struct coap_message wire_sent(size_t i)
{
    struct coap_message sent;

    assert_true(i < wire_outs && (wire_stream ? coap_read_frame : coap_read)(
                                     &sent, wire_out[i].bytes, wire_out[i].len));
    return sent;
}

#endif
