/* SPDX-License-Identifier: Apache-2.0 */
/* Where a page listens, and by which names it may be called. */
#include "page/listen.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static unsigned port_of(const struct listen_address *a)
{
    const struct sockaddr_in *four = (const struct sockaddr_in *)&a->at;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&a->at;

    return ntohs(a->at.ss_family == AF_INET ? four->sin_port : six->sin6_port);
}

static void addresses(void **state)
{
    static const struct {
        const char *text;
        unsigned port;
        bool loopback;
    } good[] = {{"127.0.0.1:80", 80, true},    {"127.0.0.1", 8470, true},
                {"9000", 9000, true},          {"0", 0, true},
                {"localhost:1", 1, true},      {"127.9.9.9:65535", 65535, true},
                {"[::1]:8470", 8470, true},    {"[::1]", 8470, true},
                {"0.0.0.0:8470", 8470, false}, {"[::]:8470", 8470, false},
                {"192.168.1.7", 8470, false}};
    static const char *const bad[] = {"",
                                      ":",
                                      ":80",
                                      "host:80",
                                      "1.2.3:80",
                                      "127.0.0.1:",
                                      "127.0.0.1:x",
                                      "127.0.0.1:65536",
                                      "[::1",
                                      "[::1]80",
                                      "123456",
                                      "127.0.0.1:8 0",
                                      "127.0.0.1:-1",
                                      "1.2.3.4.5"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct listen_address a;
        assert_int_equal(listen_parse(good[i].text, &a, NULL), SIGNET_OK);
        assert_int_equal(port_of(&a), good[i].port);
        assert_int_equal(a.loopback, good[i].loopback);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct listen_address a;
        struct signet_error err = {0};
        assert_int_equal(listen_parse(bad[i], &a, &err), SIGNET_E_USAGE);
        assert_true(err.hint[0]);
    }
}

/* What a foreign page's name looks like is refused, whatever it leads to. */
static void names_of_a_host(void **state)
{
    static const char *const local[] = {"localhost", "localhost:8470", "127.0.0.1:1", "[::1]:8470",
                                        "192.168.1.7:8470"};
    static const char *const foreign[] = {
        "evil.example", "evil.example:8470", "localhost.evil.example", "127.0.0.1.evil.example", "",
        "[::1",         "127.0.0.1:x"};

    (void)state;
    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
        assert_true(listen_host_is_local(local[i]));
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        assert_false(listen_host_is_local(foreign[i]));
    assert_false(listen_host_is_local(NULL));
}

static void an_address_is_taken_once(void **state)
{
    struct listen_address a;
    struct signet_error err = {0};
    char name[LISTEN_NAME_SIZE];
    int first = -1, second = -1;

    (void)state;
    assert_int_equal(listen_parse("127.0.0.1:0", &a, NULL), SIGNET_OK);
    assert_int_equal(listen_open(&a, &first, NULL), SIGNET_OK);
    assert_int_equal(listen_name(first, name, NULL), SIGNET_OK);
    assert_true(strncmp(name, "127.0.0.1:", 10) == 0 && strcmp(name, "127.0.0.1:0") != 0);
    assert_int_equal(listen_parse(name, &a, NULL), SIGNET_OK);
    assert_int_equal(listen_open(&a, &second, &err), SIGNET_E_BUSY);
    assert_true(err.hint[0]);
    close(first);
    assert_int_not_equal(listen_name(-1, name, &err), SIGNET_OK);
    assert_int_equal(listen_parse("203.0.113.7:0", &a, NULL), SIGNET_OK); /* not this computer's */
    assert_int_equal(listen_open(&a, &second, &err), SIGNET_E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses),
                                       cmocka_unit_test(names_of_a_host),
                                       cmocka_unit_test(an_address_is_taken_once)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
