/* SPDX-License-Identifier: Apache-2.0 */
/* Boards with Zephyr's shell for TLS credentials (`cred`), and, where they make their own key, the
 * one of Nordic's SDK for that (`nrf_cloud_cred`). */
#include "pki/pki.h"
#include "recipe.h"

#include <ctype.h>
#include <stdio.h>

enum {
    CHUNK = 48,     /* characters of a credential in a line: a shell's input has 64 bytes */
    AGAIN_MOST = 8, /* such lines that are sent again */
    SLOW = 5,       /* making a key and keeping a credential take so many times an answer's time */
    SHA_TEXT = 44   /* of a SHA-256 in base64 */
};

static const char *const types[CREDENTIAL_KINDS] = {
    [CREDENTIAL_CA] = "CA",   [CREDENTIAL_CERT] = "CLIENT",   [CREDENTIAL_KEY] = "PK",
    [CREDENTIAL_PSK] = "PSK", [CREDENTIAL_PSK_ID] = "PSK_ID",
};

#define NO_COMMAND "command not found"

static int no_such_shell(const struct signet_board *b, const char *command, const char *option,
                         struct signet_error *err)
{
    error_set(err, SIGNET_E_BOARD, "%s: the board's shell has no '%s'", b->port, command);
    error_hint(err, "its firmware needs %s", option);
    return SIGNET_E_BOARD;
}

static int refused(const struct signet_board *b, const char *what,
                   const struct console_answer *answer, struct signet_error *err)
{
    char said[200];

    return error_set(err, SIGNET_E_BOARD, "%s: %s: the board said '%s'", b->port, what,
                     console_said(answer, said));
}

static int zephyr_ping(struct signet_board *b, int timeout_ms, struct signet_error *err)
{
    static const char *const endings[] = {"Credential buffer cleared", NO_COMMAND, NULL};
    struct console_answer answer;
    int code = console_ask(b, "cred buf clear", endings, timeout_ms, &answer, err);

    if (code == SIGNET_OK && answer.which)
        code = no_such_shell(b, "cred", "CONFIG_TLS_CREDENTIALS_SHELL", err);
    console_answer_free(&answer);
    return code;
}

static int clear_buffer(struct signet_board *b, struct signet_error *err)
{
    int code = SIGNET_E_TIMEOUT;

    for (int tries = 0; tries < 3 && code == SIGNET_E_TIMEOUT; tries++)
        code = zephyr_ping(b, console_timeout(b), err);
    return code;
}

static int zephyr_id(struct signet_board *b, char id[static 80], struct signet_error *err)
{
    static const char *const endings[] = {"ID: 0x", NO_COMMAND, "ot supported", "No hardware ID",
                                          NULL};
    struct console_answer answer;
    size_t len = 0;
    int code = console_ask_again(b, "hwinfo devid", endings, &answer, err);

    if (code != SIGNET_OK)
        return code;
    const char *hex = console_find(&answer, "ID: 0x", &len);
    if (answer.which == 1)
        code = no_such_shell(b, "hwinfo", "CONFIG_HWINFO_SHELL", err);
    else if (!hex || len < 8 || len > 64)
        code = refused(b, "its hardware id", &answer, err);
    for (size_t i = 0; code == SIGNET_OK && i < len; i++)
        if (!isxdigit((unsigned char)hex[i]))
            code = error_set(err, SIGNET_E_SYNTAX, "%s: its hardware id is damaged", b->port);
        else
            id[i] = (char)tolower((unsigned char)hex[i]);
    id[code == SIGNET_OK ? len : 0] = '\0';
    console_answer_free(&answer);
    return code;
}

/* The key */

static int zephyr_request(struct signet_board *b, uint32_t tag, const char *endpoint,
                          struct signet_bytes *csr, struct signet_error *err)
{
    static const char *const endings[] = {"CSR generation complete", "CSR generation failed",
                                          NO_COMMAND, NULL};
    struct console_answer answer;
    char line[240];
    size_t len = 0;

    snprintf(line, sizeof(line), "nrf_cloud_cred csr %u CN=%s", tag, endpoint);
    int code = console_ask_again(b, line, endings, &answer, err);
    if (code != SIGNET_OK)
        return code;
    const char *text = console_find(&answer, "CSR: ", &len);
    if (answer.which == 2)
        code = no_such_shell(b, "nrf_cloud_cred", "CONFIG_NRF_CLOUD_CREDENTIALS_KEYGEN_SHELL", err);
    else if (answer.which == 1)
        code = error_set(err, SIGNET_E_NOT_FOUND, "%s: the board has no key", b->port);
    else
        code = cert_request_load(csr, text ? text : "", text ? len : 0, err);
    console_answer_free(&answer);
    return code;
}

