/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <stdatomic.h>

void wipe(void *data, size_t len)
{
    if (len)
        explicit_bzero(data, len);
}

/* In front of the bytes: they stay where they are when a secret is handed on. */
struct block {
    struct live live;
    uint8_t data[];
};

static struct block *block_of(const struct secret *s)
{
    return (struct block *)(void *)(s->data - offsetof(struct block, data));
}

int secret_alloc(struct secret *s, size_t len, struct signet_error *err)
{
    struct block *block =
        len < SIZE_MAX - sizeof(*block) ? locked_alloc(sizeof(*block) + len + 1) : NULL;

    if (!block)
        return error_nomem(err);
    memset(block, 0, sizeof(*block) + len + 1);
    secret_wipe(s);
    s->data = block->data;
    s->len = len;
    return SIGNET_OK;
}

int secret_set(struct secret *s, const void *data, size_t len, struct signet_error *err)
{
    struct secret fresh = {0};
    int rc = secret_alloc(&fresh, len, err);

    if (rc == SIGNET_OK && len)
        memcpy(fresh.data, data, len);
    return secret_give(rc, &fresh, s);
}

int secret_give(int rc, struct secret *made, struct secret *out)
{
    secret_wipe(rc == SIGNET_OK ? out : made);
    if (rc == SIGNET_OK)
        *out = *made;
    return rc;
}

void secret_live(struct secret *s)
{
    struct block *block = s->data ? block_of(s) : NULL;

    if (!block)
        return;
    live_end(&block->live);
    live_begin(&block->live, s->data, s->len);
}

void secret_wipe(struct secret *s)
{
    if (s->data) {
        live_end(&block_of(s)->live);
        wipe(s->data, s->len);
        locked_free(block_of(s));
    }
    *s = (struct secret){0};
}

void locked_warn_once(const struct signet_observer *observer)
{
    static atomic_bool told;

    if (signet_secrets_locked() || atomic_exchange(&told, true))
        return;
    event_note(observer, "raise the limit, as LimitMEMLOCK=64M does in a systemd unit",
               "not all secrets are locked into memory: they may get into the swap");
}
