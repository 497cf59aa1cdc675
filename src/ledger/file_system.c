/* SPDX-License-Identifier: Apache-2.0 */

/* Where a ledger in a file may be: SQLite keeps writers apart by locks on the file and by memory
 * that they share, and both must hold for every process that can open the file. On a file system
 * that several hosts mount they hold for one host, or not at all. GFS2 and OCFS2 are not in the
 * list: their locks and their memory are the cluster's. */
#include "ledger/db.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

enum { MOUNTS_MAX = 4 << 20 };
#define FUSE 0x65735546u

static const struct {
    uint32_t magic;
    const char *name;
} networked[] = {
    {0x00006969, "NFS"},     {0x0000517b, "SMB"},    {0xff534d42, "CIFS"}, {0xfe534d42, "SMB"},
    {0x5346414f, "AFS"},     {0x6b414653, "AFS"},    {0x00c36400, "Ceph"}, {0x73757245, "Coda"},
    {0x0000564c, "NetWare"}, {0x0bd00bd0, "Lustre"}, {FUSE, "a FUSE one"},
};

/* The type of what is mounted there, as a line of mountinfo has it behind " - ". */
static bool mounted_as(const struct buf *mounts, dev_t device, const char *type)
{
    char number[32], name[40];
    const char *line = (const char *)mounts->data;

    snprintf(number, sizeof(number), " %u:%u /", major(device), minor(device));
    snprintf(name, sizeof(name), " - %s ", type);
    while (line) {
        const char *end = strchr(line, '\n'), *at = strstr(line, number), *is = strstr(line, name);
        if (at && is && at < is && (!end || is < end))
            return true;
        line = end ? end + 1 : NULL;
    }
    return false;
}

/* A program answers for such a file system, and most of them reach over a network (sshfs, s3fs,
 * rclone, GlusterFS). These are on a disk of this host, or of the host of this container. */
static bool fuse_is_local(const char *path)
{
    static const char *const local[] = {"fuseblk", "fuse.fuse-overlayfs", "virtiofs"};
    struct buf mounts = {0};
    struct stat st;
    bool found = false;

    if (stat(path, &st) != 0 || file_read("/proc/self/mountinfo", MOUNTS_MAX, &mounts, NULL) != 0)
        return false;
    for (size_t i = 0; !found && i < COUNT_OF(local); i++)
        found = mounted_as(&mounts, st.st_dev, local[i]);
    buf_free(&mounts);
    return found;
}

/* The file, or the folder in which it is to be. False: neither can be looked at, which SQLite says
 * when it opens it. */
static bool find_file_system(const char *where, char at[PATH_MAX], uint32_t *magic)
{
    const char *slash = strrchr(where, '/');
    struct statfs fs;

    snprintf(at, PATH_MAX, "%s", where);
    if (statfs(at, &fs) != 0) {
        snprintf(at, PATH_MAX, "%.*s", slash ? (int)(slash - where) + 1 : 1, slash ? where : ".");
        if (statfs(at, &fs) != 0)
            return false;
    }
    *magic = (uint32_t)fs.f_type;
    return true;
}

int file_system_check(const char *where, struct signet_error *err)
{
    char at[PATH_MAX];
    uint32_t magic;
    size_t i = 0, count = COUNT_OF(networked);

    if (!find_file_system(where, at, &magic))
        return SIGNET_OK;
    while (i < count && networked[i].magic != magic)
        i++;
    if (i == count || (magic == FUSE && fuse_is_local(at)))
        return SIGNET_OK;
    return error_set_hint(err, SIGNET_E_UNSUPPORTED,
                          "put the ledger on a local disk, or use PostgreSQL for several hosts; to "
                          "read it from here is possible",
                          "the ledger's file system is networked (%s): locks are not reliable "
                          "there, and two writers could damage it",
                          networked[i].name);
}
