/* SPDX-License-Identifier: Apache-2.0 */
/* A scanner on a pty. It sends each code with CR behind it, as scanners do when they come. */
#include "control.h"
#include "scan/scan.h"
#include "sim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

struct sim_scanner {
    int master, slave; /* slave: kept open, so that what nobody reads yet stays */
    char *link;
};

void sim_scanner_stop(struct sim_scanner **scanner)
{
    struct sim_scanner *s = *scanner;

    if (!s)
        return;
    if (s->link)
        unlink(s->link);
    if (s->master >= 0)
        close(s->master);
    if (s->slave >= 0)
        close(s->slave);
    free(s->link);
    free(s);
    *scanner = NULL;
}

/* 0, or an errno. */
static int open_pty(struct sim_scanner *s, const char *link, char path[64])
{
    struct termios tio;

    s->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (s->master < 0 || grantpt(s->master) != 0 || unlockpt(s->master) != 0 ||
        ptsname_r(s->master, path, 64) != 0)
        return errno;
    s->slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (s->slave < 0 || tcgetattr(s->slave, &tio) != 0)
        return errno;
    cfmakeraw(&tio);
    s->link = strdup(link);
    return tcsetattr(s->slave, TCSANOW, &tio) != 0 ? errno : s->link ? 0 : ENOMEM;
}

int sim_scanner_start(struct sim_scanner **out, const char *link, struct signet_error *err)
{
    struct sim_scanner *s = calloc(1, sizeof(*s));
    char path[64];
    int sys = ENOMEM;

    if (s) {
        s->master = s->slave = -1;
        sys = open_pty(s, link, path);
    }
    int rc = sys == 0 ? make_link(path, link, err)
                      : error_sys(err, SIGNET_E_IO, sys, "cannot make a scanner at %s", link);
    if (rc != SIGNET_OK && s) { /* what is there is not ours */
        free(s->link);
        s->link = NULL;
    }
    if (rc == SIGNET_OK)
        *out = s;
    else
        sim_scanner_stop(&s);
    return rc;
}

static void put_long(struct buf *out)
{
    for (int i = 0; i < 2000; i++)
        buf_byte(out, 'x');
    buf_byte(out, '\r');
}

/* False: no such way. */
static bool put_code(const char *code, const char *way, struct buf *out)
{
    static const char garbage[] = "\xff\x1b[2J\x01\xc3\r";
    int times = strcmp(way, "double") == 0 ? 2 : 1;

    if (strcmp(way, "garbage") == 0) {
        buf_append(out, garbage, sizeof(garbage) - 1);
        return true;
    }
    if (strcmp(way, "long") == 0) {
        put_long(out);
        return true;
    }
    if (strcmp(way, "cut") == 0 || strcmp(way, "no-end") == 0) {
        buf_append(out, code, strlen(code) / (way[0] == 'c' ? 2 : 1));
        return true;
    }
    if (times == 1 && strcmp(way, "ok") != 0) {
        bool known = scan_type(way, code, out);

        buf_byte(out, '\r');
        return known;
    }
    for (int i = 0; i < times; i++) {
        buf_text(out, code);
        buf_byte(out, '\r');
    }
    return true;
}

int sim_scanner_check(const char *way, struct signet_error *err)
{
    struct buf text = {0};
    bool known = put_code("0", way, &text);

    buf_free(&text);
    return known ? SIGNET_OK
                 : error_set_hint(err, SIGNET_E_USAGE,
                                  SIM_SCANNER_WAYS ", or a layout, such as german",
                                  "a scanner does not read as '%s'", way);
}

int sim_scanner_read(struct sim_scanner *s, const char *code, const char *way,
                     struct signet_error *err)
{
    struct buf text = {0};
    int rc = sim_scanner_check(way, err);

    put_code(code, way, &text);
    if (rc == SIGNET_OK)
        rc = buf_check(&text, err);
    for (size_t sent = 0; rc == SIGNET_OK && sent < text.len;) {
        ssize_t n = write(s->master, text.data + sent, text.len - sent);

        if (n < 0 && errno != EINTR)
            rc = error_sys(err, SIGNET_E_IO, errno, "the scanner");
        sent += n > 0 ? (size_t)n : 0;
    }
    buf_free(&text);
    return rc;
}
