/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) ||                           \
    __has_feature(memory_sanitizer)
enum { WITH_MALLOC = 1 };
#else
enum { WITH_MALLOC = 0 };
#endif

enum { BLOCKS = 600 };

/* The line of /proc/self/smaps that begins so, of the mapping that has this address; "": none. */
static void mapping_line(const void *address, const char *begin, char out[256])
{
    FILE *f = fopen("/proc/self/smaps", "r");
    char line[256];
    bool inside = false;

    out[0] = '\0';
    while (fgets(line, sizeof(line), f)) {
        unsigned long from, to;

        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (unsigned long)address >= from && (unsigned long)address < to;
        else if (inside && strncmp(line, begin, strlen(begin)) == 0)
            strcpy(out, line);
    }
    fclose(f);
}

static void is_locked_and_left_out_of_dumps(void **state)
{
    const size_t sizes[] = {1, 33, 5000, 100000};
    char line[256];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char *memory = locked_alloc(sizes[i]);

        memset(memory, 1, sizes[i]);
        mapping_line(memory, "VmFlags:", line);
        if (!WITH_MALLOC) {
            assert_non_null(strstr(line, " dd")); /* do not dump */
            assert_non_null(strstr(line, " lo")); /* locked */
        }
        memset(memory, 0, sizes[i]);
        locked_free(memory);
    }
    assert_true(signet_secrets_locked());
}

static void *work(void *arg)
{
    uint8_t *blocks[BLOCKS] = {0};
    unsigned seed = *(unsigned *)arg;
    bool *good = calloc(1, 1);

    *good = true;
    for (int i = 0; i < 6000; i++) {
        size_t k = (seed = seed * 1103515245u + 12345u) / 65536 % BLOCKS, size = 1 + k * k / 20;

        if (blocks[k]) {
            for (size_t at = 0; at < size; at++)
                *good = *good && blocks[k][at] == (uint8_t)(k + *(unsigned *)arg);
            locked_free(blocks[k]);
            blocks[k] = NULL;
        } else {
            blocks[k] = locked_alloc(size);
            memset(blocks[k], (int)(k + *(unsigned *)arg), size);
        }
    }
    for (size_t k = 0; k < BLOCKS; k++)
        locked_free(blocks[k]);
    return good;
}

static void blocks_of_many_threads_do_not_overlap(void **state)
{
    unsigned seeds[] = {1, 2, 3, 4, 5, 6};
    pthread_t threads[6];

    (void)state;
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &seeds[i]), 0);
    for (size_t i = 0; i < 6; i++) {
        bool *good;

        pthread_join(threads[i], (void **)&good);
        assert_true(*good);
        free(good);
    }
}

static void goes_between_threads(void **state)
{
    char *here[200];

    (void)state;
    for (size_t i = 0; i < 200; i++)
        here[i] = locked_alloc(64);
    for (size_t i = 0; i < 200; i++)
        for (size_t k = 0; k < i; k++)
            assert_true(here[i] >= here[k] + 64 || here[i] + 64 <= here[k]);
    for (size_t i = 0; i < 200; i++)
        locked_free(here[i]);
    locked_free(NULL);
    locked_free(malloc(10));
}

static void on_event(void *ctx, const struct signet_event *event)
{
    ++*(int *)ctx;
    assert_non_null(strstr(event->error->msg, "swap"));
}

/* In a process of its own, since the limit and what is told once are the process's. */
static void a_small_limit_is_no_error_and_told_once(void **state)
{
    int status;

    (void)state;
    if (WITH_MALLOC)
        skip();
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit none = {0, 0};
        int warnings = 0;
        const struct signet_observer observer = {on_event, &warnings};
        char *memory = NULL;

        setrlimit(RLIMIT_MEMLOCK, &none);
        if (geteuid() == 0 && (setgid(65534) || setuid(65534))) /* root has no limit */
            _exit(2);
        for (int i = 0; i < 100; i++)
            memory = locked_alloc(100000);
        memset(memory, 1, 100000);
        locked_warn_once(&observer);
        locked_warn_once(&observer);
        _exit(signet_secrets_locked() || warnings != 1);
    }
    assert_true(child > 0);
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static void more_than_there_is_room_for_comes_from_elsewhere(void **state)
{
    char *many[30];

    (void)state;
    if (WITH_MALLOC)
        skip();
    for (size_t i = 0; i < 30; i++) {
        many[i] = locked_alloc(4 * 1024 * 1024);
        assert_non_null(many[i]);
        many[i][0] = many[i][4 * 1024 * 1024 - 1] = 1;
    }
    for (size_t i = 0; i < 30; i++)
        locked_free(many[i]);
    assert_false(signet_secrets_locked());
    assert_null(locked_alloc(SIZE_MAX / 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_locked_and_left_out_of_dumps),
        cmocka_unit_test(blocks_of_many_threads_do_not_overlap),
        cmocka_unit_test(goes_between_threads),
        cmocka_unit_test(a_small_limit_is_no_error_and_told_once),
        cmocka_unit_test(more_than_there_is_room_for_comes_from_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
