/* SPDX-License-Identifier: Apache-2.0 */
#include "page/records.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEPT_MAX = 8, KEY_SIZE = 320, TEXT_MAX = 4 * 1024 * 1024 };

struct kept {
    char key[KEY_SIZE];
    int64_t made; /* clock_ms() */
    char *text;   /* plain memory: what is locked is for secrets */
    size_t len;
};

struct records {
    pthread_mutex_t lock;
    char *where;
    struct signet_ledger *ledger; /* NULL: not open yet */
    struct kept kept[KEPT_MAX];
};

static void records_forget(struct records *r)
{
    signet_ledger_close(&r->ledger);
    for (size_t i = 0; i < KEPT_MAX; i++) {
        free(r->kept[i].text);
        r->kept[i] = (struct kept){0};
    }
}

int records_open(struct records **out, struct signet_error *err)
{
    struct records *r = calloc(1, sizeof(*r));

    if (!r)
        return error_nomem(err);
    pthread_mutex_init(&r->lock, NULL);
    *out = r;
    return SIGNET_OK;
}

void records_close(struct records **records)
{
    struct records *r = *records;

    if (!r)
        return;
    records_forget(r);
    pthread_mutex_destroy(&r->lock);
    free(r->where);
    free(r);
    *records = NULL;
}

int records_show(struct records *r, const char *where, struct signet_error *err)
{
    char *copy;
    int rc = text_copy(&copy, where, err);

    if (rc != SIGNET_OK)
        return rc;
    pthread_mutex_lock(&r->lock);
    records_forget(r);
    free(r->where);
    r->where = copy;
    pthread_mutex_unlock(&r->lock);
    return SIGNET_OK;
}

static int open_records(struct records *r, struct signet_error *err)
{
    const struct signet_ledger_options options = {
        .size = sizeof(options), .station = "page", .read_only = true};

    if (!r->where)
        return error_set_hint(err, SIGNET_E_NOT_FOUND, "the page shows one once an order is begun",
                              "no ledger is shown here");
    return r->ledger ? SIGNET_OK : signet_ledger_open(&r->ledger, r->where, &options, err);
}

/* The place of that key; else the one that was made first. */
static struct kept *records_kept(struct records *r, const char *key)
{
    struct kept *oldest = &r->kept[0];

    for (size_t i = 0; i < KEPT_MAX; i++) {
        if (strcmp(r->kept[i].key, key) == 0)
            return &r->kept[i];
        oldest = r->kept[i].made < oldest->made ? &r->kept[i] : oldest;
    }
    return oldest;
}

/* A ledger that failed is opened anew the next time: it may have been replaced. */
static int make_kept(struct records *r, struct kept *kept, const char *key, records_make *make,
                     const void *ctx, struct signet_error *err)
{
    struct buf text = {.max = TEXT_MAX};
    int rc = open_records(r, err);

    if (rc == SIGNET_OK) {
        rc = make(r->ledger, ctx, &text, err);
        if (rc == SIGNET_OK)
            rc = buf_check(&text, err);
        if (rc == SIGNET_E_LEDGER || rc == SIGNET_E_IO || rc == SIGNET_E_NET)
            signet_ledger_close(&r->ledger);
    }
    free(kept->text);
    *kept = (struct kept){0};
    if (rc == SIGNET_OK && !(kept->text = malloc(text.len + 1)))
        rc = error_nomem(err);
    if (rc == SIGNET_OK) {
        snprintf(kept->key, sizeof(kept->key), "%s", key);
        kept->made = clock_ms();
        kept->len = text.len;
        memcpy(kept->text, text.data ? (const char *)text.data : "", text.len);
    }
    buf_free(&text);
    return rc;
}

int records_get(struct records *r, const char *key, int seconds, records_make *make,
                const void *ctx, struct buf *out, struct signet_error *err)
{
    int rc = SIGNET_OK;

    if (strlen(key) >= KEY_SIZE)
        return error_set_hint(err, SIGNET_E_LIMIT, "shorten the order's name",
                              "the request is too long");
    pthread_mutex_lock(&r->lock);
    struct kept *kept = records_kept(r, key);
    bool fresh = strcmp(kept->key, key) == 0 && clock_ms() - kept->made < seconds * 1000;
    if (!fresh)
        rc = make_kept(r, kept, key, make, ctx, err);
    if (rc == SIGNET_OK)
        buf_append(out, kept->text, kept->len);
    pthread_mutex_unlock(&r->lock);
    return rc;
}
