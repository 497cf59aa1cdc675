/* SPDX-License-Identifier: Apache-2.0 */
/* Devices on their way: each packet is unsealed and decoded once, for all servers and the proof. */
#include "delivery/private.h"

#include <stdlib.h>
#include <sys/queue.h>

enum { BUCKETS = 1024, IDLE_MAX = 512 };

struct entry {
    int64_t device;
    unsigned users;
    struct device unit;
    struct entry *next;       /* in its bucket */
    TAILQ_ENTRY(entry) order; /* of those without users, by time */
};

struct opened {
    struct vault *vault;
    pthread_mutex_t lock;
    struct entry *buckets[BUCKETS];
    TAILQ_HEAD(, entry) idle;
    size_t idle_count;
};

int opened_new(struct opened **out, struct vault *vault, struct signet_error *err)
{
    struct opened *o = calloc(1, sizeof(*o));

    if (!o)
        return error_nomem(err);
    o->vault = vault;
    TAILQ_INIT(&o->idle);
    pthread_mutex_init(&o->lock, NULL);
    *out = o;
    return SIGNET_OK;
}

static struct entry **place_of(struct opened *o, int64_t device)
{
    struct entry **at = &o->buckets[(uint64_t)device % BUCKETS];

    while (*at && (*at)->device != device)
        at = &(*at)->next;
    return at;
}

static void remove_idle(struct opened *o, struct entry *e)
{
    TAILQ_REMOVE(&o->idle, e, order);
    o->idle_count--;
}

/* It has no users. */
static void discard(struct opened *o, struct entry *e)
{
    remove_idle(o, e);
    *place_of(o, e->device) = e->next;
    device_free(&e->unit);
    free(e);
}

void opened_free(struct opened **opened)
{
    struct opened *o = *opened;

    if (!o)
        return;
    while (!TAILQ_EMPTY(&o->idle))
        discard(o, TAILQ_FIRST(&o->idle));
    pthread_mutex_destroy(&o->lock);
    free(o);
    *opened = NULL;
}

static int open_entry(struct opened *o, const struct signet_lease *lease, struct entry **out,
                      struct signet_error *err)
{
    struct secret packet = {0};
    struct entry *e = calloc(1, sizeof(*e));

    if (!e)
        return error_nomem(err);
    int rc = vault_find(o->vault, lease->endpoint, lease->index, &packet, err);
    if (rc == SIGNET_OK)
        rc = device_from_packet(&e->unit, &packet, lease->endpoint, err);
    secret_wipe(&packet);
    if (rc != SIGNET_OK) {
        free(e);
        return rc;
    }
    e->device = lease->device;
    *out = e;
    return SIGNET_OK;
}

int opened_take(struct opened *o, const struct signet_lease *lease, const struct device **out,
                struct signet_error *err)
{
    int rc = SIGNET_OK;

    pthread_mutex_lock(&o->lock);
    struct entry **at = place_of(o, lease->device);
    if (!*at)
        rc = open_entry(o, lease, at, err);
    else if ((*at)->users == 0)
        remove_idle(o, *at);
    if (rc == SIGNET_OK) {
        (*at)->users++;
        *out = &(*at)->unit;
    }
    pthread_mutex_unlock(&o->lock);
    return rc;
}

void opened_give(struct opened *o, const struct device *unit)
{
    struct entry *e =
        (struct entry *)(void *)((char *)(uintptr_t)unit - offsetof(struct entry, unit));

    pthread_mutex_lock(&o->lock);
    if (--e->users == 0) {
        TAILQ_INSERT_TAIL(&o->idle, e, order);
        o->idle_count++;
    }
    if (o->idle_count > IDLE_MAX)
        discard(o, TAILQ_FIRST(&o->idle));
    pthread_mutex_unlock(&o->lock);
}

void opened_drop(struct opened *o, const struct signet_lease *lease)
{
    pthread_mutex_lock(&o->lock);
    struct entry *e = *place_of(o, lease->device);
    if (e && e->users == 0)
        discard(o, e);
    pthread_mutex_unlock(&o->lock);
}

int opened_judge(const struct signet_error *why)
{
    switch (signet_error_class(why)) {
    case SIGNET_CLASS_DEVICE: /* nothing sealed here: it may be in another work folder */
        return why->code == SIGNET_E_NOT_FOUND ? SIGNET_E_BUSY : SIGNET_OK;
    case SIGNET_CLASS_AWAY:
    case SIGNET_CLASS_CANCELLED:
        return SIGNET_E_BUSY;
    case SIGNET_CLASS_NONE:
    case SIGNET_CLASS_STATION:
    case SIGNET_CLASS_BUG:
        break;
    }
    return (int)why->code;
}
