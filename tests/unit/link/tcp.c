/* SPDX-License-Identifier: Apache-2.0 */
/* TCP links.
 * wrap: getaddrinfo
 */
#include "link/link.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct other {
    int listener, fd;
    char address[64];
    struct signet_link *link;
    struct signet_error err;
};

static void set_up(struct other *o)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);

    *o = (struct other){.listener = socket(AF_INET, SOCK_STREAM, 0), .fd = -1};
    assert_int_equal(bind(o->listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(o->listener, 1), 0);
    assert_int_equal(getsockname(o->listener, (struct sockaddr *)&at, &size), 0);
    snprintf(o->address, sizeof(o->address), "tcp:127.0.0.1:%u", ntohs(at.sin_port));
}

static void tear_down(struct other *o)
{
    signet_link_close(&o->link);
    if (o->listener >= 0)
        close(o->listener);
    if (o->fd >= 0)
        close(o->fd);
}

static void connect_to(struct other *o)
{
    assert_int_equal(signet_link_open(&o->link, o->address, 0, NULL, &o->err), SIGNET_OK);
    o->fd = accept(o->listener, NULL, NULL);
    assert_true(o->fd >= 0);
}

/* Only the board's own datagrams are read, and an empty one is nothing, not the end. */
static void datagrams_of_the_board_alone(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, us;
    int board = socket(AF_INET, SOCK_DGRAM, 0), other = socket(AF_INET, SOCK_DGRAM, 0);
    struct signet_link *link = NULL;
    struct signet_error err;
    socklen_t size = sizeof(at);
    char address[64], data[16] = "";
    size_t got;

    (void)state;
    assert_int_equal(bind(board, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(board, (struct sockaddr *)&at, &size), 0);
    snprintf(address, sizeof(address), "udp:127.0.0.1:%u", ntohs(at.sin_port));
    assert_int_equal(signet_link_open(&link, address, 0, NULL, &err), SIGNET_OK);
    assert_int_equal(link_write(link, "ask", 3, clock_ms() + 60000, &err), SIGNET_OK);
    size = sizeof(us);
    assert_int_equal(recvfrom(board, data, 16, 0, (struct sockaddr *)&us, &size), 3);
    assert_int_equal(sendto(other, "other", 5, 0, (struct sockaddr *)&us, size), 5);
    assert_int_equal(sendto(board, "", 0, 0, (struct sockaddr *)&us, size), 0);
    assert_int_equal(link_read(link, data, 16, clock_ms(), &got, &err), SIGNET_E_TIMEOUT);
    assert_int_equal(sendto(board, "", 0, 0, (struct sockaddr *)&us, size), 0);
    assert_int_equal(sendto(board, "board", 5, 0, (struct sockaddr *)&us, size), 5);
    assert_int_equal(link_read(link, data, 16, clock_ms() + 60000, &got, &err), SIGNET_OK);
    assert_int_equal(got, 5);
    assert_memory_equal(data, "board", 5);
    signet_link_close(&link);
    close(board);
    close(other);
}

static void addresses(void **state)
{
    static const char *const bad[] = {"tcp:",       "tcp:host",     "tcp::1",
                                      "tcp:host:",  "tcp:host:12x", "tcp:host:1234567890123456",
                                      "tcp:host:-1"},
                             *const ports[] = {"tcp:host:0", "tcp:host:65536"};
    struct signet_link *link = NULL;
    struct signet_error err;
    char longer[300];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(signet_link_open(&link, bad[i], 0, NULL, &err), SIGNET_E_USAGE);
        assert_non_null(strstr(err.msg, "not an address"));
        assert_string_equal(err.hint, "write tcp:HOST:PORT or udp:HOST:PORT");
    }
    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        assert_int_equal(signet_link_open(&link, ports[i], 0, NULL, &err), SIGNET_E_USAGE);
        assert_string_equal(err.hint, "ports are 1 to 65535");
    }
    memset(longer, 'a', sizeof(longer));
    memcpy(longer, "tcp:", 4);
    strcpy(longer + 4 + 256, ":1"); /* a host of 256 characters */
    assert_int_equal(signet_link_open(&link, longer, 0, NULL, &err), SIGNET_E_USAGE);
    assert_int_equal(signet_link_open(&link, "tcp:[]:1", 0, NULL, &err), SIGNET_E_LINK);
    assert_non_null(strstr(err.msg, "tcp:[]:1: no such host: "));
    assert_null(link);
}

static void bytes_go_both_ways(void **state)
{
    struct other o;
    char data[16];
    size_t got;

    (void)state;
    set_up(&o);
    connect_to(&o);
    assert_int_equal(link_write(o.link, "ping", 4, clock_ms() + 60000, &o.err), SIGNET_OK);
    assert_int_equal(recv(o.fd, data, 4, MSG_WAITALL), 4);
    assert_memory_equal(data, "ping", 4);
    assert_int_equal(link_drain(o.link, clock_ms() + 60000, &o.err), SIGNET_OK);
    assert_int_equal(send(o.fd, "pong", 4, 0), 4);
    assert_int_equal(link_read(o.link, data, sizeof(data), clock_ms() + 60000, &got, &o.err),
                     SIGNET_OK);
    assert_int_equal(got, 4);
    assert_memory_equal(data, "pong", 4);
    tear_down(&o);
}

