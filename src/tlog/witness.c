/* SPDX-License-Identifier: Apache-2.0 */
/* A witness by file: what it saw last of each log lies beside its key. */
#include "pki/pki.h"
#include "tlog/tlog.h"

#include <errno.h>
#include <fcntl.h>
#include <signet/witness.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

struct witness {
    struct tlog_key key;
    struct tlog_vkey as, log;
    int lock;
    char *seen; /* path */
};

/* One at a time: what was seen must not change between looking and signing. */
static int witness_lock(struct witness *w, const char *path, struct signet_error *err)
{
    w->lock = open(path, O_RDONLY | O_CLOEXEC);
    return w->lock >= 0 && flock(w->lock, LOCK_EX) == 0
               ? SIGNET_OK
               : error_sys(err, SIGNET_E_IO, errno, "cannot lock '%s'", path);
}

static int witness_name_seen(struct witness *w, const char *key_file, struct signet_error *err)
{
    char tag[17];
    int rc = sha256_tag(w->log.name, strlen(w->log.name), 8, tag, err);

    return rc == SIGNET_OK ? text_format(&w->seen, err, "%s.%s.seen", key_file, tag) : rc;
}

static int witness_open(struct witness *w, const char *key_file, const char *log_key,
                        struct signet_error *err)
{
    *w = (struct witness){.lock = -1};
    int rc = tlog_vkey_parse(log_key, &w->log, err);

    if (rc == SIGNET_OK)
        rc = tlog_key_open(&w->key, key_file, NULL, err);
    if (rc == SIGNET_OK)
        rc = tlog_vkey_as(&w->key.public, TLOG_WITNESS, w->key.public.name, &w->as, err);
    if (rc == SIGNET_OK)
        rc = witness_lock(w, key_file, err);
    return rc == SIGNET_OK ? witness_name_seen(w, key_file, err) : rc;
}

static void witness_close(struct witness *w)
{
    if (w->lock >= 0)
        close(w->lock);
    free(w->seen);
    tlog_key_free(&w->key);
}

/* With a proof before it, or alone. */
static int witness_read(const void *text, size_t len, struct tlog_proof *out,
                        struct signet_error *err)
{
    if (len >= 4 && memcmp(text, "old ", 4) == 0)
        return tlog_request_parse(text, len, out, err);
    *out = (struct tlog_proof){0};
    return tlog_checkpoint_read(text, len, &out->note, &out->checkpoint, err);
}

/* Signed by the log, and of it. */
static int witness_check_log(const struct witness *w, const struct tlog_note *note,
                             const struct tlog_checkpoint *checkpoint, struct signet_error *err)
{
    if (strcmp(checkpoint->origin, w->log.name) != 0)
        return error_set(err, SIGNET_E_CRYPTO, "the checkpoint is of %.200s, and the key of %.200s",
                         checkpoint->origin, w->log.name);
    int rc = tlog_note_verify(note, &w->log, NULL, err);
    return rc == SIGNET_E_NOT_FOUND
               ? error_set(err, SIGNET_E_CRYPTO, "the log did not sign this checkpoint")
               : rc;
}

static int witness_check_growth(const struct tlog_proof *request,
                                const struct tlog_checkpoint *seen, struct signet_error *err)
{
    const struct tlog_checkpoint *c = &request->checkpoint;
    bool same = c->size == seen->size && memcmp(c->root, seen->root, sizeof(c->root)) == 0;

    if (c->size < seen->size || (c->size == seen->size && !same))
        return error_set_hint(
            err, SIGNET_E_CONFLICT,
            c->size < seen->size ? "show the station's newest checkpoint"
                                 : "keep both checkpoints: somebody has written the ledger anew",
            c->size < seen->size
                ? "the checkpoint is older than the one that was witnessed: it has "
                  "%lld events, that one %lld"
                : "another history: with %lld events the log had another root when "
                  "it was witnessed (%lld)",
            (long long)c->size, (long long)seen->size);
    if (same)
        return SIGNET_OK;
    if (request->number != seen->size)
        return error_set_hint(err, SIGNET_E_CONFLICT,
                              "a checkpoint with the proof since the one that was witnessed is "
                              "needed",
                              "the log was witnessed with %lld events, and there is no proof that "
                              "it only grew since",
                              (long long)seen->size);
    int rc =
        tlog_check_consistency(&request->hashes, seen->size, seen->root, c->size, c->root, err);
    if (rc != SIGNET_E_CRYPTO)
        return rc;
    return error_set(err, SIGNET_E_CONFLICT,
                     "another history: the proof does not show that the log only grew since it was "
                     "witnessed with %lld events",
                     (long long)seen->size);
}

static int witness_check_seen(const struct witness *w, const struct tlog_proof *request,
                              struct signet_error *err)
{
    struct tlog_checkpoint seen;
    struct tlog_note note;
    struct buf text = {0};
    int rc;

