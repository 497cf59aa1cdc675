/* SPDX-License-Identifier: Apache-2.0 */
/* A server that goes away in the middle does not end the program that looks at its certificate. */
#include <signet/cert.h>

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int fetch(uint16_t port)
{
    struct signet_cert *cert = NULL;
    struct signet_error err = {0};

    signal(SIGPIPE, SIG_DFL);
    int rc = signet_cert_fetch(&cert, "127.0.0.1", port, 0, 9000, NULL, &err);
    return rc == SIGNET_E_NET && strstr(err.msg, "while the server introduced itself") ? 0 : 1;
}

/* A ServerHello that is wrong, and the end: the alert that is written then raises SIGPIPE. */
static void test_gone_before_the_alert(void **state)
{
    static const char hello[] = "\x16\x03\x03\0\x05\x02\0\0\x01";
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct linger reset = {.l_onoff = 1};
    socklen_t len = sizeof(at);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd, status;
    char data[4096];
    pid_t child;

    (void)state;
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(listen(listener, 1), 0);
    child = fork();
    if (child == 0)
        _exit(fetch(ntohs(at.sin_port)));
    assert_true(child > 0);
    fd = accept(listener, NULL, NULL);
    assert_true(recv(fd, data, sizeof(data), 0) > 0);
    kill(child, SIGSTOP);
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_int_equal(send(fd, hello, sizeof(hello), MSG_NOSIGNAL), sizeof(hello));
    shutdown(fd, SHUT_WR);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    kill(child, SIGCONT);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(listener);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("it ended with %d, by signal %d", status, WTERMSIG(status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gone_before_the_alert)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
