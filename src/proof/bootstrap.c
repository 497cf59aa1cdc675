/* SPDX-License-Identifier: Apache-2.0 */
/* The client's side of client initiated bootstrap (LwM2M Core 1.2, section 6.1). */
#include "lwm2m/lwm2m.h"
#include "proof/coap.h"

#include <stdio.h>

enum { WRITE_MAX = 64 * 1024 };

struct bootstrap {
    const struct exchange *exchange;
    struct signet_tree *tree;
    struct buf body;             /* of a Write in blocks; holds secrets */
    struct buf content;          /* of the answer to a Discover or a Read */
    uint8_t format[4], block[4]; /* options of that answer */
    bool finished;
    bool hollow;                 /* a Security or Server instance was written without a resource */
    struct signet_error refusal; /* the first Write that could not be taken */
};

/* "/0/1" of the request's Uri-Path: *depth identifiers. False: something else. */
static bool request_path(const struct coap_message *request, struct signet_path *path,
                         unsigned *depth)
{
    uint16_t ids[4] = {SIGNET_NO_ID, SIGNET_NO_ID, SIGNET_NO_ID, SIGNET_NO_ID};

    *depth = 0;
    for (size_t i = 0; i < request->option_count; i++) {
        const struct coap_option *o = &request->options[i];
        long id = coap_digits(o->data, o->len);

        if (o->number != COAP_URI_PATH || !o->len)
            continue;
        if (*depth == 4 || id < 0 || id >= SIGNET_NO_ID)
            return false;
        ids[(*depth)++] = (uint16_t)id;
    }
    *path = (struct signet_path){ids[0], ids[1], ids[2], ids[3]};
    return true;
}

/* The bootstrap account itself stays (Core 1.2, section 6.1.7.6). */
static bool stays(const struct signet_tree *tree, struct signet_path path)
{
    const struct signet_value *bootstrap = tree_value(tree, 0, path.iid, 1);

    return path.oid == 0 && bootstrap && bootstrap->type == SIGNET_TYPE_BOOLEAN &&
           bootstrap->as.boolean;
}

static void delete_below(struct signet_tree *tree, struct signet_path path, unsigned depth)
{
    for (size_t i = signet_tree_count(tree); i-- > 0;) {
        struct signet_path p = signet_tree_at(tree, i)->path;

        if (path_is_below(p, path, depth) && !stays(tree, p))
            signet_tree_remove(tree, p);
    }
}

static bool has_object(const struct signet_tree *tree, uint16_t oid)
{
    const struct signet_profile *client = profile_of(tree);

    return !client->objects || profile_object(client, oid) ||
           object_is_imported(signet_tree_objects(tree), oid);
}

static unsigned write_whole(struct bootstrap *b, const struct coap_message *request,
                            const uint8_t *data, size_t len)
{
    uint32_t format = coap_uint(request, COAP_CONTENT_FORMAT, COAP_NO_FORMAT);
    struct signet_path path;
    unsigned depth;
    bool good;

    if (!request_path(request, &path, &depth) || depth < 1 || depth > 3)
        return COAP_BAD_REQUEST;
    if (!has_object(b->tree, path.oid) || (depth == 3 && written_is_foreign(b->tree, path)))
        return COAP_NOT_FOUND;
    b->hollow = b->hollow || (depth == 2 && path.oid <= 1 && len == 0);
    if (format == COAP_LWM2M_TLV)
        good = tlv_read(b->tree, path, depth, data, len);
    else if (format == COAP_SENML_CBOR || format == COAP_SENML_JSON)
        good = senml_read(b->tree, path, depth, format, data, len);
    else if (format == COAP_LWM2M_CBOR || (depth == 3 && format == COAP_CBOR))
        good = lwm2m_cbor_read(b->tree, path, depth, format, data, len);
    else if (depth == 3 && (format == COAP_TEXT || format == COAP_OPAQUE))
        good = plain_read(b->tree, path, format, data, len);
    else
        return COAP_UNSUPPORTED_FORMAT;
    if (!good && !b->refusal.code)
        error_set(&b->refusal, SIGNET_E_PROOF,
                  "the server's Write to /%u is malformed, or has a value that the device refuses",
                  path.oid);
    return good ? COAP_CHANGED : COAP_BAD_REQUEST;
}

