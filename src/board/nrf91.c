/* SPDX-License-Identifier: Apache-2.0 */
/* nRF91 modems, by AT commands of a firmware that passes them on. The modem makes keys (%KEYGEN)
 * and keeps credentials (%CMNG) while it is offline (+CFUN=4). A key's request comes once, with the
 * key; what the modem has is known by its hash. */
#include "pki/pki.h"
#include "recipe.h"

#include <ctype.h>
#include <stdio.h>

enum { SLOW = 8 }; /* making a key and keeping a credential take so many times an answer's time */

static const int types[CREDENTIAL_KINDS] = {
    [CREDENTIAL_CA] = 0,  [CREDENTIAL_CERT] = 1,   [CREDENTIAL_KEY] = 2,
    [CREDENTIAL_PSK] = 3, [CREDENTIAL_PSK_ID] = 4,
};

/* A line that is just this word; what a board repeats may have it inside. */
static const char *const endings[] = {"=OK", "=ERROR", "+CME ERROR: ", "+CMS ERROR: ", NULL};

static const struct {
    const char *code, *words, *hint;
} meanings[] = {
    {"513", "there is none", ""},
    {"514", "there is none", ""},
    {"515", "the modem has no right to it", ""},
    {"518", "the modem is online", "its firmware must leave it offline (+CFUN=4)"},
    {"519", "it is there already", ""},
    {"527", "the modem takes no such content", "PEM, EC keys; an identity is text"},
    {"528", "the modem warns of its power", "look at the supply, then try again"},
};

static bool at_is(const struct console_answer *answer, const char *code)
{
    const char *at = answer->which >= 2 ? strrchr(answer->last, ' ') : NULL;

    return at && strncmp(at + 1, code, strlen(code)) == 0;
}

/* What was refused; the modem's answer is a code at most. */
static int at_refused(const struct signet_board *b, const char *what,
                      const struct console_answer *answer, struct signet_error *err)
{
    char said[200];

    for (size_t i = 0; i < COUNT_OF(meanings); i++)
        if (at_is(answer, meanings[i].code))
            return error_set_hint(err, SIGNET_E_BOARD, meanings[i].hint, "%s: %s: %s (%s)", b->port,
                                  what, meanings[i].words, meanings[i].code);
    return error_set(err, SIGNET_E_BOARD, "%s: %s: the modem said '%s'", b->port, what,
                     console_said(answer, said));
}

static int nrf91_ping(struct signet_board *b, int timeout_ms, struct signet_error *err)
{
    struct console_answer answer;
    int code = console_ask(b, "AT+CFUN=4", endings, timeout_ms, &answer, err);

    if (code == SIGNET_OK && answer.which)
        code = at_refused(b, "it does not go offline", &answer, err);
    console_answer_free(&answer);
    return code;
}

static int nrf91_id(struct signet_board *b, char id[static 80], struct signet_error *err)
{
    struct console_answer answer;
    size_t len = 0, n = 0;
    int code = console_ask_again(b, "AT+CGSN=1", endings, &answer, err);

    if (code != SIGNET_OK)
        return code;
    const char *at = console_find(&answer, "+CGSN: \"", &len);
    while (at && n < len && n < 20 && isdigit((unsigned char)at[n]))
        n++;
    if (answer.which)
        code = at_refused(b, "its IMEI", &answer, err);
    else if (n != 15 || n == len || at[n] != '"')
        code = error_set(err, SIGNET_E_SYNTAX, "%s: its IMEI is damaged", b->port);
    else
        snprintf(id, 80, "%.15s", at);
    console_answer_free(&answer);
    return code;
}

/* The key */

struct answer_parts { /* "BODY.ATTESTATION" */
    const char *body, *cose;
    size_t body_len, cose_len;
};

static int find_parts_of(const struct signet_board *b, const struct console_answer *answer,
                         const char *words, struct answer_parts *out, struct signet_error *err)
{
    size_t len = 0;
    const char *at = console_find(answer, words, &len);
    const char *end = at ? memchr(at, '"', len) : NULL;
    const char *dot = end ? memchr(at, '.', (size_t)(end - at)) : NULL;

    if (!dot)
        return error_set(err, SIGNET_E_SYNTAX, "%s: the modem's answer is damaged", b->port);
    *out = (struct answer_parts){at, dot + 1, (size_t)(dot - at), (size_t)(end - dot - 1)};
    return SIGNET_OK;
}

static int read_attested(const struct signet_board *b, const struct answer_parts *parts,
                         struct buf *body, struct attestation *out, struct signet_error *err)
{
    uint8_t *to = buf_extend(body, parts->body_len);
    ssize_t n = to ? base64url_decode(parts->body, parts->body_len, to, parts->body_len) : 0;

    if (n > 0)
        body->len = (size_t)n;
    if (to && n <= 0)
        return error_set(err, SIGNET_E_SYNTAX, "%s: the modem's answer is damaged", b->port);
    int code = buf_check(body, err);
    return code == SIGNET_OK
               ? attestation_read(out, body->data, body->len, parts->cose, parts->cose_len, err)
               : code;
}

