/* SPDX-License-Identifier: Apache-2.0 */
/* A viewer's stream (server-sent events). Each has a thread of the HTTP server, and one message at
 * a time. */
#include "page/private.h"

#include <poll.h>
#include <stdlib.h>

enum { LISTEN_MS = 1000, BEAT_MS = 15000, BLOCK_SIZE = 16 * 1024 };

struct stream {
    const struct request *request; /* it lasts as long as something is sent */
    struct watch *watch;
    struct viewer viewer;
    int fd;
    int64_t beat_at;
    struct message *message; /* NULL: a constant is sent */
    const char *text;
    size_t len, sent;
};

static bool viewer_left(int fd)
{
    struct pollfd peer = {.fd = fd, .events = POLLRDHUP};

    return poll(&peer, 1, 0) > 0 && (peer.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL));
}

static void stream_send(struct stream *s, const char *text, size_t len)
{
    s->text = text;
    s->len = len;
    s->sent = 0;
    s->beat_at = clock_ms() + BEAT_MS;
}

/* Waits for something to send, until the viewer or its session is gone. A comment now and then
 * keeps the connection alive. */
static bool fill(struct stream *s)
{
    static const char beat[] = ": still here\n\n";

    watch_drop(s->watch, &s->message);
    while (!s->message) {
        if (!watch_next(s->watch, &s->viewer, clock_ms() + LISTEN_MS, &s->message) ||
            viewer_left(s->fd) || !request_may_read(s->request))
            return false;
        if (!s->message && clock_ms() >= s->beat_at) {
            stream_send(s, beat, strlen(beat));
            return true;
        }
    }
    stream_send(s, s->message->text, s->message->len);
    return true;
}

static ssize_t read_stream(void *arg, uint64_t pos, char *to, size_t max)
{
    struct stream *s = arg;

    (void)pos;
    while (s->sent == s->len)
        if (!fill(s))
            return MHD_CONTENT_READER_END_OF_STREAM;
    size_t left = s->len - s->sent, n = left < max ? left : max;
    memcpy(to, s->text + s->sent, n);
    s->sent += n;
    return (ssize_t)n;
}

static void free_stream(void *arg)
{
    struct stream *s = arg;

    watch_drop(s->watch, &s->message);
    watch_leave(s->watch);
    free(s);
}

static struct stream *open_stream(struct request *r)
{
    static const char begin[] = "retry: 2000\n\n";
    const struct mhd *mhd = r->page->mhd;
    struct stream *s = calloc(1, sizeof(*s));
    const union MHD_ConnectionInfo *info =
        mhd->get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (!s || !info ||
        !watch_join(r->page->watch, &s->viewer, request_header(r, "Last-Event-ID"))) {
        free(s);
        return NULL;
    }
    s->request = r;
    s->watch = r->page->watch;
    s->fd = info->connect_fd;
    stream_send(s, begin, strlen(begin));
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