/* One whose answer was lost made the key all the same. */
static int zephyr_make_key(struct signet_board *b, uint32_t tag, struct signet_error *err)
{
    static const char *const endings[] = {"Generated device key", "Key already exists",
                                          "Key generation failed", NO_COMMAND, NULL};
    struct console_answer answer;
    char line[64];

    snprintf(line, sizeof(line), "nrf_cloud_cred keygen %u", tag);
    int code = console_ask(b, line, endings, SLOW * console_timeout(b), &answer, err);
    if (code == SIGNET_E_TIMEOUT)
        code = console_ask(b, line, endings, SLOW * console_timeout(b), &answer, err);
    if (code == SIGNET_OK && answer.which >= 2)
        code = refused(b, "no key was made", &answer, err);
    console_answer_free(&answer);
    return code;
}

/* It fails where there is none: then there is no request for one either. */
static int zephyr_delete_key(struct signet_board *b, uint32_t tag, struct signet_error *err)
{
    static const char *const endings[] = {"Deleted device key", "Key deletion failed", NO_COMMAND,
                                          NULL};
    struct console_answer answer;
    struct signet_bytes csr = {0};
    char line[64];

    snprintf(line, sizeof(line), "nrf_cloud_cred delete %u", tag);
    int code = console_ask_again(b, line, endings, &answer, err);
    if (code == SIGNET_OK && answer.which) {
        code = zephyr_request(b, tag, "none", &csr, err);
        code = code == SIGNET_E_NOT_FOUND ? SIGNET_OK
               : code == SIGNET_OK        ? refused(b, "its key could not be removed", &answer, err)
                                          : code;
    }
    signet_bytes_free(&csr);
    console_answer_free(&answer);
    return code;
}

/* Credentials */

static int zephyr_form(struct credential *c, const uint8_t *data, size_t len,
                       struct signet_error *err)
{
    struct buf text = {0};
    int code = sha256(data, len, c->sha256, err);

    if (code != SIGNET_OK)
        return code;
    buf_base64(&text, data, len);
    return buf_take(&text, &c->text, err);
}

/* A certificate of the board's own has several names, by the version of Zephyr. */
static bool is_other_type(const char *word, size_t len, enum credential_kind kind)
{
    bool other = false;

    for (size_t i = 0; i < CREDENTIAL_KINDS; i++)
        other = other || (i != (size_t)kind && text_is(word, len, types[i]));
    return other ||
           (kind != CREDENTIAL_CERT && (text_is(word, len, "SERV") || text_is(word, len, "SELF")));
}

/* TAG,TYPE,SHA-256 in base64,STATUS */
static int take_listed(const struct signet_board *b, const char *fields, size_t len,
                       enum credential_kind kind, uint8_t sha256[static 32],
                       struct signet_error *err)
{
    const char *comma = memchr(fields, ',', len);
    uint8_t plain[SHA_TEXT];

    if (!comma || len - (size_t)(comma - fields) < 1 + SHA_TEXT + 1 || comma[1 + SHA_TEXT] != ',' ||
        base64_decode(comma + 1, SHA_TEXT, plain, sizeof(plain)) != 32)
        return error_set(err, SIGNET_E_SYNTAX, "%s: the board's list of credentials is damaged",
                         b->port);
    if (is_other_type(fields, (size_t)(comma - fields), kind))
        return error_set(err, SIGNET_E_SYNTAX, "%s: asked for the %s, the board lists another type",
                         b->port, credential_name(kind));
    memcpy(sha256, plain, 32);
    return SIGNET_OK;
}

static int zephyr_look(struct signet_board *b, const struct credential *c,
                       uint8_t sha256[static 32], struct signet_error *err)
{
    static const char *const endings[] = {"credentials found.", "is not a valid", NO_COMMAND, NULL};
    struct console_answer answer;
    char line[64], tag[16];
    size_t len = 0, count = 0;

    snprintf(line, sizeof(line), "cred list %u %s", c->tag, types[c->kind]);
    snprintf(tag, sizeof(tag), "%u,", c->tag);
    int code = console_ask_again(b, line, endings, &answer, err);
    if (code != SIGNET_OK)
        return code;
    const char *fields = console_find(&answer, tag, &len);
    if (answer.which)
        code = refused(b, "its list of credentials", &answer, err);
    else if (fields)
        code = take_listed(b, fields, len, c->kind, sha256, err);
    else if (console_find(&answer, "0 credentials found.", &count))
        code = error_set(err, SIGNET_E_NOT_FOUND, "%s: the board has no %s", b->port,
                         credential_name(c->kind));
    else
        code = error_set(err, SIGNET_E_SYNTAX, "%s: the board's list of credentials is damaged",
                         b->port);
    console_answer_free(&answer);
    return code;
}

static int zephyr_remove(struct signet_board *b, const struct credential *c,
                         struct signet_error *err)
{
    static const char *const endings[] = {"Deleted TLS credential", "There is no TLS credential",
                                          "failed with error", NO_COMMAND, NULL};
    struct console_answer answer;
    char line[64];