/* The chip's identity with a nonce of ours: its key was made there, and now. */
static int nrf91_check_identity(struct signet_board *b, const struct attestation *of_key,
                                struct signet_error *err)
{
    struct console_answer answer;
    struct answer_parts parts = {0};
    struct attestation token;
    struct buf body = {0};
    uint8_t nonce[16];
    char line[80], hex[33];
    int code = random_bytes(nonce, sizeof(nonce), err);

    if (code != SIGNET_OK)
        return code;
    hex_encode(nonce, sizeof(nonce), hex);
    snprintf(line, sizeof(line), "AT%%ATTESTTOKEN=\"%s\"", hex);
    code = console_ask_again(b, line, endings, &answer, err);
    if (code != SIGNET_OK)
        return code;
    code = answer.which ? at_refused(b, "its identity", &answer, err)
                        : find_parts_of(b, &answer, "%ATTESTTOKEN: \"", &parts, err);
    if (code == SIGNET_OK)
        code = read_attested(b, &parts, &body, &token, err);
    buf_free(&body);
    console_answer_free(&answer);
    if (code == SIGNET_OK && (!token.of_chip || memcmp(token.nonce, nonce, sizeof(nonce)) != 0))
        return error_set(err, SIGNET_E_CERT, "%s: the modem attested with another nonce than ours",
                         b->port);
    if (code == SIGNET_OK && memcmp(token.uuid, of_key->uuid, sizeof(token.uuid)) != 0)
        return error_set(err, SIGNET_E_CERT, "%s: the key was made by another chip", b->port);
    return code;
}

/* What was attested is about these bytes, and the key is where it must be. */
static int check_of_key(const struct signet_board *b, uint32_t tag, const struct buf *body,
                        const struct attestation *attested, struct signet_error *err)
{
    uint8_t sha[32];
    int code = sha256(body->data, body->len, sha, err);

    if (code == SIGNET_OK && (attested->of_chip || memcmp(sha, attested->sha256, sizeof(sha)) != 0))
        return error_set(err, SIGNET_E_CERT, "%s: the modem attested another thing than it sent",
                         b->port);
    if (code == SIGNET_OK && attested->tag != tag)
        return error_set(err, SIGNET_E_CERT, "%s: the modem attested the security tag %u", b->port,
                         attested->tag);
    return code;
}

static int take_generated(struct signet_board *b, uint32_t tag, const struct console_answer *answer,
                          struct signet_bytes *csr, struct signet_error *err)
{
    struct answer_parts parts = {0};
    struct attestation attested;
    struct buf body = {0};
    int code = find_parts_of(b, answer, "%KEYGEN: \"", &parts, err);

    if (code == SIGNET_OK)
        code = read_attested(b, &parts, &body, &attested, err);
    if (code == SIGNET_OK)
        code = check_of_key(b, tag, &body, &attested, err);
    if (code == SIGNET_OK && console_option_is_true(b, "attest"))
        code = nrf91_check_identity(b, &attested, err);
    return buf_end(&body, code, csr, err);
}

/* It may be that there is none. */
static int delete_of_tag(struct signet_board *b, uint32_t tag, enum credential_kind kind,
                         const char *failed, struct signet_error *err)
{
    struct console_answer answer;
    char line[64];

    snprintf(line, sizeof(line), "AT%%CMNG=3,%u,%d", tag, types[kind]);
    int code = console_ask(b, line, endings, SLOW * console_timeout(b), &answer, err);
    if (code == SIGNET_OK && answer.which && !at_is(&answer, "513") && !at_is(&answer, "514"))
        code = at_refused(b, failed, &answer, err);
    console_answer_free(&answer);
    return code;
}

static int nrf91_delete_key(struct signet_board *b, uint32_t tag, struct signet_error *err)
{
    return delete_of_tag(b, tag, CREDENTIAL_KEY, "its key could not be removed", err);
}

/* %CMNG: TAG,TYPE,"SHA-256" */
static int nrf91_look(struct signet_board *b, const struct credential *c, uint8_t sha[static 32],
                      struct signet_error *err)
{
    struct console_answer answer;
    char line[64], words[48];
    size_t len = 0;

    snprintf(line, sizeof(line), "AT%%CMNG=1,%u,%d", c->tag, types[c->kind]);
    snprintf(words, sizeof(words), "%%CMNG: %u,%d,\"", c->tag, types[c->kind]);
    int code = console_ask_again(b, line, endings, &answer, err);
    if (code != SIGNET_OK)
        return code;
    const char *at = console_find(&answer, words, &len);
    bool none = answer.which ? at_is(&answer, "513") || at_is(&answer, "514") : !at;
    if (none)
        code = error_set(err, SIGNET_E_NOT_FOUND, "%s: the modem has no %s", b->port,
                         credential_name(c->kind));
    else if (answer.which)
        code = at_refused(b, "its list of credentials", &answer, err);
    else if (len < 65 || at[64] != '"' || hex_decode(at, 64, sha, 32) != 32)
        code = error_set(err, SIGNET_E_SYNTAX, "%s: the modem's list of credentials is damaged",
                         b->port);
    console_answer_free(&answer);
    return code;
}

