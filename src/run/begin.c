/* SPDX-License-Identifier: Apache-2.0 */
/* What is told when an order begins: a clock that cannot be right, and another work folder that
 * makes devices with the same station's name. */
#include "run/private.h"

enum { CLOCK_BEHIND = 5 }; /* a clock that is kept by a time server may step by a second */

int run_check_works(const struct signet_run *r, struct signet_error *err)
{
    return r->options.dry_run || r->options.recover
               ? error_set(err, SIGNET_E_USAGE,
                           "the run was not opened to work: dry_run or recover")
               : SIGNET_OK;
}

int run_check_clock(struct signet_run *r, struct signet_error *err)
{
    bool server = strncmp(r->order->ledger, "postgres", 8) == 0;
    struct signet_ledger_head head;
    char now[24], last[24];
    int rc = signet_ledger_head(r->job.ledger, 0, &head, err);

    if (rc != SIGNET_OK || head.now >= head.time - CLOCK_BEHIND)
        return rc;
    clock_format(head.now, now);
    clock_format(head.time, last);
    event_note(&r->observer,
               "set the right time; until that event's is over, events are recorded with it",
               "the %s clock is behind the ledger: it is %s, and the last event of station %s "
               "is of %s",
               server ? "database server's" : "station's", now, head.station, last);
    return rc;
}

int run_begin(struct signet_run *r, bool makes, struct signet_error *err)
{
    const char *folder = r->job.memory.folder;
    struct signet_ledger_begun before;
    char time[24];
    int rc = signet_ledger_begin(r->job.ledger, r->job.order, makes ? folder : NULL, &before, err);

    if (rc != SIGNET_OK || !before.folder[0] || strcmp(before.folder, folder) == 0)
        return rc;
    clock_format(before.time, time);
    event_note(&r->observer,
               "each station needs a name of its own (see 'station'), or one takes over what "
               "the other has in work; if the work folder was replaced, all is well",
               "station %s began order %s in another work folder than '%s', at %s",
               r->order->station, r->order->name, r->order->work, time);
    return rc;
}
