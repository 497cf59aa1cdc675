/* SPDX-License-Identifier: Apache-2.0 */
/* An nRF91 modem behind a firmware that passes AT commands on: it makes keys, attests them, and
 * keeps credentials while it is offline. A text in quotes may go over several lines. */
#include "board.h"
#include "cbor/cbor.h"
#include "pki/pki.h"

#include <stdio.h>
#include <stdlib.h>

enum { AT_MAX = 4096, MSG_IDENTITY = 1, MSG_CSR = 9, TYPE_KEY = 2 };

static const char *const types[] = {"CA", "CLIENT", "PK", "PSK", "PSK_ID"};
enum { TYPES = COUNT_OF(types) };

static void at_error(struct buf *out, int code)
{
    buf_printf(out, "+CME ERROR: %d\r\n", code);
}

static void put_base64url(struct buf *out, const struct buf *bytes)
{
    struct buf text = {0};

    buf_base64(&text, bytes->data, bytes->len);
    for (size_t i = 0; i < text.len && text.data[i] != '='; i++)
        buf_byte(out, (uint8_t)(text.data[i] == '+'   ? '-'
                                : text.data[i] == '/' ? '_'
                                                      : text.data[i]));
    buf_free(&text);
}

static void chip_uuid(const struct sim_board *board, uint8_t out[static 32])
{
    char text[200];
    int n = snprintf(text, sizeof(text), "chip %s", board->serial);

    sha256(text, (size_t)n, out, NULL);
}

/* An array of 5 in the way of modems: it says that it is CBOR (RFC 8949, section 3.4.6). */
static void put_array_of_5(struct buf *out, unsigned kind, const uint8_t uuid[static 16])
{
    buf_append(out, "\xd9\xd9\xf7", 3);
    cbor_put_array(out, 5);
    cbor_put_uint(out, kind);
    cbor_put_bytes(out, uuid, 16);
}

/* "BODY.COSE_Sign1"; payload NULL: it is the body. The signature is none: nobody has its key. */
static void put_attested(const struct buf *body, const struct buf *payload, struct buf *out)
{
    struct buf cose = {0};
    uint8_t signature[64];

    random_bytes(signature, sizeof(signature), NULL);
    buf_byte(&cose, 0xd2); /* tag 18 */
    cbor_put_array(&cose, 4);
    cbor_put_bytes(&cose, "\xa1\x01\x26", 3); /* {1: -7} */
    cbor_put_map(&cose, 1);
    cbor_put_uint(&cose, 4);
    cbor_put_bytes(&cose, "\x21", 1); /* the identity key */
    if (payload)
        cbor_put_bytes(&cose, payload->data, payload->len);
    else
        buf_byte(&cose, 0xf6);
    cbor_put_bytes(&cose, signature, sizeof(signature));
    put_base64url(out, body);
    buf_byte(out, '.');
    put_base64url(out, &cose);
    buf_free(&cose);
}

static void put_key_attestation(const struct sim_board *board, unsigned tag, const struct buf *body,
                                struct buf *out)
{
    struct buf payload = {0}, number = {0};
    uint8_t uuid[32], sha[32], nonce[16];
    double wrong = board->wire.faults.wrong_attest;

    chip_uuid(board, uuid);
    sha256(body->data, body->len, sha, NULL);
    random_bytes(nonce, sizeof(nonce), NULL);
    sha[0] ^= wrong == 1;
    tag += wrong == 2;
    uuid[0] ^= wrong == 3;
    cbor_put_int(&number, tag > INT32_MAX ? (int64_t)(int32_t)tag : (int64_t)tag);
    put_array_of_5(&payload, MSG_CSR, uuid);
    cbor_put_bytes(&payload, number.data, number.len);
    cbor_put_bytes(&payload, sha, sizeof(sha));
    cbor_put_bytes(&payload, nonce, sizeof(nonce));
    put_attested(body, &payload, out);
    buf_free(&payload);
    buf_free(&number);
}

/* AT%KEYGEN=TAG,2,0,"CN=..." */
static void at_keygen(struct sim_board *board, const char *args, struct buf *out)
{
    char *rest = NULL;
    unsigned tag = (unsigned)strtoul(args, &rest, 10);
    const char *name = strstr(rest, "\"CN="), *quote = name ? strchr(name + 1, '"') : NULL;
    struct signet_bytes csr = {0};
    char text[160];

    if (strncmp(rest, ",2,0", 4) != 0)
        return at_error(out, 50);
    if (board->online || board->wire.faults.online > 0)
        return at_error(out, 518);
    if (store_find(&board->store, tag, "key") || store_find(&board->store, tag, "PK"))
        return at_error(out, 519);
    snprintf(text, sizeof(text), "%.*s", quote ? (int)(quote - name - 4) : 5,
             quote ? name + 4 : "modem");
    if (board->wire.faults.no_heap > 0 || !store_make_key(&board->store, tag) ||
        !store_request(&board->store, tag, text, &csr))
        return at_error(out, 515);
    board->count.keys++;
    store_changed(board, "key");
    csr.data[csr.len - 1] ^= board->wire.faults.wrong_key > 0;
    const struct buf body = {.data = csr.data, .len = csr.len};
    buf_text(out, "%KEYGEN: \"");
    put_key_attestation(board, tag, &body, out);
    buf_text(out, "\"\r\nOK\r\n");
    signet_bytes_free(&csr);
}