/* Its request comes with a new key only. A key whose request was lost, or that nobody certified,
 * makes place for another; one that may have its certificate stays. */
static int nrf91_request(struct signet_board *b, uint32_t tag, const char *endpoint,
                         struct signet_bytes *csr, struct signet_error *err)
{
    const struct credential own = {.tag = tag, .kind = CREDENTIAL_KEY};
    struct console_answer answer = {0};
    char line[240];
    uint8_t sha[32];
    int code;

    code = b->taken_over ? nrf91_look(b, &own, sha, err) : SIGNET_E_NOT_FOUND;
    if (code == SIGNET_OK)
        return error_set(err, SIGNET_E_EXISTS,
                         "%s: the modem has its key, and tells its request once only", b->port);
    if (code != SIGNET_E_NOT_FOUND)
        return code;
    snprintf(line, sizeof(line), "AT%%KEYGEN=%u,2,0,\"CN=%s\"", tag, endpoint);
    for (int tries = 0;; tries++) {
        code = console_ask(b, line, endings, SLOW * console_timeout(b), &answer, err);
        bool there = code == SIGNET_E_TIMEOUT || (code == SIGNET_OK && at_is(&answer, "519"));
        if (!there || tries == 2)
            break;
        console_answer_free(&answer);
        code = nrf91_delete_key(b, tag, err);
        if (code != SIGNET_OK) /* no answer: that of the first key may come yet, after the second */
            return code;
    }
    if (code == SIGNET_OK)
        code = answer.which ? at_refused(b, "no key was made", &answer, err)
                            : take_generated(b, tag, &answer, csr, err);
    console_answer_free(&answer);
    return code;
}

/* Credentials */

static int nrf91_take_text(struct credential *c, struct buf *text, struct signet_error *err)
{
    if (text->len && text->data[text->len - 1] == '\n')
        text->len--;
    int code = sha256(text->data, text->len, c->sha256, err);

    return buf_end(text, code, &c->text, err);
}

static int nrf91_form(struct credential *c, const uint8_t *data, size_t len,
                      struct signet_error *err)
{
    struct buf text = {0};

    switch (c->kind) {
    case CREDENTIAL_CA:
    case CREDENTIAL_CERT:
        pem_write(&text, "CERTIFICATE", data, len);
        break;
    case CREDENTIAL_KEY:
        pem_write(&text, "PRIVATE KEY", data, len);
        break;
    case CREDENTIAL_PSK:
        buf_hex(&text, data, len);
        break;
    case CREDENTIAL_PSK_ID:
        for (size_t i = 0; i < len; i++)
            if (data[i] < ' ' || data[i] >= 0x7f || data[i] == '"')
                return error_set(err, SIGNET_E_MEANING,
                                 "an nRF91 modem takes printable characters without quotes");
        buf_append(&text, data, len);
        break;
    case CREDENTIAL_KINDS:
        break;
    }
    return nrf91_take_text(c, &text, err);
}

static int nrf91_write(struct signet_board *b, const struct credential *c, struct signet_error *err)
{
    struct console_answer answer = {0};
    struct buf line = {0};

    buf_printf(&line, "AT%%CMNG=0,%u,%d,\"", c->tag, types[c->kind]);
    buf_append(&line, c->text.data, c->text.len);
    buf_byte(&line, '"');
    int code = buf_check(&line, err);
    if (code == SIGNET_OK)
        code = console_ask(b, (const char *)line.data, endings, SLOW * console_timeout(b), &answer,
                           err);
    if (code == SIGNET_OK && answer.which)
        code = at_refused(b, credential_name(c->kind), &answer, err);
    console_answer_free(&answer);
    buf_free(&line);
    return code;
}

static int nrf91_remove(struct signet_board *b, const struct credential *c,
                        struct signet_error *err)
{
    return delete_of_tag(b, c->tag, c->kind, "a credential could not be removed", err);
}

static const struct console_stages stages = {
    .prefix = "nrf-",
    .newline = "\r\n",
    .request_once = true,
    .ping = nrf91_ping,
    .id = nrf91_id,
    .request = nrf91_request,
    .delete_key = nrf91_delete_key,
    .form = nrf91_form,
    .look = nrf91_look,
    .write = nrf91_write,
    .remove = nrf91_remove,
};

static const struct signet_option_info options[] = {
    CONSOLE_OPTIONS,
    {"attest", "true: the modem attests its identity with a nonce of ours when it makes a key"},
    {0}};

static int nrf91_check(struct signet_board *b, struct signet_error *err)
{
    int code = console_check(b, err);

    return code == SIGNET_OK ? console_check_flag(b, "attest", err) : code;
}

const struct recipe nrf91_recipe = {
    .name = "nrf91",
    .own = options,
    .console = &stages,
    .check = nrf91_check,
};
