/* SPDX-License-Identifier: Apache-2.0 */

/* The log of a station: a Merkle tree over the bytes that its chain hashes, and the checkpoint that
 * it signs with each commit. Who has an older checkpoint can tell whether the ledger only grew. */
#include "ledger/store.h"

#include <stdio.h>
#include <unistd.h>

enum { LOGS_MAX = 1024 * 1024 };

static int open_logs(struct signet_ledger *l, struct signet_error *err)
{
    struct signed_logs *logs = &l->logs;

    if (text_format(&logs->path, err, "%s.logs", l->sign_file) != SIGNET_OK)
        return SIGNET_E_NOMEM;
    return access(logs->path, F_OK) == 0 ? file_read(logs->path, LOGS_MAX, &logs->names, err)
                                         : SIGNET_OK;
}

static bool logs_have(const struct signed_logs *logs, const char *origin)
{
    size_t len = strlen(origin);

    for (const char *at = (const char *)logs->names.data; at && (at = strstr(at, origin)); at++)
        if ((at == (const char *)logs->names.data || at[-1] == '\n') && at[len] == '\n')
            return true;
    return false;
}

/* Once its checkpoint is in the ledger for certain. */
static int logs_add(struct signed_logs *logs, const char *origin, struct signet_error *err)
{
    struct buf line = {0};

    if (logs_have(logs, origin))
        return SIGNET_OK;
    buf_printf(&line, "%s\n", origin);
    buf_append(&logs->names, line.data, line.len);
    int rc = buf_check(line.failed ? &line : &logs->names, err);
    if (rc == SIGNET_OK)
        rc = file_add(logs->path, line.data, line.len, 022, err);
    buf_free(&line);
    return rc;
}

static int open_sign_key(struct signet_ledger *l, struct signet_error *err)
{
    struct buf name = {0};

    if (l->key.seed.data)
        return SIGNET_OK;
    if (!l->logs.path) {
        int rc = open_logs(l, err);
        if (rc != SIGNET_OK)
            return rc;
    }
    tlog_name_escape(l->station, &name);
    int rc = buf_check(&name, err);
    if (rc == SIGNET_OK)
        rc = tlog_key_open(&l->key, l->sign_file, (const char *)name.data, err);
    buf_free(&name);
    return rc;
}

/* The key, under the name of this log. */
static int know_signer(struct signet_ledger *l, const char *origin, struct signet_error *err)
{
    return strcmp(l->signer.name, origin) == 0
               ? SIGNET_OK
               : tlog_vkey_as(&l->key.public, TLOG_SIGNER, origin, &l->signer, err);
}

int sign_event(struct signet_ledger *l, const char *hash, const uint8_t leaf[static TLOG_HASH],
               struct signet_error *err)
{
    struct station_log *log = &l->head.log;
    int rc = log->tree.size == 0 ? log_origin(l->station, hash, log->origin, err) : SIGNET_OK;

    return rc == SIGNET_OK ? tlog_add(&log->tree, leaf, err) : rc;
}

static int sign_old_event(void *ctx, const struct log_entry *entry, struct signet_error *err)
{
    struct signet_ledger *l = ctx;

    int rc = sign_event(l, entry->hash, entry->leaf, err);
    if (rc == SIGNET_OK && entry->event->seq == l->head.seq &&
        strcmp(entry->hash, l->head.hash) != 0)
        rc = error_set(err, SIGNET_E_LEDGER,
                       "the events of station %s were changed: they are not signed", l->station);
    return rc;
}

/* Events from before the station had a key: the first checkpoint is of all that are there, when
 * they are a chain. */
static int add_unsigned_events(struct signet_ledger *l, struct signet_error *err)
{
    const struct log_place place = {.station = l->head.station, .there = l->station};
    int rc = l->head.seq ? log_walk(l, &place, sign_old_event, l, err) : SIGNET_OK;

    if (rc == SIGNET_OK && l->head.log.tree.size != (uint64_t)l->head.seq)
        rc = error_set(err, SIGNET_E_LEDGER,
                       "events of station %s are missing: they are not signed", l->station);
    if (rc == SIGNET_OK && l->head.seq && logs_have(&l->logs, l->head.log.origin))
        rc = error_set_hint(err, SIGNET_E_LEDGER,
                            "somebody took it out: put the ledger back as it was",
                            "station %s signed the events of this ledger, and its checkpoint is "
                            "gone",
                            l->station);
    return rc;
}

