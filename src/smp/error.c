/* SPDX-License-Identifier: Apache-2.0 */
/* What the numbers in an answer mean. */
#include "smp/client.h"

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

static const char *const image_names[] = {
    [1] = "unknown error",
    [2] = "flash cannot be queried",
    [3] = "no image in the slot",
    [4] = "the image has no TLVs",
    [5] = "the image has an invalid TLV",
    [6] = "the image has several hashes",
    [7] = "the image has a TLV of a wrong size",
    [8] = "there is no image with that hash",
    [9] = "no free slot: one is pending or not confirmed yet",
    [10] = "flash cannot be opened",
    [11] = "flash cannot be read",
    [12] = "flash cannot be written",
    [13] = "flash cannot be erased",
    [14] = "no such slot",
    [15] = "out of memory",
    [20] = "the offset is missing",
    [21] = "the length is missing",
    [22] = "the header is too short",
    [23] = "not an image",
    [24] = "the hash is not valid",
    [25] = "the image is linked for another address",
    [26] = "the version that runs is not known",
    [27] = "the image that runs is not older",
    [28] = "an image is pending already",
    [29] = "the vector table is not valid",
    [30] = "the image is larger than the slot",
    [31] = "more data than the image has",
    [32] = "this image may not be confirmed",
    [33] = "the image runs already",
    [34] = "the slot that runs is not known",
};

static const char *const settings_names[] = {
    [1] = "unknown error",        [2] = "the name is too long",      [3] = "no such setting",
    [4] = "it cannot be read",    [5] = "no such group of settings", [6] = "it cannot be written",
    [7] = "it cannot be deleted", [8] = "settings cannot be saved",
};

static const char *code_name(int group, int rc)
{
    static const struct {
        int group;
        const char *const *names;
        size_t count;
    } rows[] = {{-1, mcumgr_names, COUNT_OF(mcumgr_names)},
                {SMP_GROUP_IMAGE, image_names, COUNT_OF(image_names)},
                {SMP_GROUP_SETTINGS, settings_names, COUNT_OF(settings_names)},
                {SMP_GROUP_FS, fs_names, COUNT_OF(fs_names)}};

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].group == (group < 0 ? -1 : group) && rc > 0 && (size_t)rc < rows[i].count &&
            rows[i].names[rc])
            return rows[i].names[rc];
    return "unknown error";
}

static enum signet_code class_of(int group, int rc)
{
    bool none = group < 0                  ? rc == RC_NO_ENTRY
                : group == SMP_GROUP_FS    ? rc == FS_NOT_FOUND || rc == 14
                : group == SMP_GROUP_IMAGE ? rc == 3 || rc == 8
                                           : group == SMP_GROUP_SETTINGS && (rc == 3 || rc == 5);
    bool never = group < 0               ? rc == 8
                 : group == SMP_GROUP_FS ? rc == 13
                                         : group == SMP_GROUP_SETTINGS && (rc == 4 || rc >= 6);

    return none ? SIGNET_E_NOT_FOUND : never ? SIGNET_E_UNSUPPORTED : SIGNET_E_SMP;
}

int smp_answer_error(const struct signet_smp *smp, struct signet_error *err)
{
    int group = smp->last.group, rc = smp->last.rc;
    enum signet_code code = class_of(group, rc);

    if (!rc)
        return SIGNET_OK;
    if (group < 0)
        error_set(err, code, "the board answered %d (%s)", rc, code_name(group, rc));
    else
        error_set(err, code, "the board answered %d in group %d (%s)", rc, group,
                  code_name(group, rc));
    if (err)
        err->sys = rc;
    if (code == SIGNET_E_NOT_FOUND)
        error_hint(err, "does the board have it? A path begins with the name of its file system");
    if (code == SIGNET_E_UNSUPPORTED)
        error_hint(err, "was the board's firmware built with this group of commands?");
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
