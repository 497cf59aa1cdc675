/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROOF_COAP_H
#define PROOF_COAP_H

/* CoAP messages (RFC 7252; over TCP RFC 8323) and what a client needs of exchanges. What comes in
 * is hostile. */

#include "base/base.h"
#include "profile/profile.h"
#include "tls/tls.h"

#include <signet/prove.h>

#define COAP_MESSAGE_MAX 4000 /* the buffers of Anjay's demo and examples */
#define COAP_FRAME_MAX   1152 /* over TCP, unless a peer says otherwise (RFC 8323, section 5.3.1) */
#define COAP_TOKEN_MAX   8

enum coap_type { COAP_CON = 0, COAP_NON = 1, COAP_ACK = 2, COAP_RST = 3 };

/* class * 100 + detail, as people write it: 201 is 2.01 */
enum coap_code {
    COAP_EMPTY = 0,
    COAP_GET = 1,
    COAP_POST = 2,
    COAP_PUT = 3,
    COAP_DELETE = 4,
    COAP_CREATED = 201,
    COAP_DELETED = 202,
    COAP_CHANGED = 204,
    COAP_CONTENT = 205,
    COAP_CONTINUE = 231,
    COAP_BAD_REQUEST = 400,
    COAP_BAD_OPTION = 402,
    COAP_NOT_FOUND = 404,
    COAP_NOT_ALLOWED = 405,
    COAP_NOT_ACCEPTABLE = 406,
    COAP_INCOMPLETE = 408,
    COAP_PRECONDITION_FAILED = 412,
    COAP_TOO_LARGE = 413,
    COAP_UNSUPPORTED_FORMAT = 415,
    COAP_SERVER_ERROR = 500,
    COAP_CSM = 701, /* of connections (RFC 8323, section 5) */
    COAP_PING = 702,
    COAP_PONG = 703,
    COAP_RELEASE = 704,
    COAP_ABORT = 705,
};

enum coap_option_number {
    COAP_LOCATION_PATH = 8,
    COAP_URI_PATH = 11,
    COAP_CONTENT_FORMAT = 12,
    COAP_URI_QUERY = 15,
    COAP_ACCEPT = 17,
    COAP_BLOCK2 = 23,
    COAP_BLOCK1 = 27,
};

enum {
    COAP_TEXT = 0,
    COAP_LINK_FORMAT = 40,
    COAP_OPAQUE = 42,
    COAP_CBOR = 60,
    COAP_SENML_JSON = 110,
    COAP_SENML_CBOR = 112,
    COAP_LWM2M_TLV = 11542,
    COAP_LWM2M_CBOR = 11544,
    COAP_NO_FORMAT = 65536
};

struct coap_option {
    unsigned number;
    const uint8_t *data;
    size_t len;
};

#define COAP_OPTIONS_MAX 1400
/* A message, in or out. Pointers are into the bytes it was read from, or the caller's. */
struct coap_message {
    enum coap_type type;
    unsigned code;
    uint16_t id;
    uint8_t token[COAP_TOKEN_MAX];
    size_t token_len;
    struct coap_option options[COAP_OPTIONS_MAX]; /* in order of their numbers */
    size_t option_count;
    bool cut;      /* an option did not fit: it cannot be written, or was not read to its end */
    bool too_long; /* for the buffer, and cut therefore */
    const uint8_t *payload;
    size_t payload_len;
};

