/* SPDX-License-Identifier: Apache-2.0 */
/* C2SP signed-note: a text, an empty line, and lines of signatures, "— NAME BASE64". */
#include "pki/pki.h"
#include "tlog/tlog.h"

static const char dash[] = "\xe2\x80\x94 ";
enum {
    DASH = sizeof(dash) - 1,
    ID = TLOG_KEY_ID,
    TIME = 8,
    SIGNED_MAX = ID + TIME + ED25519_SIGNATURE_LEN,
    LINE_MAX = 8192 /* of other algorithms, such as ML-DSA-87 */
};

/* No control characters but line ends. */
static bool note_text_fits(const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' && text[i] != '\n')
            return false;
    return utf8_valid(text, len);
}

/* "— NAME BASE64": the base64 of a key's number and its signature. NULL: it is none. */
static const char *note_line_code(const char *line, size_t len)
{
    uint8_t bytes[LINE_MAX];
    const char *space =
        len > DASH && memcmp(line, dash, DASH) == 0 ? memchr(line + DASH, ' ', len - DASH) : NULL;

    if (!space || space == line + DASH || memchr(line, '+', (size_t)(space - line)))
        return NULL;
    space++;
    return base64_decode(space, len - (size_t)(space - line), bytes, sizeof(bytes)) > ID ? space
                                                                                         : NULL;
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
        if (!note_line_code(line, (size_t)(end - line)))
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

/* The next line of a name, at or behind *at, whose signature has as many bytes. */
static bool note_next_line(const struct tlog_note *note, const char **at, const char *name,
                           size_t want, uint8_t bytes[static SIGNED_MAX])
{
    const char *stop = note->signatures + note->signatures_len;

    while (*at < stop) {
        const char *line = *at, *end = memchr(line, '\n', (size_t)(stop - line)),
                   *code = note_line_code(line, (size_t)(end - line));
        *at = end + 1;
        if (text_is(line + DASH, (size_t)(code - line) - DASH - 1, name) &&
            base64_decode(code, (size_t)(end - code), bytes, SIGNED_MAX) == (ssize_t)want)
            return true;
    }
    return false;
}

bool tlog_note_signer(const struct tlog_note *note, const char *name,
                      uint8_t id[static TLOG_KEY_ID])
{
    const char *at = note->signatures;
    uint8_t bytes[SIGNED_MAX];
    bool found = note_next_line(note, &at, name, ID + ED25519_SIGNATURE_LEN, bytes);

    if (found)
        memcpy(id, bytes, ID);
    return found;
}

int tlog_note_verify(const struct tlog_note *note, const struct tlog_vkey *key, int64_t *time,
                     struct signet_error *err)
{
    size_t want = ID + (key->type == TLOG_WITNESS ? TIME : 0) + ED25519_SIGNATURE_LEN;
    const char *at = note->signatures;
    uint8_t bytes[SIGNED_MAX];
    int64_t when;

    while (note_next_line(note, &at, key->name, want, bytes))
        if (memcmp(bytes, key->id, ID) == 0)
            return note_verify_line(note, key, bytes + ID, time ? time : &when, err);
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

int tlog_sign_note(const struct tlog_key *key, const struct tlog_vkey *as, struct buf *text,
                   struct signet_error *err)
{
    struct buf line = {0};
    int rc = tlog_sign(key, as, text->data, text->len, 0, &line, err);

    buf_byte(text, '\n');
    buf_append(text, line.data, line.len);
    buf_free(&line);
    return rc == SIGNET_OK ? buf_check(text, err) : rc;
}
