/* SPDX-License-Identifier: Apache-2.0 */
/* The devices that a simulated server has. */
#include "server.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int by_endpoint(const void *a, const void *b)
{
    return strcmp(((const struct sim_device *)a)->endpoint,
                  ((const struct sim_device *)b)->endpoint);
}

static int by_identity(const void *a, const void *b)
{
    return strcmp(((const struct sim_device *)a)->identity,
                  ((const struct sim_device *)b)->identity);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct sim_device *)a)->id, ((const struct sim_device *)b)->id);
}

static struct sim_device *hit(void *node)
{
    return node ? *(struct sim_device **)node : NULL;
}

struct sim_device *sim_store_named(struct sim_store *store, const char *endpoint)
{
    const struct sim_device key = {.endpoint = (char *)(uintptr_t)endpoint};

    return hit(tfind(&key, &store->by_endpoint, by_endpoint));
}

struct sim_device *sim_store_identified(struct sim_store *store, const char *identity)
{
    const struct sim_device key = {.identity = (char *)(uintptr_t)identity};

    return hit(tfind(&key, &store->by_identity, by_identity));
}

struct sim_device *sim_store_numbered(struct sim_store *store, const char *id)
{
    struct sim_device key = {0};

    snprintf(key.id, sizeof(key.id), "%s", id);
    return hit(tfind(&key, &store->by_id, by_id));
}

void sim_store_drop(struct sim_store *store, struct sim_device *d)
{
    sim_state_went(store, d);
    tdelete(d, &store->by_endpoint, by_endpoint);
    tdelete(d, &store->by_id, by_id);
    if (d->identity)
        tdelete(d, &store->by_identity, by_identity);
    json_decref(d->body);
    free(d->endpoint);
    free(d->identity);
    free(d->key);
    free(d);
    store->count--;
}

struct sim_device *sim_store_keep(struct sim_store *store, const char *endpoint,
                                  const char *identity, const char *key, json_t *body)
{
    struct sim_device *d = calloc(1, sizeof(*d));
    unsigned long long hash = 14695981039346656037ull;

    if (!d)
        return NULL;
    for (const char *c = endpoint; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211ull;
    snprintf(d->id, sizeof(d->id), "%08llx-0000-4000-8000-%012llx", hash >> 32,
             hash & 0xffffffffffffull);
    d->endpoint = strdup(endpoint);
    d->identity = identity ? strdup(identity) : NULL;
    d->key = key ? strdup(key) : NULL;
    d->body = json_incref(body);
    tsearch(d, &store->by_endpoint, by_endpoint);
    tsearch(d, &store->by_id, by_id);
    if (d->identity)
        tsearch(d, &store->by_identity, by_identity);
    store->count++;
    sim_state_came(store, d);
    return d;
}

struct each {
    void (*each)(const struct sim_device *d, void *ctx);
    void *ctx;
};

static void visit_node(const void *node, VISIT visit, void *ctx)
{
    const struct each *each = ctx;

    if (visit == postorder || visit == leaf)
        each->each(*(struct sim_device *const *)node, each->ctx);
}

void sim_store_each(const struct sim_store *store,
                    void (*each)(const struct sim_device *d, void *ctx), void *ctx)
{
    struct each all = {each, ctx};

    twalk_r(store->by_endpoint, visit_node, &all);
}

void sim_store_free(struct sim_store *store)
{
    if (store->file >= 0)
        close(store->file);
    store->file = -1;
    while (store->by_endpoint)
        sim_store_drop(store, hit(store->by_endpoint));
}
