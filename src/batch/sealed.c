/* SPDX-License-Identifier: Apache-2.0 */
/* The output as batches that are sealed to certificates: for each batch its packets, its records
 * and a manifest. They are written under hidden names and synced, then the batch is marked in the
 * state file, and then they get their names. So what has been seen of a batch never changes: a
 * batch that was not marked was never seen, and is sealed anew; one that was marked gets its names
 * at the next start at the latest. */
#include "batch/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEALED_NAME = NAME_MAX + 1, ENDS = OUTPUTS + 1, MANIFEST = OUTPUTS, BASE_MAX = 100 };

/* hidden[0] is the dot: the name that is seen begins behind it. */
struct sealed_name {
    char hidden[SEALED_NAME];
};

static bool has_output(const struct sealed *s, size_t i)
{
    return i == MANIFEST || s->names[i];
}

static struct sealed_name name_sealed(const struct sealed *s, size_t i, uint64_t number)
{
    struct sealed_name name;

    snprintf(name.hidden, sizeof(name.hidden), ".%.*s.%08llu.%s", BASE_MAX,
             s->names[i == MANIFEST ? PACKETS : i], (unsigned long long)number,
             i == MANIFEST ? "manifest" : "cms");
    return name;
}

/* ".NAME.NUMBER.cms" and ".NAME.NUMBER.manifest" of this order's names. */
static bool is_hidden(const struct sealed *s, const char *entry, uint64_t *number)
{
    for (size_t i = 0; i < ENDS; i++) {
        if (!has_output(s, i))
            continue;
        const char *base = s->names[i == MANIFEST ? PACKETS : i];
        size_t len = strlen(base);
        if (entry[0] != '.' || strncmp(entry + 1, base, len) != 0 || entry[1 + len] != '.')
            continue;
        *number = strtoull(entry + 2 + len, NULL, 10);
        if (strcmp(name_sealed(s, i, *number).hidden, entry) == 0)
            return true;
    }
    return false;
}

static int publish(const struct sealed *s, const char *hidden, struct signet_error *err)
{
    if (renameat(s->folder, hidden, s->folder, hidden + 1) == 0)
        return SIGNET_OK;
    return error_sys(err, SIGNET_E_IO, errno, "cannot give '%s' its name", hidden + 1);
}

static int refuse_sealed(const char *name, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_EXISTS, "move it away, or name another file in the order",
                          "'%s' is there already, and this order did not write it", name);
}

/* Where an output begins, none of its names may be taken. */
static bool is_taken(const struct sealed *s, const char *entry)
{
    char hidden[SEALED_NAME + 1];
    uint64_t number;

    snprintf(hidden, sizeof(hidden), ".%s", entry);
    return is_hidden(s, hidden, &number);
}

