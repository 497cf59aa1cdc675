/* SPDX-License-Identifier: Apache-2.0 */
/* C2SP signed-note: a text, an empty line, and lines of signatures, "— NAME BASE64". */
#include "pki/pki.h"
#include "tlog/tlog.h"

static const char dash[] = "\xe2\x80\x94 ";
enum { DASH = sizeof(dash) - 1, ID = 4, TIME = 8, SIGNED_MAX = ID + TIME + ED25519_SIGNATURE_LEN };

/* No control characters but line ends. */
static bool note_text_fits(const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' && text[i] != '\n')
            return false;
    return utf8_valid(text, len);
}

int tlog_note_parse(const void *note, size_t len, struct tlog_note *out, struct signet_error *err)
{
    const char *text = note;
    size_t at = len;

    while (at > 1 && !(text[at - 1] == '\n' && text[at - 2] == '\n'))
        at--;
    if (at < 2 || at == len || text[len - 1] != '\n' || len > TLOG_NOTE_MAX ||
        !note_text_fits(note, len))
        return error_set_hint(err, SIGNET_E_SYNTAX,
                              "name the file of a checkpoint, as a run or its ledger writes it",
                              "this is no signed note");
    *out = (struct tlog_note){
        .text = text, .len = at - 1, .signatures = text + at, .signatures_len = len - at};
    for (const char *line = out->signatures, *end; line < text + len; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + len - line));
        if ((size_t)(end - line) <= DASH || memcmp(line, dash, DASH) != 0)
            return error_set(err, SIGNET_E_SYNTAX,
                             "this is no signed note: a line of signatures "
                             "is none");
    }
    return SIGNET_OK;
}

/* What a key signs: a signer the text, a witness its time, too. */
static void note_put_signed(const struct tlog_vkey *key, const void *text, size_t len, int64_t time,
                            struct buf *out)
{
    if (key->type == TLOG_WITNESS)
        buf_printf(out, "cosignature/v1\ntime %lld\n", (long long)time);
    buf_append(out, text, len);
}

static int64_t note_time_of(const uint8_t *bytes)
{
    uint64_t time = 0;

    for (size_t i = 0; i < TIME; i++)
        time = time << 8 | bytes[i];
    return (int64_t)time;
}

static int note_verify_line(const struct tlog_note *note, const struct tlog_vkey *key,
                            const uint8_t *bytes, int64_t *time, struct signet_error *err)
{
    size_t before = key->type == TLOG_WITNESS ? TIME : 0;
    struct buf text = {0};
    bool good = false;

    *time = before ? note_time_of(bytes) : 0;
    note_put_signed(key, note->text, note->len, *time, &text);
    int rc = buf_check(&text, err);
    if (rc == SIGNET_OK)
        rc = ed25519_verify(key->key, text.data, text.len, bytes + before, &good, err);
    buf_free(&text);
    if (rc != SIGNET_OK || (good && *time >= 0))
        return rc;
    return error_set(err, SIGNET_E_CRYPTO, "the signature of %.80s is wrong", key->name);
}

int tlog_note_verify(const struct tlog_note *note, const struct tlog_vkey *key, int64_t *time,
                     struct signet_error *err)
{
    size_t name = strlen(key->name),
           want = ID + (key->type == TLOG_WITNESS ? TIME : 0) + ED25519_SIGNATURE_LEN;
    const char *stop = note->signatures + note->signatures_len;
    uint8_t bytes[SIGNED_MAX];
    int64_t at;

    for (const char *line = note->signatures, *end; line < stop; line = end + 1) {
        end = memchr(line, '\n', (size_t)(stop - line));
        const char *code = line + DASH + name + 1;
        if (code >= end || memcmp(line + DASH, key->name, name) != 0 || code[-1] != ' ' ||
            base64_decode(code, (size_t)(end - code), bytes, sizeof(bytes)) != (ssize_t)want ||
            memcmp(bytes, key->id, ID) != 0)
            continue;
        return note_verify_line(note, key, bytes + ID, time ? time : &at, err);
    }
    return error_set(err, SIGNET_E_NOT_FOUND, "%.80s did not sign this", key->name);
}

int tlog_sign(const struct tlog_key *key, const struct tlog_vkey *as, const void *text, size_t len,
              int64_t time, struct buf *out, struct signet_error *err)
{
    size_t before = as->type == TLOG_WITNESS ? TIME : 0;
    uint8_t bytes[SIGNED_MAX];
    struct buf whole = {0};

    note_put_signed(as, text, len, time, &whole);
    memcpy(bytes, as->id, ID);
    for (size_t i = 0; i < before; i++)
        bytes[ID + i] = (uint8_t)((uint64_t)time >> (8 * (TIME - 1 - i)));
    int rc = buf_check(&whole, err);
    if (rc == SIGNET_OK)
        rc = ed25519_sign(&(struct ed25519){key->loaded}, whole.data, whole.len,
                          bytes + ID + before, err);
    buf_free(&whole);
    if (rc != SIGNET_OK)
        return rc;
    buf_printf(out, "%s%s ", dash, as->name);
    buf_base64(out, bytes, ID + before + ED25519_SIGNATURE_LEN);
    buf_byte(out, '\n');
    return buf_check(out, err);
}
