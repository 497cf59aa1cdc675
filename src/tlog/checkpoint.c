/* SPDX-License-Identifier: Apache-2.0 */
/* C2SP tlog-checkpoint, tlog-proof, and the request of tlog-witness. */
#include "tlog/tlog.h"

#include <inttypes.h>

enum { BASE64_OF_HASH = 44, DIGITS_MAX = 19, EXTRA_MAX = 8192 };

/* A line of the rest, without its end; false: there is none. */
static bool log_next_line(const char **at, const char *stop, const char **line, size_t *len)
{
    const char *end = *at < stop ? memchr(*at, '\n', (size_t)(stop - *at)) : NULL;

    if (!end)
        return false;
    *line = *at;
    *len = (size_t)(end - *at);
    *at = end + 1;
    return true;
}

/* Decimal digits, without zeros in front. */
static bool log_number(const char *text, size_t len, uint64_t *out)
{
    if (len == 0 || len > DIGITS_MAX || (text[0] == '0' && len > 1))
        return false;
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = *out * 10 + (uint64_t)(text[i] - '0');
    }
    return true;
}

static bool log_hash_line(const char *text, size_t len, uint8_t out[static TLOG_HASH])
{
    return len == BASE64_OF_HASH && base64_decode(text, len, out, TLOG_HASH) == TLOG_HASH;
}

int tlog_checkpoint_parse(const struct tlog_note *note, struct tlog_checkpoint *out,
                          struct signet_error *err)
{
    const char *at = note->text, *stop = at + note->len, *line = NULL;
    struct tlog_checkpoint made = {0};
    size_t len = 0;
    bool ok = log_next_line(&at, stop, &line, &len) && len > 0 && len < sizeof(made.origin);

    if (ok)
        memcpy(made.origin, line, len);
    ok = ok && log_next_line(&at, stop, &line, &len) && log_number(line, len, &made.size) &&
         made.size >> TLOG_LEVELS == 0;
    ok = ok && log_next_line(&at, stop, &line, &len) && log_hash_line(line, len, made.root);
    while (ok && at < stop) /* lines of extensions, none of them empty */
        ok = log_next_line(&at, stop, &line, &len) && len > 0;
    if (!ok)
        return error_set(err, SIGNET_E_SYNTAX, "this is no checkpoint of a log");
    *out = made;
    return SIGNET_OK;
}

int tlog_checkpoint_read(const void *text, size_t len, struct tlog_note *note,
                         struct tlog_checkpoint *out, struct signet_error *err)
{
    int rc = tlog_note_parse(text, len, note, err);
    return rc == SIGNET_OK ? tlog_checkpoint_parse(note, out, err) : rc;
}

void tlog_checkpoint_print(const struct tlog_checkpoint *checkpoint, struct buf *out)
{
    buf_printf(out, "%s\n%" PRIu64 "\n", checkpoint->origin, checkpoint->size);
    buf_base64(out, checkpoint->root, sizeof(checkpoint->root));
    buf_byte(out, '\n');
}

/* WORD N */
static bool log_word_line(const char **at, const char *stop, const char *word, uint64_t *number)
{
    const char *line = NULL;
    size_t len = 0, n = strlen(word);

    return log_next_line(at, stop, &line, &len) && len > n && memcmp(line, word, n) == 0 &&
           log_number(line + n, len - n, number);
}

/* Hashes, an empty line, a checkpoint. */
static int log_parse_rest(const char *at, const char *stop, struct tlog_proof *out,
                          struct signet_error *err)
{
    const char *line = NULL;
    size_t len = 0;
    bool ok = true;

    while (ok && (ok = log_next_line(&at, stop, &line, &len)) && len > 0) {
        ok = out->hashes.count < TLOG_HASHES &&
             log_hash_line(line, len, out->hashes.hash[out->hashes.count]);
        out->hashes.count++;
    }
    if (!ok)
        return error_set(err, SIGNET_E_SYNTAX, "this is no proof of a log");
    return tlog_checkpoint_read(at, (size_t)(stop - at), &out->note, &out->checkpoint, err);
}

static bool log_skip_extra(const char **at, const char *stop)
{
    static const char word[] = "extra ";
    const size_t skip = sizeof(word) - 1;
    const char *line = NULL;
    uint8_t bytes[EXTRA_MAX];
    size_t len = 0;

    if ((size_t)(stop - *at) < skip || memcmp(*at, word, skip) != 0)
        return true;
    return log_next_line(at, stop, &line, &len) &&
           base64_decode(line + skip, len - skip, bytes, sizeof(bytes)) >= 0;
}

int tlog_proof_parse(const void *text, size_t len, struct tlog_proof *out, struct signet_error *err)
{
    static const char first[] = "c2sp.org/tlog-proof@v1\n";
    const char *at = text, *stop = at + len;

    *out = (struct tlog_proof){0};
    if (len < sizeof(first) || memcmp(at, first, sizeof(first) - 1) != 0)
        return error_set(err, SIGNET_E_SYNTAX, "this is no proof of a log");
    at += sizeof(first) - 1;
    if (!log_skip_extra(&at, stop) || !log_word_line(&at, stop, "index ", &out->number))
        return error_set(err, SIGNET_E_SYNTAX, "this is no proof of a log");
    return log_parse_rest(at, stop, out, err);
}

int tlog_request_parse(const void *text, size_t len, struct tlog_proof *out,
                       struct signet_error *err)
{
    const char *at = text, *stop = at + len;

    *out = (struct tlog_proof){0};
    if (!log_word_line(&at, stop, "old ", &out->number))
        return error_set(err, SIGNET_E_SYNTAX, "this is no request to a witness");
    return log_parse_rest(at, stop, out, err);
}
