/* SPDX-License-Identifier: Apache-2.0 */
/* A file that events are added to, a line each, each on the disk before the next. */
#include "notify/private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TAIL = 4096 };

struct file_target {
    const char *path;
    bool whole; /* its last line is */
};

/* Where the last whole line ends; -1: errno. */
static off_t file_whole_lines(int fd, off_t size)
{
    char tail[TAIL];

    while (size > 0) {
        off_t from = size > TAIL ? size - TAIL : 0;
        ssize_t got = pread(fd, tail, (size_t)(size - from), from);

        if (got <= 0)
            return -1;
        while (got > 0 && tail[got - 1] != '\n')
            got--;
        size = from + got;
        if (got > 0)
            break;
    }
    return size;
}

/* A file that begins otherwise than an event does, even one of JSON, is left as it is. */
static bool file_has_events(int fd)
{
    static const char *const begins[] = {"{\"id\": \"", "{\"MessageName\": \"CFX."};
    char first[24];
    ssize_t got = pread(fd, first, sizeof(first), 0);

    for (size_t i = 0; got >= 0 && i < COUNT_OF(begins); i++) {
        size_t len = strlen(begins[i]);

        if (memcmp(first, begins[i], (size_t)got < len ? (size_t)got : len) == 0)
            return true;
    }
    return false;
}

static int file_is_other(const char *path, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_IO, "name a file that is for events alone",
                          "'%s' is another file: its first line is no event", path);
}

/* A power cut may leave half a line: its event is told again. */
static int file_mend(const char *path, struct signet_error *err)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;

    if (fd < 0)
        return errno == ENOENT ? SIGNET_OK
                               : error_sys(err, SIGNET_E_IO, errno, "cannot write '%s'", path);
    if (!file_has_events(fd)) {
        close(fd);
        return file_is_other(path, err);
    }
    off_t end = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? file_whole_lines(fd, st.st_size) : -1;
    int rc = end >= 0 && (end == st.st_size || ftruncate(fd, end) == 0)
                 ? SIGNET_OK
                 : error_sys(err, SIGNET_E_IO, errno, "cannot write '%s'", path);
    close(fd);
    return rc;
}

static int file_target_open(void **state, const struct signet_order_notify *target,
                            const struct signet_cancel *cancel, struct signet_error *err)
{
    int rc = file_has_folder(target->file, err);
    int fd = open(target->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    (void)cancel;
    if (rc == SIGNET_OK && fd >= 0 && !file_has_events(fd))
        rc = file_is_other(target->file, err);
    if (fd >= 0)
        close(fd);
    if (rc != SIGNET_OK)
        return rc;
    struct file_target *f = calloc(1, sizeof(*f));
    if (!f)
        return error_nomem(err);
    f->path = target->file;
    *state = f;
    return SIGNET_OK;
}

static int file_target_send(void *state, const struct notify_message *m, int64_t *wait_ms,
                            struct signet_error *err)
{
    struct file_target *f = state;
    struct buf line = {0};
    /* nothing is cut off from a file that is not to be added to */
    int rc = f->whole ? SIGNET_OK : file_add(f->path, "", 0, 022, err);

    (void)wait_ms;
    if (rc == SIGNET_OK && !f->whole)
        rc = file_mend(f->path, err);
    buf_append(&line, m->body.data, m->body.len);
    buf_byte(&line, '\n');
    if (rc == SIGNET_OK)
        rc = buf_check(&line, err);
    if (rc == SIGNET_OK)
        rc = file_add(f->path, line.data, line.len, 022, err);
    f->whole = rc == SIGNET_OK;
    buf_free(&line);
    return rc;
}

static void file_target_close(void *state)
{
    free(state);
}

const struct notify_ops notify_file = {
    .open = file_target_open, .send = file_target_send, .close = file_target_close};
