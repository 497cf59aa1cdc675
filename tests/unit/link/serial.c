/* SPDX-License-Identifier: Apache-2.0 */
/* A pty is the serial port, and passes for a UART; what a driver may refuse is made up.
 * wrap: ioctl flock open fstat
 */
#include "link/link.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

int __real_ioctl(int fd, unsigned long request, void *arg);
int __wrap_ioctl(int fd, unsigned long request, void *arg);
int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __real_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st);

static bool is_pty; /* the port is what it is */

int __wrap_fstat(int fd, struct stat *st)
{
    int rc = __real_fstat(fd, st);

    if (rc == 0 && !is_pty && major(st->st_rdev) == 136)
        st->st_rdev = makedev(4, 64);
    return rc;
}

static unsigned long refused; /* this request fails */
static int refused_after;     /* so many that are not */
static int open_errno;
static unsigned rate; /* the driver makes this of any rate; 0: what was asked */
static int flock_errno;
static bool no_flow;        /* the driver drops CRTSCTS */
static bool has_lines;      /* the driver has DTR and RTS, which a pty has not */
static int raised, dropped; /* TIOCM_ bits that were switched */

int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
    int rc;

    if (request == refused && refused_after-- == 0) {
        errno = EINVAL;
        return -1;
    }
    if (has_lines && (request == TIOCMBIS || request == TIOCMBIC)) {
        *(request == TIOCMBIS ? &raised : &dropped) |= *(int *)arg;
        return 0;
    }
    rc = __real_ioctl(fd, request, arg);
    if (rc == 0 && request == TCGETS2 && rate)
        ((struct termios2 *)arg)->c_ospeed = rate;
    if (rc == 0 && request == TCGETS2 && no_flow)
        ((struct termios2 *)arg)->c_cflag &= ~(tcflag_t)CRTSCTS;
    return rc;
}

int __wrap_flock(int fd, int operation)
{
    errno = flock_errno;
    return flock_errno ? -1 : __real_flock(fd, operation);
}

int __wrap_open(const char *path, int flags, ...)
{
    errno = open_errno;
    return open_errno ? -1 : __real_open(path, flags, 0600);
}

struct port {
    int master;
    char path[64];
    struct signet_link *link;
    struct signet_error err;
};

static void set_up(struct port *p)
{
    *p = (struct port){.master = posix_openpt(O_RDWR | O_NOCTTY)};
    assert_true(p->master >= 0 && grantpt(p->master) == 0 && unlockpt(p->master) == 0);
    assert_int_equal(ptsname_r(p->master, p->path, sizeof(p->path)), 0);
}

static void tear_down(struct port *p)
{
    signet_link_close(&p->link);
    close(p->master);
}

static int open_at(struct port *p, unsigned baud)
{
    return signet_link_open(&p->link, p->path, baud, NULL, &p->err);
}

/* 8N1 and raw: each byte value goes through in both directions, and none is echoed. */
static void all_bytes_go_through(void **state)
{
    uint8_t out[256], in[256];
    struct termios2 tio;
    struct port p;
    size_t all = 0, got;

    (void)state;
    set_up(&p);
    assert_int_equal(open_at(&p, 0), SIGNET_OK);
    assert_int_equal(__real_ioctl(p.master, TCGETS2, &tio), 0);
    assert_int_equal(tio.c_ospeed, 115200);
    assert_int_equal(tio.c_cflag & (CSIZE | PARENB | CSTOPB | CRTSCTS), CS8);
    assert_int_equal(tio.c_lflag | tio.c_iflag | tio.c_oflag, 0);
    for (int i = 0; i < 256; i++)
        out[i] = (uint8_t)i;
    assert_int_equal(link_write(p.link, out, sizeof(out), clock_ms() + 60000, &p.err), SIGNET_OK);
    assert_int_equal(link_drain(p.link, clock_ms() + 60000, &p.err), SIGNET_OK);
    assert_int_equal(read(p.master, in, sizeof(in)), sizeof(in));
    assert_memory_equal(in, out, sizeof(out));
    assert_int_equal(write(p.master, out, sizeof(out)), sizeof(out));
    while (all < sizeof(in)) {
        assert_int_equal(
            link_read(p.link, in + all, sizeof(in) - all, clock_ms() + 60000, &got, &p.err),
            SIGNET_OK);
        all += got;
    }
    assert_memory_equal(in, out, sizeof(out));
    tear_down(&p);
    set_up(&p);
    assert_int_equal(open_at(&p, 1000000), SIGNET_OK);
    assert_int_equal(__real_ioctl(p.master, TCGETS2, &tio), 0);
    assert_int_equal(tio.c_ospeed, 1000000);
    tear_down(&p);
}

