/* SPDX-License-Identifier: Apache-2.0 */
/* Who writes an export is alone, and who reads it sees whole rows. */
#include "server/export.h"

#include <errno.h>
#include <sys/file.h>

enum { LOCK_MS = 10000 };

int export_lock(int fd, bool write, const char *path, struct signet_error *err)
{
    int64_t until = clock_ms() + LOCK_MS;

    while (flock(fd, (write ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_sys(err, SIGNET_E_IO, errno, "locking the export '%s'", path);
        if (clock_ms() >= until)
            return error_set_hint(err, SIGNET_E_BUSY, "end that program, or name another file",
                                  "another program has locked the export '%s'", path);
        cancel_sleep_until(NULL, clock_ms() + 5, NULL);
    }
    return SIGNET_OK;
}
