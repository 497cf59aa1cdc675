/* SPDX-License-Identifier: Apache-2.0 */
#include "link/backend.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int fd_gone(const struct fd_link *link, int sys, struct signet_error *err)
{
    error_sys(err, SIGNET_E_LINK, sys,
              link->socket ? "the other side closed the connection"
                           : "the port went away (unplugged or powered off)");
    error_hint(err, link->socket
                        ? "are host and port those of the board, and is it on? Then try again"
                        : "check the cable and the board's power, then try again");
    return SIGNET_E_LINK;
}

int fd_wait(const struct fd_link *link, short events, int64_t deadline, struct signet_error *err)
{
    for (;;) {
        struct pollfd fds[2] = {{.fd = link->fd, .events = events},
                                {.fd = cancel_fd(link->cancel), .events = POLLIN}};
        int64_t left = deadline - clock_ms();
        int n;

        if (left < 0)
            left = 0;
        n = poll(fds, 2, left > 60000 ? 60000 : (int)left);
        if (n < 0 && errno != EINTR)
            return error_sys(err, SIGNET_E_LINK, errno, "cannot wait for the link");
        if (signet_cancel_fired(link->cancel))
            return error_set(err, SIGNET_E_CANCELLED, "stopped on request");
        if (n > 0 && fds[0].revents & (events | POLLHUP | POLLERR | POLLNVAL))
            return SIGNET_OK; /* a hang-up shows in the read or write that follows */
        if (clock_ms() >= deadline)
            return error_set(err, SIGNET_E_TIMEOUT, "no answer in time");
    }
}

static int fd_read(void *self, void *data, size_t cap, int64_t deadline, size_t *got,
                   struct signet_error *err)
{
    struct fd_link *link = self;

    for (;;) {
        ssize_t n = read(link->fd, data, cap);
        int rc;

        if (link->datagrams && n <= 0 && errno != EINTR) {
            link->refused = link->refused || (n < 0 && errno == ECONNREFUSED);
            errno =
                EAGAIN; /* empty, or word of an earlier one that nobody took: it may come again */
            n = -1;
        }

        if (n > 0) {
            if (signet_cancel_fired(link->cancel))
                return error_set(err, SIGNET_E_CANCELLED, "stopped on request");
            *got = (size_t)n;
            return SIGNET_OK;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            return fd_gone(link, n ? errno : 0, err);
        rc = fd_wait(link, POLLIN, deadline, err);
        if (rc == SIGNET_E_TIMEOUT && link->refused)
            return error_set(err, rc, "no answer in time; nobody listens at that UDP port");
        if (rc)
            return rc;
    }
}

static int fd_write(void *self, const void *data, size_t len, int64_t deadline,
                    struct signet_error *err)
{
    const struct fd_link *link = self;
    const uint8_t *from = data;

    while (len) {
        /* send(): a closed socket must not raise SIGPIPE in the caller's program */
        ssize_t n =
            link->socket ? send(link->fd, from, len, MSG_NOSIGNAL) : write(link->fd, from, len);
        int rc;

        if (n > 0) {
            from += n;
            len -= (size_t)n;
            continue;
        }
        if (n < 0 && link->datagrams && errno == ECONNREFUSED)
            continue; /* word of an earlier one; this one was not sent */
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return fd_gone(link, errno, err);
        rc = fd_wait(link, POLLOUT, deadline, err);
        if (rc == SIGNET_E_TIMEOUT)
            return error_set(err, rc, "the link takes no more bytes");
        if (rc)
            return rc;
    }
    return SIGNET_OK;
}

static int fd_drain(void *self, int64_t deadline, struct signet_error *err)
{
    const struct fd_link *link = self;

    /* tcdrain() has no deadline, and a dead USB device can hold it for ever. */
    for (;;) {
        int left = 0, rc;
        int64_t now = clock_ms();

        if (ioctl(link->fd, TIOCOUTQ, &left) != 0 || left == 0)
            return SIGNET_OK;
        if (now >= deadline)
            return error_set(err, SIGNET_E_TIMEOUT, "%d bytes do not leave the port", left);
        rc = cancel_sleep_until(link->cancel, now + 2, err);
        if (rc)
            return rc;
    }
}

static void fd_close(void *self)
{
    const struct fd_link *link = self;

    if (link->fd < 0)
        return;
    if (!link->socket)
        serial_release(link->fd);
    close(link->fd);
}

const struct link_ops fd_ops = {fd_read, fd_write, fd_drain, fd_close};