static void a_held_port_is_busy(void **state)
{
    struct port p;
    struct signet_link *second = NULL;
    int exclusive = 0, other;
    char words[64];

    (void)state;
    set_up(&p);
    snprintf(words, sizeof(words), "in use by test_link_seria (process %d)", getpid());
    other = open(p.path, O_RDWR | O_NOCTTY);
    assert_int_equal(__real_flock(other, LOCK_EX), 0); /* a tool that locks, as root may */
    assert_int_equal(open_at(&p, 0), SIGNET_E_BUSY);
    assert_non_null(strstr(p.err.msg, words));
    assert_non_null(strstr(p.err.hint, "close the terminal"));
    assert_int_equal(__real_flock(other, LOCK_UN), 0);
    assert_int_equal(open_at(&p, 0), SIGNET_OK);
    assert_int_equal(__real_ioctl(other, TIOCGEXCL, &exclusive), 0);
    assert_int_equal(exclusive, 1);
    assert_int_equal(signet_link_open(&second, p.path, 0, NULL, &p.err), SIGNET_E_BUSY);
    assert_null(second);
    signet_link_close(&p.link); /* and is free afterwards */
    assert_int_equal(__real_ioctl(other, TIOCGEXCL, &exclusive), 0);
    assert_int_equal(exclusive, 0);
    close(other);
    assert_int_equal(open_at(&p, 0), SIGNET_OK);
    tear_down(&p);
}

/* Its flag would outlive a run that is killed; the lock does not. */
static void a_pseudo_terminal_is_locked_only(void **state)
{
    struct port p;
    struct signet_link *second = NULL;
    int exclusive = 1;

    (void)state;
    is_pty = true;
    set_up(&p);
    assert_int_equal(open_at(&p, 0), SIGNET_OK);
    int other = open(p.path, O_RDWR | O_NOCTTY); /* as anybody, not root alone */
    assert_int_equal(__real_ioctl(other, TIOCGEXCL, &exclusive), 0);
    assert_int_equal(exclusive, 0);
    assert_int_equal(signet_link_open(&second, p.path, 0, NULL, &p.err), SIGNET_E_BUSY);
    assert_null(second);
    close(other);
    tear_down(&p);
    is_pty = false;
}

/* As while another thread starts a program: its child has all descriptors until then. */
static void a_child_with_a_copy_holds_nothing(void **state)
{
    struct port p;

    (void)state;
    set_up(&p);
    assert_int_equal(open_at(&p, 0), SIGNET_OK);
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    signet_link_close(&p.link);
    int rc = open_at(&p, 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(rc, SIGNET_OK);
    tear_down(&p);
}

static void what_is_no_port(void **state)
{
    char folder[FOLDER_SIZE], file[96];
    struct signet_link *link = NULL;
    struct signet_error err = {0};

    (void)state;
    assert_true(folder_make(folder));
    snprintf(file, sizeof(file), "%s/port", folder);
    assert_int_equal(signet_link_open(&link, file, 0, NULL, &err), SIGNET_E_NOT_FOUND);
    assert_non_null(strstr(err.hint, "ports"));
    close(open(file, O_WRONLY | O_CREAT, 0600));
    assert_int_equal(signet_link_open(&link, file, 0, NULL, &err), SIGNET_E_USAGE);
    assert_int_equal(signet_link_open(&link, "/dev/null", 0, NULL, &err), SIGNET_E_USAGE);
    assert_non_null(strstr(err.msg, "/dev/null: this is not a serial port"));
    assert_int_equal(signet_link_open(&link, folder, 0, NULL, &err), SIGNET_E_USAGE);
    assert_non_null(strstr(err.msg, "this is a folder, not a serial port"));
    assert_null(link);
}

/* serial:PATH?OPTIONS: lines that are switched, and settings that are read back. */
static void options_of_a_port(void **state)
{
    static const struct {
        const char *options;
        int raised, dropped;
        unsigned cflag, iflag; /* of these, among CRTSCTS | HUPCL and IXON | IXOFF */
    } rows[] = {
        {"", 0, 0, HUPCL, 0},
        {"?", 0, 0, HUPCL, 0},
        {"?dtr=off", 0, TIOCM_DTR, HUPCL, 0},
        {"?dtr=off&rts=off&hupcl=off", 0, TIOCM_DTR | TIOCM_RTS, 0, 0},
        {"?dtr=on&rts=off&hupcl=on", TIOCM_DTR, TIOCM_RTS, HUPCL, 0},
        {"?flow=rtscts", 0, 0, HUPCL | CRTSCTS, 0},
        {"?flow=xonxoff&rts=on", TIOCM_RTS, 0, HUPCL, IXON | IXOFF},
        {"?flow=none", 0, 0, HUPCL, 0},
    };
    char address[200];
    struct termios2 tio;
    struct port p;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        set_up(&p);
        int fd = open(p.path, O_RDWR | O_NOCTTY);
        assert_int_equal(__real_ioctl(fd, TCGETS2, &tio), 0);
        tio.c_cflag |= HUPCL; /* as a driver has it */
        assert_int_equal(__real_ioctl(fd, TCSETS2, &tio), 0);
        has_lines = true;
        raised = dropped = 0;
        snprintf(address, sizeof(address), "serial:%s%s", p.path, rows[i].options);
        assert_int_equal(signet_link_open(&p.link, address, 0, NULL, &p.err), SIGNET_OK);
        assert_int_equal(__real_ioctl(p.master, TCGETS2, &tio), 0);
        if (raised != rows[i].raised || dropped != rows[i].dropped ||
            (tio.c_cflag & (CRTSCTS | HUPCL)) != rows[i].cflag ||
            (tio.c_iflag & (IXON | IXOFF)) != rows[i].iflag)
            fail_msg("%s: raised %x, dropped %x, cflag %x, iflag %x", rows[i].options, raised,
                     dropped, tio.c_cflag, tio.c_iflag);
        assert_string_equal(signet_link_address(p.link), address);
        has_lines = false;
        close(fd);
        tear_down(&p);
    }
}