/* AT%ATTESTTOKEN="32 hex digits" */
static void at_token(struct sim_board *board, const char *args, struct buf *out)
{
    struct buf body = {0};
    uint8_t uuid[32], nonce[16] = {0};

    if (args[0] == '"' && (strlen(args) != 34 || hex_decode(args + 1, 32, nonce, 16) != 16))
        return at_error(out, 50);
    chip_uuid(board, uuid);
    nonce[0] ^= board->wire.faults.wrong_nonce > 0;
    put_array_of_5(&body, MSG_IDENTITY, uuid);
    cbor_put_uint(&body, 3);              /* type of device */
    cbor_put_bytes(&body, uuid + 16, 16); /* of its firmware */
    cbor_put_bytes(&body, nonce, sizeof(nonce));
    buf_text(out, "%ATTESTTOKEN: \"");
    put_attested(&body, NULL, out);
    buf_text(out, "\"\r\nOK\r\n");
    buf_free(&body);
}

static struct sim_credential *find_kept(struct sim_board *board, unsigned tag, unsigned type)
{
    struct sim_credential *own = type == TYPE_KEY ? store_find(&board->store, tag, "key") : NULL;

    return own ? own : store_find(&board->store, tag, types[type]);
}

static void at_write(struct sim_board *board, unsigned tag, unsigned type, const char *text,
                     struct buf *out)
{
    const char *end = text[0] == '"' ? strrchr(text, '"') : text;
    double nth = board->wire.faults.power_warning;

    if (end == text)
        return at_error(out, 527);
    if (find_kept(board, tag, type))
        return at_error(out, 519);
    if (nth >= 1 && ++board->chunks % (uint64_t)nth == 0)
        return at_error(out, 528);
    if (board->wire.faults.no_heap > 0 ||
        (board->wire.faults.forgets <= 0 &&
         !store_add(&board->store, tag, types[type], text + 1, (size_t)(end - text - 1))))
        return at_error(out, 525);
    store_changed(board, "credential");
    buf_text(out, "OK\r\n");
}

static void at_list(struct sim_board *board, unsigned tag, unsigned type, struct buf *out)
{
    const struct sim_credential *c = find_kept(board, tag, type);
    uint8_t sha[32];
    char text[65];

    if (c) {
        sha256(c->data.data, c->data.len, sha, NULL);
        hex_encode(sha, sizeof(sha), text);
        for (size_t i = 0; i < 64; i++)
            if (text[i] >= 'a')
                text[i] = (char)(text[i] - 'a' + 'A');
        buf_printf(out, "%%CMNG: %u,%u,\"%s\"\r\n", tag, type, text);
    }
    buf_text(out, "OK\r\n");
}

/* AT%CMNG=0|1|3,TAG,TYPE[,"TEXT"] */
static void at_cmng(struct sim_board *board, const char *args, struct buf *out)
{
    char *rest = NULL;
    unsigned long op = strtoul(args, &rest, 10), tag = *rest ? strtoul(rest + 1, &rest, 10) : 0;
    unsigned long type = *rest ? strtoul(rest + 1, &rest, 10) : TYPES;

    if (board->online || board->wire.faults.online > 0)
        return at_error(out, 518);
    if (type >= TYPES)
        return at_error(out, 50);
    struct sim_credential *kept = find_kept(board, (unsigned)tag, (unsigned)type);
    if (op == 0)
        return at_write(board, (unsigned)tag, (unsigned)type, *rest ? rest + 1 : rest, out);
    if (op == 1)
        return at_list(board, (unsigned)tag, (unsigned)type, out);
    if (op != 3 || !kept)
        return at_error(out, op == 3 ? 513 : 515);
    bool key = strcmp(kept->type, "key") == 0;
    store_drop(kept);
    store_changed(board, key ? "key-deleted" : "deleted");
    buf_text(out, "OK\r\n");
}

static void at_command(struct sim_board *board, const char *line, struct buf *out)
{
    static const struct {
        const char *words;
        void (*run)(struct sim_board *board, const char *args, struct buf *out);
    } rows[] = {{"AT%KEYGEN=", at_keygen}, {"AT%ATTESTTOKEN=", at_token}, {"AT%CMNG=", at_cmng}};
    char id[17];

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strncmp(line, rows[i].words, strlen(rows[i].words)) == 0)
            return rows[i].run(board, line + strlen(rows[i].words), out);
    cred_hardware_id(board, id);
    if (strcmp(line, "AT+CGSN=1") == 0)
        buf_printf(out, "+CGSN: \"%s\"\r\n", id + 1); /* 15 digits */
    else if (strncmp(line, "AT+CFUN=", 8) == 0)
        board->online = strcmp(line + 8, "4") != 0 && strcmp(line + 8, "0") != 0;
    else if (strcmp(line, "AT") != 0)
        return (void)buf_text(out, "ERROR\r\n");
    buf_text(out, "OK\r\n");
}

static bool quotes_are_open(const struct buf *text)
{
    bool open = false;

    for (size_t i = 0; i < text->len; i++)
        open ^= text->data[i] == '"';
    return open;
}

static void end_command(struct sim_board *board)
{
    struct buf out = {0};

    buf_byte(&board->shell, '\0');
    board->count.commands++;
    board->answers++;
    if (board->wire.faults.echo > 0)
        buf_printf(&out, "%s\r\n", (const char *)board->shell.data);
    if (!board->shell.failed)
        at_command(board, (const char *)board->shell.data, &out);
    if (!out.failed)
        wire_send(&board->wire, out.data, out.len, answer_delay_ms(board));
    buf_reset(&board->shell);
    buf_free(&out);
}

void at_line(struct sim_board *board, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len && board->shell.len < AT_MAX; i++) {
        uint8_t c = data[i];

        if ((c == '\r' || c == '\n') && !quotes_are_open(&board->shell)) {
            if (board->shell.len && !console_starts_again(board))
                end_command(board);
            continue;
        }
        if (c != '\r' && c)
            buf_byte(&board->shell, c);
    }
    if (board->shell.len >= AT_MAX) /* a quote that was lost */
        buf_reset(&board->shell);
}
