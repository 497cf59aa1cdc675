/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of boards with a console that keep credentials under security tags: what each of them
 * says in its own words is in its recipe's file. Nothing is written twice that is there, and what
 * is there is known by its hash. */
#include "pki/pki.h"
#include "recipe.h"

#include <stdio.h>

enum { TRIES = 3 };

/* The key */

static bool may_replace(const struct signet_board *b)
{
    return b->taken_over || console_option_is_true(b, "replace");
}

static int holds_some(const struct signet_board *b, uint32_t tag, enum credential_kind kind,
                      struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_PROVISIONED,
                          "put another board in; where its credentials may be lost, the recipe's "
                          "option replace",
                          "%s: the board holds a %s under the security tag %u already", b->port,
                          credential_name(kind), tag);
}

/* A board that is to get a new identity has no certificate, and no old key when it is replaced. */
static int clear_the_way(struct signet_board *b, uint32_t tag, struct signet_error *err)
{
    const struct console_stages *ops = b->recipe->console;
    const struct credential cert = {.tag = tag, .kind = CREDENTIAL_CERT};
    uint8_t sha[32];

    if (b->taken_over)
        return SIGNET_OK;
    int code = ops->look(b, &cert, sha, err);
    if (code == SIGNET_OK && !may_replace(b))
        return holds_some(b, tag, cert.kind, err);
    if (code == SIGNET_OK)
        code = ops->remove(b, &cert, err);
    if (code == SIGNET_E_NOT_FOUND)
        code = SIGNET_OK;
    return code == SIGNET_OK && may_replace(b) ? ops->delete_key(b, tag, err) : code;
}

static int ask_request(struct signet_board *b, const char *endpoint, bool may_make,
                       struct signet_bytes *csr, struct signet_error *err)
{
    const struct console_stages *ops = b->recipe->console;
    uint32_t tag = credential_tag(b, false);
    int code = ops->request(b, tag, endpoint, csr, err);

    if (code == SIGNET_E_NOT_FOUND && may_make && ops->make_key) {
        code = ops->make_key(b, tag, err);
        if (code == SIGNET_OK)
            code = ops->request(b, tag, endpoint, csr, err);
    }
    if (code == SIGNET_E_NOT_FOUND)
        code = error_set(err, SIGNET_E_BOARD, "%s: the board has no key", b->port);
    return code;
}

/* What the line damaged is asked for again. */
static int verified_request(struct signet_board *b, const char *endpoint, bool may_make,
                            struct signet_bytes *csr, struct signet_error *err)
{
    struct cert_request request;
    int code = SIGNET_E_CERT;

    for (int tries = 0; tries < TRIES && code == SIGNET_E_CERT; tries++) {
        signet_bytes_free(csr);
        code = ask_request(b, endpoint, may_make, csr, err);
        if (code == SIGNET_OK)
            code = cert_request_read(&request, csr->data, csr->len, err);
    }
    if (code == SIGNET_OK)
        code = cert_request_check_name(&request, endpoint, err);
    if (code == SIGNET_OK && b->has_key && memcmp(b->key_sha256, request.key_sha256, 32) != 0)
        code = error_set(err, SIGNET_E_WRONG_BOARD, "%s: the board has another key than before",
                         b->port);
    if (code != SIGNET_OK)
        return code;
    memcpy(b->key_sha256, request.key_sha256, sizeof(b->key_sha256));
    snprintf(b->requested, sizeof(b->requested), "%.151s", request.common_name);
    b->has_key = true;
    return SIGNET_OK;
}

int console_request(struct signet_board *b, const char *endpoint, struct signet_bytes *csr,
                    struct signet_error *err)
{
    struct signet_bytes made = {0};
    int code = board_same(b, err);

    b->has_key = false;
    if (code == SIGNET_OK)
        code = clear_the_way(b, credential_tag(b, false), err);
    if (code == SIGNET_OK)
        code = verified_request(b, endpoint, true, &made, err);
    if (code == SIGNET_OK)
        *csr = made;
    else
        signet_bytes_free(&made);
    return code;
}

/* The credentials */

static bool may_mend(int code)
{
    return code == SIGNET_E_TIMEOUT || code == SIGNET_E_SYNTAX || code == SIGNET_E_BOARD ||
           code == SIGNET_E_NOT_FOUND;
}

/* One look, and what follows from it. SIGNET_OK: it is there. SIGNET_E_NOT_FOUND: not yet. */
static int put_once(struct signet_board *b, const struct credential *c, bool ours,
                    struct signet_error *err)
{
    const struct console_stages *ops = b->recipe->console;
    uint8_t sha[32];
    int code = ops->look(b, c, sha, err);