static void options_that_no_port_has(void **state)
{
    static const char *const bad[] = {"dtr",      "dtr=",         "dtr=low",    "speed=9600", "=on",
                                      "flow=dtr", "dtr=on&nodtr", "hupcl=offf", "&"};
    char address[200], path[64];
    struct port p;

    (void)state;
    set_up(&p);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(address, sizeof(address), "serial:%s?%s", p.path, bad[i]);
        assert_int_equal(signet_link_open(&p.link, address, 0, NULL, &p.err), SIGNET_E_USAGE);
        assert_non_null(strstr(p.err.msg, "is no option of a port"));
        assert_non_null(strstr(p.err.hint, "dtr=off&rts=off&hupcl=off&flow="));
    }
    snprintf(address, sizeof(address), "serial:%s?flow=rtscts&rts=off", p.path);
    assert_int_equal(signet_link_open(&p.link, address, 0, NULL, &p.err), SIGNET_E_USAGE);
    assert_non_null(strstr(p.err.msg, "the driver itself moves RTS"));
    assert_int_equal(signet_link_open(&p.link, "serial:?dtr=off", 0, NULL, &p.err), SIGNET_E_USAGE);
    snprintf(address, sizeof(address), "serial:%s?dtr=off", p.path); /* a pty has no such line */
    assert_int_equal(signet_link_open(&p.link, address, 0, NULL, &p.err), SIGNET_E_LINK);
    assert_non_null(strstr(p.err.msg, "cannot switch DTR off"));
    assert_true(signet_link_device(address, path, sizeof(path)));
    assert_string_equal(path, p.path);
    snprintf(address, sizeof(address), "serial:%s?flow=rtscts", p.path);
    no_flow = true;
    assert_int_equal(signet_link_open(&p.link, address, 0, NULL, &p.err), SIGNET_E_LINK);
    assert_non_null(strstr(p.err.msg, "the port has no RTS/CTS flow control"));
    no_flow = false;
    assert_false(signet_link_device(address, path, 4));
    assert_false(signet_link_device("tcp:h:1", path, sizeof(path)));
    assert_false(signet_link_device("udp:h:1", path, sizeof(path)));
    tear_down(&p);
}

