/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_fd(int fd, const char *path, size_t max, struct buf *out, struct signet_error *err)
{
    ssize_t n;

    out->max = max + 1; /* the byte more says that the file is too large */
    do {
        buf_reserve(out, 1);
        if (out->failed)
            return buf_check(out, err);
        n = TEMP_FAILURE_RETRY(read(fd, out->data + out->len, out->cap - out->len - 1));
        if (n < 0)
            return error_sys(err, SIGNET_E_IO, errno, "cannot read '%s'", path);
        out->len += (size_t)n;
        out->data[out->len] = '\0';
        if (out->len > max)
            return error_set_hint(err, SIGNET_E_LIMIT, "is it the file that was meant?",
                                  "'%s' is larger than %zu bytes", path, max);
    } while (n > 0);
    return SIGNET_OK;
}

bool file_is_private(const struct stat *st)
{
    return S_ISREG(st->st_mode) && st->st_nlink == 1 && st->st_uid == geteuid() &&
           !(st->st_mode & 077);
}

bool file_not_for_root(const struct stat *st)
{
    bool group = !S_ISLNK(st->st_mode) && (st->st_mode & S_IWGRP) && st->st_gid != 0;

    return geteuid() == 0 && (st->st_uid != 0 || (group && !(st->st_mode & S_ISVTX)));
}

/* Of what is read. */
enum kind { ANY_FILE, SECRET, OWN_SECRET };

static int check_opened(int fd, const char *path, enum kind kind, bool *shared,
                        struct signet_error *err)
{
    const mode_t mask = kind == ANY_FILE ? 0 : 077; /* permissions that it must not have */
    struct stat st;

    if (fstat(fd, &st) < 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot look at '%s'", path);
    if (S_ISDIR(st.st_mode))
        return file_missing(EISDIR, path, err);
    if (shared)
        *shared = S_ISREG(st.st_mode) && (st.st_mode & (S_IRGRP | S_IROTH));
    if (kind == OWN_SECRET && (!S_ISREG(st.st_mode) || st.st_nlink != 1))
        return error_set(err, SIGNET_E_IO, "'%s' is not a plain file of one name", path);
    if (!S_ISREG(st.st_mode)) { /* pipes from process substitution block as they should */
        int flags = fcntl(fd, F_GETFL);

        if (flags >= 0)
            fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
        return SIGNET_OK;
    }
    if (mask && st.st_uid != geteuid() && st.st_uid != 0)
        return error_set_hint(err, SIGNET_E_IO,
                              "run as its owner, or make a copy that only you can read",
                              "'%s' holds a secret, but belongs to another user", path);
    if (!(st.st_mode & mask))
        return SIGNET_OK;
    if (file_has_no_secret(path, err))
        return SIGNET_E_IO;
    error_set(err, SIGNET_E_IO, "'%s' holds a secret, but others may open it (mode %03o)", path,
              (unsigned)st.st_mode & 0777u);
    error_hint(err, "chmod 600 '%s'", path);
    return SIGNET_E_IO;
}

static int read_path(const char *path, size_t max, enum kind kind, bool *shared, struct buf *out,
                     struct signet_error *err)
{
    /* O_NONBLOCK: a FIFO without a writer must not hang the line; reads of files ignore it. */
    int link = kind == OWN_SECRET ? O_NOFOLLOW : 0, rc;

    if (!path)
        return error_set_hint(err, SIGNET_E_USAGE, "give the path of a file, not NULL",
                              "no file is named");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | link);

    if (fd < 0 && link && errno == ELOOP)
        return error_set_hint(err, SIGNET_E_IO, "name the file itself",
                              "'%s' holds a secret, and is a link", path);
    if (fd < 0)
        return file_missing(errno, path, err);
    rc = check_opened(fd, path, kind, shared, err);
    if (rc == SIGNET_OK)
        rc = read_fd(fd, path, max, out, err);
    close(fd);
    if (rc != SIGNET_OK)
        buf_free(out);
    return rc;
}