static int sign_other_key(const struct signet_ledger *l, struct signet_error *err)
{
    error_set(err, SIGNET_E_CONFLICT,
              "what station %s signed last in the ledger was not signed with the key '%s'",
              l->station, l->sign_file);
    error_hint(err, "put the station's key file back; when it is lost, go on as a station of "
                    "another name ('station')");
    return SIGNET_E_CONFLICT;
}

/* What is there was signed by this key, and the tree is what was signed: whoever can write into the
 * database gets no signature for a tree of his own. */
static int take_log(struct signet_ledger *l, const char *tree, const char *text,
                    struct signet_error *err)
{
    struct station_log *log = &l->head.log;
    struct tlog_checkpoint checkpoint;
    uint8_t root[TLOG_HASH];
    struct tlog_note note;
    int rc = tlog_checkpoint_read(text, strlen(text), &note, &checkpoint, err);
    if (rc == SIGNET_OK)
        rc = tlog_tree_parse(tree, checkpoint.size, &log->tree, err);
    if (rc == SIGNET_OK)
        rc = tlog_root(&log->tree, root, err);
    if (rc == SIGNET_OK)
        rc = know_signer(l, checkpoint.origin, err);
    if (rc == SIGNET_E_SYNTAX || rc == SIGNET_E_USAGE)
        return error_set(err, SIGNET_E_LEDGER, "the checkpoint of station %s was changed",
                         l->station);
    if (rc != SIGNET_OK)
        return rc;
    if (tlog_note_verify(&note, &l->signer, NULL, NULL) != SIGNET_OK)
        return sign_other_key(l, err);
    if (checkpoint.size != (uint64_t)l->head.seq ||
        memcmp(root, checkpoint.root, sizeof(root)) != 0)
        return error_set(err, SIGNET_E_LEDGER,
                         "station %s signed %lld events, and the ledger has others or %lld of them",
                         l->station, (long long)checkpoint.size, (long long)l->head.seq);
    snprintf(log->origin, sizeof(log->origin), "%s", checkpoint.origin);
    return logs_add(&l->logs, log->origin, err);
}

int sign_begin(struct signet_ledger *l, const char *tree, const char *checkpoint,
               struct signet_error *err)
{
    if (!l->sign_file)
        return !*checkpoint ? SIGNET_OK
                            : error_set_hint(err, SIGNET_E_CONFLICT,
                                             "work as that station with its key, or under another "
                                             "name",
                                             "station %s signs what it records, and its key was "
                                             "not given",
                                             l->station);
    int rc = open_sign_key(l, err);
    if (rc != SIGNET_OK)
        return rc;
    if (!*checkpoint)
        return add_unsigned_events(l, err);
    if (strcmp(checkpoint, l->kept.log.checkpoint) != 0)
        return take_log(l, tree, checkpoint, err);
    l->head.log = l->kept.log; /* as this handle left it */
    return logs_add(&l->logs, l->head.log.origin, err);
}

int sign_end(struct signet_ledger *l, struct buf *tree, struct signet_error *err)
{
    struct station_log *log = &l->head.log;
    struct tlog_checkpoint checkpoint = {.size = log->tree.size};
    struct buf text = {0};

    snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s", log->origin);
    int rc = tlog_root(&log->tree, checkpoint.root, err);
    if (rc == SIGNET_OK)
        rc = know_signer(l, log->origin, err);
    tlog_checkpoint_print(&checkpoint, &text);
    tlog_tree_print(tree, &log->tree);
    if (rc == SIGNET_OK)
        rc = buf_check(text.failed ? &text : tree, err);
    if (rc == SIGNET_OK)
        rc = tlog_sign_note(&l->key, &l->signer, &text, err);
    if (rc == SIGNET_OK)
        snprintf(log->checkpoint, sizeof(log->checkpoint), "%s", (const char *)text.data);
    buf_free(&text);
    return rc;
}
