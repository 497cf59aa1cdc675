/* SPDX-License-Identifier: Apache-2.0 */
/* The pty of a simulated board, at the pace of a UART and with its noise. Faults hit whole lines
 * or single bytes, whatever is in them. */
#include "board.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define QUEUE_MAX   ((size_t)256 * 1024)
#define LINE_MAX_IN 1024
#define PARTIAL_NS  (100 * INT64_C(1000000)) /* then an unfinished line is taken as it is */
#define RETRY_NS    INT64_C(1000000)
#define SPLIT_NS    INT64_C(300000)

int64_t wire_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void queue_clear(struct queue *queue)
{
    while (queue->first) {
        struct segment *next = queue->first->next;

        free(queue->first);
        queue->first = next;
    }
    queue->last = &queue->first;
    queue->bytes = 0;
}

/* Bytes past the bound are lost, as in a UART that nobody reads. */
static void queue_add(struct queue *queue, const void *data, size_t len, int64_t at)
{
    struct segment *segment;

    if (!len || queue->bytes + len > QUEUE_MAX)
        return;
    segment = malloc(sizeof(*segment) + len);
    if (!segment)
        return;
    segment->next = NULL;
    segment->at = at;
    segment->len = len;
    memcpy(segment->data, data, len);
    *queue->last = segment;
    queue->last = &segment->next;
    queue->bytes += len;
}

static struct segment *queue_take(struct queue *queue)
{
    struct segment *segment = queue->first;

    queue->first = segment->next;
    if (!queue->first)
        queue->last = &queue->first;
    queue->bytes -= segment->len;
    return segment;
}

