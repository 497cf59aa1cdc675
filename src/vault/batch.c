/* SPDX-License-Identifier: Apache-2.0 */
/* One sealed file for many devices: each entry is length and name, number, length and packet. */
#include "vault/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void vault_entry_add(struct buf *plain, const struct vault_entry *entry)
{
    uint8_t name = (uint8_t)strlen(entry->endpoint);
    uint32_t len = (uint32_t)entry->len;

    buf_byte(plain, name);
    buf_append(plain, entry->endpoint, name);
    buf_append(plain, &entry->index, sizeof(entry->index));
    buf_append(plain, &len, sizeof(len));
    buf_append(plain, entry->packet, len);
}

bool vault_entry_next(const struct secret *plain, size_t *at, struct vault_entry *out)
{
    const uint8_t *p = plain->data + *at;
    size_t left = plain->len - *at, name = left ? p[0] : 0, head = VAULT_ENTRY_HEAD + name;
    uint32_t packet;

    if (name >= sizeof(out->endpoint) || left < head)
        return false;
    memcpy(out->endpoint, p + 1, name);
    out->endpoint[name] = '\0';
    memcpy(&out->index, p + 1 + name, sizeof(out->index));
    memcpy(&packet, p + head - sizeof(packet), sizeof(packet));
    if (left - head < packet)
        return false;
    out->packet = p + head;
    out->len = packet;
    *at += head + packet;
    return true;
}

struct batch_name {
    char text[48];
};

static struct batch_name batch_name(const struct vault *v, uint64_t number)
{
    struct batch_name name;

    snprintf(name.text, sizeof(name.text), "mint-%s-%08" PRIu64 ".sealed", v->tag, number);
    return name;
}

int vault_batch_seal(struct vault *v, uint64_t number, const struct buf *plain,
                     struct signet_error *err)
{
    const struct secret view = {.data = plain->data, .len = plain->len};
    const struct batch_name name = batch_name(v, number);

    return vault_seal_file(v, name.text, &view, err);
}

int vault_batch_read(struct vault *v, uint64_t number, struct secret *plain,
                     struct signet_error *err)
{
    const struct batch_name name = batch_name(v, number);

    struct vault_entry entry;
    size_t at = 0;
    int rc = vault_open_file(v, name.text, NULL, plain, err);

    while (rc == SIGNET_OK && vault_entry_next(plain, &at, &entry))
        ;
    if (rc != SIGNET_OK || at == plain->len)
        return rc;
    secret_wipe(plain);
    return vault_damaged(v, name.text, err);
}

int batch_wipe(struct vault *v, uint64_t number, struct signet_error *err)
{
    return vault_wipe_file(v, batch_name(v, number).text, err);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* "mint-TAG-NUMBER.sealed" */
static bool is_batch(const char *name, const char *tag, uint64_t *number)
{
    size_t len = strlen(tag);
    char *end = NULL;

    if (strncmp(name, "mint-", 5) != 0 || strncmp(name + 5, tag, len) != 0 || name[5 + len] != '-')
        return false;
    name += 6 + len;
    *number = strtoull(name, &end, 10);
    return *name >= '0' && *name <= '9' && strcmp(end, ".sealed") == 0;
}

bool seal_is_wiped(int folder, const char *name)
{
    uint8_t head[4] = {1};
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool wiped = fd >= 0 && read(fd, head, sizeof(head)) == (ssize_t)sizeof(head) &&
                 memcmp(head, "\0\0\0", sizeof(head)) == 0;

    if (fd >= 0)
        close(fd);
    if (wiped)
        unlinkat(folder, name, 0);
    return wiped;
}

int vault_batch_list(struct vault *v, uint64_t **numbers, size_t *count, struct signet_error *err)
{
    DIR *dir = opendir(v->folder);
    struct buf list = {0};
    struct dirent *entry;
    uint64_t number = 0;

    if (!dir)
        return error_sys(err, SIGNET_E_IO, errno, "cannot look into %s", v->folder);
    while ((entry = readdir(dir)))
        if (is_batch(entry->d_name, v->tag, &number) && !seal_is_wiped(dirfd(dir), entry->d_name))
            buf_append(&list, &number, sizeof(number));
    closedir(dir);
    int rc = buf_check(&list, err);
    if (rc != SIGNET_OK)
        return rc;
    *count = list.len / sizeof(number);
    *numbers = malloc(list.len + 1);
    if (*numbers && list.len)
        memcpy(*numbers, list.data, list.len);
    if (*numbers)
        qsort(*numbers, *count, sizeof(number), by_number);
    buf_free(&list);
    return *numbers ? SIGNET_OK : error_nomem(err);
}