/* False: not a CoAP message, or more of it than is taken. */
bool coap_read(struct coap_message *out, const uint8_t *data, size_t len);
/* Length, or 0 when it does not fit. Options must be in order. */
size_t coap_write(const struct coap_message *message, uint8_t *out, size_t size);
/* Over TCP (RFC 8323, section 3.2), where a message has neither a type (it is NON) nor an id. */
bool coap_read_frame(struct coap_message *out, const uint8_t *data, size_t len);
size_t coap_write_frame(const struct coap_message *message, uint8_t *out, size_t size);
/* Of the message that begins here; 0: its length is not all there yet. */
size_t coap_frame_size(const uint8_t *data, size_t len);
/* Adds an option behind those of smaller or equal number; data must live on. */
void coap_add(struct coap_message *message, unsigned number, const void *data, size_t len);
void coap_add_text(struct coap_message *message, unsigned number, const char *text);
/* As an unsigned integer, in as few bytes as it needs; room must live on. */
void coap_add_uint(struct coap_message *message, unsigned number, uint32_t value, uint8_t room[4]);
void coap_add_path(struct coap_message *message, const char *path);   /* "/a/b": Uri-Path twice */
void coap_add_query(struct coap_message *message, const char *query); /* "a&b": Uri-Query twice */
/* The first such option, or NULL. */
const struct coap_option *coap_find(const struct coap_message *message, unsigned number);
/* As an unsigned integer; missing, or of more than 4 bytes: otherwise. */
uint32_t coap_uint(const struct coap_message *message, unsigned number, uint32_t otherwise);
/* "/a/b" of options of that number, escaped and cut to fit. */
void coap_path(const struct coap_message *message, unsigned number, char *out, size_t size);
/* The number that 1 to 5 digits are; anything else: -1. */
long coap_digits(const void *text, size_t len);
/* The error for an answer that is not 2.xx. */
int coap_refused(const struct coap_message *answer, const char *endpoint, struct signet_error *err);

/* rules.c: how the device's client would log in at the account's server */
struct login_rules {
    const struct signet_profile *profile;
    const struct profile_tls *tls; /* of the profile */
    enum tls_stack stack;
    unsigned usage, matching; /* /0/x/15, /0/x/13 */
    bool any_server;          /* nothing in /0/x/4, for which the client takes any */
    char name[256];           /* /0/x/14; "": none */
    uint16_t suites[65];      /* /0/x/16, ends with 0 */
};
/* Of a packet; what a bootstrap server writes besides, clients pass over. SIGNET_E_PROOF. */
int rules_check_packet(const struct login_rules *rules, const struct signet_tree *tree,
                       struct signet_error *err);
/* All but profile and stack. SIGNET_E_PROOF: it would not; the message begins with the profile's
 * name. */
int rules_take(struct login_rules *out, const struct signet_tree *tree,
               const struct signet_account *account, const struct signet_observer *observer,
               struct signet_error *err);

/* transport.c: messages over UDP or TCP */
struct transport;
struct transport_address {
    char host[256];
    uint16_t port;
    bool secure, stream;        /* over TCP */
    char path[256], query[256]; /* of the URI, "" or "/a/b"; "" or "a=1&b" */
};
/* coap://HOST[:PORT][/PATH][?QUERY], coaps://, coap+tcp:// and coaps+tcp://. SIGNET_E_USAGE: it is
 * no URI; SIGNET_E_UNSUPPORTED: of a transport that Signet does not speak. */
int transport_parse(struct transport_address *out, const char *uri, size_t len,
                    struct signet_error *err);
/* The account's credentials, taken as its security mode says. */
int transport_open(struct transport **out, const struct transport_address *address,
                   const struct signet_account *account, const struct login_rules *rules,
                   int64_t deadline, const struct signet_cancel *cancel, struct signet_error *err);
void transport_close(struct transport **transport);
const char *transport_cipher(const struct transport *transport);   /* "" without TLS */
bool transport_server_unsigned(const struct transport *transport); /* see tls_server_unsigned() */
int transport_send(struct transport *transport, const void *data, size_t len,
                   struct signet_error *err);
/* One message. SIGNET_E_TIMEOUT: nothing came until then. */
int transport_receive(struct transport *transport, uint8_t out[static COAP_MESSAGE_MAX],
                      size_t *len, int64_t deadline, struct signet_error *err);

/* exchange.c: requests that are confirmed, and those of the server in between */
struct exchange {
    struct transport *transport;
    const struct signet_observer *observer;
    int64_t deadline; /* of everything */
    bool stream;      /* over TCP: nothing is confirmed, nothing is sent twice */
    bool introduced;  /* the server's CSM came (RFC 8323, section 5.3) */
    size_t peer_max;  /* bytes of a message that the server takes */
    uint16_t next_id;
    uint8_t in[COAP_MESSAGE_MAX];
    /* The server's last request and our answer to it: it may come again (RFC 7252, 4.2). */
    uint16_t answered_id;
    size_t answered_len;
    uint8_t answered[COAP_MESSAGE_MAX];
    /* Takes a request of the server, fills in the answer's code and options. May be NULL: 4.05. */
    void (*on_request)(void *ctx, const struct coap_message *request, struct coap_message *answer);
    void *ctx;
};
/* The largest block of an answer that the server takes: its SZX (RFC 7959, section 2.2). */
unsigned exchange_block(const struct exchange *exchange);
int exchange_init(struct exchange *exchange, struct transport *transport, bool stream,
                  int64_t deadline, struct signet_error *err);
