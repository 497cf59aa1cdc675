/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_LEDGER_DISK_H
#define TESTS_UNIT_LEDGER_DISK_H

/* A disk that fails: an SQLite VFS between SQLite and the real one, as the default of this program.
 * It counts writes, syncs, truncations and deletions, fails the Nth, once or for ever, and keeps a
 * log of them, from which a file can be built as it might be after a power cut. */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum disk_file { DISK_DB, DISK_WAL, DISK_OTHER };
enum disk_op { DISK_WRITE, DISK_SYNC, DISK_TRUNCATE, DISK_DELETE, DISK_OPEN };

struct disk_entry {
    enum disk_op op;
    enum disk_file file;
    int64_t at, size;
    uint8_t *data;
};

static struct {
    sqlite3_vfs *real;
    int64_t calls, fail_at; /* 0: never */
    bool for_ever, logging;
    bool no_shm; /* as on a file system of another machine */
    int code;    /* SQLITE_IOERR or SQLITE_FULL */
    int64_t failed;
    struct disk_entry *log;
    size_t length, room;
} disk;

struct disk_handle {
    sqlite3_file base;
    enum disk_file kind;
    sqlite3_file *real; /* behind this struct */
};

static sqlite3_file *disk_real(sqlite3_file *f)
{
    return ((struct disk_handle *)f)->real;
}

static bool disk_fails(void)
{
    disk.calls++;
    bool fails = disk.fail_at &&
                 (disk.calls == disk.fail_at || (disk.for_ever && disk.calls > disk.fail_at));
    disk.failed += fails;
    return fails;
}

static void disk_note(enum disk_op op, enum disk_file file, int64_t at, int64_t size,
                      const void *data)
{
    if (!disk.logging)
        return;
    if (disk.length == disk.room) {
        disk.room = disk.room ? disk.room * 2 : 1024;
        disk.log = realloc(disk.log, disk.room * sizeof(*disk.log));
    }
    struct disk_entry *e = &disk.log[disk.length++];
    *e = (struct disk_entry){.op = op, .file = file, .at = at, .size = size};
    if (data) {
        e->data = malloc((size_t)size);
        memcpy(e->data, data, (size_t)size);
    }
}

static enum disk_file disk_kind(const char *name)
{
    size_t len = name ? strlen(name) : 0;

    if (len > 4 && strcmp(name + len - 4, "-wal") == 0)
        return DISK_WAL;
    return len > 3 && strcmp(name + len - 3, ".db") == 0 ? DISK_DB : DISK_OTHER;
}

static int disk_close(sqlite3_file *f)
{
    return disk_real(f)->pMethods->xClose(disk_real(f));
}
static int disk_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    return disk_real(f)->pMethods->xRead(disk_real(f), to, n, at);
}
static int disk_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    if (disk_fails())
        return disk.code == SQLITE_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    disk_note(DISK_WRITE, ((struct disk_handle *)f)->kind, at, n, from);
    return disk_real(f)->pMethods->xWrite(disk_real(f), from, n, at);
}
static int disk_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    if (disk_fails())
        return SQLITE_IOERR_TRUNCATE;
    disk_note(DISK_TRUNCATE, ((struct disk_handle *)f)->kind, 0, size, NULL);
    return disk_real(f)->pMethods->xTruncate(disk_real(f), size);
}
static int disk_sync(sqlite3_file *f, int flags)
{
    if (disk_fails())
        return SQLITE_IOERR_FSYNC;
    disk_note(DISK_SYNC, ((struct disk_handle *)f)->kind, 0, 0, NULL);
    (void)flags;
    return SQLITE_OK; /* no power goes here: it would only take its time */
}
static int disk_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return disk_real(f)->pMethods->xFileSize(disk_real(f), size);
}
static int disk_lock(sqlite3_file *f, int level)
{
    return disk_real(f)->pMethods->xLock(disk_real(f), level);
}
static int disk_unlock(sqlite3_file *f, int level)
{
    return disk_real(f)->pMethods->xUnlock(disk_real(f), level);
}
static int disk_reserved(sqlite3_file *f, int *out)
{
    return disk_real(f)->pMethods->xCheckReservedLock(disk_real(f), out);
}
static int disk_control(sqlite3_file *f, int op, void *arg)
{
    return disk_real(f)->pMethods->xFileControl(disk_real(f), op, arg);
}
static int disk_sector(sqlite3_file *f)
{
    return disk_real(f)->pMethods->xSectorSize(disk_real(f));
}
static int disk_device(sqlite3_file *f)
{
    (void)f;
    return 0; /* nothing is promised: no atomic writes, no safe append */
}
static int disk_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return disk_real(f)->pMethods->xShmMap(disk_real(f), page, size, extend, out);
}
static int disk_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return disk_real(f)->pMethods->xShmLock(disk_real(f), at, n, flags);
}
static void disk_shm_barrier(sqlite3_file *f)
{
    disk_real(f)->pMethods->xShmBarrier(disk_real(f));
}
static int disk_shm_unmap(sqlite3_file *f, int remove)
{
    return disk_real(f)->pMethods->xShmUnmap(disk_real(f), remove);
}

