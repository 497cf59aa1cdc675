/* SPDX-License-Identifier: Apache-2.0 */
/* Batches that are sealed to certificates, in a folder. */
#include "pki/pki.h"
#include "seal/seal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEALED_NAME = NAME_MAX + 1, MANIFEST = MANIFEST_FILES, ENDS, BASE_MAX = 100 };

/* hidden[0] is the dot: the name that is seen begins behind it. */
struct sealed_name {
    char hidden[SEALED_NAME];
};

static bool has_output(const struct handover *s, size_t i)
{
    return i == MANIFEST || s->names[i];
}

static struct sealed_name name_sealed(const struct handover *s, size_t i, uint64_t number)
{
    struct sealed_name name;

    snprintf(name.hidden, sizeof(name.hidden), ".%.*s.%08llu.%s", BASE_MAX,
             s->names[i == MANIFEST ? 0 : i], (unsigned long long)number,
             i == MANIFEST ? "manifest" : "cms");
    return name;
}

/* ".NAME.NUMBER.cms" and ".NAME.NUMBER.manifest" of these names. */
static bool is_hidden(const struct handover *s, const char *entry, uint64_t *number)
{
    for (size_t i = 0; i < ENDS; i++) {
        if (!has_output(s, i))
            continue;
        const char *base = s->names[i == MANIFEST ? 0 : i];
        size_t len = strlen(base);
        if (entry[0] != '.' || strncmp(entry + 1, base, len) != 0 || entry[1 + len] != '.')
            continue;
        *number = strtoull(entry + 2 + len, NULL, 10);
        if (strcmp(name_sealed(s, i, *number).hidden, entry) == 0)
            return true;
    }
    return false;
}

static int publish(const struct handover *s, const char *hidden, struct signet_error *err)
{
    if (renameat(s->folder, hidden, s->folder, hidden + 1) == 0)
        return SIGNET_OK;
    return error_sys(err, SIGNET_E_IO, errno, "cannot give '%s' its name", hidden + 1);
}

static int refuse_sealed(const char *name, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_EXISTS, "move it away, or name another file",
                          "'%s' is there already, and this order did not write it", name);
}

/* Where an output begins, none of its names may be taken. */
static bool is_taken(const struct handover *s, const char *entry)
{
    char hidden[SEALED_NAME + 1];
    uint64_t number;

    snprintf(hidden, sizeof(hidden), ".%s", entry);
    return is_hidden(s, hidden, &number);
}

int handover_settle(const struct handover *s, uint64_t marked, bool fresh, bool change,
                    struct signet_error *err)
{
    if (s->folder < 0)
        return SIGNET_OK;
    int copy = openat(s->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = SIGNET_OK;
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;
    uint64_t number;

    if (!dir)
        return error_sys(err, SIGNET_E_IO, errno, "cannot look into the folder of sealed batches");
    while (rc == SIGNET_OK && (entry = readdir(dir))) {
        if (fresh && is_taken(s, entry->d_name))
            rc = refuse_sealed(entry->d_name, err);
        if (!change || !is_hidden(s, entry->d_name, &number))
            continue;
        if (number <= marked)
            rc = publish(s, entry->d_name, err);
        else
            unlinkat(s->folder, entry->d_name, 0);
    }
    closedir(dir);
    return rc;
}

static int open_place(struct handover *s, bool change, struct signet_error *err)
{
    char folder[PATH_MAX];

    for (size_t i = 0; i < MANIFEST_FILES; i++) {
        const char *path = s->setup.paths[i], *slash = path ? strrchr(path, '/') : NULL;

        s->names[i] = slash ? slash + 1 : path;
        if (path && (strlen(s->names[i]) > BASE_MAX || strlen(path) >= sizeof(folder)))
            return error_set(err, SIGNET_E_LIMIT, "a sealed output's name has at most %d bytes: %s",
                             BASE_MAX, s->names[i]);
    }
    snprintf(folder, sizeof(folder), "%s", s->setup.paths[0]);
    return file_open_folder(&s->folder, dirname(folder), change, err);
}

/* The key that signs the ledger as well. */
static int open_signer(struct handover *s, struct signet_error *err)
{
    struct buf name = {0};

    tlog_name_escape(s->setup.station, &name);
    int rc = buf_check(&name, err);
    if (rc == SIGNET_OK)
        rc = tlog_key_open(&s->key, s->setup.sign_file, (const char *)name.data, err);
    buf_free(&name);
    return rc;
}

int handover_open(struct handover *s, const struct handover_setup *setup, bool change,
                  const struct signet_observer *observer, struct signet_error *err)
{
    *s = (struct handover){.setup = *setup, .folder = -1, .head = "-"};
    int rc = signet_sealer_open(&s->sealer, setup->to, setup->to_count, observer, err);

    if (rc == SIGNET_OK)
        rc = open_place(s, change, err);
    if (rc == SIGNET_OK && change)
        rc = open_signer(s, err);
    return rc;
}

void handover_close(struct handover *s)
{
    if (!s->sealer) /* it was never opened */
        return;
    signet_sealer_close(&s->sealer);
    tlog_key_free(&s->key);
    if (s->folder >= 0)
        close(s->folder);
    s->folder = -1;
}

static int stage(const struct handover *s, const char *hidden, const void *data, size_t len,
                 struct signet_error *err)
{
    struct stat st;

