/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD, in each test: a thread that gives back a lock that it does not have, waits
 * without it, or takes it twice, ends the program. glibc writes down who has a lock. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool ours;
static __thread pid_t self; /* a call of the system each time would make tests take twice as long */

static void forget_self(void)
{
    self = 0;
}

__attribute__((constructor)) static void look_whose(void)
{
    const char *name = program_invocation_short_name;

    ours = strncmp(name, "signet", 6) == 0 || strncmp(name, "ptool", 5) == 0 ||
           strncmp(name, "test_", 5) == 0;
    pthread_atfork(NULL, NULL, forget_self);
}

static void want(const pthread_mutex_t *lock, bool held, const char *otherwise)
{
    if (!ours || lock->__data.__kind != PTHREAD_MUTEX_NORMAL)
        return;
    self = self ? self : gettid();
    if ((lock->__data.__owner == self) == held)
        return;
    (void)!write(STDERR_FILENO, otherwise, strlen(otherwise));
    abort();
}

#define NEXT(name)                                                                                 \
    static __typeof__(name) *next;                                                                 \
    if (!next)                                                                                     \
    *(void **)&next = dlsym(RTLD_NEXT, #name)

int pthread_mutex_lock(pthread_mutex_t *lock)
{
    NEXT(pthread_mutex_lock);
    want(lock, false, "a lock is taken twice\n");
    return next(lock);
}

int pthread_mutex_unlock(pthread_mutex_t *lock)
{
    NEXT(pthread_mutex_unlock);
    want(lock, true, "a lock is given back that this thread does not have\n");
    return next(lock);
}

int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock)
{
    NEXT(pthread_cond_wait);
    want(lock, true, "a thread waits without the lock\n");
    return next(cond, lock);
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *at)
{
    NEXT(pthread_cond_timedwait);
    want(lock, true, "a thread waits without the lock\n");
    return next(cond, lock, at);
}
