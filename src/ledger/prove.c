/* SPDX-License-Identifier: Apache-2.0 */

/* What is shown to others: checkpoints, that a log only grew, and the keys. */
#include "ledger/prove.h"

#include <stdio.h>

int signed_station_read(const struct db_rows *row, struct signed_station *s,
                        struct signet_error *err)
{
    struct tlog_note note;
    int rc = SIGNET_OK;

    s->id = db_int(row, 0);
    s->base = db_int(row, 1);
    snprintf(s->there, sizeof(s->there), "%s", db_text(row, 2));
    snprintf(s->text, sizeof(s->text), "%s", db_text(row, 3));
    if (s->base && strrchr(s->there, '@'))
        *strrchr(s->there, '@') = '\0';
    if (!s->text[0])
        return error_set(err, SIGNET_E_NOT_FOUND, "station %s does not sign its events",
                         db_text(row, 2));
    rc = tlog_checkpoint_read(s->text, strlen(s->text), &note, &s->checkpoint, err);
    return error_pass(rc, err, "the checkpoint of station %s", db_text(row, 2));
}

int signed_station_check(const struct signed_station *s, const struct tlog_tree *tree,
                         struct signet_error *err)
{
    uint8_t root[TLOG_HASH];
    int rc = tlog_root(tree, root, err);

    if (rc == SIGNET_OK &&
        (tree->size != s->checkpoint.size || memcmp(root, s->checkpoint.root, sizeof(root)) != 0))
        rc = error_set(err, SIGNET_E_LEDGER, "what station %s signed is not what the ledger has",
                       s->there);
    return rc;
}

/* the checkpoint, and that the log only grew since an old one */

struct growth {
    const char *station, *old; /* station NULL: the one that there is */
    struct buf text;
    struct tlog_checkpoint known;
    struct tlog_tree tree;
    struct tlog_path path;
};

static int find_station(struct signet_ledger *l, const char *name, struct signed_station *out,
                        struct signet_error *err)
{
    struct db_rows row = {0};
    int rc = l->schema < 5 ? SIGNET_E_NOT_FOUND
                           : db_query(l->db, &row, err,
                                      "SELECT id, base, name, checkpoint FROM stations"
                                      " WHERE name = $1 OR ($1 = '' AND checkpoint <> '')"
                                      " ORDER BY id LIMIT 2",
                                      "s", name ? name : "");

    if (rc == SIGNET_OK)
        rc = db_step(&row, err);
    if (rc == SIGNET_OK)
        rc = signed_station_read(&row, out, err);
    else if (rc == SIGNET_E_NOT_FOUND)
        rc = error_set(err, rc,
                       name ? "the ledger has no station %s that signs its events"
                            : "no station of the ledger signs its events%s",
                       name ? name : "");
    if (rc == SIGNET_OK && db_step(&row, err) == SIGNET_OK)
        rc = error_set_hint(err, SIGNET_E_USAGE, "name one of the stations",
                            "several stations sign in this ledger");
    db_end(&row);
    return rc;
}

static int grow(void *ctx, const struct log_entry *entry, struct signet_error *err)
{
    struct growth *g = ctx;
    uint8_t root[TLOG_HASH];
    int rc = tlog_path_show(&g->path, g->tree.size, entry->leaf, err);

    if (rc == SIGNET_OK)
        rc = tlog_add(&g->tree, entry->leaf, err);
    if (rc != SIGNET_OK || g->tree.size != g->known.size)
        return rc;
    rc = tlog_root(&g->tree, root, err);
    return rc == SIGNET_OK && memcmp(root, g->known.root, sizeof(root)) != 0
               ? error_set(err, SIGNET_E_LEDGER,
                           "the first %lld events are not those of the old checkpoint: the ledger "
                           "was changed, or another history goes on in it",
                           (long long)g->tree.size)
               : rc;
}

