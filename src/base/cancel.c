/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct signet_cancel {
    int fd;
    atomic_bool fired;
};

int signet_cancel_new(struct signet_cancel **out, struct signet_error *err)
{
    struct signet_cancel *cancel = calloc(1, sizeof(*cancel));

    if (!cancel)
        return error_nomem(err);
    cancel->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (cancel->fd < 0) {
        int saved = errno;

        free(cancel);
        return error_sys(err, SIGNET_E_IO, saved, "cannot make an event descriptor");
    }
    *out = cancel;
    return SIGNET_OK;
}

void signet_cancel_free(struct signet_cancel **cancel)
{
    if (!cancel || !*cancel)
        return;
    close((*cancel)->fd);
    free(*cancel);
    *cancel = NULL;
}

void signet_cancel_fire(struct signet_cancel *cancel)
{
    static const uint64_t one = 1;
    int saved = errno; /* may be called from a signal handler */
    ssize_t n;

    if (!cancel)
        return;
    atomic_store(&cancel->fired, true);
    do
        n = write(cancel->fd, &one, sizeof(one));
    while (n < 0 && errno == EINTR);
    errno = saved;
}

bool signet_cancel_fired(const struct signet_cancel *cancel)
{
    return cancel && atomic_load(&cancel->fired);
}

int cancel_fd(const struct signet_cancel *cancel)
{
    return cancel ? cancel->fd : -1;
}

int cancel_sleep_until(const struct signet_cancel *cancel, int64_t deadline_ms,
                       struct signet_error *err)
{
    for (;;) {
        struct pollfd poll_fd = {.fd = cancel_fd(cancel), .events = POLLIN};
        int64_t left = deadline_ms - clock_ms();

        if (signet_cancel_fired(cancel))
            return error_set(err, SIGNET_E_CANCELLED, "stopped on request");
        if (left <= 0)
            return SIGNET_OK;
        poll(&poll_fd, 1, left > 60000 ? 60000 : (int)left);
    }
}
