/* SPDX-License-Identifier: Apache-2.0 */
/* CoAP messages: RFC 7252, section 3, and RFC 8323, section 3.2. */
#include "proof/coap.h"

#include <stdio.h>

/* Delta or length of an option: a nibble, or one or two bytes behind it. */
static bool read_extended(const uint8_t **at, const uint8_t *end, unsigned *value)
{
    if (*value == 13) {
        if (end - *at < 1)
            return false;
        *value = 13u + *(*at)++;
    } else if (*value == 14) {
        if (end - *at < 2)
            return false;
        *value = 269u + ((unsigned)(*at)[0] << 8 | (*at)[1]);
        *at += 2;
    } else if (*value == 15) {
        return false;
    }
    return true;
}

static bool read_options(struct coap_message *out, const uint8_t **at, const uint8_t *end)
{
    unsigned number = 0;

    while (*at < end && **at != 0xff) {
        unsigned delta = **at >> 4, len = **at & 15;

        ++*at;
        if (!read_extended(at, end, &delta) || !read_extended(at, end, &len) ||
            len > (size_t)(end - *at) || number + delta > 65535 ||
            out->option_count == COAP_OPTIONS_MAX)
            return false;
        number += delta;
        out->options[out->option_count++] = (struct coap_option){number, *at, len};
        *at += len;
    }
    return true;
}

static bool coap_read_token(struct coap_message *out, const uint8_t **at, const uint8_t *end)
{
    if (out->token_len > COAP_TOKEN_MAX || out->token_len > (size_t)(end - *at))
        return false;
    memcpy(out->token, *at, out->token_len);
    *at += out->token_len;
    return true;
}

static bool coap_read_body(struct coap_message *out, const uint8_t *at, const uint8_t *end)
{
    if (!read_options(out, &at, end))
        return false;
    if (at < end) {
        out->payload = at + 1;
        out->payload_len = (size_t)(end - at - 1);
        return out->payload_len > 0; /* a marker without a payload is malformed */
    }
    return true;
}

static unsigned coap_read_code(uint8_t code)
{
    return (unsigned)(code >> 5) * 100 + (code & 31);
}

bool coap_read(struct coap_message *out, const uint8_t *data, size_t len)
{
    const uint8_t *at = data + 4, *end = data + len;

    *out = (struct coap_message){0};
    if (len < 4 || data[0] >> 6 != 1)
        return false;
    out->type = (enum coap_type)(data[0] >> 4 & 3);
    out->token_len = data[0] & 15;
    out->code = coap_read_code(data[1]);
    out->id = (uint16_t)(data[2] << 8 | data[3]);
    if (out->code == COAP_EMPTY)
        return len == 4 && !out->token_len;
    return coap_read_token(out, &at, end) && coap_read_body(out, at, end);
}

/* Behind the length, which is written as that of an option. */
static const uint8_t *frame_code(const uint8_t *data, size_t len, unsigned *body)
{
    const uint8_t *at = data + 1;

    *body = data[0] >> 4;
    return read_extended(&at, data + len, body) ? at : NULL;
}

size_t coap_frame_size(const uint8_t *data, size_t len)
{
    const uint8_t *at;
    unsigned body;

    if (!len)
        return 0;
    if (data[0] >> 4 == 15) /* 64 KiB and more */
        return SIZE_MAX;
    at = frame_code(data, len, &body);
    return at ? (size_t)(at - data) + 1 + (data[0] & 15) + body : 0;
}

bool coap_read_frame(struct coap_message *out, const uint8_t *data, size_t len)
{
    const uint8_t *at = NULL, *end = data + len;
    unsigned body;

    *out = (struct coap_message){.type = COAP_NON};
    if (len && coap_frame_size(data, len) == len)
        at = frame_code(data, len, &body);
    if (!at)
        return false;
    out->token_len = data[0] & 15;
    out->code = coap_read_code(*at++);
    return coap_read_token(out, &at, end) && coap_read_body(out, at, end);
}

static size_t put_extended(uint8_t *at, unsigned value, unsigned *nibble)
{
    if (value < 13) {
        *nibble = value;
        return 0;
    }
    if (value < 269) {
        *nibble = 13;
        at[0] = (uint8_t)(value - 13);
        return 1;
    }
    *nibble = 14;
    at[0] = (uint8_t)((value - 269) >> 8);
    at[1] = (uint8_t)(value - 269);
    return 2;
}

/* Bytes written, or 0 when it does not fit. */
static size_t put_option(uint8_t *out, size_t size, unsigned before, const struct coap_option *o)
{
    unsigned delta, len;
    uint8_t head[5];
    size_t used = 1;

    used += put_extended(head + used, o->number - before, &delta);
    used += put_extended(head + used, (unsigned)o->len, &len);
    head[0] = (uint8_t)(delta << 4 | len);
    if (size < used + o->len)
        return 0;
    memcpy(out, head, used);
    if (o->len)
        memcpy(out + used, o->data, o->len);
    return used + o->len;
}

/* Token, options and payload. False: they do not fit. */
static bool put_body(const struct coap_message *m, uint8_t *out, size_t size, size_t *len)
{
    size_t n = m->token_len, used;

    if (m->cut || size < n)
        return false;
    memcpy(out, m->token, m->token_len);
    for (size_t i = 0; i < m->option_count; i++, n += used) {
        used = put_option(out + n, size - n, i ? m->options[i - 1].number : 0, &m->options[i]);
        if (!used)
            return false;
    }
    if (m->payload_len) {
        if (size - n < 1 + m->payload_len)
            return false;
        out[n++] = 0xff;
        memcpy(out + n, m->payload, m->payload_len);
        n += m->payload_len;
    }
    *len = n;
    return true;
}

