/* SPDX-License-Identifier: Apache-2.0 */
/* getaddrinfo() cannot be stopped: a thread calls it, and goes on alone when nobody waits any more.
 */
#include "notify/private.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct lookup {
    atomic_int users, answer;
    int fd; /* readable: there is an answer */
    char host[];
};

static void lookup_drop(struct lookup *l)
{
    if (atomic_fetch_sub(&l->users, 1) != 1)
        return;
    close(l->fd);
    free(l);
}

static void *lookup_run(void *arg)
{
    static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct lookup *l = arg;
    struct addrinfo *list = NULL;
    int answer = getaddrinfo(l->host, NULL, &hints, &list);

    if (answer == 0)
        freeaddrinfo(list);
    atomic_store(&l->answer, answer);
    eventfd_write(l->fd, 1);
    lookup_drop(l);
    return NULL;
}

static int lookup_start(struct lookup *l)
{
    pthread_attr_t attr;
    pthread_t thread;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    atomic_store(&l->users, 2);
    int failed = pthread_create(&thread, &attr, lookup_run, l);
    if (failed)
        atomic_store(&l->users, 1);
    pthread_attr_destroy(&attr);
    return failed;
}

static int lookup_await(struct lookup *l, int max_ms, const struct signet_cancel *cancel,
                        struct signet_error *err)
{
    struct pollfd p[] = {{.fd = l->fd, .events = POLLIN},
                         {.fd = cancel_fd(cancel), .events = POLLIN}};
    static const char hint[] = "is the name right, and does this machine reach its name server?";
    int64_t end = clock_ms() + max_ms, left;

    while ((left = end - clock_ms()) > 0 && poll(p, 2, (int)left) < 0 && errno == EINTR)
        ;
    if (signet_cancel_fired(cancel))
        return error_set(err, SIGNET_E_CANCELLED, "stopped on request");
    if (!(p[0].revents & POLLIN))
        return error_set_hint(err, SIGNET_E_TIMEOUT, hint, "no address of %s in time", l->host);
    int answer = atomic_load(&l->answer);
    return answer == 0 ? SIGNET_OK
                       : error_set_hint(err, SIGNET_E_NET, hint, "no address of %s: %s", l->host,
                                        gai_strerror(answer));
}

int lookup_host(const char *host, int max_ms, const struct signet_cancel *cancel,
                struct signet_error *err)
{
    struct lookup *l = calloc(1, sizeof(*l) + strlen(host) + 1);

    if (!l)
        return error_nomem(err);
    strcpy(l->host, host);
    atomic_store(&l->users, 1);
    l->fd = eventfd(0, EFD_CLOEXEC);
    int failed = l->fd < 0 ? errno : lookup_start(l);
    int rc = failed ? error_sys(err, SIGNET_E_NET, failed, "no address of %s", host)
                    : lookup_await(l, max_ms, cancel, err);
    lookup_drop(l);
    return rc;
}
