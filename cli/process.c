/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* None of these can fail in a way that should stop the work: each is one more wall. */
void process_harden(void)
{
    const struct rlimit none = {0, 0};
    umask(077);
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
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
