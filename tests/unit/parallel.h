/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_PARALLEL_H
#define TESTS_UNIT_PARALLEL_H

/* Cases that mostly wait, each in a process of its own, some at a time. Include after cmocka.h. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Asserts in `each` are seen here. No threads may run when this is called. */
static inline void parallel(size_t count, size_t at_once, void (*each)(size_t i))
{
    size_t failed = 0, running = 0;
    int status;

    for (size_t i = 0; i < count || running;) {
        if (i < count && running < at_once) {
            pid_t pid = fork();

            assert_true(pid >= 0);
            if (pid == 0) {
                setenv("CMOCKA_TEST_ABORT", "1", 1); /* back to the parent, not to its tests */
                each(i);
                exit(0);
            }
            i++;
            running++;
            continue;
        }
        assert_true(wait(&status) > 0);
        running--;
        failed += status != 0;
    }
    if (failed)
        fail_msg("%zu of %zu cases failed", failed, count);
}

#endif
