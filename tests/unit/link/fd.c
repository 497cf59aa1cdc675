/* SPDX-License-Identifier: Apache-2.0 */
/* Reads, writes and waits on a descriptor: a socket pair and a pty are the other side. */
#include "link/backend.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct pair {
    struct fd_link link;
    int other;
    struct signet_cancel *cancel;
    struct signet_error err;
};

static void set_up(struct pair *p)
{
    int fds[2];

    *p = (struct pair){0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    assert_int_equal(signet_cancel_new(&p->cancel, NULL), SIGNET_OK);
    p->link = (struct fd_link){.fd = fds[0], .cancel = p->cancel};
    p->other = fds[1];
}

static void tear_down(struct pair *p)
{
    close(p->link.fd);
    if (p->other >= 0)
        close(p->other);
    signet_cancel_free(&p->cancel);
}

static int64_t in_ms(int64_t ms)
{
    return clock_ms() + ms;
}

static int read_some(struct pair *p, int64_t deadline, char out[8], size_t *got)
{
    return fd_ops.read(&p->link, out, 8, deadline, got, &p->err);
}

static void reads_what_is_there(void **state)
{
    struct pair p;
    char data[8];
    size_t got = 0;

    (void)state;
    set_up(&p);
    assert_int_equal(write(p.other, "hello", 5), 5);
    assert_int_equal(read_some(&p, 0, data, &got), SIGNET_OK); /* 0: what is there now */
    assert_int_equal(got, 5);
    assert_memory_equal(data, "hello", 5);
    assert_int_equal(read_some(&p, 0, data, &got), SIGNET_E_TIMEOUT);
    int64_t start = clock_ms();
    assert_int_equal(read_some(&p, in_ms(30), data, &got), SIGNET_E_TIMEOUT);
    assert_true(clock_ms() - start >= 30);
    tear_down(&p);
}

static void the_other_side_goes(void **state)
{
    struct pair p;
    char data[8];
    size_t got = 0;

    (void)state;
    set_up(&p);
    assert_int_equal(write(p.other, "x", 1), 1);
    close(p.other);
    p.other = -1;
    assert_int_equal(fd_wait(&p.link, POLLIN, in_ms(60000), &p.err), SIGNET_OK);
    assert_int_equal(read_some(&p, in_ms(60000), data, &got), SIGNET_OK); /* its last words */
    assert_int_equal(read_some(&p, in_ms(60000), data, &got), SIGNET_E_LINK);
    assert_string_equal(p.err.msg, "the port went away (unplugged or powered off)");
    assert_non_null(strstr(p.err.hint, "cable"));
    tear_down(&p);
}

/* A hang-up ends a wait for which nothing else would come: the read that follows tells it. */
static void a_hang_up_ends_a_wait(void **state)
{
    struct pair p;
    int64_t start = clock_ms();
    char data[8];
    size_t got = 0;
    int master = posix_openpt(O_RDWR | O_NOCTTY), slave;

    (void)state;
    set_up(&p);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_NONBLOCK);
    assert_true(slave >= 0);
    close(p.link.fd);
    p.link.fd = slave;
    close(master);
    assert_int_equal(fd_wait(&p.link, POLLPRI, in_ms(60000), &p.err), SIGNET_OK);
    assert_int_equal(read_some(&p, in_ms(60000), data, &got), SIGNET_E_LINK);
    assert_int_equal(fd_ops.write(&p.link, "x", 1, in_ms(60000), &p.err), SIGNET_E_LINK);
    assert_non_null(strstr(p.err.msg, "the port went away (unplugged or powered off): "));
    assert_true(clock_ms() - start < 50000);
    tear_down(&p);
}

