/* SPDX-License-Identifier: Apache-2.0 */
/* getaddrinfo() cannot be stopped: a thread calls it, and goes on alone when nobody waits any more.
 */
#include "base/base.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct lookup {
    atomic_int users;
    char *host, *port;
    struct addrinfo hints, *list;
    int answer, sys; /* of getaddrinfo(); errno */
    int fd;          /* readable: there is an answer */
};

static void lookup_drop(struct lookup *l)
{
    if (atomic_fetch_sub(&l->users, 1) != 1)
        return;
    if (l->list)
        freeaddrinfo(l->list);
    if (l->fd >= 0)
        close(l->fd);
    free(l->host);
    free(l->port);
    free(l);
}

static void *lookup_run(void *arg)
{
    struct lookup *l = arg;

    l->answer = getaddrinfo(l->host, l->port, &l->hints, &l->list);
    l->sys = errno;
    eventfd_write(l->fd, 1);
    lookup_drop(l);
    return NULL;
}

/* Signals are for the threads of the program. */
static int lookup_start(struct lookup *l, struct signet_error *err)
{
    sigset_t all, before;
    pthread_t thread;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    atomic_fetch_add(&l->users, 1);
    int failed = pthread_create(&thread, NULL, lookup_run, l);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        atomic_fetch_sub(&l->users, 1);
        return error_sys(err, SIGNET_E_NET, failed, "cannot look for a host");
    }
    pthread_detach(thread);
    return SIGNET_OK;
}

/* sys: no verdict on whoever stands behind the name, since the name server may be away */
static int no_host(enum signet_code code, const char *why, struct signet_error *err)
{
    error_set_hint(err, code, "is the name right, and does this machine reach its name server?",
                   "no such host: %s", why);
    if (err)
        err->sys = EHOSTUNREACH;
    return code;
}

static int lookup_await(struct lookup *l, int64_t deadline, const struct signet_cancel *cancel,
                        struct signet_error *err)
{
    struct pollfd p[] = {{.fd = l->fd, .events = POLLIN},
                         {.fd = cancel_fd(cancel), .events = POLLIN}};
    eventfd_t one;
    int64_t left;

    while ((left = deadline - clock_ms()) > 0 &&
           poll(p, 2, (int)(left < INT_MAX ? left : INT_MAX)) < 0 && errno == EINTR)
        ;
    if (signet_cancel_fired(cancel))
        return error_set(err, SIGNET_E_CANCELLED, "stopped on request");
    if (!(p[0].revents & POLLIN) || eventfd_read(l->fd, &one) != 0)
        return no_host(SIGNET_E_TIMEOUT, "the name server gives no answer", err);
    if (l->answer == 0)
        return SIGNET_OK;
    return no_host(SIGNET_E_NET,
                   l->answer == EAI_SYSTEM ? strerror(l->sys) : gai_strerror(l->answer), err);
}

static int lookup_new(struct lookup **out, const char *host, const char *port,
                      const struct addrinfo *hints, struct signet_error *err)
{
    struct lookup *l = calloc(1, sizeof(*l));

    if (!l)
        return error_nomem(err);
    *l = (struct lookup){.users = 1, .hints = *hints, .fd = eventfd(0, EFD_CLOEXEC)};
    int rc = l->fd < 0 ? error_sys(err, SIGNET_E_NET, errno, "cannot look for a host") : SIGNET_OK;
    if (rc == SIGNET_OK)
        rc = text_copy(&l->host, host, err);
    if (rc == SIGNET_OK)
        rc = text_copy(&l->port, port, err);
    if (rc != SIGNET_OK)
        lookup_drop(l);
    else
        *out = l;
    return rc;
}

int host_find(struct addrinfo **list, const char *host, const char *port, int type,
              int64_t deadline, const struct signet_cancel *cancel, struct signet_error *err)
{
    struct addrinfo hints = {.ai_socktype = type, .ai_flags = AI_NUMERICSERV | AI_NUMERICHOST};
    struct lookup *l;

    if (getaddrinfo(host, port, &hints, list) == 0) /* an address: nobody is asked */
        return SIGNET_OK;
    hints.ai_flags = AI_NUMERICSERV;
    int rc = lookup_new(&l, host, port, &hints, err);
    if (rc != SIGNET_OK)
        return rc;
    rc = lookup_start(l, err);
    if (rc == SIGNET_OK)
        rc = lookup_await(l, deadline, cancel, err);
    if (rc == SIGNET_OK) {
        *list = l->list;
        l->list = NULL;
    }
    lookup_drop(l);
    return rc;
}
