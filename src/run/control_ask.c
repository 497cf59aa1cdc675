/* SPDX-License-Identifier: Apache-2.0 */
/* The side of the control socket that asks. */
#include "run/control.h"
#include "vault/vault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A ledger that is busy may keep an operator waiting. */
enum { ANSWER_MS = 70000, TRIES = 3 };

void signet_control_view_free(struct signet_control_view *view)
{
    free(view->slots);
    locked_free(view->owned);
    *view = (struct signet_control_view){0};
}

static int nobody_there(const char *work, const char *order, struct signet_error *err)
{
    return error_set_hint(err, SIGNET_E_NOT_FOUND,
                          "start the order on this computer, or name the folder where it runs",
                          order ? "no run of order '%s' is at work in the folder '%s'"
                                : "no run%s is at work in the folder '%s'",
                          order ? order : "", work);
}

/* 0, or an errno. */
static int try_socket(int folder, const char *name, int *fd)
{
    const struct sockaddr_un address = control_address(folder, name);

    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd >= 0 && connect(*fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return 0;
    int sys = errno;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return sys;
}

/* The only run of the folder; sockets that killed runs left do not count. */
static int connect_any(int folder, const char *work, int *fd, struct signet_error *err)
{
    int own = dup(folder), runs = 0, other;
    DIR *dir = own >= 0 ? fdopendir(own) : NULL;
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        const char *name = entry->d_name;

        if (strncmp(name, "control-", 8) != 0 || !text_ends_with(name, ".sock") ||
            try_socket(folder, name, &other) != 0)
            continue;
        if (runs++ == 0)
            *fd = other;
        else
            close(other);
    }
    if (dir)
        closedir(dir);
    else if (own >= 0)
        close(own);
    if (runs > 1) {
        close(*fd);
        return error_set_hint(err, SIGNET_E_USAGE, "name the order in place of the folder",
                              "%d runs are at work in the folder '%s'", runs, work);
    }
    return runs ? SIGNET_OK : nobody_there(work, NULL, err);
}

static int connect_order(int folder, const char *work, const char *order, int *fd,
                         struct signet_error *err)
{
    char name[CONTROL_NAME_SIZE], tag[17];
    int rc = vault_tag_of(order, tag, err);

    if (rc != SIGNET_OK)
        return rc;
    snprintf(name, sizeof(name), CONTROL_NAME, tag);
    int sys = try_socket(folder, name, fd);
    if (sys == ENOENT || sys == ECONNREFUSED)
        return nobody_there(work, order, err);
    return sys ? error_sys(err, SIGNET_E_IO, sys, "the run in %s", work) : SIGNET_OK;
}

static int connect_to(const char *work, const char *order, int *fd, struct signet_error *err)
{
    int folder = open(work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder < 0)
        return errno == ENOENT ? nobody_there(work, order, err)
                               : error_sys(err, SIGNET_E_IO, errno, "the run in %s", work);
    int rc =
        order ? connect_order(folder, work, order, fd, err) : connect_any(folder, work, fd, err);
    close(folder);
    return rc;
}

static int hear_answer(int fd, struct buf *answer, struct signet_error *err)
{
    int64_t until = clock_ms() + ANSWER_MS;
    char piece[4096];
    ssize_t n = 1;

    while (n != 0) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int64_t left = until - clock_ms();
        int found = left > 0 ? poll(&ready, 1, (int)left) : 0;
        if (found == 0)
            return error_set(err, SIGNET_E_BUSY, "the run does not answer");
        n = found < 0 ? -1 : read(fd, piece, sizeof(piece));
        if (n < 0 && errno != EINTR)
            return error_sys(err, SIGNET_E_IO, errno, "the answer of the run");
        buf_append(answer, piece, n > 0 ? (size_t)n : 0);
        if (answer->failed)
            return buf_check(answer, err);
    }
    return SIGNET_OK;
}

/* sys: EPIPE: it was gone before it heard anything. */
static int exchange(int fd, const struct buf *request, struct buf *answer, int *sys,
                    struct signet_error *err)
{
    bool sent = send(fd, request->data, request->len, MSG_NOSIGNAL) == (ssize_t)request->len;

    *sys = sent ? 0 : errno;
    if (!sent)
        return error_sys(err, SIGNET_E_BUSY, errno, "the run takes no request");
    int rc = hear_answer(fd, answer, err);
    if (rc == SIGNET_OK && answer->len == 0)
        rc = error_set(err, SIGNET_E_BUSY, "the run closed the connection");
    return rc;
}

static int ask_run(const char *work, const char *order, const struct buf *request,
                   struct signet_control_view *view, struct signet_error *err)
{
    struct buf answer = {.max = CONTROL_ANSWER_MAX};
    int fd, rc = SIGNET_OK, sys = EPIPE;

    /* On a busy machine the run may have stopped waiting for us: it has heard nothing. */
    for (int i = 0; i < TRIES && sys == EPIPE; i++) {
        rc = connect_to(work, order, &fd, err);
        if (rc != SIGNET_OK)
            return rc;
        rc = exchange(fd, request, &answer, &sys, err);
        close(fd);
    }
    if (rc == SIGNET_OK)
        rc = control_read_answer((char *)answer.data, view, err);
    view->owned = answer.data; /* names are in it */
    return rc;
}

int signet_control_ask(const char *work, const char *order, const char *command,
                       const char *argument, struct signet_control_view *view,
                       struct signet_error *err)
{
    struct signet_control_view seen = {0};
    struct buf request = {.max = CONTROL_REQUEST_MAX};
    int rc = argument ? text_check(command, argument, strlen(argument), err) : SIGNET_OK;

    buf_printf(&request, "%s%s%s\n", command, argument ? " " : "", argument ? argument : "");
    if (rc == SIGNET_OK)
        rc = buf_check(&request, err);
    if (rc == SIGNET_OK)
        rc = ask_run(work, order, &request, &seen, err);
    buf_free(&request);
    if (rc == SIGNET_OK && view)
        *view = seen;
    else
        signet_control_view_free(&seen);
    return rc;
}
