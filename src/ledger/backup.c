/* SPDX-License-Identifier: Apache-2.0 */

/* A copy of a ledger, made while others work on it, in one file. It has its name only when it is
 * whole and was verified. */

#include "ledger/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct backup {
    const char *to;
    char part[PATH_MAX]; /* its name until then */
};

static int check_place(struct backup *b, struct signet_error *err)
{
    struct stat st;

    if (strstr(b->to, "://"))
        return error_set_hint(err, SIGNET_E_USAGE, "name a file",
                              "a backup is a file, and '%s' is none", b->to);
    if (snprintf(b->part, sizeof(b->part), "%s.part", b->to) >= (int)sizeof(b->part) - 8)
        return error_set_hint(err, SIGNET_E_LIMIT, "name a shorter path", "'%.80s' is too long",
                              b->to);
    if (stat(b->to, &st) == 0 && S_ISDIR(st.st_mode))
        return error_set_hint(err, SIGNET_E_EXISTS, "name a new file in it",
                              "a backup is a file, and '%s' is a folder", b->to);
    if (lstat(b->to, &st) == 0)
        return error_set_hint(err, SIGNET_E_EXISTS, "name a new file", "will not overwrite '%s'",
                              b->to);
    if (lstat(b->part, &st) == 0)
        return error_set_hint(err, SIGNET_E_EXISTS,
                              "another backup is under way, or one was killed: then remove it",
                              "there is a file '%s'", b->part);
    return file_has_folder(b->to, err);
}

static void remove_part(const struct backup *b)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[PATH_MAX + 8];

    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        snprintf(name, sizeof(name), "%s%s", b->part, ends[i]);
        unlink(name);
    }
}

static int copy_station(void *ctx, const struct db_rows *row, struct signet_error *err)
{
    return copy_events(ctx, db_int(row, 0), 0, err);
}

static int copy_tables(struct copy *c, struct signet_error *err)
{
    const struct db_walk stations = {
        .sql = "SELECT id FROM stations ORDER BY id", .row = copy_station, .ctx = c};
    int rc = db_walk(c->from->db, &stations, err, "");

    for (int t = COPY_ORDERS; rc == SIGNET_OK && t < COPY_TABLES; t++)
        rc = copy_table(c, (enum copy_table)t, err);
    return rc;
}

static int copy_begin(struct signet_ledger *from, void *arg, struct signet_error *err)
{
    const struct copy_file *f = arg;
    struct db *db = f->copy->to->db;

    (void)from;
    int rc = f->begins ? f->begins(f->copy, err) : SIGNET_OK;
    if (rc == SIGNET_OK)
        rc = db->ops->begin(db, true, err);
    if (rc != SIGNET_OK)
        return rc;
    rc = f->take(f->copy, err);
    if (rc == SIGNET_OK)
        rc = db->ops->commit(db, err);
    if (rc != SIGNET_OK)
        db->ops->rollback(db);
    return rc;
}

static int write_part(const struct backup *b, const struct copy_file *f, struct signet_error *err)
{
    struct copy *c = f->copy;
    int rc = ledger_make_copy(&c->to, b->part, err);

    if (rc == SIGNET_OK)
        rc = copy_check_schema(c->from, c->to, err);
    if (rc == SIGNET_OK) /* one view of it */
        rc = store_read_once(c->from, copy_begin, (void *)f, err);
    if (rc == SIGNET_OK) /* one file, which those that only read it leave alone */
        rc = c->to->db->ops->script(c->to->db, "PRAGMA journal_mode = DELETE", err);
    signet_ledger_close(&c->to);
    return rc;
}

static int verify_part(const struct backup *b, int64_t *events, char head[65],
                       struct signet_error *err)
{
    const struct signet_ledger_options options = {.station = "backup", .read_only = true};
    struct signet_ledger *copy = NULL;
    int rc = signet_ledger_open(&copy, b->part, &options, err);

    if (rc == SIGNET_OK)
        rc = signet_ledger_verify(copy, events, head, err);
    signet_ledger_close(&copy);
    return error_pass(rc, err, "the copy does not verify; perhaps the ledger does not, either");
}

/* link() refuses a name that is there; where the file system has no links, it was looked for. */
static int give_name(const struct backup *b, struct signet_error *err)
{
    int rc = link(b->part, b->to);

    if (rc != 0 && errno != EEXIST && access(b->to, F_OK) != 0)
        rc = rename(b->part, b->to);
    if (rc == 0)
        return file_sync_folder(b->to, err);
    return errno == EEXIST ? error_set(err, SIGNET_E_EXISTS, "will not overwrite '%s'", b->to)
                           : error_sys(err, SIGNET_E_IO, errno, "cannot write '%s'", b->to);
}

/* People know the name that they gave. */
static int end_copy(const struct backup *b, int rc, struct signet_error *err)
{
    char *at = rc != SIGNET_OK && err ? strstr(err->msg, b->part) : NULL;

    if (at)
        memmove(at + strlen(b->to), at + strlen(b->part), strlen(at + strlen(b->part)) + 1);
    remove_part(b);
    return rc;
}

int copy_to_file(const struct copy_file *f, const char *to, int64_t *events, char head[65],
                 struct signet_error *err)
{
    struct backup b = {.to = to};
    int rc = check_place(&b, err);

    if (rc != SIGNET_OK)
        return rc;
    rc = write_part(&b, f, err);
    if (rc == SIGNET_OK)
        rc = verify_part(&b, events, head, err);
    if (rc == SIGNET_OK)
        rc = give_name(&b, err);
    return end_copy(&b, rc, err);
}

int signet_ledger_backup(struct signet_ledger *ledger, const char *to,
                         const struct signet_cancel *cancel, int64_t *events, char head[65],
                         struct signet_error *err)
{
    struct copy copy = {.from = ledger, .cancel = cancel, .site = "", .commits = true};
    const struct copy_file f = {.copy = &copy, .take = copy_tables};

    return copy_to_file(&f, to, events, head, err);
}