int file_read(const char *path, size_t max, struct buf *out, struct signet_error *err)
{
    struct buf read = {0};
    int rc = read_path(path, max, ANY_FILE, NULL, &read, err);

    if (rc != SIGNET_OK)
        return rc;
    read.max = 0;
    buf_free(out);
    *out = read;
    return SIGNET_OK;
}

static int read_secret(const char *path, size_t max, enum kind kind, bool *shared,
                       struct secret *out, struct signet_error *err)
{
    struct buf read = {0};
    int rc = read_path(path, max, kind, shared, &read, err);

    return rc == SIGNET_OK ? secret_from_buf(out, &read, err) : rc;
}

int file_read_secret(const char *path, size_t max, struct secret *out, struct signet_error *err)
{
    return read_secret(path, max, SECRET, NULL, out, err);
}

int file_read_shared(const char *path, size_t max, bool *shared, struct secret *out,
                     struct signet_error *err)
{
    return read_secret(path, max, ANY_FILE, shared, out, err);
}

int file_read_own(const char *path, size_t max, struct secret *out, struct signet_error *err)
{
    return read_secret(path, max, OWN_SECRET, NULL, out, err);
}

/* The folder of path, opened, and where the last component starts. */
static int open_folder(const char *path, const char **name, struct signet_error *err)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    int fd;

    *name = slash ? slash + 1 : path;
    if (!**name || strlen(path) >= sizeof(folder))
        return (error_set(err, SIGNET_E_IO, "'%s' is not a file name", path), -1);
    if (!slash)
        strcpy(folder, ".");
    else
        snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path), path);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        error_set_hint(err, SIGNET_E_IO,
                       file_path_doubt(path) ? file_path_doubt(path)
                       : errno == ENOTDIR    ? "a file has this name: name another place"
                       : strncmp(path, "/dev/", 5) == 0
                           ? "is the device plugged in, and its driver loaded?"
                           : "make the folder, or name another place",
                       "cannot write '%s': there is no folder '%s'", path, folder);
    else if (fd < 0)
        error_sys(err, SIGNET_E_IO, errno, "cannot open the folder of '%s'", path);
    return fd;
}

int file_has_folder(const char *path, struct signet_error *err)
{
    const char *name;
    int fd = open_folder(path, &name, err);

    if (fd < 0)
        return SIGNET_E_IO;
    close(fd);
    return SIGNET_OK;
}

/* This and the next give 0 or errno. */
static int sync_close(int fd, bool sync)
{
    int failed = sync && fsync(fd) < 0 ? errno : 0;

    if (close(fd) < 0 && !failed)
        failed = errno;
    return failed;
}

static int write_close(int fd, const uint8_t *data, size_t len, mode_t mode, bool sync)
{
    int failed = fchmod(fd, mode) < 0 ? errno : 0, rc;

    while (!failed && len) {
        ssize_t n = TEMP_FAILURE_RETRY(write(fd, data, len));

        if (n < 0) {
            failed = errno;
            break;
        }
        data += n;
        len -= (size_t)n;
    }
    rc = sync_close(fd, sync);
    return failed ? failed : rc;
}

enum put { PUT_NEW, PUT_OVER, PUT_UNSYNCED };

static int put_file(const char *path, const void *data, size_t len, mode_t mode, enum put how,
                    struct signet_error *err)
{
    bool replace = how != PUT_NEW, sync = how != PUT_UNSYNCED;
    char temp[NAME_MAX + 1], hex[13];
    const char *name;
    uint8_t tag[6];
    int folder, fd, failed, rc;