static void stops_on_request(void **state)
{
    struct pair p;
    char data[8];
    size_t got = 0;

    (void)state;
    set_up(&p);
    signet_cancel_fire(p.cancel);
    assert_int_equal(read_some(&p, in_ms(60000), data, &got), SIGNET_E_CANCELLED);
    assert_int_equal(write(p.other, "x", 1), 1); /* even when there is something */
    assert_int_equal(fd_wait(&p.link, POLLIN, in_ms(60000), &p.err), SIGNET_E_CANCELLED);
    assert_int_equal(read_some(&p, in_ms(60000), data, &got), SIGNET_E_CANCELLED);
    assert_int_equal(got, 0);
    tear_down(&p);
}

struct drain {
    int fd;
    size_t all;
    uint8_t sum;
};

static void *read_all(void *ctx)
{
    struct drain *d = ctx;
    struct pollfd wait = {.fd = d->fd, .events = POLLIN};
    uint8_t data[4096];
    ssize_t n = 1;

    usleep(20000); /* until the writer is full */
    while (n > 0) {
        poll(&wait, 1, -1);
        n = read(d->fd, data, sizeof(data));
        for (ssize_t i = 0; i < n; i++)
            d->sum = (uint8_t)(d->sum * 31 + data[i]);
        d->all += n > 0 ? (size_t)n : 0;
    }
    return NULL;
}

/* More than the kernel holds goes out in parts, in order and whole. */
static void writes_all_or_fails(void **state)
{
    enum { LEN = 2 * 1024 * 1024 };
    struct pair p;
    struct drain d = {0};
    uint8_t *data = malloc(LEN), sum = 0;
    pthread_t thread;

    (void)state;
    set_up(&p);
    for (size_t i = 0; i < LEN; i++) {
        data[i] = (uint8_t)(i * i >> 3);
        sum = (uint8_t)(sum * 31 + data[i]);
    }
    d.fd = p.other;
    assert_int_equal(pthread_create(&thread, NULL, read_all, &d), 0);
    assert_int_equal(fd_ops.write(&p.link, data, LEN, in_ms(60000), &p.err), SIGNET_OK);
    shutdown(p.link.fd, SHUT_WR);
    pthread_join(thread, NULL);
    assert_int_equal(d.all, LEN);
    assert_int_equal(d.sum, sum);
    tear_down(&p);
    set_up(&p);
    assert_int_equal(fd_ops.write(&p.link, data, LEN, in_ms(20), &p.err), SIGNET_E_TIMEOUT);
    assert_string_equal(p.err.msg, "the link takes no more bytes");
    signet_cancel_fire(p.cancel);
    assert_int_equal(fd_ops.write(&p.link, data, LEN, in_ms(60000), &p.err), SIGNET_E_CANCELLED);
    tear_down(&p);
    free(data);
}

static void *read_later(void *ctx)
{
    char data[8];

    usleep(20000);
    return read(*(int *)ctx, data, sizeof(data)) == 3 ? ctx : NULL;
}

static void drains(void **state)
{
    struct pair p;
    pthread_t thread;
    void *good = NULL;

    (void)state;
    set_up(&p);
    assert_int_equal(fd_ops.drain(&p.link, 0, &p.err), SIGNET_OK); /* nothing to send */
    assert_int_equal(write(p.link.fd, "abc", 3), 3);
    assert_int_equal(fd_ops.drain(&p.link, in_ms(10), &p.err), SIGNET_E_TIMEOUT);
    assert_non_null(strstr(p.err.msg, "bytes do not leave the port"));
    assert_int_equal(pthread_create(&thread, NULL, read_later, &p.other), 0);
    assert_int_equal(fd_ops.drain(&p.link, in_ms(60000), &p.err), SIGNET_OK);
    pthread_join(thread, &good);
    assert_non_null(good);
    assert_int_equal(write(p.link.fd, "abc", 3), 3);
    signet_cancel_fire(p.cancel);
    assert_int_equal(fd_ops.drain(&p.link, in_ms(60000), &p.err), SIGNET_E_CANCELLED);
    tear_down(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_there),   cmocka_unit_test(the_other_side_goes),
        cmocka_unit_test(a_hang_up_ends_a_wait), cmocka_unit_test(stops_on_request),
        cmocka_unit_test(writes_all_or_fails),   cmocka_unit_test(drains),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