/* Sends the request (type, id and token are filled in) until an answer comes; *answer points into
 * exchange->in. SIGNET_E_PROOF: the server reset it; SIGNET_E_TIMEOUT; SIGNET_E_NET. */
int exchange_request(struct exchange *exchange, struct coap_message *request,
                     struct coap_message *answer, struct signet_error *err);
/* Serves the server's requests until *done. */
int exchange_serve(struct exchange *exchange, const bool *done, struct signet_error *err);

/* register.c: in at the server and out again */
struct registration {
    struct exchange *exchange;
    const struct transport_address *address;
    const char *endpoint;
    int64_t lifetime; /* 0: a day */
    bool newest_first;
    size_t options_most; /* bytes of options in an answer that the client takes; 0: any */
    unsigned *code;      /* of the last answer */
    /* The request that ends it: no options, no place. They point into place. */
    struct coap_message end;
    uint8_t place[COAP_MESSAGE_MAX];
};
int registration_begin(struct registration *registration, struct signet_error *err);
int registration_end(struct registration *registration, struct signet_error *err);

/* tlv.c: LwM2M TLV (Core 1.2, section 7.5) below a path into a tree. False: malformed, or a value
 * that the client refuses. depth: how many identifiers of base are given, 1 to 3. */
bool tlv_read(struct signet_tree *tree, struct signet_path base, unsigned depth,
              const uint8_t *data, size_t len);
/* What is in the tree: instances with their resources (depth 1), or the resources of one (2). */
void tlv_put(struct buf *out, const struct signet_tree *tree, unsigned depth);

/* senml.c: SenML JSON and SenML CBOR; lwm2m_cbor.c: LwM2M CBOR, and CBOR of one value (Core 1.2,
 * section 7.5). False: likewise, or a path that is not below base. */
bool senml_read(struct signet_tree *tree, struct signet_path base, unsigned depth, uint32_t format,
                const uint8_t *data, size_t len);
bool lwm2m_cbor_read(struct signet_tree *tree, struct signet_path base, unsigned depth,
                     uint32_t format, const uint8_t *data, size_t len);
void lwm2m_cbor_put(struct buf *out, const struct signet_tree *tree);

/* plain_value.c: the value of one resource, as plain text or as bytes, into a tree. False: it is
 * none of the resource's type, or of one that is not written so. */
bool plain_read(struct signet_tree *tree, struct signet_path path, uint32_t format,
                const uint8_t *data, size_t len);

/* bootstrap_read.c: the answer to a Bootstrap-Read, in that format; its code. */
unsigned bootstrap_read(struct buf *out, const struct signet_tree *tree, struct signet_path base,
                        unsigned depth, uint32_t format);

/* discover.c: Bootstrap-Discover of what the device has (LwM2M Core 1.2, section 6.1.7.3), all of
 * it or of one object. */
void discover_list(struct buf *out, const struct signet_tree *tree, struct signet_path path);

/* bootstrap.c: from Bootstrap-Request to Bootstrap-Finish; what the server wrote is in tree, which
 * held the device's configuration. */
int bootstrap_run(struct exchange *exchange, const struct transport_address *address,
                  const char *endpoint, struct signet_tree *tree, unsigned *code,
                  struct signet_error *err);

/* written_check.c: what a bootstrap server writes. What clients pass over: */
bool written_is_foreign(const struct signet_tree *tree, struct signet_path path);
/* One value. False: the client refuses it, or the tree is full. */
bool written_put(struct signet_tree *tree, struct signet_path path,
                 const struct signet_value *value);
/* Does the path have these identifiers? */
bool path_is_below(struct signet_path path, struct signet_path base, unsigned depth);
/* A device looks at all of it when the server has finished, and refuses what is not whole (Core
 * 1.2, section 6.1.7.3): SIGNET_E_PROOF. */
int bootstrap_check(struct signet_tree *written, struct signet_error *err);

#endif
