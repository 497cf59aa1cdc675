/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the programs themselves, a terminal, the C library's locale, SoftHSM (where its tokens are)
 * and libpq's password file need.
 * All else could tell a library to log keys, to load code, or whom to trust. */
static bool may_stay(const char *entry)
{
    static const char *const names[] = {"PATH=",          "HOME=",    "USER=",
                                        "LOGNAME=",       "SHELL=",   "TERM=",
                                        "COLORTERM=",     "COLUMNS=", "LINES=",
                                        "NO_COLOR=",      "LANG=",    "LANGUAGE=",
                                        "LC_*",           "TZ=",      "TMPDIR=",
                                        "SOFTHSM2_CONF=", "SIGNET_*", "PGPASSFILE=",
                                        "PGUSER=",        "GCOV_*",   "CREDENTIALS_DIRECTORY="};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t len = strcspn(names[i], "*");

        if (strncmp(entry, names[i], len) == 0)
            return true;
    }
    return false;
}

static void clean_environment(void)
{
    size_t kept = 0;

    for (size_t i = 0; environ[i]; i++)
        if (may_stay(environ[i]))
            environ[kept++] = environ[i];
    environ[kept] = NULL;
    putenv("TSS2_LOG=all+none"); /* the TPM's library would write to the terminal */
}

/* A file that we open must not become standard output or error. What is read or written there fails
 * as before. */
static void hold_standard_files(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* None of these can fail in a way that should stop the work: each is one more wall. */
void process_harden(void)
{
    const struct rlimit none = {0, 0};
    hold_standard_files();
    clean_environment();
    umask(077);
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that gets too large for a limit is an error */
}

static struct signet_cancel *cancel; /* for the handler: it can only reach a static */

static void on_signal(int number)
{
    (void)number;
    signet_cancel_fire(cancel);
}

void process_stop(void)
{
    signet_cancel_fire(cancel);
}

/* A closed terminal, and the shell in it, both send one: the second is the first again. Whoever had
 * it ignored (nohup) wants the process to stay. */
static void on_hangup(void)
{
    struct sigaction action = {.sa_handler = on_signal}, before;

    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}

const struct signet_cancel *process_cancel(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

    if (cancel || signet_cancel_new(&cancel, NULL) != SIGNET_OK)
        return cancel;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    on_hangup();
    return cancel;
}

int cli_version(void)
{
    const struct cli cli = {.name = "signet"};
    printf("signet %s\n", signet_version());
    return cli_close(&cli, EXIT_DONE);
}
