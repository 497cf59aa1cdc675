/* SPDX-License-Identifier: Apache-2.0 */
/* A name server that does not answer until it is let.
 * wrap: getaddrinfo
 */
#include "notify/private.h"

#include <netdb.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

int __real_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list);
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list);

static sem_t let, ended;
static struct signet_error err;

int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list)
{
    if (strcmp(node, "unknown") == 0)
        return EAI_NONAME;
    if (strcmp(node, "slow") != 0)
        return __real_getaddrinfo(node, service, hints, list);
    sem_wait(&let);
    sem_post(&ended);
    return EAI_AGAIN;
}

static void an_answer(void **state)
{
    (void)state;
    assert_int_equal(lookup_host("127.0.0.1", 60000, NULL, &err), SIGNET_OK);
    assert_int_equal(lookup_host("unknown", 60000, NULL, &err), SIGNET_E_NET);
    assert_non_null(strstr(err.msg, "no address of unknown: "));
}

/* The thread's answer comes when nobody is there any more. */
static void no_answer(void **state)
{
    struct signet_cancel *cancel;
    (void)state;

    assert_int_equal(lookup_host("slow", 20, NULL, &err), SIGNET_E_TIMEOUT);
    assert_int_equal(signet_error_class(&err), SIGNET_CLASS_AWAY);
    assert_int_equal(signet_cancel_new(&cancel, &err), SIGNET_OK);
    signet_cancel_fire(cancel);
    assert_int_equal(lookup_host("slow", 600000, cancel, &err), SIGNET_E_CANCELLED);
    signet_cancel_free(&cancel);
    for (int i = 0; i < 2; i++) {
        sem_post(&let);
        sem_wait(&ended);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_answer), cmocka_unit_test(no_answer)};

    sem_init(&let, 0, 0);
    sem_init(&ended, 0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