static int prove_growth(struct signet_ledger *l, struct growth *g, const struct signed_station *s,
                        struct signet_error *err)
{
    const struct log_place place = {.station = s->id, .base = s->base, .there = s->there};
    struct tlog_note note;
    int rc = tlog_checkpoint_read(g->old, strlen(g->old), &note, &g->known, err);
    if (rc != SIGNET_OK)
        return error_pass(rc, err, "the old checkpoint");
    if (strcmp(g->known.origin, s->checkpoint.origin) != 0 || g->known.size > s->checkpoint.size)
        return error_set(
            err, SIGNET_E_LEDGER,
            "the ledger has not all of the %lld events of the old checkpoint of %.200s",
            (long long)g->known.size, g->known.origin);
    tlog_path_free(&g->path);
    g->tree = (struct tlog_tree){0};
    rc = tlog_path_consistency(&g->path, g->known.size, s->checkpoint.size, err);
    if (rc == SIGNET_OK)
        rc = log_walk(l, &place, grow, g, err);
    if (rc == SIGNET_OK)
        rc = signed_station_check(s, &g->tree, err);
    buf_printf(&g->text, "old %lld\n", (long long)g->known.size);
    if (rc == SIGNET_OK)
        rc = tlog_path_print(&g->path, &g->text, err);
    buf_byte(&g->text, '\n');
    return rc;
}

static int read_checkpoint(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct signed_station s;
    struct growth *g = arg;
    int rc = find_station(l, g->station, &s, err);

    buf_reset(&g->text);
    if (rc == SIGNET_OK && g->old)
        rc = prove_growth(l, g, &s, err);
    if (rc == SIGNET_OK)
        buf_text(&g->text, s.text);
    return rc;
}

int signet_ledger_checkpoint(struct signet_ledger *ledger, const char *station, const char *old,
                             struct signet_bytes *out, struct signet_error *err)
{
    struct growth g = {.station = station, .old = old};
    int rc = store_read(ledger, read_checkpoint, &g, err);

    rc = buf_end(&g.text, rc, out, err);
    tlog_path_free(&g.path);
    return rc;
}

/* keys */

struct key_query {
    struct tlog_key key;
    int (*row)(void *ctx, const char *station, const char *key, struct signet_error *err);
    void *ctx;
    int64_t count;
};

static int give_key(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    struct key_query *q = ctx;
    struct signed_station s;
    struct tlog_vkey as;
    struct tlog_note note;
    char text[TLOG_VKEY_SIZE];
    int rc = signed_station_read(row, &s, err);

    if (rc == SIGNET_OK)
        rc = tlog_vkey_as(&q->key.public, TLOG_SIGNER, s.checkpoint.origin, &as, err);
    if (rc == SIGNET_OK)
        rc = tlog_note_parse(s.text, strlen(s.text), &note, err);
    if (rc != SIGNET_OK || tlog_note_verify(&note, &as, NULL, NULL) != SIGNET_OK)
        return rc; /* another station's */
    q->count++;
    tlog_vkey_print(&as, text);
    return q->row(q->ctx, db_text(row, 2), text, err);
}

static int find_keys(struct signet_ledger *l, void *arg, struct signet_error *err)
{
    struct key_query *q = arg;
    const struct db_walk walk = {.sql = "SELECT id, base, name, checkpoint FROM stations"
                                        " WHERE checkpoint <> '' ORDER BY id",
                                 .row = give_key,
                                 .ctx = q};
    int rc = l->schema < 5 ? SIGNET_OK : db_walk(l->db, &walk, err, "");

    if (rc == SIGNET_OK && q->count == 0)
        rc = error_set_hint(err, SIGNET_E_NOT_FOUND,
                            "a station signs from the first run on; the name of its key has the "
                            "ledger's first event in it",
                            "no station signed in this ledger with that key");
    return rc;
}

int signet_ledger_keys(struct signet_ledger *ledger, const char *sign_file,
                       int (*row)(void *ctx, const char *station, const char *key,
                                  struct signet_error *err),
                       void *ctx, struct signet_error *err)
{
    struct key_query q = {.row = row, .ctx = ctx};
    int rc = tlog_key_open(&q.key, sign_file, NULL, err);

    if (rc == SIGNET_OK)
        rc = store_read(ledger, find_keys, &q, err);
    tlog_key_free(&q.key);
    return rc;
}
