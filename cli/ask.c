/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases and PINs that a person types: not shown, and never in argv. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { ANSWER_MAX = 256 };

/* One line. Ctrl-C is a signal that fires the cancel; poll() then ends with EINTR. */
static int read_answer(int fd, char answer[ANSWER_MAX], size_t *len, struct signet_error *err)
{
    const struct signet_cancel *cancel = process_cancel();
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    for (*len = 0; *len < ANSWER_MAX;) {
        if (signet_cancel_fired(cancel))
            return cli_error(err, SIGNET_E_CANCELLED, "", "stopped");
        if (poll(&ready, 1, 1000) <= 0)
            continue;
        ssize_t n = read(fd, answer + *len, 1);
        if (n < 0 && errno != EINTR)
            return cli_error(err, SIGNET_E_IO, "", "cannot read from the terminal");
        if (n == 0 || (n == 1 && answer[*len] == '\n'))
            return SIGNET_OK;
        *len += n == 1;
    }
    return cli_error(err, SIGNET_E_LIMIT, "", "more than %d characters", ANSWER_MAX - 1);
}

static int ask_terminal(int fd, const char *what, char answer[ANSWER_MAX], size_t *len,
                        struct signet_error *err)
{
    struct termios before, silent;

    if (tcgetattr(fd, &before) != 0)
        return cli_error(err, SIGNET_E_IO, "", "cannot ask for %s", PLAIN(what));
    process_cancel(); /* from here on Ctrl-C gives the terminal back as it was */
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fd, TCSAFLUSH, &silent);
    dprintf(fd, "%s: ", PLAIN(what));
    int rc = read_answer(fd, answer, len, err);
    tcsetattr(fd, TCSAFLUSH, &before);
    dprintf(fd, "\n");
    return rc;
}

int cli_ask(void *ctx, const char *what, struct signet_bytes *secret, struct signet_error *err)
{
    char answer[ANSWER_MAX];
    size_t len = 0;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

    (void)ctx;
    if (fd < 0)
        return cli_error(err, SIGNET_E_AUTH, "",
                         "%s is not known, and there is no terminal to ask for it", PLAIN(what));
    int rc = ask_terminal(fd, what, answer, &len, err);
    if (rc == SIGNET_OK) {
        secret->data = calloc(1, len + 1);
        if (secret->data)
            memcpy(secret->data, answer, secret->len = len);
        else
            rc = cli_error(err, SIGNET_E_NOMEM, "", "out of memory");
    }
    explicit_bzero(answer, sizeof(answer));
    close(fd);
    return rc;
}
