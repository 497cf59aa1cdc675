/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <signal.h>
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
