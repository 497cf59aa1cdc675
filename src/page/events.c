/* SPDX-License-Identifier: Apache-2.0 */
/* A viewer's stream (server-sent events). Each has a thread of the HTTP server, and one message at
 * a time in memory. */
#include "page/private.h"

#include <poll.h>
#include <stdlib.h>

enum { LISTEN_MS = 1000, BEAT_MS = 15000, BLOCK_SIZE = 16 * 1024 };

struct stream {
    struct watch *watch;
    struct viewer viewer;
    int fd;
    int64_t beat_at;
    struct buf out;
    size_t sent;
};

static bool viewer_left(int fd)
{
    struct pollfd peer = {.fd = fd, .events = POLLRDHUP};

    return poll(&peer, 1, 0) > 0 && (peer.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL));
}

/* Waits for something to send. A comment now and then keeps the connection alive. */
static bool fill(struct stream *s)
{
    buf_reset(&s->out);
    s->sent = 0;
    while (s->out.len == 0) {
        if (!watch_next(s->watch, &s->viewer, clock_ms() + LISTEN_MS, &s->out) || s->out.failed ||
            viewer_left(s->fd))
            return false;
        if (s->out.len == 0 && clock_ms() >= s->beat_at)
            buf_text(&s->out, ": still here\n\n");
    }
    s->beat_at = clock_ms() + BEAT_MS;
    return true;
}

static ssize_t read_stream(void *arg, uint64_t pos, char *to, size_t max)
{
    struct stream *s = arg;

    (void)pos;
    if (s->sent == s->out.len && !fill(s))
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t left = s->out.len - s->sent, n = left < max ? left : max;
    memcpy(to, s->out.data + s->sent, n);
    s->sent += n;
    return (ssize_t)n;
}

static void free_stream(void *arg)
{
    struct stream *s = arg;

    watch_leave(s->watch);
    buf_free(&s->out);
    free(s);
}

static struct stream *open_stream(struct request *r)
{
    const struct mhd *mhd = r->page->mhd;
    struct stream *s = calloc(1, sizeof(*s));
    const union MHD_ConnectionInfo *info =
        mhd->get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (!s || !info ||
        !watch_join(r->page->watch, &s->viewer, request_header(r, "Last-Event-ID"))) {
        free(s);
        return NULL;
    }
    s->watch = r->page->watch;
    s->fd = info->connect_fd;
    s->beat_at = clock_ms() + BEAT_MS;
    buf_text(&s->out, "retry: 2000\n\n");
    return s;
}

struct MHD_Response *events_open(struct request *r)
{
    struct stream *s = open_stream(r);
    struct MHD_Response *response =
        s ? r->page->mhd->create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, read_stream,
                                                        s, free_stream)
          : NULL;

    if (s && !response)
        free_stream(s);
    return response;
}