    if (code == SIGNET_OK && memcmp(sha, c->sha256, sizeof(sha)) == 0)
        return SIGNET_OK;
    if (code == SIGNET_OK && !ours)
        return holds_some(b, c->tag, c->kind, err);
    if (code == SIGNET_OK)
        code = ops->remove(b, c, err);
    if (code != SIGNET_OK && code != SIGNET_E_NOT_FOUND)
        return code;
    b->bytes_sent = b->in_hand = true;
    code = ops->write(b, c, err);
    if (code != SIGNET_OK)
        return code;
    return error_set(err, SIGNET_E_NOT_FOUND, "%s: the board did not keep the %s", b->port,
                     credential_name(c->kind));
}

static int put_credential(struct signet_board *b, const struct credential *c,
                          struct signet_error *err)
{
    int code = SIGNET_E_NOT_FOUND;

    /* the last of them only looks at what the one before wrote */
    for (int tries = 0; tries <= TRIES && may_mend(code); tries++) {
        bool before = b->bytes_sent;
        code = put_once(b, c, may_replace(b) || tries > 0, err);
        if (code == SIGNET_E_PROVISIONED)
            b->bytes_sent = before;
    }
    if (code == SIGNET_E_NOT_FOUND)
        code = error_set(err, SIGNET_E_BOARD, "%s: the board does not keep the %s", b->port,
                         credential_name(c->kind));
    return code;
}

static void tell_progress(struct signet_board *b, size_t done, size_t total)
{
    const struct signet_event event = {
        .kind = SIGNET_EVENT_PROGRESS, .stage = b->stage, .done = done, .total = total};

    event_send(&b->observer, &event);
}

static int put_all(struct signet_board *b, const struct credentials *c, struct signet_error *err)
{
    int code = SIGNET_OK;

    b->held_count = 0;
    for (size_t i = 0; code == SIGNET_OK && i < c->count; i++) {
        struct held *held = &b->held[b->held_count];

        code = put_credential(b, &c->list[i], err);
        if (code != SIGNET_OK)
            break;
        *held = (struct held){.tag = c->list[i].tag, .kind = (int)c->list[i].kind};
        memcpy(held->sha256, c->list[i].sha256, sizeof(held->sha256));
        b->held_count++;
        tell_progress(b, i + 1, c->count);
    }
    return code;
}

int console_load(struct signet_board *b, const void *packet, size_t len, struct signet_error *err)
{
    struct credentials c;
    int code = board_same(b, err);

    if (code == SIGNET_OK)
        code = credentials_open(&c, b, packet, len, err);
    if (code != SIGNET_OK)
        return code;
    if (signet_board_makes_key(b) && c.has_cert &&
        !(b->recipe->console->request_once && b->taken_over && !b->has_key) &&
        (!b->has_key || memcmp(b->key_sha256, c.key_sha256, 32) != 0))
        code = error_set(err, SIGNET_E_USAGE, "the certificate is not for the key of the board");
    if (code == SIGNET_OK)
        code = put_all(b, &c, err);
    credentials_free(&c);
    return code;
}

/* Read back */

static int check_held(struct signet_board *b, const struct held *held, struct signet_error *err)
{
    const struct credential c = {.tag = held->tag, .kind = (enum credential_kind)held->kind};
    uint8_t sha[32];
    int code = SIGNET_E_NOT_FOUND;

    /* the line of an answer that tells of it may be lost */
    for (int tries = 0; tries < TRIES && (code == SIGNET_E_NOT_FOUND || code == SIGNET_E_SYNTAX);
         tries++)
        code = b->recipe->console->look(b, &c, sha, err);
    if (code == SIGNET_OK && memcmp(sha, held->sha256, sizeof(sha)) == 0)
        return SIGNET_OK;
    if (code == SIGNET_OK || code == SIGNET_E_NOT_FOUND)
        code = error_set_hint(
            err, SIGNET_E_BOARD, "does its firmware keep credentials in memory only?",
            "%s: the %s under the security tag %u is %s", b->port, credential_name(c.kind), c.tag,
            code == SIGNET_OK ? "not the one that was written" : "gone");
    return code;
}

/* After a reset, where there is a way to make one: what a firmware has in memory only is gone. */
int console_result(struct signet_board *b, struct signet_error *err)
{
    struct signet_bytes csr = {0};
    int code = SIGNET_OK;

    if (!flasher_is_none(b->flasher) && flasher_has_reset(b->flasher)) {
        code = reset_when_free(b, err);
        if (code == SIGNET_OK)
            code = console_ready(b, err);
    }
    if (code == SIGNET_OK)
        code = board_same(b, err);
    for (size_t i = 0; code == SIGNET_OK && i < b->held_count; i++)
        code = check_held(b, &b->held[i], err);
    if (code == SIGNET_OK && b->has_key &&
        !b->recipe->console->request_once) /* it has the key that the certificate is for */
        code = verified_request(b, b->requested, false, &csr, err);
    signet_bytes_free(&csr);
    return code;
}
