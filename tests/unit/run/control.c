/* SPDX-License-Identifier: Apache-2.0 */
/* The socket of a run: what each command does, which requests have no answer, and who is there too
 * many; a caller who is gone is not talked to.
 * wrap: vault_tag control_put_status control_put_error send
 * wrap: signet_run_pause signet_run_slot signet_run_operator signet_run_shift signet_run_scan
 * wrap: signet_run_retry signet_run_rework signet_run_stop
 */
#include "run/control.h"
#include "run/private.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

static char did[600]; /* the command that the run got */
static atomic_int sends;
static int send_fails; /* errno of the first one */
static size_t send_most = SIZE_MAX;

const char *__wrap_vault_tag(const struct vault *vault);
const char *__wrap_vault_tag(const struct vault *vault)
{
    (void)vault;
    return "0123456789abcdef";
}

void __wrap_control_put_status(struct buf *out, struct signet_status *status);
void __wrap_control_put_status(struct buf *out, struct signet_status *status)
{
    (void)status;
    buf_text(out, "the status");
}

void __wrap_control_put_error(struct buf *out, const struct signet_error *why);
void __wrap_control_put_error(struct buf *out, const struct signet_error *why)
{
    buf_text(out, why->msg);
}

ssize_t __real_send(int fd, const void *data, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags)
{
    if (sends++ == 0 && send_fails) {
        errno = send_fails;
        return -1;
    }
    return __real_send(fd, data, len < send_most ? len : send_most, flags);
}

#define DOES(name, parameters, ...)                                                                \
    int __wrap_signet_run_##name parameters;                                                       \
    int __wrap_signet_run_##name parameters                                                        \
    {                                                                                              \
        (void)r, (void)err;                                                                        \
        snprintf(did, sizeof(did), __VA_ARGS__);                                                   \
        return SIGNET_OK;                                                                          \
    }
DOES(pause, (struct signet_run * r, bool paused, struct signet_error *err), "pause %d", paused)
DOES(slot, (struct signet_run * r, const char *slot, bool off, struct signet_error *err),
     "slot %s %d", slot, off)
DOES(operator,(struct signet_run *r, const char *name, struct signet_error *err), "operator %s",
     name)
DOES(shift, (struct signet_run * r, const char *name, struct signet_error *err), "shift %s", name)
DOES(scan,
     (struct signet_run * r, const char *slot, const char *text, size_t len,
      struct signet_error *err),
     "scan %s %.*s", slot ? slot : "-", (int)len, text)
DOES(retry, (struct signet_run * r, const char *slot, struct signet_error *err), "retry %s", slot)
DOES(rework,
     (struct signet_run * r, const char *slot, const char *reason, struct signet_error *err),
     "rework %s %s", slot, reason)

void __wrap_signet_run_stop(struct signet_run *r);
void __wrap_signet_run_stop(struct signet_run *r)
{
    (void)r;
    snprintf(did, sizeof(did), "stop");
}

static char work[FOLDER_SIZE];
static struct signet_order order = {.work = work};
static struct signet_run run = {.order = &order};
static char told[sizeof(((struct signet_error *)0)->msg)]; /* the warning */

static void warned(void *ctx, const struct signet_event *event)
{
    (void)ctx;
    snprintf(told, sizeof(told), "%s", event->error->msg);
}

static int set_up(void **state)
{
    (void)state;
    assert_true(folder_make(work));
    did[0] = told[0] = '\0';
    sends = send_fails = 0;
    send_most = SIZE_MAX;
    run.observer = (struct signet_observer){.on_event = warned};
    run_open_control(&run);
    assert_non_null(run.control);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    run_close_control(&run);
    assert_null(run.control);
    assert_int_equal(rmdir(work), 0); /* the socket is gone */
    return 0;
}

static int connect_to_run(void)
{
    int folder = open(work, O_PATH | O_DIRECTORY | O_CLOEXEC),
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_un at = control_address(folder, "control-0123456789abcdef.sock");

    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    close(folder);
    return fd;
}

/* Until the run closes; "": it says nothing. */
static void want_answer(int fd, const char *answer)
{
    char text[100];
    ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_WAITALL);

    text[n > 0 ? n : 0] = '\0';
    assert_string_equal(text, answer);
    close(fd);
}

static void ask(const void *request, size_t len, const char *answer)
{
    int fd = connect_to_run();

    did[0] = '\0';
    assert_int_equal(__real_send(fd, request, len, MSG_NOSIGNAL), len);
    shutdown(fd, SHUT_WR);
    want_answer(fd, answer);
}

