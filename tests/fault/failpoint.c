/* SPDX-License-Identifier: Apache-2.0 */
/* In place of the library's empty one: SIGNET_FAILPOINT=NAME:N ends the process, as kill -9 does,
 * when it comes to that place for the Nth time; with SIGNET_FAILPOINT_RUN=COMMAND it goes on when
 * the command is over. SIGNET_FAILPOINT_LIST=FILE appends each name. */
#include "base/base.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void failpoint(const char *name)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static long seen;
    const char *wanted = getenv("SIGNET_FAILPOINT"), *list = getenv("SIGNET_FAILPOINT_LIST");
    const char *colon = wanted ? strchr(wanted, ':') : NULL;
    size_t len = strlen(name);

    pthread_mutex_lock(&lock);
    if (list) {
        int fd = open(list, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd >= 0 && (write(fd, name, len) < 0 || write(fd, "\n", 1) < 0))
            abort();
        close(fd);
    }
    if (colon && (size_t)(colon - wanted) == len && strncmp(wanted, name, len) == 0 &&
        ++seen == strtol(colon + 1, NULL, 10)) {
        const char *command = getenv("SIGNET_FAILPOINT_RUN");
        if (!command)
            kill(getpid(), SIGKILL);
        else if (system(command) != 0) /* NOLINT(cert-env33-c): a test's own */
            abort();
    }
    pthread_mutex_unlock(&lock);
}