/* The bytes of a block, as a power of two; 0: there is none such. Over TCP 7 is several of 1024
 * (RFC 8323, section 6). */
static unsigned block_power(const struct bootstrap *b, uint32_t block)
{
    return (block & 7) < 7 ? (block & 7) + 4 : b->exchange->stream ? 10 : 0;
}

/* RFC 7959: a Write may come in blocks. One that begins again in the middle, Anjay does not take.
 */
static unsigned write_block(struct bootstrap *b, const struct coap_message *request, uint32_t block)
{
    unsigned power = block_power(b, block), code = COAP_CONTINUE;
    size_t at = (size_t)(block >> 4) << power;

    if (!power)
        return COAP_BAD_REQUEST;
    if (at != b->body.len) {
        if (at == 0)
            buf_reset(&b->body);
        return COAP_INCOMPLETE;
    }
    b->body.max = WRITE_MAX;
    buf_append(&b->body, request->payload, request->payload_len);
    if (b->body.failed) {
        if (buf_check(&b->body, NULL) == SIGNET_E_NOMEM)
            error_nomem(&b->refusal);
        buf_free(&b->body);
        return COAP_TOO_LARGE;
    }
    if (!(block & 8)) {
        code = write_whole(b, request, b->body.data, b->body.len);
        buf_reset(&b->body);
    }
    return code;
}

/* Critical options are odd, and of those that it does not expect a client refuses the request (RFC
 * 7252, section 5.4.1): Anjay also Uri-Host and Uri-Query. */
static bool has_bad_option(const struct coap_message *request)
{
    for (size_t i = 0; i < request->option_count; i++) {
        unsigned number = request->options[i].number;

        if (number % 2 && number != COAP_URI_PATH && number != COAP_ACCEPT &&
            number != COAP_BLOCK1 && number != COAP_BLOCK2)
            return true;
    }
    return false;
}

/* What is longer than a block goes in several (RFC 7959, section 2.2). */
static unsigned put_content(struct bootstrap *b, const struct coap_message *request,
                            struct coap_message *answer, uint32_t format)
{
    uint32_t asked = coap_uint(request, COAP_BLOCK2, 6), exponent = exchange_block(b->exchange);
    unsigned power = block_power(b, asked);
    size_t at = (size_t)(asked >> 4) << power, size, left;

    if (!power || (at && at >= b->content.len))
        return COAP_BAD_REQUEST;
    exponent = power - 4 < exponent ? power - 4 : exponent;
    size = (size_t)16 << exponent;
    left = b->content.len - at;
    coap_add_uint(answer, COAP_CONTENT_FORMAT, format, b->format);
    if (at || left > size || coap_find(request, COAP_BLOCK2))
        coap_add_uint(answer, COAP_BLOCK2,
                      (uint32_t)(at / size) << 4 | (left > size ? 8u : 0) | exponent, b->block);
    answer->payload = b->content.data ? b->content.data + at : NULL;
    answer->payload_len = left > size ? size : left;
    return COAP_CONTENT;
}

/* Discover, or Read of Server and Access Control. */
static unsigned answer_get(struct bootstrap *b, const struct coap_message *request,
                           struct coap_message *answer)
{
    uint32_t format = coap_uint(request, COAP_ACCEPT, COAP_LWM2M_TLV);
    unsigned depth, code = COAP_CONTENT;
    struct signet_path path;

    if (!request_path(request, &path, &depth) || (format == COAP_LINK_FORMAT && depth > 1))
        return COAP_NOT_FOUND;
    buf_reset(&b->content);
    if (format == COAP_LINK_FORMAT)
        discover_list(&b->content, b->tree, path);
    else
        code = bootstrap_read(&b->content, b->tree, path, depth, format);
    if (b->content.failed)
        return COAP_SERVER_ERROR;
    if (format == COAP_LINK_FORMAT && !b->content.len)
        return COAP_NOT_FOUND;
    return code == COAP_CONTENT ? put_content(b, request, answer, format) : code;
}

