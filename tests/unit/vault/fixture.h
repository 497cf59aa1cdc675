/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_VAULT_FIXTURE_H
#define TESTS_VAULT_FIXTURE_H

/* A vault in a folder of its own. */
#include "vault/vault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

struct fixture {
    char folder[FOLDER_SIZE], work[256], key[256];
    struct vault *vault;
    struct signet_error err;
};

static inline int reopen(struct fixture *f)
{
    const struct vault_key key = {.file = f->key};

    vault_close(&f->vault);
    return vault_open(&f->vault, f->work, &key, "o", &f->err);
}

static inline void good(const struct fixture *f, int rc)
{
    if (rc != SIGNET_OK)
        fail_msg("%s", f->err.msg);
}

static inline void set_up(struct fixture *f)
{
    *f = (struct fixture){0};
    assert_true(folder_make(f->folder));
    snprintf(f->work, sizeof(f->work), "%s/work", f->folder);
    snprintf(f->key, sizeof(f->key), "%s/key", f->folder);
    good(f, reopen(f));
}

static inline void tear_down(struct fixture *f)
{
    char command[240];

    vault_close(&f->vault);
    snprintf(command, sizeof(command), "rm -r %s", f->folder);
    assert_int_equal(system(command), 0);
}

static inline void seal_one(struct fixture *f, const char *endpoint, const char *text)
{
    const struct signet_bytes packet = {.data = (uint8_t *)(uintptr_t)text, .len = strlen(text)};

    good(f, vault_seal(f->vault, endpoint, &packet, &f->err));
}

/* A batch with devices "d<first>" to "d<last>", whose packets are their names and the batch's
 * number. */
static inline void seal_batch(struct fixture *f, uint64_t number, int first, int last)
{
    struct buf plain = {0};

    for (int i = first; i <= last; i++) {
        struct vault_entry entry = {.index = i};
        char packet[32];
        int n = snprintf(packet, sizeof(packet), "d%d of %d", i, (int)number);

        snprintf(entry.endpoint, sizeof(entry.endpoint), "d%d", i);
        entry.packet = (const uint8_t *)packet;
        entry.len = (size_t)n;
        vault_entry_add(&plain, &entry);
    }
    good(f, vault_batch_seal(f->vault, number, &plain, &f->err));
    buf_free(&plain);
}

static inline void path_of_batch(const struct fixture *f, uint64_t number, char path[400])
{
    snprintf(path, 400, "%s/mint-%s-%08d.sealed", f->work, vault_tag(f->vault), (int)number);
}

static inline bool is_sealed(const struct fixture *f, uint64_t number)
{
    char path[400];

    path_of_batch(f, number, path);
    return access(path, F_OK) == 0;
}

/* Changes a byte in the middle. */
static inline void damage(const char *path)
{
    FILE *file = fopen(path, "r+b");

    assert_non_null(file);
    assert_int_equal(fseek(file, 30, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, 30, SEEK_SET), 0);
    fputc(byte ^ 1, file);
    assert_int_equal(fclose(file), 0);
}

static inline void finds(struct fixture *f, const char *endpoint, int64_t index, const char *text)
{
    struct secret packet = {0};

    good(f, vault_find(f->vault, endpoint, index, &packet, &f->err));
    assert_int_equal(packet.len, strlen(text));
    assert_memory_equal(packet.data, text, packet.len);
    secret_wipe(&packet);
}

static inline void finds_not(struct fixture *f, const char *endpoint, int64_t index,
                             enum signet_code code, const char *words)
{
    struct secret packet = {0};
    int rc = vault_find(f->vault, endpoint, index, &packet, &f->err);

    if (rc != (int)code || !strstr(f->err.msg, words))
        fail_msg("%d: %s, not %d: %s", rc, f->err.msg, code, words);
    assert_null(packet.data);
}

#endif
