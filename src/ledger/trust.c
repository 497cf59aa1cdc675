/* SPDX-License-Identifier: Apache-2.0 */

/* The logs of a ledger against what was kept elsewhere: keys of stations, and old checkpoints. */
#include "ledger/trust.h"

#include <stdlib.h>

static const struct tlog_vkey *find_station_key(const struct trust *t, const char *origin)
{
    for (size_t i = 0; i < t->key_count; i++)
        if (strcmp(t->keys[i].name, origin) == 0)
            return &t->keys[i];
    return NULL;
}

/* A station's own checkpoint: three lines, and a signature under the name of the log. */
static int read_station_note(const char *text, struct tlog_note *note, struct tlog_checkpoint *out,
                             uint8_t id[static TLOG_KEY_ID], struct signet_error *err)
{
    struct buf plain = {0};
    int rc = tlog_checkpoint_read(text, strlen(text), note, out, err);
    if (rc != SIGNET_OK)
        return rc;
    tlog_checkpoint_print(out, &plain);
    rc = buf_check(&plain, err);
    if (rc == SIGNET_OK && (note->len != plain.len || !tlog_note_signer(note, out->origin, id)))
        rc = error_set(err, SIGNET_E_SYNTAX, "no station signed this checkpoint as it is");
    buf_free(&plain);
    return rc;
}

/* With keys a checkpoint counts only when one of them signed it. */
static int trust_read_known(const struct trust *t, const char *text, struct trust_known *out,
                            struct signet_error *err)
{
    struct tlog_note note;
    int rc = read_station_note(text, &note, &out->checkpoint, out->id, err);

    if (rc != SIGNET_OK || t->key_count == 0)
        return error_pass(rc, err, "the old checkpoint");
    const struct tlog_vkey *key = find_station_key(t, out->checkpoint.origin);
    rc = key ? tlog_note_verify(&note, key, NULL, err) : SIGNET_E_NOT_FOUND;
    return rc == SIGNET_E_NOT_FOUND
               ? error_set(err, SIGNET_E_CRYPTO,
                           "the old checkpoint of %.200s was signed by none of the given keys",
                           out->checkpoint.origin)
               : error_pass(rc, err, "the old checkpoint");
}

int trust_open(struct trust *t, const struct signet_ledger_trust *given, struct signet_error *err)
{
    int rc = SIGNET_OK;

    *t = (struct trust){0};
    options_take(&t->given, given);
    t->keys = calloc(t->given.key_count + 1, sizeof(*t->keys));
    t->known = calloc(t->given.checkpoint_count + 1, sizeof(*t->known));
    if (!t->keys || !t->known)
        rc = error_nomem(err);
    for (; rc == SIGNET_OK && t->key_count < t->given.key_count; t->key_count++) {
        struct tlog_vkey *key = &t->keys[t->key_count];

        rc = tlog_vkey_parse(t->given.keys[t->key_count], key, err);
        if (rc == SIGNET_OK && key->type != TLOG_SIGNER)
            rc = error_set(err, SIGNET_E_USAGE, "the key of %.200s is a witness's, not a station's",
                           key->name);
    }
    for (; rc == SIGNET_OK && t->known_count < t->given.checkpoint_count; t->known_count++)
        rc = trust_read_known(t, t->given.checkpoints[t->known_count], &t->known[t->known_count],
                              err);
    if (rc != SIGNET_OK)
        trust_close(t);
    return rc;
}

void trust_close(struct trust *t)
{
    free(t->keys);
    free(t->known);
    *t = (struct trust){0};
}

/* The tree has just the events that a known checkpoint is of. */
static int trust_compare(struct log_check *c, struct trust_known *known, const char *name,
                         struct signet_error *err)
{
    uint8_t root[TLOG_HASH];
    int rc = tlog_root(&c->tree, root, err);

    if (rc != SIGNET_OK)
        return rc;
    known->found = true;
    return memcmp(root, known->checkpoint.root, sizeof(root)) == 0
               ? SIGNET_OK
               : error_set(err, SIGNET_E_LEDGER,
                           "the first %lld events of station %s are not those of the old "
                           "checkpoint: the ledger was changed, or another history goes on in it",
                           (long long)c->tree.size, name);
}

int log_check_event(struct log_check *c, const char *there, const char *name, const char *hash,
                    const uint8_t leaf[static TLOG_HASH], struct signet_error *err)
{
    int rc = c->tree.size == 0 ? log_origin(there, hash, c->origin, err) : SIGNET_OK;

    if (rc == SIGNET_OK)
        rc = tlog_add(&c->tree, leaf, err);
    for (size_t i = 0; c->trust && rc == SIGNET_OK && i < c->trust->known_count; i++) {
        struct trust_known *known = &c->trust->known[i];

        if (known->checkpoint.size == c->tree.size &&
            strcmp(known->checkpoint.origin, c->origin) == 0)
            rc = trust_compare(c, known, name, err);
    }
    return rc;
}