static void an_address_in_brackets(void **state)
{
    struct other o;
    char text[80];

    (void)state;
    set_up(&o);
    snprintf(text, sizeof(text), "tcp:[127.0.0.1]:%s", strrchr(o.address, ':') + 1);
    strcpy(o.address, text);
    connect_to(&o);
    tear_down(&o);
}

static void nobody_listens(void **state)
{
    struct other o;

    (void)state;
    set_up(&o);
    close(o.listener); /* the port is free again */
    o.listener = -1;
    assert_int_equal(signet_link_open(&o.link, o.address, 0, NULL, &o.err), SIGNET_E_LINK);
    assert_non_null(strstr(o.err.msg, "no connection: Connection refused"));
    assert_non_null(strstr(o.err.msg, o.address));
    assert_null(o.link);
    tear_down(&o);
}

int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **list);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **list);

static char first_port[8]; /* of the first of two addresses, "" for one address */

int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **list)
{
    int rc = __real_getaddrinfo(host, first_port[0] ? first_port : port, hints, list);

    if (rc == 0 && first_port[0])
        rc = __real_getaddrinfo(host, port, hints, &(*list)->ai_next);
    return rc;
}

/* A name that stands for an IPv6 and an IPv4 address; the device listens on the second. */
static void a_host_with_two_addresses(void **state)
{
    struct signet_cancel *cancel = NULL;
    struct other o, away;

    (void)state;
    set_up(&o);
    set_up(&away);
    close(away.listener);
    away.listener = -1;
    snprintf(first_port, sizeof(first_port), "%s", strrchr(away.address, ':') + 1);
    connect_to(&o);
    signet_link_close(&o.link);
    assert_int_equal(signet_link_open(&o.link, away.address, 0, NULL, &o.err), SIGNET_E_LINK);
    assert_non_null(strstr(o.err.msg, "no connection: Connection refused"));
    snprintf(first_port, sizeof(first_port), "%s", strrchr(o.address, ':') + 1);
    assert_int_equal(signet_link_open(&o.link, away.address, 0, NULL, &o.err), SIGNET_OK);
    assert_int_equal(signet_cancel_new(&cancel, NULL), SIGNET_OK);
    signet_cancel_fire(cancel);
    signet_link_close(&o.link);
    assert_int_equal(signet_link_open(&o.link, away.address, 0, cancel, &o.err),
                     SIGNET_E_CANCELLED);
    first_port[0] = '\0';
    tear_down(&away);
    tear_down(&o);
    signet_cancel_free(&cancel);
}

/* The write must not raise SIGPIPE in the caller's program. */
static void the_other_side_closes(void **state)
{
    struct other o;
    char data[16];
    size_t got;
    int rc = SIGNET_OK;

    (void)state;
    set_up(&o);
    connect_to(&o);
    close(o.fd);
    o.fd = -1;
    assert_int_equal(link_read(o.link, data, sizeof(data), clock_ms() + 60000, &got, &o.err),
                     SIGNET_E_LINK);
    assert_non_null(strstr(o.err.msg, "the other side closed the connection"));
    for (int64_t end = clock_ms() + 10000; rc == SIGNET_OK && clock_ms() < end;)
        rc = link_write(o.link, "x", 1, clock_ms() + 60000, &o.err);
    assert_int_equal(rc, SIGNET_E_LINK);
    assert_non_null(strstr(o.err.msg, "the other side closed the connection"));
    tear_down(&o);
}

static void the_other_side_breaks_off(void **state)
{
    const struct linger at_once = {.l_onoff = 1};
    struct other o;
    char data[16];
    size_t got;

    (void)state;
    set_up(&o);
    connect_to(&o);
    assert_int_equal(setsockopt(o.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    close(o.fd);
    o.fd = -1;
    assert_int_equal(link_read(o.link, data, sizeof(data), clock_ms() + 60000, &got, &o.err),
                     SIGNET_E_LINK);
    assert_non_null(strstr(o.err.msg, "closed the connection: Connection reset by peer"));
    assert_string_equal(o.err.hint,
                        "are host and port those of the board, and is it on? Then try again");
    tear_down(&o);
}

static void a_full_connection(void **state)
{
    static const char data[65536];
    struct other o;
    int rc = SIGNET_OK;

    (void)state;
    set_up(&o);
    connect_to(&o);
    for (int i = 0; rc == SIGNET_OK && i < 1000; i++) /* nobody reads */
        rc = link_write(o.link, data, sizeof(data), clock_ms() + 20, &o.err);
    assert_int_equal(rc, SIGNET_E_TIMEOUT);
    tear_down(&o);
}

static void stops_on_request(void **state)
{
    struct signet_cancel *cancel = NULL;
    struct other o;

    (void)state;
    set_up(&o);
    assert_int_equal(signet_cancel_new(&cancel, NULL), SIGNET_OK);
    signet_cancel_fire(cancel);
    assert_int_equal(signet_link_open(&o.link, o.address, 0, cancel, &o.err), SIGNET_E_CANCELLED);
    assert_null(o.link);
    tear_down(&o);
    signet_cancel_free(&cancel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(bytes_go_both_ways),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(an_address_in_brackets),
        cmocka_unit_test(datagrams_of_the_board_alone),
        cmocka_unit_test(a_host_with_two_addresses),
        cmocka_unit_test(a_full_connection),
        cmocka_unit_test(the_other_side_breaks_off),
        cmocka_unit_test(the_other_side_closes),
        cmocka_unit_test(stops_on_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