static int open_pty(struct wire *wire, struct signet_error *err)
{
    struct termios tio;

    wire->slave = -1;
    wire->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (wire->master < 0 || grantpt(wire->master) != 0 || unlockpt(wire->master) != 0 ||
        ptsname_r(wire->master, wire->path, sizeof(wire->path)) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot make a pty");
    wire->slave = open(wire->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (wire->slave < 0 || tcgetattr(wire->slave, &tio) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot open %s", wire->path);
    cfmakeraw(&tio); /* nothing is echoed back before somebody opens it */
    if (tcsetattr(wire->slave, TCSANOW, &tio) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot set up %s", wire->path);
    return SIGNET_OK;
}

int wire_open(struct wire *wire, unsigned baud, unsigned seed, struct signet_error *err)
{
    queue_clear(&wire->in);
    queue_clear(&wire->out);
    wire->byte_ns = baud ? INT64_C(10000000000) / baud : 0; /* 8N1: ten bits */
    wire->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 0x2545f4914f6cdd1d;
    wire->line.max = (size_t)4 * LINE_MAX_IN;
    return open_pty(wire, err);
}

int wire_again(struct wire *wire)
{
    if (wire->slave >= 0)
        close(wire->slave);
    return open_pty(wire, NULL);
}

void wire_clear(struct wire *wire)
{
    queue_clear(&wire->in);
    queue_clear(&wire->out);
    buf_reset(&wire->line);
    wire->line_started = 0;
    wire->in_clock = wire->out_clock = 0;
}

/* The other end stays open: nobody else's pty gets the name meanwhile. */
void wire_unplug(struct wire *wire)
{
    queue_clear(&wire->in);
    queue_clear(&wire->out);
    if (wire->master >= 0)
        close(wire->master);
    wire->master = -1;
}

void wire_close(struct wire *wire)
{
    wire_unplug(wire);
    buf_free(&wire->line);
    if (wire->slave >= 0)
        close(wire->slave);
    wire->slave = -1;
}

static uint64_t next_random(struct wire *wire)
{
    wire->random ^= wire->random << 13;
    wire->random ^= wire->random >> 7;
    wire->random ^= wire->random << 17;
    return wire->random;
}

bool wire_chance(struct wire *wire, double probability)
{
    return probability > 0 && (double)(next_random(wire) >> 11) * 0x1p-53 < probability;
}

static bool every(uint64_t count, double n)
{
    return n >= 1 && count % (uint64_t)n == 0;
}

/* How often this line comes, of those that this way had so far. */
static int times_through(struct wire *wire, uint64_t count, double drop)
{
    if (every(count, drop) || wire_chance(wire, wire->faults.lose))
        return 0;
    return every(count, wire->faults.dup) || wire_chance(wire, wire->faults.repeat) ? 2 : 1;
}

/* So long the line stands still. */
static int64_t lag_ns(struct wire *wire)
{
    if (wire->faults.lag <= 0 || !wire_chance(wire, 0.05))
        return 0;
    return (int64_t)((double)(next_random(wire) >> 11) * 0x1p-53 * wire->faults.lag * 1e6);
}

/* What the line makes of these bytes. */
static void disturb(struct wire *wire, const uint8_t *data, size_t len, struct buf *out)
{
    const struct sim_faults *faults = &wire->faults;

    for (size_t i = 0; i < len; i++) {
        uint8_t c = data[i];

        if (wire_chance(wire, faults->delete))
            continue;
        if (wire_chance(wire, faults->insert))
            buf_byte(out, (uint8_t)next_random(wire));
        if (wire_chance(wire, faults->flip))
            c ^= (uint8_t)(1u << (next_random(wire) & 7));
        buf_byte(out, c);
    }
}

static bool disturbs(const struct sim_faults *faults)
{
    return faults->delete > 0 || faults->insert > 0 || faults->flip > 0;
}

static void push_line(struct wire *wire)
{
    struct buf noisy = {0};
    const struct buf *line = &wire->line;

    wire->lines_in++;
    wire->in_clock += lag_ns(wire);
    if (disturbs(&wire->faults)) {
        disturb(wire, line->data, line->len, &noisy);
        line = &noisy;
    }
    for (int n = times_through(wire, wire->lines_in, wire->faults.drop_rx); n; n--)
        queue_add(&wire->in, line->data, line->len, wire->in_clock);
    buf_free(&noisy);
    buf_reset(&wire->line);
    wire->line_started = 0;
}

/* A line of a frame ends with a newline alone; what is typed may end with a carriage return. */
static bool is_frame(const struct buf *line)
{
    return line->len && (line->data[0] == 0x06 || line->data[0] == 0x04);
}

void wire_receive(struct wire *wire)
{
    uint8_t data[4096];
    int64_t now = wire_now();

    while (wire->master >= 0 && wire->in.bytes < QUEUE_MAX / 2) {
        ssize_t n = read(wire->master, data, sizeof(data));

        if (n <= 0)
            break;
        if (wire->in_clock < now)
            wire->in_clock = now;
        for (ssize_t i = 0; i < n; i++) {
            buf_byte(&wire->line, data[i]);
            wire->in_clock += wire->byte_ns;
            wire->line_started = wire->in_clock;
            if (data[i] == '\n' || (data[i] == '\r' && !is_frame(&wire->line)) ||
                wire->line.len >= LINE_MAX_IN)
                push_line(wire);
        }
        wire->bytes_in += (uint64_t)n;
        if ((size_t)n < sizeof(data))
            break;
    }
    if (wire->line_started && now - wire->line_started > PARTIAL_NS)
        push_line(wire);
}

struct segment *wire_next_line(struct wire *wire)
{
    if (!wire->in.first || wire->in.first->at > wire_now())
        return NULL;
    return queue_take(&wire->in);
}

static void send_line(struct wire *wire, const uint8_t *data, size_t len)
{
    size_t step = wire->faults.split > 0 ? 1 + next_random(wire) % 7 : len;

    for (size_t at = 0; at < len; at += step) {
        size_t n = len - at < step ? len - at : step;

        wire->out_clock += (int64_t)n * wire->byte_ns + (step < len ? SPLIT_NS : 0);
        queue_add(&wire->out, data + at, n, wire->out_clock);
    }
}

void wire_send(struct wire *wire, const void *data, size_t len, int64_t delay_ms)
{
    const uint8_t *at = data, *end = at + len;
    int64_t earliest = wire_now() + delay_ms * 1000000;

    if (wire->out_clock < earliest)
        wire->out_clock = earliest;
    while (at < end) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        size_t n = newline ? (size_t)(newline - at) + 1 : (size_t)(end - at);
        struct buf noisy = {0};

        wire->lines_out++;
        wire->bytes_out += n;
        wire->out_clock += lag_ns(wire);
        disturb(wire, at, n, &noisy);
        for (int times = times_through(wire, wire->lines_out, wire->faults.drop_tx); times; times--)
            send_line(wire, noisy.data, noisy.len);
        buf_free(&noisy);
        at += n;
    }
}

void wire_deliver(struct wire *wire)
{
    int64_t now = wire_now();

    while (wire->master >= 0 && wire->out.first && wire->out.first->at <= now) {
        struct segment *segment = wire->out.first;
        ssize_t n = write(wire->master, segment->data, segment->len);

        if (n < 0) { /* nobody reads: again in a moment */
            segment->at = now + RETRY_NS;
            return;
        }
        if ((size_t)n < segment->len) {
            memmove(segment->data, segment->data + n, segment->len - (size_t)n);
            segment->len -= (size_t)n;
            wire->out.bytes -= (size_t)n;
            continue;
        }
        free(queue_take(&wire->out));
    }
}

int64_t wire_due(const struct wire *wire)
{
    int64_t due = wire->out.first ? wire->out.first->at : INT64_MAX;

    if (wire->in.first && wire->in.first->at < due)
        due = wire->in.first->at;
    if (wire->line_started && wire->line_started + PARTIAL_NS < due)
        due = wire->line_started + PARTIAL_NS;
    return due;
}
