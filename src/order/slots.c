/* SPDX-License-Identifier: Apache-2.0 */
/* The slots of an order. */
#include "order/private.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

struct place {
    const char *name, *port, *serial, *hub;
};
static const struct entry slot_keys[] = {
    ENTRY("port", ENTRY_TEXT, place, port),
    ENTRY("serial", ENTRY_TEXT, place, serial),
    ENTRY("hub", ENTRY_TEXT, place, hub),
    ENTRY("name", ENTRY_TEXT, place, name),
};

int reader_port(struct reader *r, const char *port, const char **out)
{
    static const char prefix[] = "serial:";
    size_t n = strlen(prefix);
    char whole[4200];
    int rc;

    *out = port;
    if (strncmp(port, "tcp:", 4) == 0 || strncmp(port, "udp:", 4) == 0)
        return SIGNET_OK;
    if (strncmp(port, prefix, n) != 0)
        return reader_path(r, port, out);
    rc = reader_path(r, port + n, out);
    if (rc != SIGNET_OK)
        return rc;
    int len = snprintf(whole, sizeof(whole), "%s%s", prefix, *out);
    *out = reader_keep(r, whole, (size_t)len);
    return *out ? SIGNET_OK : SIGNET_E_NOMEM;
}

/* The path of a serial port through links, without its options; as it stands when it is not there.
 */
static void port_path(const char *where, char out[PATH_MAX])
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s", strncmp(where, "serial:", 7) == 0 ? where + 7 : where);
    path[strcspn(path, "?")] = '\0';
    const char *plain = path;
    while (strncmp(plain, "./", 2) == 0)
        plain += 2;
    if (strncmp(path, "tcp:", 4) == 0 || strncmp(path, "udp:", 4) == 0 || !realpath(plain, out))
        snprintf(out, PATH_MAX, "%s", plain);
}

bool reader_same_port(const char *a, const char *b)
{
    char one[PATH_MAX], other[PATH_MAX];

    port_path(a, one);
    port_path(b, other);
    return strcmp(one, other) == 0;
}

static bool same_place(const struct signet_slot *a, const struct signet_slot *b)
{
    if (a->kind != b->kind)
        return false;
    return a->kind == SIGNET_SLOT_PORT ? reader_same_port(a->where, b->where)
                                       : strcmp(a->where, b->where) == 0;
}

const struct signet_slot *order_slot(const struct signet_order *order, const char *name)
{
    for (size_t i = 0; i < order->slot_count; i++)
        if (strcmp(order->slots[i].name, name) == 0)
            return &order->slots[i];
    return NULL;
}

/* Two slots at one port would take each other's boards, and one name stands for one slot. */
static int check_slot_twice(struct reader *r, const yaml_node_t *node,
                            const struct signet_slot *slot)
{
    const struct signet_order *o = r->root;

    for (size_t i = 0; i < o->slot_count; i++)
        if (strcmp(o->slots[i].name, slot->name) == 0)
            return reader_fail_hint(r, node, "give one of them another 'name'",
                                    "two slots are called '%s'", slot->name);
        else if (same_place(&o->slots[i], slot))
            return reader_fail_hint(r, node, "name another one, or leave one of the two slots out",
                                    "slots %s and %s are one place: %.150s", o->slots[i].name,
                                    slot->name, slot->where);
    return SIGNET_OK;
}

/* "1-4.2": bus, socket of the computer, sockets of hubs. */
static bool is_hub_path(const char *text)
{
    size_t bus = strspn(text, "0123456789");

    text += bus;
    if (!bus || *text != '-')
        return false;
    do {
        size_t n = strspn(++text, "0123456789");

        if (!n)
            return false;
        text += n;
    } while (*text == '.');
    return *text == '\0';
}

int reader_slot(struct reader *r, yaml_node_t *node)
{
    struct signet_order *o = r->root;
    struct signet_slot *slot = &o->slots[o->slot_count];
    struct place p = {0};
    char number[16];
    int rc = reader_map(r, node, slot_keys, COUNT_OF(slot_keys), &p);

    if (rc != SIGNET_OK)
        return rc;
    if ((p.hub && (p.port || p.serial)) || (!p.hub && !p.port && !p.serial))
        return reader_fail_hint(r, node,
                                "the list of boards shows them; a port may have its programmer's "
                                "serial number beside it",
                                "a slot has a port, a serial number or a hub path");
    if (p.hub && !is_hub_path(p.hub))
        return reader_fail_hint(r, reader_under(r, node, "hub"),
                                "the list of boards shows them; such as 1-4.2",
                                "'%.60s' is no hub path", p.hub);
    snprintf(number, sizeof(number), "%zu", o->slot_count + 1);
    slot->name = p.name ? p.name : reader_keep(r, number, strlen(number));
    if (!slot->name)
        return SIGNET_E_NOMEM;
    if (strlen(slot->name) > 40 || !slot->name[0])
        return reader_fail_hint(r, reader_under(r, node, "name"), "give it a shorter 'name'",
                                "a slot's name has 1 to 40 characters");
    slot->kind = p.port ? SIGNET_SLOT_PORT : p.hub ? SIGNET_SLOT_HUB : SIGNET_SLOT_SERIAL;
    slot->where = p.hub ? p.hub : p.serial;
    slot->serial = p.port ? p.serial : NULL;
    rc = p.port ? reader_port(r, p.port, &slot->where) : SIGNET_OK;
    if (rc == SIGNET_OK)
        rc = check_slot_twice(r, node, slot);
    o->slot_count++;
    return rc;
}
