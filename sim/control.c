/* SPDX-License-Identifier: Apache-2.0 */
/* Control sockets: a request line, an answer line, and the connection ends. */
#include "control.h"

#include "sim.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST_MAX 512
#define WAIT_MS     2000

static int address(struct sockaddr_un *out, const char *path, struct signet_error *err)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(out->sun_path))
        return error_set(err, SIGNET_E_LIMIT, "%s: too long for a socket's path", path);
    strcpy(out->sun_path, path);
    return SIGNET_OK;
}

int control_open(const char *path, int *out, struct signet_error *err)
{
    struct sockaddr_un to;
    struct stat st;
    int fd, rc = address(&to, path, err);

    if (rc)
        return rc;
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(path); /* left over */
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return error_sys(err, SIGNET_E_IO, errno, "no socket");
    if (bind(fd, (struct sockaddr *)&to, sizeof(to)) != 0 || chmod(path, 0600) != 0 ||
        listen(fd, 8) != 0) {
        rc = error_sys(err, SIGNET_E_IO, errno, "%s", path);
        close(fd);
        return rc;
    }
    *out = fd;
    return SIGNET_OK;
}

/* Reads up to the newline, or the end. */
static bool read_line(int fd, char *line, size_t cap)
{
    int64_t deadline = clock_ms() + WAIT_MS;
    size_t len = 0;

    while (len < cap - 1) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        int64_t left = deadline - clock_ms();
        ssize_t n;

        if (left <= 0 || poll(&poll_fd, 1, (int)left) <= 0)
            return false;
        n = read(fd, line + len, 1);
        if (n <= 0 || line[len] == '\n')
            break;
        len++;
    }
    line[len] = '\0';
    return len > 0;
}

void control_serve(int listener, control_obey *obey, void *ctx)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    char request[REQUEST_MAX], answer[REQUEST_MAX];

    if (fd < 0)
        return;
    if (read_line(fd, request, sizeof(request))) {
        obey(ctx, request, answer, sizeof(answer) - 1);
        strcat(answer, "\n");
        if (send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
            strcpy(answer, ""); /* the asker went away; what it asked for is done */
    }
    close(fd);
}

int sim_control(const char *socket_path, const char *request, char *answer, size_t cap,
                struct signet_error *err)
{
    struct sockaddr_un to;
    char line[REQUEST_MAX];
    int fd, rc = address(&to, socket_path, err);

    if (rc)
        return rc;
    if (snprintf(line, sizeof(line), "%s\n", request) >= (int)sizeof(line) || strchr(request, '\n'))
        return error_set(err, SIGNET_E_USAGE, "not a request");
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_sys(err, SIGNET_E_IO, errno, "no socket");
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
        send(fd, line, strlen(line), MSG_NOSIGNAL) < 0) {
        rc = error_sys(err, SIGNET_E_NOT_FOUND, errno, "nothing simulated is at %s", socket_path);
        error_hint(err, "is the name written as it was given? It stands before the request");
    } else if (!read_line(fd, line, sizeof(line))) {
        rc = error_set(err, SIGNET_E_TIMEOUT, "%s: no answer", socket_path);
    } else if (strncmp(line, "ok", 2) != 0) {
        rc = error_set_hint(err, SIGNET_E_FLASH,
                            "'signet sim tell --help' lists what can be asked for", "%s: %s",
                            socket_path, line);
    } else if (answer && cap) {
        snprintf(answer, cap, "%s", line);
    }
    close(fd);
    return rc;
}

int make_link(const char *path, const char *link, struct signet_error *err)
{
    struct stat st;

    /* another tool's link there is replaced, a file is not */
    if (lstat(link, &st) == 0 && (!S_ISLNK(st.st_mode) || unlink(link) != 0))
        return error_set(err, SIGNET_E_EXISTS, "%s is there and is no link", link);
    if (symlink(path, link) == 0)
        return SIGNET_OK;
    error_sys(err, SIGNET_E_IO, errno, "cannot make the link %s", link);
    error_hint(err, "name a place in a folder that is there, and that this user may write into");
    return SIGNET_E_IO;
}
