/* SPDX-License-Identifier: Apache-2.0 */
/* What is told when an order begins: a clock that cannot be right, and another work folder that
 * makes devices with the same station's name. */
#include "run/private.h"

#include <inttypes.h>
#include <stdio.h>

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

/* The folder's number; with the count that this run was begun with. */
static void begin_word(const struct signet_run *r, char out[static 65])
{
    if (r->counts)
        snprintf(out, 65, "%s count 0x%08" PRIx32 " %" PRIu64, r->job.memory.folder, r->count.index,
                 r->count_value);
    else
        snprintf(out, 65, "%s", r->job.memory.folder);
}

/* The ledger knows that the station's runs were counted, also when all of it that counts was taken
 * away or made anew. */
int run_check_key(struct signet_run *r, struct signet_error *err)
{
    struct signet_ledger_begun before = {0};
    char word[65];
    uint32_t index = 0;
    uint64_t value = 0;
    int rc = r->job.order ? signet_ledger_begin(r->job.ledger, r->job.order, NULL, &before, err)
                          : SIGNET_OK;

    r->counts = vault_count(r->vault, &r->count);
    /* NOLINTNEXTLINE(cert-err34-c): we wrote it */
    int found = sscanf(before.folder, "%*s count 0x%8" SCNx32 " %" SCNu64, &index, &value);
    if (rc != SIGNET_OK || found != 2 ||
        (r->counts && index == r->count.index && r->count.first <= value))
        return rc;
    if (!r->options.recover || !r->options.reason)
        return error_set_hint(err, SIGNET_E_CONFLICT,
                              "put the station's key file back; if it is lost, or was meant to "
                              "change, that can be accepted with a reason",
                              "a TPM counted the runs of station %s in order %s (index 0x%08" PRIx32
                              "), and does not count with the key '%s'",
                              r->order->station, r->order->name, index, r->order->key_file);
    rc = run_accept(r, "another station key than the one with the TPM's count", err);
    r->count_value = r->count.first;
    begin_word(r, word);
    return rc == SIGNET_OK && !r->options.dry_run
               ? signet_ledger_begin(r->job.ledger, r->job.order, word, &before, err)
               : rc;
}

int run_begin(struct signet_run *r, bool makes, struct signet_error *err)
{
    const char *folder = r->job.memory.folder;
    struct signet_ledger_begun before;
    char time[24], word[65];

    begin_word(r, word);
    int rc = signet_ledger_begin(r->job.ledger, r->job.order, makes ? word : NULL, &before, err);
    if (rc != SIGNET_OK || !before.folder[0] ||
        text_is(before.folder, strcspn(before.folder, " "), folder))
        return rc;
    clock_format(before.time, time);
    event_note(&r->observer,
               "each station needs a name of its own (see 'station'), and the ledger itself, no "
               "copy of it: two would give out the same names; if the station's folder was moved "
               "or replaced, all is well",
               "station %s began order %s in another work folder than '%s', at %s",
               r->order->station, r->order->name, r->order->work, time);
    return rc;
}
