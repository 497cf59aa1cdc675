/* SPDX-License-Identifier: Apache-2.0 */
/* What the work folder remembers of the ledger: a small text, replaced before credentials leave the
 * host. An old copy of the ledger that is put back does not know of them. It holds no secret. */
#include "job/job.h"

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MEMORY_MAX = 8192 };

/* Version 1 has no place. */
static void print_memory(struct buf *to, const struct job_memory *m, const struct job_place *place)
{
    const struct signet_ledger_head *h = &m->head;

    buf_printf(to, "signet ledger %d\n", place->inode ? 2 : 1);
    if (place->inode)
        buf_printf(to, "place %" PRIu64 " %s %s\n", place->inode, place->host, place->path);
    buf_printf(to, "folder %s\nledger %s\nevent %" PRId64 " %s %s\n", m->folder, h->ledger, h->seq,
               h->hash[0] ? h->hash : "-", h->station);
    buf_printf(to, "issued %" PRId64 "\nnames %" PRId64 "\nend\n", h->issued, h->names);
}

/* The place, if there is one; NULL: it is none. */
static const char *parse_place(struct job_place *was, const char *text)
{
    static const char first[] = "signet ledger 1\n", second[] = "signet ledger 2\n";
    int end = 0;

    if (!strncmp(text, first, strlen(first)))
        return text + strlen(first);
    /* NOLINTNEXTLINE(cert-err34-c): a number that does not fit is not printed the same */
    return !strncmp(text, second, strlen(second)) &&
                   sscanf(text + strlen(second), "place %" SCNu64 " %64s %4095[^\n]%n", &was->inode,
                          was->host, was->path, &end) == 3
               ? text + strlen(second) + end
               : NULL;
}

/* Reads what it can; the text is right when the same is printed again. */
static bool parse_memory(struct job_memory *m, const struct buf *text)
{
    struct signet_ledger_head *h = &m->head;
    const char *rest = parse_place(&m->was, (const char *)text->data);
    struct buf again = {0};

    /* NOLINTNEXTLINE(cert-err34-c): a number that does not fit is not printed the same */
    if (!rest ||
        sscanf(rest,
               " folder %16s ledger %64s event %" SCNd64 " %64s %120[^\n]"
               " issued %" SCNd64 " names %" SCNd64,
               m->folder, h->ledger, &h->seq, h->hash, h->station, &h->issued, &h->names) != 7)
        return false;
    if (h->hash[0] == '-')
        h->hash[0] = '\0';
    print_memory(&again, m, &m->was);
    bool same = again.len == text->len && memcmp(again.data, text->data, text->len) == 0;
    buf_free(&again);
    return same;
}

static void find_place(struct job_place *here, const char *folder)
{
    char path[PATH_MAX];
    struct stat st;

    if (!realpath(folder, path) || stat(path, &st) != 0 || strchr(path, '\n') ||
        strlen(path) >= sizeof(here->path) ||
        gethostname(here->host, sizeof(here->host) - 1) != 0 || !here->host[0])
        return;
    strcpy(here->path, path);
    here->inode = st.st_ino;
}

/* It was moved at most: a file system's number comes twice on other hosts alone. */
static bool memory_same_place(const struct job_place *was, const struct job_place *here)
{
    return !was->inode || !here->inode ||
           (was->inode == here->inode &&
            (strcmp(was->host, here->host) == 0 || strcmp(was->path, here->path) == 0));
}

bool job_memory_is_copy(const struct job_memory *memory)
{
    const char *name = strrchr(memory->path ? memory->path : "", '/');
    char twin[PATH_MAX + NAME_MAX];
    struct stat st;

    if (!name || memory_same_place(&memory->was, &memory->here) ||
        strcmp(memory->was.host, memory->here.host) != 0)
        return false;
    snprintf(twin, sizeof(twin), "%s%s", memory->was.path, name);
    return stat(memory->was.path, &st) == 0 && st.st_ino == memory->was.inode &&
           access(twin, F_OK) == 0;
}

static int new_folder(struct job_memory *m, struct signet_error *err)
{
    uint8_t id[8];
    int rc = random_bytes(id, sizeof(id), err);

    if (rc == SIGNET_OK)
        hex_encode(id, sizeof(id), m->folder);
    return rc;
}

int job_memory_open(struct job *job, const char *folder, const char *tag, struct signet_error *err)
{
    struct job_memory *m = &job->memory;
    struct buf text = {0};
    int rc = text_format(&m->path, err, "%s/ledger-%s.head", folder, tag);

    if (rc != SIGNET_OK)
        return rc;
    find_place(&m->here, folder);
    m->there = access(m->path, F_OK) == 0;
    if (!m->there)
        return new_folder(m, err);
    rc = file_read(m->path, MEMORY_MAX, &text, err);
    if (rc == SIGNET_OK && !parse_memory(m, &text))
        rc =
            error_set_hint(err, SIGNET_E_CONFLICT,
                           "put it back; without it nobody knows whether the ledger is an old copy",
                           "%s is damaged: it says how far the ledger of this order was", m->path);
    if (rc == SIGNET_OK && !memory_same_place(&m->was, &m->here))
        rc = new_folder(m, err);
    buf_free(&text);
    return rc;
}

