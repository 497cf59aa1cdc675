/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of a run that was killed are ended; nobody else's, and each is told of. */
#include "flasher/flasher.h"
#include "flasher/run.h"

#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int told, ended;

static void tell(void *ctx, const char *name, int pid)
{
    (void)ctx;
    (void)name;
    told += pid == ended;
}

/* A program that carries a mark. */
static int begin(char *mark)
{
    char *const words[] = {(char[]){"sleep"}, (char[]){"20"}, NULL}, *const all[] = {mark, NULL};
    int pid;

    assert_int_equal(posix_spawnp(&pid, "sleep", NULL, NULL, words, all), 0);
    return pid;
}

static void orphans(void **state)
{
    char mine[64], gone[80];
    int status;
    (void)state;
    orphan_mark(mine, sizeof(mine));
    snprintf(gone, sizeof(gone), "%s7",
             mine); /* our number, of a process that began at another time */
    int kept = begin(mine);
    for (int i = 0; i < 20 && !told; i++) { /* a run of another test may have been faster */
        ended = begin(gone);
        do { /* its environment can be read a moment after it was begun */
            flasher_end_orphans(tell, NULL);
            usleep(1000);
        } while (waitpid(ended, &status, WNOHANG) == 0);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    }
    assert_true(told > 0);
    assert_int_equal(waitpid(kept, &status, WNOHANG), 0); /* its run is there */
    kill(kept, SIGKILL);
    assert_int_equal(waitpid(kept, &status, 0), kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(orphans)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
