/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/private.h"

#include <ctype.h>

/* PEM (RFC 7468) read strictly by hand: how many blocks there are, and of what kind, decides what
 * a person is told. Text outside the blocks is allowed, as OpenSSL's tools write it. */

struct block {
    const char *label;
    size_t label_len;
    const char *body;
    size_t body_len;
};

static const char *pem_find(const char *at, const char *end, const char *what)
{
    return at < end ? memmem(at, (size_t)(end - at), what, strlen(what)) : NULL;
}

bool pem_is(const void *data, size_t len)
{
    return len && memmem(data, len, "-----BEGIN ", 11) &&
           (*(const uint8_t *)data != 0x30 || der_check_whole(data, len, "", NULL));
}

static bool label_is(const struct block *b, const char *label)
{
    return text_is(b->label, b->label_len, label);
}

/* A key is in the lines between BEGIN and END; theirs may be shown. */
static void pem_hide(const void *ctx, const char *text, size_t len, size_t start, size_t end,
                     bool *hide)
{
    size_t line = start;

    (void)ctx;
    while (line > 0 && text[line - 1] != '\n')
        line--;
    if (len - line >= 5 && memcmp(text + line, "-----", 5) == 0)
        return;
    memset(hide, true, end - start);
}

/* "7:1: ...": the reader of the file puts its name in front. */
#define PEM_FAIL(err, source, place, hint, ...)                                                    \
    error_at_hint(err, SIGNET_E_CERT, source, (size_t)((place) - (source)->text), hint, __VA_ARGS__)

/* The next block from *at on: 1, none left: 0, malformed: -1. */
static int next_block(const struct text_source *source, const char **at, struct block *b,
                      struct signet_error *err)
{
    const char *end = source->text + source->len;
    const char *begin = pem_find(*at, end, "-----BEGIN "), *dashes, *close;

    if (!begin)
        return 0;
    b->label = begin + 11;
    dashes = pem_find(b->label, end, "-----");
    if (!dashes || dashes - b->label > 64) {
        PEM_FAIL(err, source, begin, "it ends with five dashes: -----BEGIN CERTIFICATE-----",
                 "malformed PEM: a BEGIN line without an end");
        return -1;
    }
    b->label_len = (size_t)(dashes - b->label);
    b->body = dashes + 5;
    close = pem_find(b->body, end, "-----END ");
    if (!close || (size_t)(end - close) < 9 + b->label_len + 5 ||
        memcmp(close + 9, b->label, b->label_len) != 0 ||
        memcmp(close + 9 + b->label_len, "-----", 5) != 0) {
        PEM_FAIL(err, source, begin, "was the file cut short?",
                 "malformed PEM: no END line belongs to the BEGIN line");
        return -1;
    }
    b->body_len = (size_t)(close - b->body);
    *at = close + 9 + b->label_len + 5;
    return 1;
}

/* The first character that base64 does not have, or the block's end. */
static const char *bad_character(const struct block *b)
{
    const char *at = b->body, *end = b->body + b->body_len;

    while (at < end &&
           (isalnum((unsigned char)*at) || isspace((unsigned char)*at) || char_in(*at, "+/=")))
        at++;
    return at;
}

/* What changes a PEM on its way. */
static const char *base64_hint(const struct block *b)
{
    const char *at = bad_character(b);

    if (b->body_len > 2 && memcmp(b->body, "\\n", 2) == 0)
        return "it has \\n in place of line ends: printf '%b' \"$(cat FILE)\" > NEW makes them";
    if (at < b->body + b->body_len && char_in(*at, ">|"))
        return "take out what stands before each line, as in letters";
    return "copy the file again: something was changed or left out in between";
}

static int decode_block(const struct text_source *source, const struct block *b, const char *what,
                        struct secret *der, struct signet_error *err)
{
    struct secret text = {0};
    size_t n = 0;
    ssize_t len;
    int rc = secret_alloc(&text, b->body_len + 1, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < b->body_len; i++)
        if (!isspace((unsigned char)b->body[i]))
            text.data[n++] = (uint8_t)b->body[i];
    len = base64_decode((const char *)text.data, n, text.data, text.len);
    if (len < 0)
        rc = PEM_FAIL(err, source, bad_character(b), base64_hint(b),
                      "malformed PEM: the %s is not base64", what);
    else if (!(rc = der_check_whole(text.data, (size_t)len, what, err)))
        rc = secret_set(der, text.data, (size_t)len, err);
    secret_wipe(&text);
    return rc;
}

int pem_encrypted(struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_CERT, "decrypt the key first",
                          "the private key is encrypted");
}

static const char *const kind_names[] = {"private key", "certificate", "certificate request"};

static bool is_sealed(const struct block *b)
{
    return label_is(b, "ENCRYPTED PRIVATE KEY") ||
           pem_find(b->body, b->body + b->body_len, "Proc-Type:");
}

/* Does the label say so? */
static bool block_is(const struct block *b, enum pem_kind kind)
{
    if (kind == PEM_CERTIFICATE)
        return label_is(b, "CERTIFICATE") || label_is(b, "X509 CERTIFICATE");
    if (kind == PEM_REQUEST)
        return label_is(b, "CERTIFICATE REQUEST") || label_is(b, "NEW CERTIFICATE REQUEST");
    return label_is(b, "PRIVATE KEY") || label_is(b, "EC PRIVATE KEY") ||
           label_is(b, "RSA PRIVATE KEY") || label_is(b, "ENCRYPTED PRIVATE KEY");
}