    if (access(w->seen, F_OK) != 0 && errno == ENOENT)
        return SIGNET_OK; /* what is seen first is believed */
    rc = file_read(w->seen, TLOG_NOTE_MAX, &text, err);
    if (rc == SIGNET_OK)
        rc = tlog_checkpoint_read(text.data, text.len, &note, &seen, err);
    if (rc == SIGNET_OK)
        rc = witness_check_log(w, &note, &seen, err);
    rc = error_pass(rc, err, "'%s'", w->seen);
    if (rc == SIGNET_OK)
        rc = witness_check_growth(request, &seen, err);
    buf_free(&text);
    return rc;
}

/* What is signed is remembered first. */
static int witness_add(const struct witness *w, const struct tlog_proof *request, int64_t time,
                       struct signet_bytes *out, struct signet_error *err)
{
    const struct tlog_note *note = &request->note;
    struct buf all = {0};

    buf_append(&all, note->text, note->len);
    buf_byte(&all, '\n');
    buf_append(&all, note->signatures, note->signatures_len);
    int rc = tlog_sign(&w->key, &w->as, note->text, note->len, time, &all, err);
    if (rc == SIGNET_OK)
        rc = file_write(w->seen, all.data, all.len, 0600, err);
    return buf_end(&all, rc, out, err);
}

int signet_witness_sign(const char *key_file, const char *log_key, const void *text, size_t len,
                        int64_t time, struct signet_bytes *out, struct signet_error *err)
{
    struct tlog_proof request;
    struct witness w;
    int rc = witness_open(&w, key_file, log_key, err);

    if (rc == SIGNET_OK)
        rc = witness_read(text, len, &request, err);
    if (rc == SIGNET_OK)
        rc = witness_check_log(&w, &request.note, &request.checkpoint, err);
    if (rc == SIGNET_OK)
        rc = witness_check_seen(&w, &request, err);
    if (rc == SIGNET_OK)
        rc = witness_add(&w, &request, time, out, err);
    witness_close(&w);
    return rc;
}

int signet_witness_seen(const char *key_file, const char *log_key, struct signet_bytes *out,
                        struct signet_error *err)
{
    struct buf text = {0};
    struct witness w;
    int rc = witness_open(&w, key_file, log_key, err);

    if (rc == SIGNET_OK && access(w.seen, F_OK) != 0 && errno == ENOENT)
        rc = error_set(err, SIGNET_E_NOT_FOUND, "nothing was witnessed of %.200s", w.log.name);
    if (rc == SIGNET_OK)
        rc = file_read(w.seen, TLOG_NOTE_MAX, &text, err);
    rc = buf_end(&text, rc, out, err);
    witness_close(&w);
    return rc;
}

int tlog_show_key(const char *key_file, const char *name, enum tlog_key_type type,
                  struct signet_bytes *out, struct signet_error *err)
{
    struct tlog_key key = {0};
    struct tlog_vkey as;
    char line[TLOG_VKEY_SIZE];
    struct buf text = {0};
    int rc = tlog_key_open(&key, key_file, name, err);

    if (rc == SIGNET_OK)
        rc = tlog_vkey_as(&key.public, type, key.public.name, &as, err);
    if (rc == SIGNET_OK) {
        tlog_vkey_print(&as, line);
        buf_text(&text, line);
        rc = buf_take(&text, out, err);
    }
    buf_free(&text);
    tlog_key_free(&key);
    return rc;
}

int signet_witness_key(const char *key_file, const char *name, struct signet_bytes *out,
                       struct signet_error *err)
{
    return tlog_show_key(key_file, name, TLOG_WITNESS, out, err);
}

int signet_proof_check(const char *log_key, const void *event, size_t event_len, const void *proof,
                       size_t proof_len, struct signet_error *err)
{
    struct witness w = {.lock = -1};
    struct tlog_proof parsed;
    uint8_t leaf[TLOG_HASH];
    struct buf data = {0};
    int rc = tlog_vkey_parse(log_key, &w.log, err);

    if (rc == SIGNET_OK)
        rc = tlog_proof_parse(proof, proof_len, &parsed, err);
    if (rc == SIGNET_OK)
        rc = witness_check_log(&w, &parsed.note, &parsed.checkpoint, err);
    buf_byte(&data, 0);
    buf_append(&data, event, event_len);
    if (rc == SIGNET_OK)
        rc = buf_check(&data, err);
    if (rc == SIGNET_OK)
        rc = tlog_leaf(data.data, data.len, leaf, err);
    if (rc == SIGNET_OK)
        rc = tlog_check_inclusion(&parsed.hashes, parsed.number, parsed.checkpoint.size, leaf,
                                  parsed.checkpoint.root, err);
    buf_free(&data);
    return rc;
}
