/* SPDX-License-Identifier: Apache-2.0 */
/* The socket in the work folder, over which people and programs look at a run and change it. A
 * thread takes callers, another answers each: one that says nothing holds up nobody. */
#include "run/control.h"
#include "run/private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CALLERS_MAX = 8, REQUEST_MS = 2000, SEND_MS = 2000, SLOT_SIZE = 64 };

struct control {
    struct signet_run *run;
    int folder, socket;
    char name[CONTROL_NAME_SIZE]; /* of the socket */
    struct signet_cancel *end;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t callers;
};

struct caller {
    struct control *control;
    int fd;
};

/* commands */

static int do_status(struct signet_run *run, const char *argument, struct signet_error *err)
{
    (void)run, (void)argument, (void)err;
    return SIGNET_OK;
}

static int do_pause(struct signet_run *run, const char *argument, struct signet_error *err)
{
    (void)argument;
    return signet_run_pause(run, true, err);
}

static int do_resume(struct signet_run *run, const char *argument, struct signet_error *err)
{
    (void)argument;
    return signet_run_pause(run, false, err);
}

static int do_off(struct signet_run *run, const char *argument, struct signet_error *err)
{
    return signet_run_slot(run, argument, true, err);
}

static int do_on(struct signet_run *run, const char *argument, struct signet_error *err)
{
    return signet_run_slot(run, argument, false, err);
}

/* "SLOT|REST"; the rest, or NULL: *err is usage. */
static const char *split_slot(const char *argument, char slot[static SLOT_SIZE], const char *usage,
                              struct signet_error *err)
{
    const char *bar = strchr(argument, '|');
    size_t len = bar ? (size_t)(bar - argument) : SLOT_SIZE;

    if (len >= SLOT_SIZE) {
        error_set(err, SIGNET_E_USAGE, "%s", usage);
        return NULL;
    }
    memcpy(slot, argument, len);
    slot[len] = '\0';
    return bar + 1;
}

/* "SLOT|CODE"; without a slot, "|CODE". */
static int do_scan(struct signet_run *run, const char *argument, struct signet_error *err)
{
    char slot[SLOT_SIZE];
    const char *code = split_slot(argument, slot, "'scan' takes a slot, '|' and a code", err);

    return code ? signet_run_scan(run, slot[0] ? slot : NULL, code, strlen(code), err)
                : SIGNET_E_USAGE;
}

/* "SLOT|REASON" */
static int do_rework(struct signet_run *run, const char *argument, struct signet_error *err)
{
    char slot[SLOT_SIZE];
    const char *why = split_slot(argument, slot, "'rework' takes a slot, '|' and a reason", err);

    return why ? signet_run_rework(run, slot, why, err) : SIGNET_E_USAGE;
}

static int do_stop(struct signet_run *run, const char *argument, struct signet_error *err)
{
    (void)argument, (void)err;
    signet_run_stop(run);
    return SIGNET_OK;
}

static const struct {
    const char *name;
    bool argument;
    int (*run)(struct signet_run *run, const char *argument, struct signet_error *err);
} commands[] = {
    {"status", false, do_status},
    {"pause", false, do_pause},
    {"resume", false, do_resume},
    {"off", true, do_off},
    {"on", true, do_on},
    {"operator", true, signet_run_operator},
    {"shift", true, signet_run_shift},
    {"scan", true, do_scan},
    {"retry", true, signet_run_retry},
    {"rework", true, do_rework},
    {"stop", false, do_stop},
};

static int obey(struct signet_run *run, char *line, struct signet_error *err)
{
    char *argument = strchr(line, ' ');

    if (argument)
        *argument++ = '\0';
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (strcmp(commands[i].name, line) == 0)
            return commands[i].argument == (argument != NULL)
                       ? commands[i].run(run, argument, err)
                       : error_set(err, SIGNET_E_USAGE, "'%s' takes %s", commands[i].name,
                                   commands[i].argument ? "a name" : "nothing else");
    return error_set(err, SIGNET_E_USAGE, "a run has no command '%s'",
                     text_shown(line, strlen(line), 40));
}

/* One caller: one line, one answer. */

/* A caller who was heard gets an answer, also when the run ends; false: the time is over, or it
 * ends before that. */
static bool wait_until(struct caller *c, short events, int64_t until)
{
    struct pollfd ready[] = {{.fd = c->fd, .events = events},
                             {.fd = cancel_fd(c->control->end), .events = POLLIN}};
    bool hears = events == POLLIN;
    int64_t left = until - clock_ms();

    return left > 0 && (poll(ready, hears ? 2 : 1, (int)left) >= 0 || errno == EINTR) &&
           !(hears && signet_cancel_fired(c->control->end));
}