static int refuse_block(const struct text_source *source, const struct block *b,
                        enum pem_kind wanted, struct signet_error *err)
{
    const char *name = kind_names[wanted], *at = b->label - 11;
    enum pem_kind other = block_is(b, PEM_PRIVATE_KEY) ? PEM_PRIVATE_KEY : PEM_CERTIFICATE;

    if (block_is(b, other))
        PEM_FAIL(err, source, at, "", "there is a %s in this %s file", kind_names[other], name);
    else if (label_is(b, "PUBLIC KEY"))
        PEM_FAIL(err, source, at, "", "this is a public key, not a %s", name);
    else if (block_is(b, PEM_REQUEST))
        PEM_FAIL(err, source, at, "", "this is a certificate request, not a %s", name);
    else
        PEM_FAIL(err, source, at, "", "the PEM holds something that is not a %s", name);
    error_hint(err, "give a file with the %s only%s", name,
               block_is(b, other) ? "; are the two files swapped?" : "");
    return SIGNET_E_CERT;
}

static int refuse_second(const struct text_source *source, const struct block *b,
                         enum pem_kind kind, struct signet_error *err)
{
    return PEM_FAIL(err, source, b->label - 11,
                    kind == PEM_PRIVATE_KEY ? "keep the device's own key"
                    : kind == PEM_REQUEST
                        ? "give one file for each request"
                        : "LwM2M takes one certificate: keep the first, which is the peer's own, "
                          "and leave out the chain",
                    "more than one %s in one PEM file", kind_names[kind]);
}

static int read_pem(const uint8_t *data, size_t len, enum pem_kind kind, struct secret *der,
                    struct signet_error *err)
{
    const struct text_source source = {NULL, (const char *)data, len, pem_hide, NULL};
    const char *at = source.text;
    struct block b, wanted = {0};
    int more;

    while ((more = next_block(&source, &at, &b, err)) > 0) {
        if (kind == PEM_PRIVATE_KEY && label_is(&b, "EC PARAMETERS"))
            continue; /* `openssl ecparam -genkey` writes them in front */
        if (!block_is(&b, kind))
            return refuse_block(&source, &b, kind, err);
        if (kind == PEM_PRIVATE_KEY && is_sealed(&b))
            return pem_encrypted(err);
        if (wanted.body)
            return refuse_second(&source, &b, kind, err);
        wanted = b;
    }
    if (more < 0)
        return SIGNET_E_CERT;
    if (!wanted.body)
        return error_set(err, SIGNET_E_CERT, "there is no %s in the PEM", kind_names[kind]);
    return decode_block(&source, &wanted, kind_names[kind], der, err);
}

int pem_read(const uint8_t *data, size_t len, enum pem_kind kind, struct secret *der,
             struct signet_error *err)
{
    int rc;

    if (len > IMPORT_MAX)
        return error_set(err, SIGNET_E_LIMIT, "%zu bytes are too many for a %s", len,
                         kind_names[kind]);
    if (pem_is(data, len))
        return read_pem(data, len, kind, der, err);
    rc = der_check_whole(data, len, kind_names[kind], err);
    return rc ? rc : secret_set(der, data, len, err);
}

int pem_read_certs(const uint8_t *data, size_t len,
                   int (*take)(void *ctx, const uint8_t *der, size_t len, struct signet_error *err),
                   void *ctx, struct signet_error *err)
{
    const struct text_source source = {NULL, (const char *)data, len, pem_hide, NULL};
    const char *at = source.text;
    struct secret der = {0};
    struct block b;
    int rc = SIGNET_OK, more = 0;

    if (!pem_is(data, len)) {
        rc = pem_read(data, len, PEM_CERTIFICATE, &der, err);
        if (rc == SIGNET_OK)
            rc = take(ctx, der.data, der.len, err);
        secret_wipe(&der);
        return rc;
    }
    while (rc == SIGNET_OK && (more = next_block(&source, &at, &b, err)) > 0) {
        rc = block_is(&b, PEM_CERTIFICATE) ? decode_block(&source, &b, "certificate", &der, err)
                                           : refuse_block(&source, &b, PEM_CERTIFICATE, err);
        if (rc == SIGNET_OK)
            rc = take(ctx, der.data, der.len, err);
        secret_wipe(&der);
    }
    return more < 0 ? SIGNET_E_CERT : rc;
}

void pem_write(struct buf *b, const char *label, const uint8_t *der, size_t len)
{
    struct buf text = {0};

    buf_base64(&text, der, len);
    buf_fail_with(b, &text);
    buf_printf(b, "-----BEGIN %s-----\n", label);
    for (size_t i = 0; i < text.len; i += 64) {
        buf_append(b, text.data + i, text.len - i < 64 ? text.len - i : 64);
        buf_byte(b, '\n');
    }
    buf_printf(b, "-----END %s-----\n", label);
    buf_free(&text);
}