static void each_command(void **state)
{
    static const struct {
        const char *request, *answer, *did;
    } rows[] = {
        {"status", "the status", ""},
        {"pause", "the status", "pause 1"},
        {"resume", "the status", "pause 0"},
        {"off 1", "the status", "slot 1 1"},
        {"on a b", "the status", "slot a b 0"},
        {"operator Ann", "the status", "operator Ann"},
        {"shift day", "the status", "shift day"},
        {"retry 2", "the status", "retry 2"},
        {"scan 1|code", "the status", "scan 1 code"},
        {"scan |co|de", "the status", "scan - co|de"},
        {"scan code", "'scan' takes a slot, '|' and a code", ""},
        {"rework 1|it was loose", "the status", "rework 1 it was loose"},
        {"rework 1", "'rework' takes a slot, '|' and a reason", ""},
        {"stop", "the status", "stop"},
        {"stop now", "'stop' takes nothing else", ""},
        {"off", "'off' takes a name", ""},
        {"statu", "a run has no command 'statu'", ""},
        {"status2", "a run has no command 'status2'", ""},
        {"", "a run has no command ''", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char line[60];
        size_t len = (size_t)snprintf(line, sizeof(line), "%s\n", rows[i].request);

        ask(line, len, rows[i].answer);
        assert_string_equal(did, rows[i].did);
    }
}

/* A name of a slot that is too long for any, and one that is not. */
static void the_name_of_a_slot(void **state)
{
    char line[100], want[100];

    (void)state;
    for (int len = 63; len < 65; len++) {
        snprintf(line, sizeof(line), "rework %0*d|x\n", len, 7);
        snprintf(want, sizeof(want), "rework %0*d x", len, 7);
        ask(line, strlen(line),
            len < 64 ? "the status" : "'rework' takes a slot, '|' and a reason");
        assert_string_equal(did, len < 64 ? want : "");
    }
}

/* What is no line is not sent. */
static void what_is_not_asked(void **state)
{
    char word[CONTROL_REQUEST_MAX];
    struct signet_error err = {0};
    (void)state;
    did[0] = '\0';
    assert_int_not_equal(signet_control_ask(work, NULL, "operator", "a\nstop", NULL, &err),
                         SIGNET_OK);
    assert_int_not_equal(signet_control_ask(work, NULL, "operator", "\xff", NULL, &err), SIGNET_OK);
    memset(word, 'x', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    assert_int_equal(signet_control_ask(work, NULL, "operator", word, NULL, &err), SIGNET_E_LIMIT);
    assert_string_equal(did, "");
}

static void what_is_no_line(void **state)
{
    char line[CONTROL_REQUEST_MAX + 2];

    (void)state;
    ask("", 0, "");
    ask("stop", 4, "");
    assert_string_equal(did, "");
    ask("st\0p\n", 5, "");
    ask("stop\n\0", 6, "the status"); /* what follows is not read */
    memset(line, 'x', sizeof(line));
    line[CONTROL_REQUEST_MAX - 1] = '\n';
    ask(line, CONTROL_REQUEST_MAX,
        "a run has no command 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'");
    line[CONTROL_REQUEST_MAX - 1] = 'x';
    line[CONTROL_REQUEST_MAX] = '\n';
    int fd = connect_to_run();
    assert_int_equal(__real_send(fd, line, CONTROL_REQUEST_MAX, MSG_NOSIGNAL), CONTROL_REQUEST_MAX);
    want_answer(fd, ""); /* at once */
}

static void answers_that_do_not_go_at_once(void **state)
{
    static const int later[] = {EINTR, EAGAIN};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(later); i++) {
        sends = 0;
        send_fails = later[i];
        ask("status\n", 7, "the status");
        assert_int_equal(sends, 2);
    }
    send_fails = 0;
    send_most = 3;
    sends = 0;
    ask("status\n", 7, "the status");
    assert_int_equal(sends, 4);
}

static void a_caller_who_is_gone(void **state)
{
    (void)state;
    send_fails = EPIPE;
    ask("status\n", 7, "");
    assert_int_equal(sends, 1);
}

/* The run waited two seconds, and closed: it is asked again, unless it may have heard. */
static void a_caller_who_is_late(void **state)
{
    static const struct {
        int sys, sends;
    } rows[] = {{EPIPE, 3}, {ENOBUFS, 1}}; /* twice, and the answer */

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct signet_control_view view = {0};
        struct signet_error err;

        sends = 0;
        send_fails = rows[i].sys;
        assert_int_not_equal(signet_control_ask(work, NULL, "status", NULL, &view, &err),
                             SIGNET_OK);
        assert_int_equal(strstr(err.msg, "takes no request") != NULL, rows[i].sys == ENOBUFS);
        assert_int_equal(sends, rows[i].sends);
        signet_control_view_free(&view);
    }
}

/* Eight at a time; then there is room again. */
static void too_many_callers(void **state)
{
    int fds[8];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        fds[i] = connect_to_run();
    want_answer(connect_to_run(), "");
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        assert_int_equal(__real_send(fds[i], "status\n", 7, MSG_NOSIGNAL), 7);
        want_answer(fds[i], "the status");
    }
}

static void whose_socket_it_is(void **state)
{
    char path[FOLDER_SIZE + 40];
    struct signet_run other = run;
    struct stat st;

    (void)state;
    snprintf(path, sizeof(path), "%s/control-0123456789abcdef.sock", work);
    assert_int_equal(lstat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    run_close_control(&run);
    assert_int_equal(file_write(path, "x", 1, 0600, NULL), SIGNET_OK); /* somebody's file stays */
    other.control = NULL;
    run_open_control(&other);
    assert_null(other.control);
    assert_non_null(strstr(told, "cannot reach this run"));
    assert_int_equal(unlink(path), 0);
    run_open_control(&run);
    run_open_control(&other); /* as after a kill: the socket that is there is nobody's */
    assert_non_null(other.control);
    run_close_control(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_command, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_name_of_a_slot, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_that_do_not_go_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_caller_who_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_caller_who_is_late, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_callers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whose_socket_it_is, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
