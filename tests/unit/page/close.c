/* SPDX-License-Identifier: Apache-2.0 */
/* A page that closes: a request that came before is answered, as one that ends the run is; who does
 * not read his answer holds nobody up.
 * wrap: answer_session */
#include "page/private.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int came[2]; /* a pipe: a byte for each request */
static int answer_ms;

void __real_answer_session(struct request *r);
void __wrap_answer_session(struct request *r);
void __wrap_answer_session(struct request *r)
{
    assert_int_equal(write(came[1], "x", 1), 1);
    cancel_sleep_until(NULL, clock_ms() + answer_ms, NULL);
    __real_answer_session(r);
}

static int ask(const struct signet_page *page)
{
    static const char request[] = "GET /api/session HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_port = htons((uint16_t)atoi(strrchr(signet_page_url(page), ':') + 1));
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
    return fd;
}

/* The milliseconds of the close. */
static int64_t close_in_the_middle(char answer[static 16], int ms)
{
    const struct signet_page_options options = {.size = sizeof(options), .address = "127.0.0.1:0"};
    struct signet_error err = {0};
    struct signet_page *page = NULL;
    char byte;

    answer_ms = ms;
    if (signet_page_open(&page, &options, &err) != SIGNET_OK)
        fail_msg("%s", err.msg);
    int fd = ask(page);
    assert_int_equal(read(came[0], &byte, 1), 1);
    int64_t begin = clock_ms();
    signet_page_close(&page);
    int64_t took = clock_ms() - begin;
    memset(answer, 0, 16);
    assert_true(recv(fd, answer, 15, MSG_WAITALL) >= 0);
    close(fd);
    return took;
}

static void an_answer_under_way(void **state)
{
    char answer[16];
    (void)state;
    close_in_the_middle(answer, 200);
    assert_string_equal(answer, "HTTP/1.1 200 OK");
}

static void an_answer_that_takes_too_long(void **state)
{
    char answer[16];
    (void)state;
    assert_true(close_in_the_middle(answer, 1500) >= 1000);
    assert_string_equal(answer, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_answer_under_way),
                                       cmocka_unit_test(an_answer_that_takes_too_long)};

    if (pipe(came) != 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    close(came[0]);
    close(came[1]);
    return failed;
}