static uint8_t code_byte(unsigned code)
{
    return (uint8_t)(code / 100 << 5 | code % 100);
}

size_t coap_write(const struct coap_message *m, uint8_t *out, size_t size)
{
    size_t len;

    if (size < 4 || !put_body(m, out + 4, size - 4, &len))
        return 0;
    out[0] = (uint8_t)(0x40u | (unsigned)m->type << 4 | m->token_len);
    out[1] = code_byte(m->code);
    out[2] = (uint8_t)(m->id >> 8);
    out[3] = (uint8_t)m->id;
    return 4 + len;
}

size_t coap_write_frame(const struct coap_message *m, uint8_t *out, size_t size)
{
    enum { HEAD_MOST = 4 };
    size_t len, head = 1;
    unsigned nibble;

    if (size < HEAD_MOST || !put_body(m, out + HEAD_MOST, size - HEAD_MOST, &len))
        return 0;
    head += put_extended(out + 1, (unsigned)(len - m->token_len), &nibble);
    out[0] = (uint8_t)(nibble << 4 | m->token_len);
    out[head++] = code_byte(m->code);
    memmove(out + head, out + HEAD_MOST, len);
    return head + len;
}

void coap_add(struct coap_message *m, unsigned number, const void *data, size_t len)
{
    size_t at = m->option_count;

    if (m->option_count == COAP_OPTIONS_MAX || len > COAP_MESSAGE_MAX) {
        m->cut = true;
        return;
    }
    while (at > 0 && m->options[at - 1].number > number)
        at--;
    memmove(m->options + at + 1, m->options + at, (m->option_count - at) * sizeof(m->options[0]));
    m->options[at] = (struct coap_option){number, data, len};
    m->option_count++;
}

void coap_add_text(struct coap_message *m, unsigned number, const char *text)
{
    coap_add(m, number, text, strlen(text));
}

void coap_add_uint(struct coap_message *m, unsigned number, uint32_t value, uint8_t room[4])
{
    size_t len = 0;

    for (int shift = 24; shift >= 0; shift -= 8)
        if (len || value >> shift)
            room[len++] = (uint8_t)(value >> shift);
    coap_add(m, number, room, len);
}

void coap_add_path(struct coap_message *m, const char *path)
{
    for (const char *at = path; *at; at += strcspn(at + 1, "/") + 1)
        coap_add(m, COAP_URI_PATH, at + 1, strcspn(at + 1, "/"));
}

void coap_add_query(struct coap_message *m, const char *query)
{
    for (size_t len; *query; query += len + (query[len] == '&')) {
        len = strcspn(query, "&");
        coap_add(m, COAP_URI_QUERY, query, len);
    }
}

const struct coap_option *coap_find(const struct coap_message *m, unsigned number)
{
    for (size_t i = 0; i < m->option_count; i++)
        if (m->options[i].number == number)
            return &m->options[i];
    return NULL;
}

uint32_t coap_uint(const struct coap_message *m, unsigned number, uint32_t otherwise)
{
    const struct coap_option *o = coap_find(m, number);
    uint32_t value = 0;

    if (!o || o->len > 4)
        return otherwise;
    for (size_t i = 0; i < o->len; i++)
        value = value << 8 | o->data[i];
    return value;
}

void coap_path(const struct coap_message *m, unsigned number, char *out, size_t size)
{
    struct buf text = {0};

    for (size_t i = 0; i < m->option_count; i++) {
        if (m->options[i].number != number)
            continue;
        buf_byte(&text, '/');
        text_escape(&text, m->options[i].data, m->options[i].len);
    }
    snprintf(out, size, "%s", text.data && !text.failed ? (const char *)text.data : "");
    buf_free(&text);
}

long coap_digits(const void *text, size_t len)
{
    const uint8_t *at = text;
    long value = 0;

    if (!len || len > 5)
        return -1;
    for (; len; len--, at++) {
        if (*at < '0' || *at > '9')
            return -1;
        value = value * 10 + (*at - '0');
    }
    return value;
}

/* Of refusals, RFC 7252 section 12.1.2 and RFC 7959 section 6. */
static const struct {
    unsigned code;
    const char *text;
} refusals[] = {
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Bad Option"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Entity Incomplete"},
    {409, "Conflict"},
    {412, "Precondition Failed"},
    {413, "Request Too Large"},
    {415, "Unsupported Content-Format"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

static const char *code_text(unsigned code)
{
    for (size_t i = 0; i < COUNT_OF(refusals); i++)
        if (refusals[i].code == code)
            return refusals[i].text;
    return "";
}

int coap_refused(const struct coap_message *answer, const char *endpoint, struct signet_error *err)
{
    struct buf words = {0};

    text_escape(&words, answer->payload, answer->payload_len < 120 ? answer->payload_len : 120);
    error_set(err, SIGNET_E_PROOF, "the server answered %u.%02u %s%s%s", answer->code / 100,
              answer->code % 100, code_text(answer->code), words.len ? ": " : "",
              words.data && words.len && !words.failed ? (const char *)words.data : "");
    buf_free(&words);
    if (err)
        err->sys = (int)answer->code;
    if (answer->code == 400 || answer->code == 401 || answer->code == 403)
        error_hint(err,
                   "does the server know '%.100s', and do its credentials belong to that name?",
                   endpoint);
    else if (answer->code == 404 || answer->code == 405)
        error_hint(err, "there is no LwM2M server behind this host, port and path");
    else if (answer->code == 503)
        error_hint(err, "the server is busy: try again later");
    return SIGNET_E_PROOF;
}