static const sqlite3_io_methods disk_methods = {
    .iVersion = 2,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_reserved,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_device,
    .xShmMap = disk_shm_map,
    .xShmLock = disk_shm_lock,
    .xShmBarrier = disk_shm_barrier,
    .xShmUnmap = disk_shm_unmap,
};

static sqlite3_io_methods disk_methods_1; /* without shared memory */

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    struct disk_handle *h = (struct disk_handle *)f;
    (void)vfs;

    *h = (struct disk_handle){.kind = disk_kind(name), .real = (sqlite3_file *)(h + 1)};
    int rc = disk.real->xOpen(disk.real, name, h->real, flags, out);
    disk_methods_1 = disk_methods;
    disk_methods_1.iVersion = 1;
    h->base.pMethods = rc != SQLITE_OK ? NULL : disk.no_shm ? &disk_methods_1 : &disk_methods;
    return rc;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    if (disk_fails())
        return SQLITE_IOERR_DELETE;
    disk_note(DISK_DELETE, disk_kind(name), 0, 0, NULL);
    return disk.real->xDelete(disk.real, name, sync);
}

static void disk_install(void)
{
    static sqlite3_vfs vfs;

    disk.real = sqlite3_vfs_find(NULL);
    vfs = *disk.real;
    vfs.zName = "disk";
    vfs.szOsFile = (int)sizeof(struct disk_handle) + disk.real->szOsFile;
    vfs.xOpen = disk_open;
    vfs.xDelete = disk_delete;
    sqlite3_vfs_register(&vfs, 1);
}

/* code SQLITE_OK: healthy again. */
static void disk_set(int64_t fail_at, bool for_ever, int code)
{
    disk.calls = disk.failed = 0;
    disk.fail_at = fail_at;
    disk.for_ever = for_ever;
    disk.code = code;
}

static void disk_forget(void)
{
    for (size_t i = 0; i < disk.length; i++)
        free(disk.log[i].data);
    free(disk.log);
    disk.log = NULL;
    disk.length = disk.room = 0;
}

/* The state of a file after a power cut before entry `end`: what was synced is there; of what was
 * not, each write is there, or not, or half of it. */
struct disk_image {
    uint8_t *data;
    int64_t size, room;
};

static void disk_put(struct disk_image *image, int64_t at, int64_t size, const uint8_t *data)
{
    if (at + size > image->size) {
        while (at + size > image->room) {
            image->room = image->room ? image->room * 2 : 65536;
            image->data = realloc(image->data, (size_t)image->room);
        }
        memset(image->data + image->size, 0, (size_t)(at + size - image->size));
        image->size = at + size;
    }
    memcpy(image->data + at, data, (size_t)size);
}

static void disk_build(struct disk_image *image, enum disk_file file, size_t end, unsigned *seed)
{
    size_t synced = 0;

    for (size_t i = 0; i < end; i++)
        if (disk.log[i].file == file && disk.log[i].op == DISK_SYNC)
            synced = i;
    for (size_t i = 0; i < end; i++) {
        const struct disk_entry *e = &disk.log[i];
        bool sure = i < synced;
        int dice = rand_r(seed) % 4;
        if (e->file != file)
            continue;
        if (e->op == DISK_DELETE || e->op == DISK_TRUNCATE) { /* of the folder: may not be there */
            if (sure || dice)
                image->size = e->op == DISK_DELETE    ? 0
                              : e->size < image->size ? e->size
                                                      : image->size;
        } else if (e->op == DISK_WRITE && (sure || dice)) {
            bool half = !sure && dice == 1 && e->size > 1;
            disk_put(image, e->at, half ? e->size / 2 : e->size, e->data);
        }
    }
}

#endif
