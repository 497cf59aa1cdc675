/* SPDX-License-Identifier: Apache-2.0 */
/* Devices on their way: each packet is unsealed and decoded once, for all servers and the proof. */
#include "delivery/private.h"

#include <stdlib.h>

enum { SLOTS = 512 };

struct entry {
    struct device device; /* first: it stands for its entry */
    int64_t id;
    unsigned users;
};

/* A device has one place, by its number. It stays there without users until another one needs it.
 */
struct device_cache {
    struct vault *vault;
    pthread_mutex_t lock;
    struct entry *slots[SLOTS];
};

int device_cache_new(struct device_cache **out, struct vault *vault, struct signet_error *err)
{
    struct device_cache *o = calloc(1, sizeof(*o));

    if (!o)
        return error_nomem(err);
    o->vault = vault;
    pthread_mutex_init(&o->lock, NULL);
    *out = o;
    return SIGNET_OK;
}

static struct entry **slot_of(struct device_cache *o, int64_t id)
{
    return &o->slots[(uint64_t)id % SLOTS];
}

static void discard(struct entry *e)
{
    device_free(&e->device);
    free(e);
}

void device_cache_free(struct device_cache *o)
{
    for (size_t i = 0; o && i < SLOTS; i++)
        if (o->slots[i])
            discard(o->slots[i]);
    if (o)
        pthread_mutex_destroy(&o->lock);
    free(o);
}

static int open_entry(struct device_cache *o, const struct signet_lease *lease, struct entry **out,
                      struct signet_error *err)
{
    struct secret packet = {0};
    struct entry *e = calloc(1, sizeof(*e));

    if (!e)
        return error_nomem(err);
    e->id = lease->device;
    int rc = vault_find(o->vault, lease->endpoint, lease->index, &packet, err);
    if (rc == SIGNET_OK)
        rc = device_from_packet(&e->device, &packet, lease->endpoint, err);
    secret_wipe(&packet);
    if (rc == SIGNET_OK)
        *out = e;
    else
        free(e);
    return rc;
}

int device_cache_take(struct device_cache *o, const struct signet_lease *lease, struct device **out,
                      struct signet_error *err)
{
    int rc = SIGNET_OK;

    pthread_mutex_lock(&o->lock);
    struct entry **slot = slot_of(o, lease->device), *e = *slot;
    if (!e || e->id != lease->device) {
        rc = open_entry(o, lease, &e, err);
        if (rc == SIGNET_OK && (!*slot || (*slot)->users == 0)) {
            if (*slot)
                discard(*slot);
            *slot = e;
        }
    }
    if (rc == SIGNET_OK) {
        e->users++;
        *out = &e->device;
    }
    pthread_mutex_unlock(&o->lock);
    return rc;
}

void device_cache_give(struct device_cache *o, struct device *device)
{
    struct entry *e = (struct entry *)(void *)device;

    pthread_mutex_lock(&o->lock);
    if (--e->users == 0 && *slot_of(o, e->id) != e) /* its place was another's */
        discard(e);
    pthread_mutex_unlock(&o->lock);
}

void device_cache_drop(struct device_cache *o, const struct signet_lease *lease)
{
    pthread_mutex_lock(&o->lock);
    struct entry **slot = slot_of(o, lease->device);
    if (*slot && (*slot)->id == lease->device && (*slot)->users == 0) {
        discard(*slot);
        *slot = NULL;
    }
    pthread_mutex_unlock(&o->lock);
}

int judge_unopened(const struct signet_error *why)
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