/* What a run before left under hidden names; fresh: there was none. */
static int roll_forward(const struct sealed *s, uint64_t marked, bool fresh, bool change,
                        struct signet_error *err)
{
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

static int open_place(struct batch_run *l, bool change, struct signet_error *err)
{
    const struct signet_order *o = l->setup.order;
    char folder[PATH_MAX];

    snprintf(folder, sizeof(folder), "%s", o->packets);
    const char *packets = strrchr(o->packets, '/'),
               *records = o->records ? strrchr(o->records, '/') : NULL;
    l->out.sealed.names[PACKETS] = packets ? packets + 1 : o->packets;
    l->out.sealed.names[RECORDS] = records ? records + 1 : o->records;
    for (size_t i = 0; i < OUTPUTS; i++)
        if (has_output(&l->out.sealed, i) && strlen(l->out.sealed.names[i]) > BASE_MAX)
            return error_set(err, SIGNET_E_LIMIT, "a sealed output's name has at most %d bytes: %s",
                             BASE_MAX, l->out.sealed.names[i]);
    return folder_open(&l->out.sealed.folder, dirname(folder), change, err);
}

/* The key that signs the ledger as well. */
static int open_signer(struct batch_run *l, struct signet_error *err)
{
    struct buf name = {0};

    tlog_name_escape(l->setup.order->station, &name);
    int rc = buf_check(&name, err);
    if (rc == SIGNET_OK)
        rc = tlog_key_open(&l->out.sealed.key, l->setup.sign_file, (const char *)name.data, err);
    buf_free(&name);
    return rc;
}

int sealed_open(struct batch_run *l, bool change, struct signet_error *err)
{
    const struct signet_order *o = l->setup.order;
    struct sealed *s = &l->out.sealed;
    const struct mark *marks = l->out.state.marks;
    int rc = signet_sealer_open(&s->sealer, o->seal_to, o->seal_to_count, l->job->observer, err);

    if (rc == SIGNET_OK)
        rc = open_place(l, change, err);
    if (rc == SIGNET_OK && change)
        rc = open_signer(l, err);
    for (size_t i = 0; i < OUTPUTS; i++)
        s->bytes[i] = marks[i].bytes;
    snprintf(s->head, sizeof(s->head), "%s", marks[PACKETS].bytes ? marks[PACKETS].sha256 : "-");
    return rc == SIGNET_OK && s->folder >= 0
               ? roll_forward(s, l->out.state.batch, !marks[PACKETS].bytes, change, err)
               : rc;
}

void sealed_close(struct sealed *s)
{
    signet_sealer_close(&s->sealer);
    tlog_key_free(&s->key);
    if (s->folder >= 0)
        close(s->folder);
    s->folder = -1;
}

static int stage(const struct sealed *s, const char *hidden, const void *data, size_t len,
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

/* One output of the batch; its line of the manifest. */
static int stage_output(struct sealed *s, const struct batch *b, size_t i, const char *header,
                        struct manifest *m, struct signet_error *err)
{
    const struct sealed_name name = name_sealed(s, i, b->number);
    struct manifest_file *f = &m->files[m->count];
    struct signet_bytes sealed = {0};
    struct buf text = {0};

    buf_text(&text, header);
    buf_append(&text, b->texts[i].data, b->texts[i].len);
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

static int stage_manifest(struct sealed *s, const struct manifest *m, struct signet_error *err)
{
    const struct sealed_name name = name_sealed(s, MANIFEST, m->batch);
    struct buf text = {0};
    int rc = manifest_print(m, &text, err);

    if (rc == SIGNET_OK)
        rc = signet_bytes_sha256(text.data, text.len, s->head, err);
    if (rc == SIGNET_OK)
        rc = tlog_sign_note(&s->key, &s->key.public, &text, err);
    if (rc == SIGNET_OK)
        rc = stage(s, name.hidden, text.data, text.len, err);
    buf_free(&text);
    return rc;
}

int sealed_append(struct batch_run *l, struct batch *b, struct signet_error *err)
{
    const struct signet_order *o = l->setup.order;
    struct sealed *s = &l->out.sealed;
    struct manifest m = {.batch = b->number, .devices = b->count};
    int rc = SIGNET_OK;

    snprintf(m.order, sizeof(m.order), "%s", o->name);
    snprintf(m.station, sizeof(m.station), "%s", o->station);
    memcpy(m.previous, s->head, sizeof(m.previous));
    for (size_t i = 0; rc == SIGNET_OK && b->count && i < OUTPUTS; i++)
        if (has_output(s, i)) {
            bool csv = i == RECORDS && text_ends_with(o->records, ".csv");
            rc = stage_output(s, b, i, csv ? row_header(l->out.state.form) : "", &m, err);
        }
    if (rc == SIGNET_OK && b->count)
        rc = stage_manifest(s, &m, err);
    for (size_t i = 0; i < OUTPUTS; i++) {
        b->marks[i].bytes = s->bytes[i];
        memcpy(b->marks[i].sha256, s->head, sizeof(s->head));
    }
    return rc;
}

int sealed_sync(const struct sealed *s, struct signet_error *err)
{
    return syncfs(s->folder) == 0 && fsync(s->folder) == 0
               ? SIGNET_OK
               : error_sys(err, SIGNET_E_IO, errno, "cannot sync the folder of sealed batches");
}

int sealed_publish(const struct sealed *s, const struct batch *b, struct signet_error *err)
{
    int rc = SIGNET_OK;

    failpoint("before-publish");
    for (size_t i = 0; rc == SIGNET_OK && b->count && i < ENDS; i++)
        if (has_output(s, i)) {
            rc = publish(s, name_sealed(s, i, b->number).hidden, err);
            failpoint("between-publish");
        }
    failpoint("after-publish");
    return rc;
}