/* The checkpoint in the ledger, and the tree beside it, are of just the events that are there. */
static int trust_check_own(const struct log_check *c, const char *name, const char *tree,
                           const struct tlog_checkpoint *own, struct signet_error *err)
{
    uint8_t root[TLOG_HASH];
    struct buf text = {0};
    int rc = tlog_root(&c->tree, root, err);

    tlog_tree_print(&text, &c->tree);
    if (rc == SIGNET_OK)
        rc = buf_check(&text, err);
    bool same = rc == SIGNET_OK && text_is(tree, strlen(tree), (const char *)text.data);
    buf_free(&text);
    if (rc != SIGNET_OK)
        return rc;
    if (strcmp(own->origin, c->origin) != 0 || memcmp(own->root, root, sizeof(root)) != 0 ||
        own->size != c->tree.size || !same)
        return error_set(err, SIGNET_E_LEDGER,
                         "what station %s signed is not what the ledger has: events or checkpoint "
                         "were changed",
                         name);
    return SIGNET_OK;
}

/* What a station signed once it signs on, and with the same key. id: of the key that signed last;
 * NULL: nothing is signed. */
static int check_signs_on(const struct log_check *c, const char *name, const uint8_t *id,
                          struct signet_error *err)
{
    for (size_t i = 0; c->trust && i < c->trust->known_count; i++) {
        const struct trust_known *known = &c->trust->known[i];

        if (known->found && strcmp(known->checkpoint.origin, c->origin) == 0 &&
            (!id || memcmp(id, known->id, sizeof(known->id)) != 0))
            return error_set(err, SIGNET_E_LEDGER,
                             "the events of station %s are not signed%s, as they were at the old "
                             "checkpoint",
                             name, id ? " by the same key" : "");
    }
    return SIGNET_OK;
}

static bool trust_spares(const struct trust *t, const char *name)
{
    for (size_t i = 0; i < t->given.unsigned_count; i++)
        if (strcmp(t->given.unsigned_stations[i], name) == 0)
            return true;
    return false;
}

static int check_station_signature(const struct log_check *c, const char *name,
                                   const struct tlog_note *note, struct signet_error *err)
{
    const struct tlog_vkey *key = find_station_key(c->trust, c->origin);

    if (key && note && tlog_note_verify(note, key, NULL, NULL) == SIGNET_OK)
        return SIGNET_OK;
    if (key)
        return error_set(err, SIGNET_E_LEDGER,
                         "the events of station %s are not signed by the key that was given for it",
                         name);
    if (trust_spares(c->trust, name))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_LEDGER,
                          "give that station's key, too; or name it as one that need not sign",
                          "none of the given keys stands for the %lld events of station %s",
                          (long long)c->tree.size, name);
}

int log_check_end(const struct log_check *c, const char *name, const char *tree,
                  const char *checkpoint, struct signet_error *err)
{
    struct tlog_note note = {0};
    struct tlog_checkpoint own;
    uint8_t id[TLOG_KEY_ID];
    int rc = SIGNET_OK;

    if (*tree && !*checkpoint)
        return error_set(err, SIGNET_E_LEDGER, "the checkpoint of station %s is missing", name);
    if (*checkpoint)
        rc = read_station_note(checkpoint, &note, &own, id, NULL);
    if (rc == SIGNET_E_NOMEM)
        return error_nomem(err);
    if (rc != SIGNET_OK || (*checkpoint && strchr(note.signatures, '\n')[1])) /* one line */
        return error_set(err, SIGNET_E_LEDGER, "the checkpoint of station %s was changed", name);
    if (*checkpoint)
        rc = trust_check_own(c, name, tree, &own, err);
    if (rc == SIGNET_OK && c->trust && c->trust->key_count)
        rc = check_station_signature(c, name, *checkpoint ? &note : NULL, err);
    return rc == SIGNET_OK ? check_signs_on(c, name, *checkpoint ? id : NULL, err) : rc;
}

int trust_end(const struct trust *t, struct signet_error *err)
{
    for (size_t i = 0; i < t->known_count; i++)
        if (!t->known[i].found)
            return error_set_hint(err, SIGNET_E_LEDGER,
                                  "an old copy was put back, the end was cut off, or the ledger "
                                  "was begun anew: the newest one is needed",
                                  "the ledger has not all of the %lld events of the old checkpoint "
                                  "of %.200s",
                                  (long long)t->known[i].checkpoint.size,
                                  t->known[i].checkpoint.origin);
    return SIGNET_OK;
}
