/* SPDX-License-Identifier: Apache-2.0 */
/* Which board got a device's credentials. After a kill it is known again by its port alone, as long
 * as that one did not go, and the computer was not started anew. */
#include "line/private.h"
#include "pki/pki.h"

#include <stdio.h>

enum { TEXT_MAX = 1024 };

/* WORK/slot-HASH: names of slots may hold anything. */
static int mark_path(const struct slot *slot, struct buf *out, struct signet_error *err)
{
    const char *name = slot->order->name;
    char tag[17];
    int rc = sha256_tag(name, strlen(name), 8, tag, err);

    if (rc != SIGNET_OK)
        return rc;
    buf_printf(out, "%s/slot-%s", slot->line->setup->order->work, tag);
    return buf_check(out, err);
}

static void mark_text(const struct presence *p, struct buf *out)
{
    struct buf boot = {0};

    file_read("/proc/sys/kernel/random/boot_id", 64, &boot, NULL);
    buf_printf(out, "%s %llu %llu %lld %.*s ", p->path, (unsigned long long)p->device,
               (unsigned long long)p->inode, (long long)p->changed, (int)boot.len,
               boot.data ? (const char *)boot.data : ""); /* and the device's name */
    buf_free(&boot);
}

static bool has_node(const struct presence *p)
{
    return p->there && p->inode != 0;
}

int mark_write(const struct slot *slot, struct signet_error *err)
{
    struct buf path = {0}, text = {0};
    int rc = has_node(&slot->presence) ? mark_path(slot, &path, err) : SIGNET_OK;

    if (rc == SIGNET_OK && path.data) {
        mark_text(&slot->presence, &text);
        buf_text(&text, slot->lease.endpoint);
        rc = file_save((const char *)path.data, &text, SIGNET_OK, err);
    }
    buf_free(&path);
    return rc;
}

bool mark_fits(const struct slot *slot, char endpoint[static SIGNET_ENDPOINT_SIZE])
{
    struct buf path = {0}, text = {0}, kept = {0};
    bool fits = has_node(&slot->presence) && mark_path(slot, &path, NULL) == SIGNET_OK &&
                file_read((const char *)path.data, TEXT_MAX, &kept, NULL) == SIGNET_OK;

    if (fits) {
        mark_text(&slot->presence, &text);
        fits = !text.failed && text.len < kept.len && kept.len - text.len < SIGNET_ENDPOINT_SIZE &&
               memcmp(text.data, kept.data, text.len) == 0;
    }
    if (fits)
        snprintf(endpoint, SIGNET_ENDPOINT_SIZE, "%.*s", (int)(kept.len - text.len),
                 (const char *)kept.data + text.len);
    buf_free(&path);
    buf_free(&text);
    buf_free(&kept);
    return fits;
}