    rc = random_bytes(tag, sizeof(tag), err);
    if (rc)
        return rc;
    hex_encode(tag, sizeof(tag), hex);
    folder = open_folder(path, &name, err);
    if (folder < 0)
        return SIGNET_E_IO;
    snprintf(temp, sizeof(temp), ".%.200s.%s", name, hex);
    fd = openat(folder, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    failed = fd < 0 ? errno : write_close(fd, data, len, mode, sync);
    /* link() refuses an existing name, rename() replaces it: both in one step. */
    if (!failed && (replace ? renameat(folder, temp, folder, name)
                            : linkat(folder, temp, folder, name, 0)) < 0)
        failed = errno;
    if (fd >= 0 && (failed || !replace))
        unlinkat(folder, temp, 0);
    rc = sync_close(folder, sync);
    if (!failed)
        failed = rc;
    if (failed == EEXIST && !replace)
        return error_sys(err, SIGNET_E_EXISTS, failed, "will not overwrite '%s'", path);
    return failed ? error_sys(err, SIGNET_E_IO, failed, "cannot write '%s'", path) : SIGNET_OK;
}

static int put_over(const char *path, const void *data, size_t len, mode_t mode, enum put how,
                    struct signet_error *err)
{
    struct stat st;

    if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return error_set_hint(err, SIGNET_E_IO, "name another file",
                              "will not write over '%s': it is not a plain file", path);
    return put_file(path, data, len, mode, how, err);
}

int file_write(const char *path, const void *data, size_t len, mode_t mode,
               struct signet_error *err)
{
    return put_over(path, data, len, mode, PUT_OVER, err);
}

int file_save(const char *path, struct buf *text, int rc, struct signet_error *err)
{
    if (rc == SIGNET_OK)
        rc = buf_check(text, err);
    if (rc == SIGNET_OK)
        rc = file_write(path, text->data, text->len, 0600, err);
    buf_free(text);
    return rc;
}

int file_replace(const char *path, const void *data, size_t len, struct signet_error *err)
{
    return put_over(path, data, len, 0600, PUT_UNSYNCED, err);
}

int file_create(const char *path, const void *data, size_t len, struct signet_error *err)
{
    return put_file(path, data, len, 0600, PUT_NEW, err);
}

/* Nobody else's, with one name, and open to no more than it may be. */
static int check_added(const char *path, const struct stat *st, mode_t closed,
                       struct signet_error *err)
{
    if (!S_ISREG(st->st_mode))
        return error_set_hint(err, SIGNET_E_IO, "remove it", "'%s' is not a plain file", path);
    if (st->st_uid != geteuid() || st->st_nlink != 1)
        return error_set_hint(err, SIGNET_E_IO, "name another file, or remove it",
                              "'%s' is another user's, or has a second name", path);
    return st->st_mode & closed
               ? error_set_hint(err, SIGNET_E_IO,
                                closed & 044 ? "it may hold secrets: chmod 600" : "chmod go-w",
                                "others may %s '%s'", closed & 044 ? "read" : "change", path)
               : SIGNET_OK;
}

int file_add(const char *path, const void *data, size_t len, mode_t closed,
             struct signet_error *err)
{
    /* O_NONBLOCK: a FIFO without a reader must not hang the line */
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    struct stat st;
    int rc = fd >= 0 && fstat(fd, &st) == 0 ? check_added(path, &st, closed, err) : SIGNET_OK;

    if (rc == SIGNET_OK &&
        (fd < 0 || TEMP_FAILURE_RETRY(write(fd, data, len)) != (ssize_t)len || fsync(fd) != 0))
        rc = error_sys(err, SIGNET_E_IO, errno, "cannot add to '%s'", path);
    if (fd >= 0)
        close(fd);
    return rc;
}

int file_sync_folder(const char *path, struct signet_error *err)
{
    const char *name;
    int folder = open_folder(path, &name, err);
    int failed = folder < 0 ? 0 : sync_close(folder, true);

    if (folder < 0)
        return SIGNET_E_IO;
    return failed ? error_sys(err, SIGNET_E_IO, failed, "cannot sync the folder of '%s'", path)
                  : SIGNET_OK;
}

static bool same_inode(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool file_same(const char *a, const char *b)
{
    const char *name_a, *name_b;
    struct stat x, y;

    if (strcmp(a, b) == 0 || (stat(a, &x) == 0 && stat(b, &y) == 0 && same_inode(&x, &y)))
        return true;
    int at_a = open_folder(a, &name_a, NULL), at_b = open_folder(b, &name_b, NULL);
    bool same = at_a >= 0 && at_b >= 0 && fstat(at_a, &x) == 0 && fstat(at_b, &y) == 0 &&
                same_inode(&x, &y) && strcmp(name_a, name_b) == 0;
    if (at_a >= 0)
        close(at_a);
    if (at_b >= 0)
        close(at_b);
    return same;
}

static bool is_ours_or_roots(const struct stat *st)
{
    return st->st_uid == geteuid() || st->st_uid == 0;
}

/* A link is as trustworthy as whoever made it, wherever in the path it stands. */
static bool has_others_link(const char *path)
{
    char part[PATH_MAX];
    struct stat st;

    if (strlen(path) >= sizeof(part))
        return true;
    strcpy(part, path);
    for (char *at = part; at;) {
        at = *at ? strchr(at + 1, '/') : NULL;
        if (at)
            *at = '\0';
        if (lstat(part, &st) == 0 && S_ISLNK(st.st_mode) && !is_ours_or_roots(&st))
            return true;
        if (at)
            *at = '/';
    }
    return false;
}

int file_check_folder(const char *path, struct signet_error *err)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot look at the folder '%s'", path);
    if (is_ours_or_roots(&st) && !has_others_link(path) &&
        (!(st.st_mode & 022) || (st.st_mode & S_ISVTX)))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_IO, "use a folder of your own, and chmod 700 it",
                          "others may change what is in the folder '%s'", path);
}

