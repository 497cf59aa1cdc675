/* SPDX-License-Identifier: Apache-2.0 */
/* Many devices, added or removed: threads that each keep a connection take them chunk by chunk. */
#include "server/answer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { PARALLEL_MAX = 256, LEFT = -1 };

struct batch {
    struct signet_server *server;
    const struct signet_device *devices; /* to add; NULL: to remove the devices of these names */
    const char *const *names;
    struct signet_server_result *results;
    size_t count, chunk;
    atomic_size_t next; /* the first device that nobody took */
    atomic_size_t next_twin;
    atomic_bool one_by_one;  /* the server takes no batches */
    atomic_bool some_left;   /* of the batches: their results have `sys` LEFT until they are done */
    atomic_bool stopped;     /* nothing more is sent, */
    struct signet_error why; /* for this reason; with the lock */
    pthread_mutex_t lock;
};

/* Nothing more is sent. by_one: one device met it, the others would. */
static void stop(struct batch *b, const struct signet_error *why, bool by_one)
{
    pthread_mutex_lock(&b->lock);
    b->why = *why;
    if (by_one)
        error_prefix(&b->why, "not sent, since another device met this");
    atomic_store(&b->stopped, true);
    pthread_mutex_unlock(&b->lock);
}

static bool unreached(const struct signet_server *server, const struct signet_error *err)
{
    return signet_error_class(err) == SIGNET_CLASS_AWAY && server->http &&
           http_unreached(server->http);
}

static void do_one(struct batch *b, struct signet_server *server, size_t i)
{
    struct signet_server_result *result = &b->results[i];
    int rc;

    *result = (struct signet_server_result){0};
    if (atomic_load(&b->stopped)) {
        pthread_mutex_lock(&b->lock);
        result->error = b->why;
        pthread_mutex_unlock(&b->lock);
        return;
    }
    rc = b->devices ? signet_server_add(server, &b->devices[i], &result->existed, &result->error)
                    : signet_server_remove(server, b->names[i], &result->existed, &result->error);
    if (!rc)
        result->error = (struct signet_error){0};
    else if (rc == SIGNET_E_AUTH || rc == SIGNET_E_CANCELLED || unreached(server, &result->error))
        stop(b, &result->error, true);
}

static bool is_left(const struct batch *b, size_t i)
{
    return b->results[i].error.sys == LEFT;
}

/* A whole chunk in one request. Devices of which that is not sure are left for later. */
static void add_chunk(struct batch *b, struct signet_server *server, size_t first, size_t count)
{
    struct signet_device *views = calloc(count, sizeof(*views));
    struct live *psks = calloc(count, sizeof(*psks));
    struct signet_error err = {0};
    int rc = views && psks ? SIGNET_OK : SIGNET_E_NOMEM; /* one by one there is no need of them */

    if (count < 2 || atomic_load(&b->one_by_one) || atomic_load(&b->stopped))
        rc = SIGNET_E_UNSUPPORTED;
    for (size_t i = 0; !rc && i < count; i++) {
        rc = server_view(server, &b->devices[first + i], &views[i], NULL);
        rc = rc ? rc : server_validate_view(server, &views[i], NULL);
        if (!rc)
            live_begin(&psks[i], views[i].psk, views[i].psk_len);
    }
    if (!rc) {
        rc = server->ops->add_batch(server, views, count, &err);
        if (rc == SIGNET_E_UNSUPPORTED)
            atomic_store(&b->one_by_one, true);
        else if (rc != SIGNET_OK && unreached(server, &err))
            stop(b, &err, false);
    }
    for (size_t i = 0; i < count; i++) {
        b->results[first + i] = (struct signet_server_result){.error.sys = rc ? LEFT : 0};
        if (!rc)
            uploads_add(server, &views[i], &b->results[first + i].error);
    }
    for (size_t i = 0; psks && i < count; i++)
        live_end(&psks[i]);
    free(psks);
    free(views);
    if (rc)
        atomic_store(&b->some_left, true);
}

static void take_chunks(struct batch *b, struct http *http)
{
    struct signet_server mine = *b->server; /* the same in all but the connection */
    size_t first;

    mine.http = http;
    while ((first = atomic_fetch_add(&b->next, b->chunk)) < b->count) {
        size_t left = b->count - first;

        if (b->chunk > 1)
            add_chunk(b, &mine, first, left < b->chunk ? left : b->chunk);
        else if (!b->some_left || is_left(b, first))
            do_one(b, &mine, first);
    }
}

static void *run_thread(void *ctx)
{
    struct batch *b = ctx;

    take_chunks(b, b->server->twins[atomic_fetch_add(&b->next_twin, 1)]);
    return NULL;
}

static int make_twins(struct signet_server *server, size_t count, struct signet_error *err)
{
    if (!server->twins)
        server->twins = calloc(PARALLEL_MAX, sizeof(struct http *));
    if (!server->twins)
        return error_nomem(err);
    while (server->twin_count < count) {
        int rc = http_twin(&server->twins[server->twin_count], server->http, err);

        if (rc)
            return rc;
        server->twin_count++;
    }
    return SIGNET_OK;
}

/* As many threads as there is work for; the caller's is one of them. */
static int run_threads(struct batch *b, struct signet_error *err)
{
    size_t chunks = (b->count + b->chunk - 1) / b->chunk, wanted = b->server->parallel, made = 0;
    pthread_t threads[PARALLEL_MAX];
    int rc;

    wanted = wanted > PARALLEL_MAX ? PARALLEL_MAX : wanted;
    wanted = wanted > chunks ? chunks : wanted;
    if (!b->server->http) /* nothing to wait for */
        wanted = 1;
    rc = wanted > 1 ? make_twins(b->server, wanted - 1, err) : SIGNET_OK;
    if (rc)
        return rc;
    while (made + 1 < wanted && pthread_create(&threads[made], NULL, run_thread, b) == 0)
        made++; /* with fewer it only takes longer */
    take_chunks(b, b->server->http);
    for (size_t i = 0; i < made; i++)
        pthread_join(threads[i], NULL);
    return SIGNET_OK;
}

/* SIGNET_OK: all went well. */
static int first_failure(const struct batch *b, struct signet_error *err)
{
    for (size_t i = 0; i < b->count; i++)
        if (b->results[i].error.code != SIGNET_OK)
            return error_copy(err, &b->results[i].error);
    return SIGNET_OK;
}

int signet_server_remove_batch(struct signet_server *server, const char *const *endpoints,
                               size_t count, struct signet_server_result *results,
                               struct signet_error *err)
{
    struct batch b = {.server = server,
                      .names = endpoints,
                      .results = results,
                      .count = count,
                      .lock = PTHREAD_MUTEX_INITIALIZER,
                      .chunk = 1};
    int rc = run_threads(&b, err);

    return rc ? rc : first_failure(&b, err);
}

int signet_server_add_batch(struct signet_server *server, const struct signet_device *devices,
                            size_t count, struct signet_server_result *results,
                            struct signet_error *err)
{
    unsigned most = server->ops->can.batch_max;
    struct batch b = {.server = server,
                      .devices = devices,
                      .results = results,
                      .count = count,
                      .lock = PTHREAD_MUTEX_INITIALIZER,
                      .chunk = server->ops->add_batch && most ? most : 1};
    int rc = run_threads(&b, err);

    if (!rc && atomic_load(&b.some_left)) {
        b.chunk = 1;
        atomic_store(&b.next, 0);
        atomic_store(&b.next_twin, 0);
        rc = run_threads(&b, err);
    }
    return rc ? rc : first_failure(&b, err);
}