/* Without its line end; false: there was no whole line. */
static bool hear_request(struct caller *c, char line[CONTROL_REQUEST_MAX + 1])
{
    int64_t until = clock_ms() + REQUEST_MS;
    size_t len = 0;

    while (len < CONTROL_REQUEST_MAX && wait_until(c, POLLIN, until)) {
        ssize_t n = recv(c->fd, line + len, CONTROL_REQUEST_MAX - len, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
            return false;
        char *end = n > 0 ? memchr(line + len, '\n', (size_t)n) : NULL;
        len += n > 0 ? (size_t)n : 0;
        if (end) {
            *end = '\0';
            return strlen(line) == (size_t)(end - line); /* no zero byte in it */
        }
    }
    return false;
}

static void send_answer(struct caller *c, const struct buf *answer)
{
    int64_t until = clock_ms() + SEND_MS;
    size_t sent = 0;

    while (sent < answer->len && wait_until(c, POLLOUT, until)) {
        ssize_t n =
            send(c->fd, answer->data + sent, answer->len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return;
        sent += n > 0 ? (size_t)n : 0;
    }
}

static void *answer_caller(void *arg)
{
    struct caller *c = arg;
    struct control *control = c->control;
    char line[CONTROL_REQUEST_MAX + 1];
    struct signet_error err = {0};
    struct buf answer = {0};

    if (hear_request(c, line)) {
        if (obey(control->run, line, &err) == SIGNET_OK)
            control_put_status(&answer, control->run->status);
        else
            control_put_error(&answer, &err);
        send_answer(c, &answer);
    }
    buf_free(&answer);
    close(c->fd);
    free(c);
    pthread_mutex_lock(&control->lock);
    control->callers--;
    pthread_cond_broadcast(&control->changed);
    pthread_mutex_unlock(&control->lock);
    return NULL;
}

/* The run's user, or root; and not too many at a time. */
static bool may_call(struct control *control, int fd)
{
    struct ucred who = {.uid = (uid_t)-1};
    socklen_t len = sizeof(who);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 ||
        (who.uid != geteuid() && who.uid != 0))
        return false;
    pthread_mutex_lock(&control->lock);
    bool room = control->callers < CALLERS_MAX;
    control->callers += room;
    pthread_mutex_unlock(&control->lock);
    return room;
}

static void take_caller(struct control *control, int fd)
{
    struct caller *c = NULL;
    pthread_attr_t attr;
    pthread_t thread;

    if (!may_call(control, fd)) {
        close(fd);
        return;
    }
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    c = calloc(1, sizeof(*c));
    if (c)
        *c = (struct caller){.control = control, .fd = fd};
    if (!c || pthread_create(&thread, &attr, answer_caller, c) != 0) {
        free(c);
        close(fd);
        pthread_mutex_lock(&control->lock);
        control->callers--;
        pthread_mutex_unlock(&control->lock);
    }
    pthread_attr_destroy(&attr);
}

static void *take_callers(void *arg)
{
    struct control *control = arg;
    struct pollfd ready[] = {{.fd = control->socket, .events = POLLIN},
                             {.fd = cancel_fd(control->end), .events = POLLIN}};

    while (!signet_cancel_fired(control->end)) {
        poll(ready, 2, -1);
        int fd = signet_cancel_fired(control->end)
                     ? -1
                     : accept4(control->socket, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            take_caller(control, fd);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
            cancel_sleep_until(control->end, clock_ms() + 100, NULL);
    }
    return NULL;
}

/* A socket that a killed run left goes; anything else of that name is somebody's file. */
static int remove_dead(const struct control *control)
{
    struct stat st;

    if (fstatat(control->folder, control->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : errno;
    if (!S_ISSOCK(st.st_mode))
        return EEXIST;
    return unlinkat(control->folder, control->name, 0) == 0 ? 0 : errno;
}

/* 0, or an errno. Nobody can call before listen(), so the mode is in time. */
static int listen_in(struct control *control, const char *work)
{
    control->folder = open(work, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const struct sockaddr_un address = control_address(control->folder, control->name);
    int sys = control->folder < 0 ? errno : remove_dead(control);

    if (sys != 0)
        return sys;
    control->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (control->socket < 0 ||
        bind(control->socket, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        fchmodat(control->folder, control->name, 0600, 0) != 0 ||
        listen(control->socket, CALLERS_MAX) != 0)
        return errno;
    return signet_cancel_new(&control->end, NULL) != SIGNET_OK
               ? ENOMEM
               : pthread_create(&control->thread, NULL, take_callers, control);
}

static void free_control(struct control *control)
{
    if (control->socket >= 0) {
        unlinkat(control->folder, control->name, 0);
        close(control->socket);
    }
    if (control->folder >= 0)
        close(control->folder);
    signet_cancel_free(&control->end);
    pthread_cond_destroy(&control->changed);
    pthread_mutex_destroy(&control->lock);
    free(control);
}

void run_open_control(struct signet_run *r)
{
    struct control *control = calloc(1, sizeof(*control));
    struct signet_error note = {0};
    int sys = ENOMEM;

    if (control) {
        *control = (struct control){.run = r, .folder = -1, .socket = -1};
        snprintf(control->name, sizeof(control->name), CONTROL_NAME, vault_tag(r->vault));
        pthread_mutex_init(&control->lock, NULL);
        pthread_cond_init(&control->changed, NULL);
        sys = listen_in(control, r->order->work);
    }
    if (sys == 0) {
        r->control = control;
        return;
    }
    error_sys(&note, SIGNET_E_IO, sys, "`signet line` cannot reach this run: %s/" CONTROL_NAME,
              r->order->work, vault_tag(r->vault));
    event_warn(&r->observer, &note);
    if (control)
        free_control(control);
}

void run_close_control(struct signet_run *r)
{
    struct control *control = r->control;

    if (!control)
        return;
    signet_cancel_fire(control->end);
    shutdown(control->socket, SHUT_RDWR); /* wakes the thread also when the descriptor does not */
    pthread_join(control->thread, NULL);
    pthread_mutex_lock(&control->lock);
    while (control->callers > 0)
        pthread_cond_wait(&control->changed, &control->lock);
    pthread_mutex_unlock(&control->lock);
    free_control(control);
    r->control = NULL;
}
