/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <string.h>

void wipe(void *data, size_t len)
{
    if (len)
        explicit_bzero(data, len);
}

int secret_alloc(struct secret *s, size_t len, struct signet_error *err)
{
    uint8_t *data;

    if (len == SIZE_MAX)
        return error_nomem(err);
    data = locked_alloc(len + 1);
    if (!data)
        return error_nomem(err);
    memset(data, 0, len + 1);
    secret_wipe(s);
    s->data = data;
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

void secret_wipe(struct secret *s)
{
    wipe(s->data, s->len);
    locked_free(s->data);
    *s = (struct secret){0};
}
