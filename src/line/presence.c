/* SPDX-License-Identifier: Apache-2.0 */
/* Is there a board in the slot, and is it the one that was there? */
#include "line/work.h"
#include "link/link.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* Where the slot's port is now: SIGNET_E_NOT_FOUND when it is away. */
static int find_path(const struct slot *slot, char path[128], struct signet_error *err)
{
    const struct signet_slot *place = slot->order;
    const struct signet_port_filter filter = {
        .nth = (int)slot->line->setup->order->board.vcom,
        .serial = place->kind == SIGNET_SLOT_SERIAL ? place->where : NULL,
        .usb_path = place->kind == SIGNET_SLOT_HUB ? place->where : NULL};
    struct signet_port port;
    int rc = SIGNET_OK;

    if (place->kind != SIGNET_SLOT_PORT)
        rc = signet_port_find(&port, &filter, err);
    if (rc == SIGNET_OK)
        snprintf(path, 128, "%s", place->kind == SIGNET_SLOT_PORT ? place->where : port.path);
    return rc;
}

const char *presence_place(const struct slot *slot, char out[static 160])
{
    const struct signet_slot *place = slot->order;
    const char *what = place->kind == SIGNET_SLOT_PORT     ? "port"
                       : place->kind == SIGNET_SLOT_SERIAL ? "serial number"
                                                           : "hub socket";

    snprintf(out, 160, "%s %.130s", what, place->where);
    return out;
}

int presence_look(const struct slot *slot, struct presence *out, struct signet_error *err)
{
    char device[128];
    struct stat st;

    *out = (struct presence){0};
    int rc = find_path(slot, out->path, err);
    if (rc == SIGNET_E_NOT_FOUND) {
        /* a programmer that is no serial port itself cannot be seen: its board is taken as there */
        out->there = slot->order->kind == SIGNET_SLOT_SERIAL && !slot->line->setup->watch &&
                     work_erases(slot->line->setup->order);
        return SIGNET_OK;
    }
    out->there = rc == SIGNET_OK;
    if (rc != SIGNET_OK || !signet_link_device(out->path, device, sizeof(device)))
        return rc;
    if (stat(device, &st) != 0 || lstat(device, &st) != 0) {
        out->there = false;
        return errno == ENOENT || errno == ENOTDIR
                   ? SIGNET_OK
                   : error_sys(err, SIGNET_E_LINK, errno, "%s", out->path);
    }
    out->device = st.st_dev;
    out->inode = st.st_ino;
    /* a terminal's own change time moves when it is used; a link's says when it was made */
    if (S_ISLNK(st.st_mode))
        out->changed = st.st_ctim.tv_sec * INT64_C(1000000000) + st.st_ctim.tv_nsec;
    return SIGNET_OK;
}

void presence_identify(struct presence *presence)
{
    struct signet_port port;
    char device[128];

    if (signet_link_device(presence->path, device, sizeof(device)) &&
        signet_port_info(&port, device, NULL) == SIGNET_OK)
        snprintf(presence->serial, sizeof(presence->serial), "%s", port.serial);
}

bool presence_is_back(const struct presence *now, const struct presence *before, int64_t gone_ms)
{
    return now->serial[0] && strcmp(now->serial, before->serial) == 0 && gone_ms < BACK_MS;
}

void presence_keep(struct slot *slot, const struct presence *now)
{
    slot->presence = *now;
    slot->gone = false;
    slot->seen_at = clock_ms();
}

bool presence_new(struct slot *slot, struct presence *now)
{
    slot->gone = slot->gone || !now->there;
    if (!now->there)
        return false;
    if (!slot->gone && presence_same(now, &slot->presence)) {
        slot->seen_at = clock_ms();
        return false;
    }
    presence_identify(now);
    if (!presence_is_back(now, &slot->presence, clock_ms() - slot->seen_at))
        return true;
    presence_keep(slot, now);
    return false;
}

void presence_watch(struct slot *slot)
{
    struct presence now;

    if (presence_look(slot, &now, NULL) == SIGNET_OK && (presence_new(slot, &now) || slot->gone))
        again_leave(slot);
}

bool presence_same(const struct presence *a, const struct presence *b)
{
    return a->there == b->there && a->device == b->device && a->inode == b->inode &&
           a->changed == b->changed && strcmp(a->path, b->path) == 0;
}
