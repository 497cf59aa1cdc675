/* SPDX-License-Identifier: Apache-2.0 */
#include "link/backend.h"

#include <asm/termbits.h> /* termios2: <termios.h> has no way to ask for any rate */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int in_use(const char *path, struct signet_error *err)
{
    char holder[HOLDER_SIZE];

    holder_of(path, holder);
    return error_set_hint(err, SIGNET_E_BUSY, "close the terminal or the tool that has it open",
                          "the port is in use by %s", holder[0] ? holder : "another process");
}

static int cannot_open(const char *path, int sys, struct signet_error *err)
{
    bool missing = sys == ENOENT || sys == ENXIO || sys == ENODEV;
    int rc;

    if (sys == EBUSY)
        return in_use(path, err);
    if (sys == EISDIR)
        return error_set_hint(err, SIGNET_E_USAGE,
                              "the list of boards shows the ports that are there",
                              "this is a folder, not a serial port");
    rc = error_sys(err, missing ? SIGNET_E_NOT_FOUND : SIGNET_E_LINK, sys, "cannot open the port");
    const char *colon = strrchr(path, ':');
    struct signet_error doubt = {0};
    if (missing && device_name_check(path, &doubt) != SIGNET_OK)
        error_hint(err, "%s", doubt.hint);
    else if (missing && colon && colon[1] && !colon[1 + strspn(colon + 1, "0123456789")])
        error_hint(err, *path == '/' ? "a speed is no part of the port's name"
                                     : "tcp:HOST:PORT, udp:HOST:PORT and serial:PATH are possible");
    else if (missing && !strchr(path, '/'))
        error_hint(err, "a port is a path, such as /dev/ttyACM0");
    else if (missing)
        error_hint(err, "the list of boards shows the ports that are there");
    if (sys == EACCES)
        error_hint(err, "on Debian, add yourself to the group dialout and log in again");
    return rc;
}

/* As socat makes them: one keeps TIOCEXCL after its last close, as long as its other end is open.
 * After a run that was killed it would be closed to all but root. */
static bool is_pseudo_terminal(int fd)
{
    enum { FIRST = 136, LAST = 143 }; /* their major numbers */
    struct stat st;

    return fstat(fd, &st) == 0 && major(st.st_rdev) >= FIRST && major(st.st_rdev) <= LAST;
}

static int claim_port(int fd, const char *path, struct signet_error *err)
{
    if (!isatty(fd))
        return error_set_hint(err, SIGNET_E_USAGE,
                              "the list of boards shows the ports that are there",
                              "this is not a serial port");
    /* TIOCEXCL stops later opens but not root's; flock() stops the other Signet and all tools
     * that ask. */
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? in_use(path, err)
                                    : error_sys(err, SIGNET_E_LINK, errno, "cannot lock the port");
    if (!is_pseudo_terminal(fd) && ioctl(fd, TIOCEXCL) != 0)
        return error_sys(err, SIGNET_E_LINK, errno, "cannot claim the port");
    return SIGNET_OK;
}

/* To close the port is not enough: a child that another thread starts just now has it open too,
 * until it becomes its program. */
void serial_release(int fd)
{
    ioctl(fd, TIOCNXCL);
    flock(fd, LOCK_UN);
}

static int move_line(int fd, enum port_switch to, int bit, const char *name,
                     struct signet_error *err)
{
    if (to == PORT_UNSET || ioctl(fd, to == PORT_ON ? TIOCMBIS : TIOCMBIC, &bit) == 0)
        return SIGNET_OK;
    return error_sys(err, SIGNET_E_LINK, errno, "cannot switch %s %s", name,
                     to == PORT_ON ? "on" : "off");
}

/* The driver raises both when the port is opened; who wants them low gets a short pulse. */
static int move_lines(int fd, const struct port_options *options, struct signet_error *err)
{
    int rc = move_line(fd, options->dtr, TIOCM_DTR, "DTR", err);

    return rc ? rc : move_line(fd, options->rts, TIOCM_RTS, "RTS", err);
}

static void set_flow(struct termios2 *tio, const struct port_options *options)
{
    if (options->flow == FLOW_RTSCTS)
        tio->c_cflag |= CRTSCTS;
    if (options->flow == FLOW_XONXOFF)
        tio->c_iflag = IXON | IXOFF;
    if (options->hupcl == PORT_ON)
        tio->c_cflag |= HUPCL;
    if (options->hupcl == PORT_OFF)
        tio->c_cflag &= ~(tcflag_t)HUPCL;
}

static int configure(int fd, unsigned baud, const struct port_options *options,
                     struct signet_error *err)
{
    struct termios2 tio;

    if (ioctl(fd, TCGETS2, &tio) != 0)
        return error_sys(err, SIGNET_E_LINK, errno, "cannot read the port's settings");
    tio.c_iflag = 0;
    tio.c_oflag = 0;
    tio.c_lflag = 0;
    tio.c_cflag &= ~(tcflag_t)(CBAUD | (CBAUD << IBSHIFT) | CSIZE | PARENB | CSTOPB | CRTSCTS);
    tio.c_cflag |= CS8 | CREAD | CLOCAL | BOTHER | (BOTHER << IBSHIFT);
    tio.c_ispeed = baud;
    tio.c_ospeed = baud;
    tio.c_cc[VMIN] = 1;
    tio.c_cc[VTIME] = 0;
    set_flow(&tio, options);
    if (ioctl(fd, TCSETS2, &tio) != 0)
        return error_sys(err, SIGNET_E_LINK, errno, "cannot set the port to %u baud, 8N1", baud);
    if (ioctl(fd, TCGETS2, &tio) != 0)
        return error_sys(err, SIGNET_E_LINK, errno, "cannot read the port's settings");
    /* A UART's divider may miss the rate by a little; more than 3 % garbles each byte. */
    if (tio.c_ospeed < baud - baud / 32 || tio.c_ospeed > baud + baud / 32)
        return error_set_hint(err, SIGNET_E_LINK, "take a speed that it does, or another port",
                              "the port does %u baud instead of %u", (unsigned)tio.c_ospeed, baud);
    if (options->flow == FLOW_RTSCTS && !(tio.c_cflag & CRTSCTS))
        return error_set(err, SIGNET_E_LINK, "the port has no RTS/CTS flow control");
    return SIGNET_OK;
}

int serial_open(int *out, const char *path, unsigned baud, const struct port_options *options,
                struct signet_error *err)
{
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), rc;

    if (fd < 0)
        return cannot_open(path, errno, err);
    rc = claim_port(fd, path, err);
    if (!rc) {
        rc = move_lines(fd, options, err);
        if (!rc)
            rc = configure(fd, baud, options, err);
        if (rc)
            serial_release(fd);
    }
    if (rc)
        close(fd);
    else
        *out = fd;
    return rc;
}
