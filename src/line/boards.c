/* SPDX-License-Identifier: Apache-2.0 */
/* Boards that stand in the slots between two runs of one process. */
#include "line/private.h"

#include <stdio.h>
#include <stdlib.h>

struct standing {
    enum signet_slot_kind kind;
    char where[256];
    struct presence presence;
};

struct signet_boards {
    pthread_mutex_t lock;
    struct standing *list;
    size_t count;
};

int signet_boards_new(struct signet_boards **out, struct signet_error *err)
{
    struct signet_boards *boards = calloc(1, sizeof(*boards));

    if (!boards)
        return error_nomem(err);
    pthread_mutex_init(&boards->lock, NULL);
    *out = boards;
    return SIGNET_OK;
}

void signet_boards_free(struct signet_boards **boards)
{
    if (!*boards)
        return;
    pthread_mutex_destroy(&(*boards)->lock);
    free((*boards)->list);
    free(*boards);
    *boards = NULL;
}

static struct standing *find_standing(const struct signet_boards *boards,
                                      const struct signet_slot *place)
{
    for (size_t i = 0; i < boards->count; i++)
        if (boards->list[i].kind == place->kind && strcmp(boards->list[i].where, place->where) == 0)
            return &boards->list[i];
    return NULL;
}

bool boards_recall(struct slot *slot)
{
    struct signet_boards *boards = slot->line->setup->boards;

    if (!boards)
        return false;
    pthread_mutex_lock(&boards->lock);
    const struct standing *s = find_standing(boards, slot->order);
    bool known = s && s->presence.there;
    if (known)
        slot->presence = s->presence;
    pthread_mutex_unlock(&boards->lock);
    return known;
}

/* Without memory the next run looks at the board, and sees that it was made before. */
static struct standing *add_standing(struct signet_boards *boards, const struct signet_slot *place)
{
    if (list_room(boards->list, boards->count, NULL) != SIGNET_OK)
        return NULL;
    struct standing *s = &boards->list[boards->count++];
    *s = (struct standing){.kind = place->kind};
    snprintf(s->where, sizeof(s->where), "%s", place->where);
    return s;
}

void boards_keep(const struct slot *slot)
{
    struct signet_boards *boards = slot->line->setup->boards;

    if (!boards || strlen(slot->order->where) >= sizeof(boards->list->where))
        return;
    pthread_mutex_lock(&boards->lock);
    struct standing *s = find_standing(boards, slot->order);
    if (!s)
        s = add_standing(boards, slot->order);
    if (s)
        s->presence =
            slot->verdict && !slot->gone ? slot->presence : (struct presence){.there = false};
    pthread_mutex_unlock(&boards->lock);
}
