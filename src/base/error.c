/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <stdio.h>

/* One row a code: its word, and whose matter it is. */
static const struct {
    const char *name;
    enum signet_class class;
} codes[] = {
    [SIGNET_OK] = {"ok", SIGNET_CLASS_NONE},
    [SIGNET_E_USAGE] = {"usage", SIGNET_CLASS_BUG},
    [SIGNET_E_SYNTAX] = {"syntax", SIGNET_CLASS_DEVICE},
    [SIGNET_E_MEANING] = {"meaning", SIGNET_CLASS_DEVICE},
    [SIGNET_E_LIMIT] = {"limit", SIGNET_CLASS_DEVICE},
    [SIGNET_E_NOMEM] = {"nomem", SIGNET_CLASS_STATION},
    [SIGNET_E_IO] = {"io", SIGNET_CLASS_STATION},
    [SIGNET_E_CRYPTO] = {"crypto", SIGNET_CLASS_STATION},
    [SIGNET_E_CERT] = {"cert", SIGNET_CLASS_DEVICE},
    [SIGNET_E_NET] = {"net", SIGNET_CLASS_AWAY},
    [SIGNET_E_SERVER] = {"server", SIGNET_CLASS_DEVICE},
    [SIGNET_E_AUTH] = {"auth", SIGNET_CLASS_AWAY},
    [SIGNET_E_EXISTS] = {"exists", SIGNET_CLASS_DEVICE},
    [SIGNET_E_NOT_FOUND] = {"not-found", SIGNET_CLASS_DEVICE},
    [SIGNET_E_TIMEOUT] = {"timeout", SIGNET_CLASS_AWAY},
    [SIGNET_E_CANCELLED] = {"cancelled", SIGNET_CLASS_CANCELLED},
    [SIGNET_E_LINK] = {"link", SIGNET_CLASS_DEVICE},
    [SIGNET_E_SMP] = {"smp", SIGNET_CLASS_DEVICE},
    [SIGNET_E_FLASH] = {"flash", SIGNET_CLASS_DEVICE},
    [SIGNET_E_BOARD] = {"board", SIGNET_CLASS_DEVICE},
    [SIGNET_E_PROVISIONED] = {"provisioned", SIGNET_CLASS_DEVICE},
    [SIGNET_E_WRONG_BOARD] = {"wrong-board", SIGNET_CLASS_DEVICE},
    [SIGNET_E_LEDGER] = {"ledger", SIGNET_CLASS_STATION},
    [SIGNET_E_CONFLICT] = {"conflict", SIGNET_CLASS_DEVICE},
    [SIGNET_E_QUOTA] = {"quota", SIGNET_CLASS_DEVICE},
    [SIGNET_E_UNSUPPORTED] = {"unsupported", SIGNET_CLASS_DEVICE},
    [SIGNET_E_BUSY] = {"busy", SIGNET_CLASS_AWAY},
    [SIGNET_E_PROOF] = {"proof", SIGNET_CLASS_DEVICE},
    [SIGNET_E_SEAL] = {"seal", SIGNET_CLASS_DEVICE},
    [SIGNET_E_RULE] = {"rule", SIGNET_CLASS_STATION},
    [SIGNET_E_REFUSED] = {"refused", SIGNET_CLASS_DEVICE},
};

static bool is_known(enum signet_code code)
{
    return (size_t)code < COUNT_OF(codes) && codes[code].name;
}

const char *signet_code_name(enum signet_code code)
{
    return is_known(code) ? codes[code].name : "unknown";
}

/* Only these are an answer about the device that was sent; any other status comes from a proxy, a
 * wrong path or a server in trouble. */
static bool refuses_the_device(int http_status)
{
    return http_status == 400 || http_status == 409 || http_status == 412 || http_status == 422;
}

enum signet_class signet_error_class(const struct signet_error *err)
{
    if (err->code == SIGNET_E_SERVER && !refuses_the_device(err->sys))
        return SIGNET_CLASS_AWAY;
    return is_known(err->code) ? codes[err->code].class : SIGNET_CLASS_BUG;
}

/* What an error holds: no secret, no control character, cut where a character ends. */
static void settle(char *out, size_t size, char *text)
{
    size_t len;

    secret_mask(text, strlen(text));
    text_tame(text); /* whoever it comes from: a board, a server, a database, a file */
    for (len = strnlen(text, size - 1); len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
        len--;
    memcpy(out, text, len);
    out[len] = '\0';
}

void error_write(struct signet_error *err, enum signet_code code, int sys, const char *fmt, ...)
{
    char msg[sizeof(err->msg) + SECRET_BEHIND], reason[128];
    va_list args;
    int used;

    if (!err)
        return;
    /* The arguments may point into *err itself, so format before anything is cleared. */
    va_start(args, fmt);
    used = vsnprintf(msg, sizeof(msg), fmt, args);
    va_end(args);
    if (sys && used >= 0 && (size_t)used < sizeof(msg))
        snprintf(msg + used, sizeof(msg) - (size_t)used, ": %s",
                 strerror_r(sys, reason, sizeof(reason)));
    settle(err->msg, sizeof(err->msg), msg);
    err->code = code;
    err->sys = sys;
    err->hint[0] = '\0';
    err->excerpt[0] = '\0';
}

void error_prefix(struct signet_error *err, const char *fmt, ...)
{
    char phrase[sizeof(err->msg) + SECRET_BEHIND], msg[sizeof(err->msg)];
    va_list args;

    if (!err)
        return;
    va_start(args, fmt);
    vsnprintf(phrase, sizeof(phrase), fmt, args);
    va_end(args);
    secret_mask(phrase, strlen(phrase));
    /* The cause is worth more than the phrase: a long phrase is cut to leave room for it. */
    snprintf(msg, sizeof(msg), "%.150s: %.231s", phrase, err->msg);
    settle(err->msg, sizeof(err->msg), msg);
}

void error_hint(struct signet_error *err, const char *fmt, ...)
{
    char hint[sizeof(err->hint) + SECRET_BEHIND];
    va_list args;

    if (!err)
        return;
    va_start(args, fmt);
    vsnprintf(hint, sizeof(hint), fmt, args);
    va_end(args);
    settle(err->hint, sizeof(err->hint), hint);
}

int error_copy(struct signet_error *err, const struct signet_error *why)
{
    if (err)
        *err = *why;
    return (int)why->code;
}