static bool is_finish(const struct coap_message *request)
{
    const struct coap_option *o = coap_find(request, COAP_URI_PATH);

    return request->code == COAP_POST && o && o->len == 2 && !memcmp(o->data, "bs", 2);
}

static void on_request(void *ctx, const struct coap_message *request, struct coap_message *answer)
{
    struct bootstrap *b = ctx;
    const struct coap_option *block = coap_find(request, COAP_BLOCK1);
    struct signet_path path;
    unsigned depth;

    if (has_bad_option(request)) {
        answer->code = COAP_BAD_OPTION;
    } else if (is_finish(request)) {
        b->finished = true;
        answer->code = COAP_CHANGED;
    } else if (request->code == COAP_DELETE && request_path(request, &path, &depth) &&
               depth <= 2) { /* no resource (Core 1.2, section 6.1.7.6) */
        delete_below(b->tree, path, depth);
        answer->code = COAP_DELETED;
    } else if (request->code == COAP_PUT && block) {
        answer->code = write_block(b, request, coap_uint(request, COAP_BLOCK1, 7));
        coap_add(answer, COAP_BLOCK1, block->data, block->len);
    } else if (request->code == COAP_PUT) {
        answer->code = write_whole(b, request, request->payload, request->payload_len);
    } else if (request->code == COAP_GET) {
        answer->code = answer_get(b, request, answer);
    }
}

static int ask_bootstrap(struct exchange *x, const struct transport_address *address,
                         const char *endpoint, const char *pct, struct coap_message *answer,
                         struct signet_error *err)
{
    struct coap_message request = {.code = COAP_POST};
    char ep[160];

    snprintf(ep, sizeof(ep), "ep=%s", endpoint);
    coap_add_path(&request, address->path);
    coap_add_text(&request, COAP_URI_PATH, "bs");
    coap_add_query(&request, address->query);
    coap_add_text(&request, COAP_URI_QUERY, ep);
    if (pct)
        coap_add_text(&request, COAP_URI_QUERY, pct);
    return exchange_request(x, &request, answer, err);
}

/* A server of LwM2M 1.0 may refuse the preferred format: then it is asked without. */
static int request_bootstrap(struct exchange *x, const struct transport_address *address,
                             const char *endpoint, unsigned *code, struct signet_error *err)
{
    struct coap_message answer;
    char pct[16];
    int rc;

    snprintf(pct, sizeof(pct), "pct=%d", COAP_LWM2M_TLV);
    rc = ask_bootstrap(x, address, endpoint, pct, &answer, err);
    if (!rc && answer.code / 100 == 4)
        rc = ask_bootstrap(x, address, endpoint, NULL, &answer, err);
    if (rc)
        return rc;
    *code = answer.code;
    return answer.code == COAP_CHANGED ? SIGNET_OK : coap_refused(&answer, endpoint, err);
}

int bootstrap_run(struct exchange *x, const struct transport_address *address, const char *endpoint,
                  struct signet_tree *tree, unsigned *code, struct signet_error *err)
{
    struct bootstrap b = {.exchange = x, .tree = tree};
    int rc;

    x->on_request = on_request;
    x->ctx = &b;
    rc = request_bootstrap(x, address, endpoint, code, err);
    if (!rc)
        rc = exchange_serve(x, &b.finished, err);
    if (rc == SIGNET_E_TIMEOUT)
        error_set(err, rc, "the server did not finish");
    else if (!rc && b.hollow)
        rc = error_set(err, SIGNET_E_PROOF,
                       "the server wrote an instance without its mandatory resources (LwM2M Core "
                       "1.2, Appendix E)");
    if (b.refusal.code && rc == SIGNET_E_TIMEOUT) {
        rc = SIGNET_E_PROOF;
        if (err)
            *err = b.refusal;
    } else if (b.refusal.code && !rc) {
        event_warn(x->observer, &b.refusal); /* what it wrote then counts */
    }
    x->on_request = NULL;
    x->ctx = NULL;
    buf_free(&b.body);
    buf_free(&b.content);
    return rc;
}
