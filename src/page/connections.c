/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of browsers. Who sends a request byte by byte, or reads an answer so, keeps one for
 * as long as he likes: when there are too many, the oldest that is no viewer's is ended. */
#include "page/private.h"

#include <sys/socket.h>

enum { ANSWER_MS = 1000 };

/* NULL: there is no room, and libmicrohttpd's own limit is near. */
static struct connection *begin_connection(struct signet_page *p, int fd)
{
    struct connections *all = &p->connections;
    struct connection *room = NULL, *oldest = NULL;
    size_t open = 0;

    for (size_t i = 0; i < COUNT_OF(all->at); i++) {
        struct connection *c = &all->at[i];

        open += c->number && !c->ended;
        if (!c->number)
            room = c;
        else if (!c->viewer && !c->ended && (!oldest || c->number < oldest->number))
            oldest = c;
    }
    if (open >= CONNECTIONS_MAX && oldest) {
        shutdown(oldest->fd, SHUT_RDWR); /* its thread closes it */
        oldest->ended = true;
    }
    if (room)
        *room = (struct connection){.number = ++all->begun, .fd = fd};
    return room;
}

void connections_notify(void *page, struct MHD_Connection *connection, void **of,
                        enum MHD_ConnectionNotificationCode what)
{
    struct signet_page *p = page;
    struct connection *c = *of;

    pthread_mutex_lock(&p->connections.lock);
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        *of = begin_connection(
            p,
            p->mhd->get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
    else if (c)
        c->number = 0;
    pthread_mutex_unlock(&p->connections.lock);
}

static struct connection *connection_of(struct signet_page *p, struct MHD_Connection *connection)
{
    return p->mhd->get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
        ->socket_context;
}

void connections_keep(struct signet_page *p, struct MHD_Connection *connection)
{
    struct connection *c = connection_of(p, connection);

    pthread_mutex_lock(&p->connections.lock);
    if (c)
        c->viewer = true;
    pthread_mutex_unlock(&p->connections.lock);
}

void connections_answer(struct signet_page *p, struct MHD_Connection *connection, bool begins)
{
    struct connection *c = connection_of(p, connection);

    pthread_mutex_lock(&p->connections.lock);
    if (c)
        c->answering = begins;
    pthread_mutex_unlock(&p->connections.lock);
}

static bool is_answering(struct connections *all)
{
    bool any = false;

    pthread_mutex_lock(&all->lock);
    for (size_t i = 0; i < COUNT_OF(all->at); i++)
        any = any || (all->at[i].number && all->at[i].answering && !all->at[i].viewer);
    pthread_mutex_unlock(&all->lock);
    return any;
}

void connections_finish(struct signet_page *p)
{
    int64_t until = clock_ms() + ANSWER_MS;

    while (is_answering(&p->connections) && clock_ms() < until)
        cancel_sleep_until(NULL, clock_ms() + 5, NULL);
}
