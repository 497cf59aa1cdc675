/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket of a simulated board: what a programmer's cable is to a real one. */
#include "board.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST_MAX 512
#define WAIT_MS     2000

static int address(struct sockaddr_un *out, const char *path, struct signet_error *err)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof out->sun_path)
        return error_set(err, SIGNET_E_LIMIT, "%s: too long for a socket's path", path);
    strcpy(out->sun_path, path);
    return SIGNET_OK;
}

int control_open(struct sim_board *board, struct signet_error *err)
{
    struct sockaddr_un to;
    struct stat st;
    int fd, rc = address(&to, board->control, err);

    if (rc)
        return rc;
    if (lstat(board->control, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(board->control); /* left over */
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return error_sys(err, SIGNET_E_IO, errno, "no socket");
    if (bind(fd, (struct sockaddr *)&to, sizeof to) != 0 || chmod(board->control, 0600) != 0 ||
        listen(fd, 8) != 0) {
        rc = error_sys(err, SIGNET_E_IO, errno, "%s", board->control);
        close(fd);
        return rc;
    }
    board->control_fd = fd;
    return SIGNET_OK;
}

static bool program(struct sim_board *board, const char *words)
{
    static const char *const names[] = {
        [SIM_FIRMWARE_INITIAL] = "initial ",
        [SIM_FIRMWARE_FINAL] = "final ",
        [SIM_FIRMWARE_SMP_FILE] = "smp-file ",
    };

    for (size_t i = SIM_FIRMWARE_INITIAL; i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i]);
        const char *erase = words + n;

        if (strncmp(words, names[i], n) != 0)
            continue;
        if (strcmp(erase, "chip") != 0 && strcmp(erase, "sectors") != 0)
            return false;
        board_program(board, (enum sim_firmware)i, strcmp(erase, "chip") == 0);
        return true;
    }
    return false;
}

static void answer_state(struct sim_board *board, char *answer, size_t cap)
{
    snprintf(answer, cap,
             "ok firmware=%d provisioned=%d halted=%d resets=%u uploads=%u repeated=%u applied=%zu "
             "endpoint=%s",
             (int)board->firmware, board->provisioned, board->halted, board->count.resets,
             board->count.uploads, board->count.repeated, board->fs.applied.len, board->endpoint);
}

static void obey(struct sim_board *board, const char *request, char *answer, size_t cap)
{
    snprintf(answer, cap, "ok");
    if (strcmp(request, "state") == 0) {
        answer_state(board, answer, cap);
    } else if (strcmp(request, "stop") == 0) {
        board->stop = true;
    } else if (board->unplugged) {
        snprintf(answer, cap, "error the board is unplugged");
    } else if (board->away_until) {
        snprintf(answer, cap, "error there is no board now");
    } else if (strcmp(request, "next") == 0 || strcmp(request, "replug") == 0) {
        change_begin(board, strcmp(request, "next") == 0);
    } else if (strcmp(request, "reset") == 0) {
        board_reset(board);
    } else if (strncmp(request, "name ", 5) == 0) {
        snprintf(board->endpoint, sizeof board->endpoint, "%.150s", request + 5);
    } else if (strncmp(request, "program ", 8) != 0 || !program(board, request + 8)) {
        snprintf(answer, cap, "error no such request");
    }
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

void control_serve(struct sim_board *board)
{
    int fd = accept4(board->control_fd, NULL, NULL, SOCK_CLOEXEC);
    char request[REQUEST_MAX], answer[REQUEST_MAX];

    if (fd < 0)
        return;
    if (read_line(fd, request, sizeof request)) {
        pthread_mutex_lock(&board->lock);
        obey(board, request, answer, sizeof answer - 1);
        pthread_mutex_unlock(&board->lock);
        strcat(answer, "\n");
        if (send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
            strcpy(answer, ""); /* the asker went away; what it asked for is done */
    }
    close(fd);
}

int sim_board_control(const char *socket_path, const char *request, char *answer, size_t cap,
                      struct signet_error *err)
{
    struct sockaddr_un to;
    char line[REQUEST_MAX];
    int fd, rc = address(&to, socket_path, err);

    if (rc)
        return rc;
    if (snprintf(line, sizeof line, "%s\n", request) >= (int)sizeof line || strchr(request, '\n'))
        return error_set(err, SIGNET_E_USAGE, "not a request");
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_sys(err, SIGNET_E_IO, errno, "no socket");
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0 ||
        send(fd, line, strlen(line), MSG_NOSIGNAL) < 0) {
        rc = error_sys(err, SIGNET_E_NOT_FOUND, errno, "no simulated board at %s", socket_path);
    } else if (!read_line(fd, line, sizeof line)) {
        rc = error_set(err, SIGNET_E_TIMEOUT, "%s: no answer", socket_path);
    } else if (strncmp(line, "ok", 2) != 0) {
        rc = error_set(err, SIGNET_E_FLASH, "%s: %s", socket_path, line);
    } else if (answer && cap) {
        snprintf(answer, cap, "%s", line);
    }
    close(fd);
    return rc;
}