static void what_a_driver_refuses(void **state)
{
    static const struct {
        unsigned long request;
        const char *words;
        int after;
    } rows[] = {
        {TIOCEXCL, "cannot claim the port", 0},
        {TCGETS2, "cannot read the port's settings", 0},
        {TCGETS2, "cannot read the port's settings", 1},
        {TCSETS2, "cannot set the port to 115200 baud, 8N1", 0},
    };
    struct port p;

    (void)state;
    set_up(&p);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        refused = rows[i].request;
        refused_after = rows[i].after;
        assert_int_equal(open_at(&p, 115200), SIGNET_E_LINK);
        assert_non_null(strstr(p.err.msg, rows[i].words));
    }
    refused = 0;
    flock_errno = ENOLCK;
    assert_int_equal(open_at(&p, 115200), SIGNET_E_LINK);
    assert_non_null(strstr(p.err.msg, "cannot lock the port"));
    flock_errno = 0;
    assert_int_equal(open_at(&p, 115200), SIGNET_OK);
    tear_down(&p);
}

/* It is named by its open files where it has no lock. */
static void who_holds_it_without_a_lock(void **state)
{
    int ready[2];
    struct port p;
    char words[64], byte;

    (void)state;
    set_up(&p);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        int fd = __real_open(p.path, O_RDWR | O_NOCTTY);
        close(p.master);
        if (fd >= 0 && write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    snprintf(words, sizeof(words), "in use by test_link_seria (process %d)", child);
    open_errno = EBUSY;
    assert_int_equal(open_at(&p, 0), SIGNET_E_BUSY);
    open_errno = 0;
    assert_non_null(strstr(p.err.msg, words));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    tear_down(&p);
}

static void what_the_system_refuses(void **state)
{
    static const struct {
        int sys, rc;
        const char *words, *hint;
    } rows[] = {
        {EBUSY, SIGNET_E_BUSY, "the port is in use by another process", "close the terminal"},
        {EACCES, SIGNET_E_LINK, "cannot open the port: Permission denied", "group dialout"},
        {ENOENT, SIGNET_E_NOT_FOUND, "cannot open the port: No such file", "the list of boards"},
        {ENXIO, SIGNET_E_NOT_FOUND, "cannot open the port: No such device", "the list of boards"},
        {ENODEV, SIGNET_E_NOT_FOUND, "cannot open the port: No such device", "the list of boards"},
        {EIO, SIGNET_E_LINK, "cannot open the port: Input/output error", ""},
    };
    struct port p;

    (void)state;
    set_up(&p);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        open_errno = rows[i].sys;
        assert_int_equal(open_at(&p, 0), rows[i].rc);
        assert_non_null(strstr(p.err.msg, rows[i].words));
        assert_non_null(strstr(p.err.hint, rows[i].hint));
        assert_int_equal(p.err.hint[0] != 0, rows[i].hint[0] != 0);
    }
    open_errno = 0;
    tear_down(&p);
}

/* More than 3 % garbles each byte. */
static void a_rate_that_is_missed(void **state)
{
    static const struct {
        unsigned rate;
        int rc;
    } rows[] = {{96875, SIGNET_OK},
                {103125, SIGNET_OK},
                {96874, SIGNET_E_LINK},
                {103126, SIGNET_E_LINK},
                {9600, SIGNET_E_LINK}};
    struct port p;

    (void)state;
    set_up(&p);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rate = rows[i].rate;
        assert_int_equal(open_at(&p, 100000), rows[i].rc);
        if (rows[i].rc)
            assert_non_null(strstr(p.err.msg, "baud instead of 100000"));
        signet_link_close(&p.link);
    }
    rate = 0;
    tear_down(&p);
}

static void a_port_that_is_pulled(void **state)
{
    struct port p;
    char data[8];
    size_t got;

    (void)state;
    set_up(&p);
    assert_int_equal(open_at(&p, 0), SIGNET_OK);
    close(p.master);
    assert_int_equal(link_read(p.link, data, sizeof(data), clock_ms() + 60000, &got, &p.err),
                     SIGNET_E_LINK);
    assert_non_null(strstr(p.err.msg, "the port went away"));
    assert_int_equal(link_write(p.link, data, 1, clock_ms() + 60000, &p.err), SIGNET_E_LINK);
    p.master = -1;
    tear_down(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_bytes_go_through),
        cmocka_unit_test(a_held_port_is_busy),
        cmocka_unit_test(a_pseudo_terminal_is_locked_only),
        cmocka_unit_test(a_child_with_a_copy_holds_nothing),
        cmocka_unit_test(what_is_no_port),
        cmocka_unit_test(options_of_a_port),
        cmocka_unit_test(options_that_no_port_has),
        cmocka_unit_test(what_a_driver_refuses),
        cmocka_unit_test(who_holds_it_without_a_lock),
        cmocka_unit_test(what_the_system_refuses),
        cmocka_unit_test(a_rate_that_is_missed),
        cmocka_unit_test(a_port_that_is_pulled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
