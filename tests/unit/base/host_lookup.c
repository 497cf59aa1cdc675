/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrap: getaddrinfo
 */
#include "base/base.h"

#include <fcntl.h>
#include <netdb.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* A name server that does not answer keeps its thread, and what that waits with. */
extern int files_left;
int files_left = 1;

static sem_t answer_now, answered;
static int asked;

int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **list);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **list);

/* slow.invalid waits until it is told to, and is found then. */
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **list)
{
    if (hints->ai_flags & AI_NUMERICHOST)
        return __real_getaddrinfo(host, port, hints, list);
    asked++;
    if (strcmp(host, "slow.invalid") != 0)
        return EAI_NONAME;
    sem_wait(&answer_now);
    int rc = __real_getaddrinfo("127.0.0.1", port, hints, list);
    sem_post(&answered);
    return rc;
}

static int find(const char *host, int ms, const struct signet_cancel *cancel,
                struct signet_error *err)
{
    struct addrinfo *list = NULL;
    int rc = host_find(&list, host, "5684", SOCK_DGRAM, clock_ms() + ms, cancel, err);

    assert_int_equal(list != NULL, rc == SIGNET_OK);
    if (list) {
        assert_int_equal(list->ai_socktype, SOCK_DGRAM);
        freeaddrinfo(list);
    }
    return rc;
}

static void addresses_ask_nobody(void **state)
{
    (void)state;
    assert_int_equal(find("127.0.0.1", 0, NULL, NULL), SIGNET_OK);
    assert_int_equal(find("::1", 0, NULL, NULL), SIGNET_OK);
    assert_int_equal(asked, 0);
}

static void names(void **state)
{
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(find("nobody.invalid", 60000, NULL, &err), SIGNET_E_NET);
    assert_int_equal(strncmp(err.msg, "no such host: ", 14), 0);
    assert_int_equal(signet_error_class(&err), SIGNET_CLASS_AWAY);
    sem_post(&answer_now);
    assert_int_equal(find("slow.invalid", 60000, NULL, NULL), SIGNET_OK);
    sem_wait(&answered);
    assert_int_equal(asked, 2);
}

/* What comes when nobody waits any more is dropped. */
static void a_name_server_that_says_nothing(void **state)
{
    struct signet_error err = {0};

    (void)state;
    assert_int_equal(find("slow.invalid", 20, NULL, &err), SIGNET_E_TIMEOUT);
    assert_non_null(strstr(err.msg, "the name server gives no answer"));
    assert_int_equal(signet_error_class(&err), SIGNET_CLASS_AWAY);
    sem_post(&answer_now);
    sem_wait(&answered);
}

static void cancelled(void **state)
{
    struct signet_cancel *cancel = NULL;

    (void)state;
    assert_int_equal(signet_cancel_new(&cancel, NULL), SIGNET_OK);
    signet_cancel_fire(cancel);
    assert_int_equal(find("slow.invalid", 60000, cancel, NULL), SIGNET_E_CANCELLED);
    signet_cancel_free(&cancel);
    sem_post(&answer_now);
    sem_wait(&answered);
}

static size_t open_files(void)
{
    size_t count = 0;

    for (int fd = 0; fd < 100; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

int main(void)
{
    size_t before = open_files();
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_ask_nobody),
        cmocka_unit_test(names),
        cmocka_unit_test(a_name_server_that_says_nothing),
        cmocka_unit_test(cancelled),
    };

    sem_init(&answer_now, 0, 0);
    sem_init(&answered, 0, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    /* a look-up that nobody waits for closes its file when it has its answer */
    for (int tries = 0; open_files() > before && tries < 5000; tries++)
        usleep(1000);
    return failed;
}