static int check_private_folder(const char *path, struct signet_error *err)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot look at the folder '%s'", path);
    if (st.st_uid == geteuid() && !has_others_link(path) && !(st.st_mode & 022))
        return SIGNET_OK;
    error_set(err, SIGNET_E_IO,
              st.st_uid == geteuid() ? "others may change what is in the folder '%s'"
                                     : "the folder '%s' is another user's",
              path);
    error_hint(err, "use a folder of your own, and chmod 700 '%.100s'", path);
    return SIGNET_E_IO;
}

int file_mkdir_private(const char *path, struct signet_error *err)
{
    int rc = file_mkdir(path, err);

    return rc == SIGNET_OK ? check_private_folder(path, err) : rc;
}

int file_mkdir(const char *path, struct signet_error *err)
{
    struct stat st;

    if (mkdir(path, 0700) == 0)
        return SIGNET_OK;
    if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return SIGNET_OK;
    error_sys(err, SIGNET_E_IO, errno, "cannot make the folder '%s'", path);
    error_hint(err, "%s",
               err && err->sys == EEXIST ? "a file has this name: name another folder"
               : file_path_doubt(path)
                   ? file_path_doubt(path)
                   : "is the folder above it there, and may this user write into it?");
    return SIGNET_E_IO;
}

int file_open_folder(int *fd, const char *path, bool change, struct signet_error *err)
{
    struct stat st;
    int rc = change ? file_mkdir(path, err) : SIGNET_OK;

    if (rc != SIGNET_OK)
        return rc;
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0 && errno == ENOENT && !change)
        return SIGNET_OK;
    if (*fd < 0 || fstat(*fd, &st) != 0)
        return error_sys(err, SIGNET_E_IO, errno, "cannot open the folder '%s'", path);
    if (st.st_uid == geteuid() && !(st.st_mode & 022))
        return SIGNET_OK;
    error_set(err, SIGNET_E_IO, "others may change what is in the folder '%s'", path);
    error_hint(err, "chmod 700 '%.100s', or name another folder", path);
    return SIGNET_E_IO;
}

int signet_bytes_read(const char *path, size_t max, struct signet_bytes *out,
                      struct signet_error *err)
{
    struct buf content = {0};
    int rc = file_read(path, max, &content, err);
    return buf_end(&content, rc, out, err);
}

int signet_bytes_read_secret(const char *path, size_t max, struct signet_bytes *out,
                             struct signet_error *err)
{
    struct buf content = {0};
    int rc = read_path(path, max, SECRET, NULL, &content, err);
    return buf_end(&content, rc, out, err);
}

int signet_bytes_write(const char *path, const void *data, size_t len, struct signet_error *err)
{
    int rc = file_spare(path, data, len, false, err);

    return rc ? rc : file_write(path, data, len, 0600, err);
}
