/* SPDX-License-Identifier: Apache-2.0 */

/* How SQLite is told to read a file that nobody writes to: without locks, which it would keep in a
 * file of its own beside the ledger. */
#include "ledger/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool unlocked_fits(const char *where)
{
    struct stat st;

    return stat(where, &st) == 0 && !(st.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH));
}

/* SQLite would wait for a pipe's writer, write over a file with a second name, and take what
 * another user put there for pages of the ledger. Who may write the ledger may have made it. */
static bool is_ledgers(const struct stat *beside, const char *ledger)
{
    struct stat st;

    return S_ISREG(beside->st_mode) && beside->st_nlink == 1 &&
           (beside->st_uid == geteuid() || beside->st_uid == 0 ||
            (stat(ledger, &st) == 0 && (beside->st_uid == st.st_uid || st.st_mode & 022)));
}

/* Of what SQLite keeps beside the file, links of the file followed; 0: it is not there, or empty.
 */
static int find_beside(const char *where, const char *end, struct buf *name, off_t *size,
                       struct signet_error *err)
{
    char *real = realpath(where, NULL);
    struct stat st;

    *size = 0;
    if (!real && errno == ENOMEM)
        return error_nomem(err);
    buf_reset(name);
    buf_printf(name, "%s%s", real ? real : where, end);
    free(real);
    int rc = buf_check(name, err);
    if (rc != SIGNET_OK || lstat((const char *)name->data, &st) != 0)
        return rc;
    *size = st.st_size;
    return is_ledgers(&st, where)
               ? SIGNET_OK
               : error_set_hint(err, SIGNET_E_IO, "look at whose it is, and remove what is none",
                                "'%s' is no plain file, another user's, or has a second name",
                                (const char *)name->data);
}

int beside_check(const char *where, struct signet_error *err)
{
    static const char *const ends[] = {"-journal", "-wal", "-shm"};
    struct buf name = {0};
    int rc = SIGNET_OK;
    off_t size;

    for (size_t i = 0; rc == SIGNET_OK && i < COUNT_OF(ends); i++)
        rc = find_beside(where, ends[i], &name, &size, err);
    buf_free(&name);
    return rc;
}

/* A write-ahead log is read as well, if its writer left one: "unix-none" has no locks, and an
 * exclusive connection keeps the log's index in its own memory. Without a log "immutable" makes
 * none. A journal is of changes that are to be undone before anything is read. */
int unlocked_name(const char *where, struct buf *name, struct signet_error *err)
{
    off_t journal, wal = 0;
    int rc = find_beside(where, "-journal", name, &journal, err);

    if (rc == SIGNET_OK && journal > 0)
        return error_set_hint(err, SIGNET_E_IO, "let who may write the ledger open it once",
                              "a change of it was cut off: '%s' is to be undone first",
                              (const char *)name->data);
    if (rc == SIGNET_OK)
        rc = find_beside(where, "-wal", name, &wal, err);
    if (rc != SIGNET_OK)
        return rc;
    if (wal > 0 && faccessat(AT_FDCWD, (const char *)name->data, R_OK, AT_EACCESS) != 0)
        return error_set_hint(err, SIGNET_E_IO,
                              "make it readable, or copy both files to a folder of yours",
                              "changes are in its file -wal, and cannot be read from here");
    buf_reset(name);
    buf_text(name, "file:");
    for (; *where; where++)
        buf_printf(name, strchr("%?#", *where) ? "%%%02x" : "%c", (unsigned char)*where);
    buf_text(name, wal > 0 ? "?vfs=unix-none" : "?immutable=1");
    return buf_check(name, err);
}
