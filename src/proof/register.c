/* SPDX-License-Identifier: Apache-2.0 */
/* Register and Deregister (LwM2M Core 1.2, section 6.2). */
#include "proof/coap.h"

#include <stdio.h>

enum { SEGMENT_MOST = 254 }; /* of RFC 7252's 255 bytes, clients have room for less */

static bool keep_place(struct registration *r, const struct coap_message *answer)
{
    size_t len = 0;

    r->end = (struct coap_message){.code = COAP_DELETE};
    for (size_t i = 0; i < answer->option_count; i++) {
        const struct coap_option *o = &answer->options[i];

        if (o->number != COAP_LOCATION_PATH)
            continue;
        if (o->len > SEGMENT_MOST || o->len > sizeof(r->place) - len)
            return (r->end.option_count = 0); /* it has none */
        memcpy(r->place + len, o->data, o->len);
        coap_add(&r->end, COAP_URI_PATH, r->place + len, o->len);
        len += o->len;
    }
    return r->end.option_count > 0;
}

/* Its options alone, as they stand in a message. */
static size_t options_size(const struct coap_message *answer)
{
    struct coap_message bare = *answer;
    uint8_t out[COAP_MESSAGE_MAX];

    bare.token_len = bare.payload_len = 0;
    return coap_write(&bare, out, sizeof(out)) - 4;
}

static int request_register(struct registration *r, const char *version,
                            struct coap_message *answer, struct signet_error *err)
{
    static const char objects[] = "</>;rt=\"oma.lwm2m\",</1/0>,</3/0>";
    static const uint8_t link_format[] = {COAP_LINK_FORMAT};
    struct coap_message request = {.code = COAP_POST};
    char ep[160], lt[32];

    snprintf(ep, sizeof(ep), "ep=%s", r->endpoint);
    snprintf(lt, sizeof(lt), "lt=%lld", r->lifetime > 0 ? (long long)r->lifetime : 86400LL);
    coap_add_path(&request, r->address->path);
    coap_add_text(&request, COAP_URI_PATH, "rd");
    coap_add(&request, COAP_CONTENT_FORMAT, link_format, sizeof(link_format));
    coap_add_query(&request, r->address->query);
    coap_add_text(&request, COAP_URI_QUERY, ep);
    coap_add_text(&request, COAP_URI_QUERY, lt);
    coap_add_text(&request, COAP_URI_QUERY, version);
    coap_add_text(&request, COAP_URI_QUERY, r->address->stream ? "b=T" : "b=U");
    request.payload = (const uint8_t *)objects;
    request.payload_len = sizeof(objects) - 1;
    return exchange_request(r->exchange, &request, answer, err);
}

/* Clients count it as registered. */
static void warn_homeless(const struct registration *r)
{
    event_note(r->exchange->observer, NULL,
               "the server gave the registration no place (Location-Path; LwM2M Core 1.2, section "
               "6.2.1): the device can neither update nor end it");
}

/* The server counts the device as registered, which the device does not: it will be ended. */
static int refuse_options(struct registration *r, const struct coap_message *answer,
                          struct signet_error *err)
{
    (void)keep_place(r, answer);
    return error_set(err, SIGNET_E_PROOF,
                     "the server's answer has %zu bytes of options, and the device takes %zu over "
                     "TCP, unless it is built for more",
                     options_size(answer), r->options_most);
}

/* With the oldest version that the server takes, unless the client begins with its newest: 4.12
 * says that the server does not speak one (Core 1.2, section 6.2.1). */
int registration_begin(struct registration *r, struct signet_error *err)
{
    static const char *const versions[] = {"lwm2m=1.0", "lwm2m=1.1", "lwm2m=1.2"};
    struct coap_message answer = {.code = COAP_PRECONDITION_FAILED};

    /* LwM2M 1.0 has no binding over TCP. */
    for (size_t first = r->address->stream, i = first;
         i < 3 && answer.code == COAP_PRECONDITION_FAILED; i++) {
        size_t at = r->newest_first ? 2 - (i - first) : i;
        int rc = request_register(r, versions[at], &answer, err);
        if (rc)
            return rc;
    }
    *r->code = answer.code;
    if (answer.code / 100 != 2)
        return coap_refused(&answer, r->endpoint, err);
    if (r->options_most && options_size(&answer) > r->options_most)
        return refuse_options(r, &answer, err);
    if (answer.code == COAP_CREATED && !coap_find(&answer, COAP_LOCATION_PATH)) {
        warn_homeless(r);
        return SIGNET_OK;
    }
    if (answer.code != COAP_CREATED || !keep_place(r, &answer))
        return error_set(err, SIGNET_E_PROOF,
                         "the server answered %u.%02u without a place of the registration",
                         answer.code / 100, answer.code % 100);
    return SIGNET_OK;
}

int registration_end(struct registration *r, struct signet_error *err)
{
    struct coap_message answer;
    int rc = exchange_request(r->exchange, &r->end, &answer, err);

    if (rc)
        return rc;
    *r->code = answer.code;
    return answer.code / 100 == 2 ? SIGNET_OK : coap_refused(&answer, r->endpoint, err);
}