static int look_at_other(const char *folder, const char *name, struct job_memory *other,
                         struct signet_error *err)
{
    struct buf text = {0};
    char *path = NULL;
    int rc = text_format(&path, err, "%s/%s", folder, name);

    *other = (struct job_memory){0};
    if (rc == SIGNET_OK && file_read(path, MEMORY_MAX, &text, NULL) == SIGNET_OK &&
        !parse_memory(other, &text))
        other->head.ledger[0] = '\0';
    buf_free(&text);
    free(path);
    return rc;
}

int job_memory_others(const struct job_memory *memory,
                      int (*each)(void *ctx, const struct signet_ledger_head *head,
                                  struct signet_error *err),
                      void *ctx, struct signet_error *err)
{
    const char *own = strrchr(memory->path, '/') + 1;
    char *folder = strndup(memory->path, (size_t)(own - memory->path));
    struct job_memory *other = malloc(sizeof(*other));
    DIR *dir = folder ? opendir(folder) : NULL;
    struct dirent *entry;
    int rc = folder && other ? SIGNET_OK : error_nomem(err);

    while (dir && rc == SIGNET_OK && (entry = readdir(dir)))
        if (strncmp(entry->d_name, "ledger-", 7) == 0 && text_ends_with(entry->d_name, ".head") &&
            strcmp(entry->d_name, own) != 0) {
            rc = look_at_other(folder, entry->d_name, other, err);
            if (rc == SIGNET_OK && other->head.ledger[0])
                rc = each(ctx, &other->head, err);
        }
    if (dir)
        closedir(dir);
    free(other);
    free(folder);
    return rc;
}

/* For whoever wants to know later that the ledger only grew: ledger-TAG.checkpoint. The memory
 * above is what a power cut must not take. */
static int keep_checkpoint(const struct job_memory *m, struct signet_error *err)
{
    static const char end[] = ".checkpoint";
    const char *dot = strrchr(m->path, '.');
    struct buf path = {0};

    if (!m->head.checkpoint[0])
        return SIGNET_OK;
    buf_append(&path, m->path, dot ? (size_t)(dot - m->path) : strlen(m->path));
    buf_text(&path, end);
    int rc = buf_check(&path, err);
    if (rc == SIGNET_OK)
        rc = file_replace((const char *)path.data, m->head.checkpoint, strlen(m->head.checkpoint),
                          err);
    buf_free(&path);
    return rc;
}

static int write_memory(struct job *job, int64_t given, struct signet_error *err)
{
    struct job_memory *m = &job->memory;
    struct buf text = {0};
    int64_t names = m->head.names;
    int rc = signet_ledger_head(job->ledger, job->order, &m->head, err);

    /* a name that came back moves the cursor, and others stay given, or are given only now */
    if (m->head.names < names)
        m->head.names = names;
    if (m->head.names < given)
        m->head.names = given;
    if (rc == SIGNET_OK)
        print_memory(&text, m, &m->here);
    failpoint("before-memory");
    rc = file_save(m->path, &text, rc, err);
    failpoint("after-memory");
    if (rc == SIGNET_OK)
        rc = keep_checkpoint(m, err);
    if (rc == SIGNET_OK && job->remembered)
        rc = job->remembered(job->remembered_ctx, err);
    m->there = m->there || rc == SIGNET_OK;
    return rc;
}

/* Whoever comes while another writes has what it wants with the next writing, and that is one for
 * all who wait. */
int job_remember(struct job *job, int64_t index, struct signet_error *err)
{
    struct job_memory *m = &job->memory;
    int rc = SIGNET_OK;

    job_watch_clock(job);
    if (!m->path)
        return SIGNET_OK;
    pthread_mutex_lock(&job->lock);
    uint64_t mine = ++m->asked;
    if (m->given <= index)
        m->given = index + 1;
    pthread_mutex_unlock(&job->lock);
    pthread_mutex_lock(&m->writing);
    if (m->covered < mine) {
        pthread_mutex_lock(&job->lock);
        uint64_t all = m->asked;
        int64_t given = m->given;
        pthread_mutex_unlock(&job->lock);
        rc = write_memory(job, given, err);
        if (rc == SIGNET_OK)
            m->covered = all;
    }
    pthread_mutex_unlock(&m->writing);
    return rc;
}
