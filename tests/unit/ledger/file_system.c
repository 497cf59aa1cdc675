/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger in a file is not made, and not changed, where several hosts could write to it.
 * wrap: statfs file_read */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "place.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

int __real_statfs(const char *path, struct statfs *out);
int __wrap_statfs(const char *path, struct statfs *out);
int __real_file_read(const char *path, size_t max, struct buf *out, struct signet_error *err);
int __wrap_file_read(const char *path, size_t max, struct buf *out, struct signet_error *err);

enum {
    NFS = 0x6969,
    FUSE = 0x65735546,
    OVERLAY = 0x794c7630,
    PLAN_9 = 0x01021997,
    GFS2 = 0x1161970
};

static uint32_t magic;         /* 0: as it is */
static const char *mount_type; /* NULL: as it is */

int __wrap_statfs(const char *path, struct statfs *out)
{
    int rc = __real_statfs(path, out);

    if (rc == 0 && magic)
        out->f_type = (__typeof__(out->f_type))(int32_t)magic; /* as a host of 32 bits has it */
    return rc;
}

int __wrap_file_read(const char *path, size_t max, struct buf *out, struct signet_error *err_out)
{
    struct stat st;

    if (!mount_type || strcmp(path, "/proc/self/mountinfo") != 0)
        return __real_file_read(path, max, out, err_out);
    assert_int_equal(stat(folder, &st), 0);
    buf_printf(out,
               "22 1 0:999999 / / rw shared:1 - fuseblk /dev/x rw\n"
               "23 1 %u:%u / /mnt rw - %s x rw\n24 1 0:999998 / /x rw - virtiofs x rw\n",
               major(st.st_dev), minor(st.st_dev), mount_type);
    return buf_check(out, err_out);
}

static int open_with(uint32_t type, bool must_exist, bool read_only)
{
    const struct signet_ledger_options options = {
        .station = "A", .must_exist = must_exist, .read_only = read_only};

    signet_ledger_close(&ledger);
    magic = type;
    err = (struct signet_error){0};
    int rc = signet_ledger_open(&ledger, place, &options, &err);
    magic = 0;
    return rc;
}

static void refuses(uint32_t type, const char *name)
{
    for (int exists = 0; exists < 2; exists++) {
        assert_int_equal(open_with(type, exists, false), SIGNET_E_UNSUPPORTED);
        if (!strstr(err.msg, name) || !strstr(err.msg, "locks are not reliable"))
            fail_msg("%s: '%s'", name, err.msg);
        assert_non_null(strstr(err.hint, "PostgreSQL"));
    }
}

static void networked(void **state)
{
    static const struct {
        uint32_t magic;
        const char *name;
    } all[] = {{NFS, "(NFS)"},          {0x517b, "(SMB)"},      {0xff534d42, "(CIFS)"},
               {0xfe534d42, "(SMB)"},   {0x5346414f, "(AFS)"},  {0x6b414653, "(AFS)"},
               {0x00c36400, "(Ceph)"},  {0x73757245, "(Coda)"}, {0x564c, "(NetWare)"},
               {0x0bd00bd0, "(Lustre)"}};
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        refuses(all[i].magic, all[i].name);
    assert_int_equal(access(place, F_OK), -1); /* nothing was made */
    assert_int_equal(open_with(0, false, false), SIGNET_OK);
    refuses(NFS, "(NFS)"); /* one that is there */
}

static void local(void **state)
{
    (void)state;
    assert_int_equal(open_with(OVERLAY, false, false), SIGNET_OK);
    assert_int_equal(open_with(PLAN_9, true, false), SIGNET_OK);
    assert_int_equal(open_with(GFS2, true, false), SIGNET_OK);
}

static void fuse(void **state)
{
    static const char *const refused[] = {"fuse.sshfs", "fuse", "fuse.fuseblk", "ext4"};
    static const char *const taken[] = {"fuseblk", "fuse.fuse-overlayfs", "virtiofs"};
    (void)state;
    refuses(FUSE, "FUSE");
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        mount_type = refused[i];
        refuses(FUSE, "FUSE");
    }
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        mount_type = taken[i];
        assert_int_equal(open_with(FUSE, false, false), SIGNET_OK);
    }
    mount_type = NULL;
}

/* To look is possible, and so is a copy to such a place: nobody else has it open. */
static void reading(void **state)
{
    char head[65], copy[340];
    int64_t events;
    (void)state;
    assert_int_equal(open_with(0, false, false), SIGNET_OK);
    must(signet_ledger_order(ledger, "o", "h", 10, &order, &err));
    assert_int_equal(open_with(NFS, false, true), SIGNET_OK);
    must(signet_ledger_verify(ledger, &events, head, &err));
    assert_int_equal(events, 1);
    snprintf(copy, sizeof(copy), "%s-copy", place);
    magic = NFS;
    must(signet_ledger_backup(ledger, copy, NULL, &events, head, &err));
    magic = 0;
    assert_int_equal(events, 1);
    unlink(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(networked, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(local, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(fuse, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(reading, place_setup, place_teardown),
    };

    if (on_postgres())
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
