/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of the day, against the one that counts since the host started, also while it sleeps:
 * somebody sets the clock during a run, or a battery is empty. */
#include "job/job.h"

#include <stdlib.h>

enum { JUMP_SECONDS = 180 };

void job_watch_clock(struct job *job)
{
    int64_t wall = clock_wall(), ahead = wall - clock_boot();
    char is[24], was_due[24];
    struct signet_error note = {0};

    pthread_mutex_lock(&job->lock);
    int64_t jump = job->clock_watched ? ahead - job->clock_ahead : 0;
    bool tell = !job->clock_told && llabs(jump) > JUMP_SECONDS;
    job->clock_told = job->clock_told || tell;
    job->clock_watched = true;
    job->clock_ahead = ahead;
    pthread_mutex_unlock(&job->lock);
    if (!tell)
        return;
    clock_format(wall, is);
    clock_format(wall - jump, was_due);
    error_set_hint(
        &note, SIGNET_OK,
        "set the right time; the ledger's times and the dates of new certificates are of "
        "this clock",
        "the station's clock jumped %s by %lld s during the run: it is %s, and %s was "
        "due",
        jump < 0 ? "back" : "ahead", llabs(jump), is, was_due);
    job_report(job, &(struct signet_event){.kind = SIGNET_EVENT_WARNING, .error = &note});
}
