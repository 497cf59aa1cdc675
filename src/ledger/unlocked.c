/* SPDX-License-Identifier: Apache-2.0 */

/* How SQLite is told to read a file that nobody writes to: without locks, which it would keep in a
 * file of its own beside the ledger. */
#include "ledger/db.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

bool unlocked_fits(const char *where)
{
    struct stat st;

    return stat(where, &st) == 0 && !(st.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH));
}

/* A write-ahead log is read as well, if its writer left one: "unix-none" has no locks, and an
 * exclusive connection keeps the log's index in its own memory. Without a log "immutable" makes
 * none. */
int unlocked_name(const char *where, struct buf *name, struct signet_error *err)
{
    const char *wal;
    struct stat st;

    buf_printf(name, "%s-wal", where);
    int rc = buf_check(name, err);
    if (rc != SIGNET_OK)
        return rc;
    wal = (const char *)name->data;
    bool log = stat(wal, &st) == 0 && st.st_size > 0;
    if (log && faccessat(AT_FDCWD, wal, R_OK, AT_EACCESS) != 0)
        return error_set_hint(err, SIGNET_E_IO,
                              "make it readable, or copy both files to a folder of yours",
                              "changes are in its file -wal, and cannot be read from here");
    buf_reset(name);
    buf_text(name, "file:");
    for (; *where; where++)
        buf_printf(name, strchr("%?#", *where) ? "%%%02x" : "%c", (unsigned char)*where);
    buf_text(name, log ? "?vfs=unix-none" : "?immutable=1");
    return buf_check(name, err);
}