    snprintf(line, sizeof(line), "cred del %u %s", c->tag, types[c->kind]);
    int code = console_ask_again(b, line, endings, &answer, err);
    if (code == SIGNET_OK && answer.which >= 2)
        code = refused(b, "a credential could not be removed", &answer, err);
    console_answer_free(&answer);
    return code;
}

static int too_long(const struct signet_board *b, const struct credential *c,
                    struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_LIMIT,
                          "a larger CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE of its firmware, or "
                          "a smaller certificate (EC keys, short names)",
                          "%s: the board's buffer has no room for the %s, which has %zu characters",
                          b->port, credential_name(c->kind), c->text.len);
}

/* One part of the text. SIGNET_E_TIMEOUT, SIGNET_E_NOT_FOUND: the board did not take it, as far as
 * can be told. */
static int buffer_part(struct signet_board *b, const struct credential *c, const char *part,
                       size_t n, struct signet_error *err)
{
    static const char *const endings[] = {"Stored ", "Not enough room", NO_COMMAND, NULL};
    struct console_answer answer;
    char line[CHUNK + 16], stored[32];
    size_t len = 0;

    snprintf(line, sizeof(line), "cred buf %.*s", (int)n, part);
    snprintf(stored, sizeof(stored), "Stored %zu bytes.", n);
    int code = console_ask(b, line, endings, console_timeout(b), &answer, err);
    wipe(line, sizeof(line));
    if (code != SIGNET_OK)
        return code;
    if (answer.which == 2)
        code = error_set(err, SIGNET_E_NOT_FOUND, "%s: a command was damaged on its way", b->port);
    else if (answer.which == 1)
        code = too_long(b, c, err);
    else if (!console_find(&answer, stored, &len))
        code = error_set(err, SIGNET_E_SYNTAX, "%s: a part of the %s was damaged on its way",
                         b->port, credential_name(c->kind));
    console_answer_free(&answer);
    return code;
}

/* A part without an answer is sent again, as if it were the line that was lost and not the answer:
 * where it was the answer, the hash of the whole tells, and all begins again. */
static int buffer_text(struct signet_board *b, const struct credential *c, struct signet_error *err)
{
    const char *text = (const char *)c->text.data;
    int again = 0;

    for (size_t at = 0; at < c->text.len;) {
        size_t n = c->text.len - at < CHUNK ? c->text.len - at : CHUNK;
        int code = buffer_part(b, c, text + at, n, err);

        if (code == SIGNET_OK)
            at += n;
        else if ((code != SIGNET_E_TIMEOUT && code != SIGNET_E_NOT_FOUND) || ++again > AGAIN_MOST)
            return code;
    }
    return SIGNET_OK;
}

static void warn_volatile(const struct signet_board *b)
{
    event_note(&b->observer, "CONFIG_TLS_CREDENTIALS_BACKEND_PROTECTED_STORAGE keeps them",
               "%s: the firmware keeps credentials in memory: they are gone after "
               "a reset",
               b->port);
}

static int zephyr_write(struct signet_board *b, const struct credential *c,
                        struct signet_error *err)
{
    static const char *const endings[] = {"Added TLS credential",
                                          "already exists",
                                          "Failed to add",
                                          "Could not decode",
                                          "Please provide",
                                          "No reference",
                                          "Not enough heap",
                                          "is not a valid",
                                          NO_COMMAND,
                                          NULL};
    struct console_answer answer;
    char line[80];
    size_t len = 0;

    int code = clear_buffer(b, err);
    if (code == SIGNET_OK)
        code = buffer_text(b, c, err);
    if (code != SIGNET_OK)
        return code;
    snprintf(line, sizeof(line), "cred add %u %s DEFAULT BIN", c->tag, types[c->kind]);
    code = console_ask(b, line, endings, SLOW * console_timeout(b), &answer, err);
    if (code == SIGNET_E_TIMEOUT) { /* whatever it says now, what is there will be looked at */
        code = console_ask(b, line, endings, SLOW * console_timeout(b), &answer, err);
        console_answer_free(&answer);
        return code;
    }
    if (code == SIGNET_OK && answer.which)
        code = refused(b, credential_name(c->kind), &answer, err);
    else if (code == SIGNET_OK && console_find(&answer, "copied to heap", &len))
        warn_volatile(b);
    console_answer_free(&answer);
    return code;
}

static const struct console_stages stages = {
    .prefix = "zephyr-",
    .newline = "\r",
    .ping = zephyr_ping,
    .id = zephyr_id,
    .request = zephyr_request,
    .make_key = zephyr_make_key,
    .delete_key = zephyr_delete_key,
    .form = zephyr_form,
    .look = zephyr_look,
    .write = zephyr_write,
    .remove = zephyr_remove,
};

static const struct signet_option_info options[] = {CONSOLE_OPTIONS, {0}};

const struct recipe zephyr_credentials_recipe = {
    .name = "zephyr-credentials",
    .own = options,
    .console = &stages,
    .check = console_check,
};