    if (fstatat(s->folder, hidden + 1, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return refuse_sealed(hidden + 1, err);
    unlinkat(s->folder, hidden, 0);
    int fd = openat(s->folder, hidden, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    ssize_t n = fd >= 0 ? write(fd, data, len) : -1;
    int rc = n == (ssize_t)len ? SIGNET_OK
                               : error_sys(err, SIGNET_E_IO, n < 0 ? errno : ENOSPC,
                                           "cannot write '%s'", hidden + 1);
    if (fd >= 0 && close(fd) != 0 && rc == SIGNET_OK)
        rc = error_sys(err, SIGNET_E_IO, errno, "cannot write '%s'", hidden + 1);
    return rc;
}

/* One file of the batch; its line of the manifest. */
static int stage_file(struct handover *s, size_t i, const struct handover_text *what,
                      struct manifest *m, struct signet_error *err)
{
    const struct sealed_name name = name_sealed(s, i, m->batch);
    struct manifest_file *f = &m->files[m->count];
    struct signet_bytes sealed = {0};
    struct buf text = {0};

    buf_text(&text, what->header);
    buf_append(&text, what->text->data, what->text->len);
    int rc = buf_check(&text, err);
    if (rc == SIGNET_OK)
        rc = signet_seal(s->sealer, text.data, text.len, &sealed, err);
    if (rc == SIGNET_OK)
        rc = signet_bytes_sha256(sealed.data, sealed.len, f->sha256, err);
    if (rc == SIGNET_OK)
        rc = stage(s, name.hidden, sealed.data, sealed.len, err);
    snprintf(f->name, sizeof(f->name), "%.120s", name.hidden + 1);
    f->bytes = sealed.len;
    s->bytes[i] += sealed.len;
    m->count++;
    buf_free(&text);
    signet_bytes_free(&sealed);
    return rc;
}

static int stage_manifest(struct handover *s, const struct manifest *m, struct signet_error *err)
{
    const struct sealed_name name = name_sealed(s, MANIFEST, m->batch);
    struct buf text = {0};
    char head[65];
    int rc = manifest_print(m, &text, err);

    if (rc == SIGNET_OK)
        rc = signet_bytes_sha256(text.data, text.len, head, err);
    if (rc == SIGNET_OK)
        rc = tlog_sign_note(&s->key, &s->key.public, &text, err);
    if (rc == SIGNET_OK)
        rc = stage(s, name.hidden, text.data, text.len, err);
    if (rc == SIGNET_OK)
        memcpy(s->head, head, sizeof(head));
    buf_free(&text);
    return rc;
}

int handover_stage(struct handover *s, uint64_t number, uint64_t devices,
                   const struct handover_text texts[static MANIFEST_FILES],
                   struct signet_error *err)
{
    struct manifest m = {.batch = number, .devices = devices};
    int rc = SIGNET_OK;

    snprintf(m.order, sizeof(m.order), "%s", s->setup.order);
    snprintf(m.station, sizeof(m.station), "%s", s->setup.station);
    memcpy(m.previous, s->head, sizeof(m.previous));
    for (size_t i = 0; rc == SIGNET_OK && i < MANIFEST_FILES; i++)
        if (has_output(s, i))
            rc = stage_file(s, i, &texts[i], &m, err);
    return rc == SIGNET_OK ? stage_manifest(s, &m, err) : rc;
}

int handover_sync(const struct handover *s, uint64_t number, struct signet_error *err)
{
    bool good = true;

    for (size_t i = 0; good && i < ENDS; i++)
        if (has_output(s, i)) {
            int fd = openat(s->folder, name_sealed(s, i, number).hidden, O_RDONLY | O_CLOEXEC);

            good = fd >= 0 && fsync(fd) == 0;
            if (fd >= 0)
                close(fd);
        }
    return good && fsync(s->folder) == 0
               ? SIGNET_OK
               : error_sys(err, SIGNET_E_IO, errno, "cannot sync the folder of sealed batches");
}

int handover_publish(const struct handover *s, uint64_t number, struct signet_error *err)
{
    int rc = SIGNET_OK;

    failpoint("before-publish");
    for (size_t i = 0; rc == SIGNET_OK && i < ENDS; i++)
        if (has_output(s, i)) {
            rc = publish(s, name_sealed(s, i, number).hidden, err);
            failpoint("between-publish");
        }
    failpoint("after-publish");
    return rc;
}
