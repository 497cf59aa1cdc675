/* SPDX-License-Identifier: Apache-2.0 */
/* What the numbers in an answer mean. */
#include "smp/client.h"

#include <string.h>

static const char *const mcumgr_names[] = {
    [1] = "unknown error",
    [2] = "out of memory",
    [3] = "invalid value",
    [4] = "timeout",
    [5] = "no entry",
    [6] = "bad state",
    [7] = "too large",
    [8] = "not supported",
    [9] = "corrupt",
    [10] = "busy",
    [11] = "access denied",
    [12] = "SMP version 1 is not supported",
    [13] = "SMP version 2 is not supported",
};

static const char *const fs_names[] = {
    [1] = "unknown error",
    [2] = "invalid name",
    [3] = "no such file",
    [4] = "is a directory",
    [5] = "cannot open the file",
    [6] = "cannot seek in the file",
    [7] = "cannot read the file",
    [8] = "cannot truncate the file",
    [9] = "cannot delete the file",
    [10] = "cannot write the file",
    [11] = "offset does not fit the file",
    [12] = "offset past the end of the file",
    [13] = "hash type not known",
    [14] = "no such mount point",
    [15] = "read-only file system",
    [16] = "file is empty",
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

int smp_answer_error(const struct signet_smp *smp, struct signet_error *err)
{
    int group = smp->last.group, rc = smp->last.rc;
    bool fs = group == SMP_GROUP_FS;
    enum signet_code code = SIGNET_E_SMP;
    const char *name = "unknown error";

    if (!rc)
        return SIGNET_OK;
    if (group < 0 && rc > 0 && (size_t)rc < COUNT(mcumgr_names))
        name = mcumgr_names[rc];
    if (fs && rc > 0 && (size_t)rc < COUNT(fs_names))
        name = fs_names[rc];
    if ((group < 0 && rc == 5) || (fs && (rc == 3 || rc == 14)))
        code = SIGNET_E_NOT_FOUND;
    if ((group < 0 && rc == 8) || (fs && rc == 13))
        code = SIGNET_E_UNSUPPORTED;
    if (group < 0)
        error_set(err, code, "the board answered %d (%s)", rc, name);
    else
        error_set(err, code, "the board answered %d in group %d (%s)", rc, group, name);
    if (err)
        err->sys = rc;
    return code;
}

int smp_check_path(const char *path, struct signet_error *err)
{
    size_t len = path ? strnlen(path, PATH_LEN_MAX + 1) : 0;

    if (!len || len > PATH_LEN_MAX)
        return error_set(err, SIGNET_E_USAGE, "a path on the board has 1 to %d bytes",
                         PATH_LEN_MAX);
    if (!utf8_valid((const uint8_t *)path, len))
        return error_set(err, SIGNET_E_USAGE, "the path is not UTF-8");
    return SIGNET_OK;
}
