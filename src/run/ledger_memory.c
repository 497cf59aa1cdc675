/* SPDX-License-Identifier: Apache-2.0 */
/* Is the ledger the one that the work folder knows, and has it all that this station recorded? */
#include "run/private.h"

static int refuse_ledger(const struct signet_run *r, struct signet_error *err)
{
    const struct signet_ledger_head *h = &r->job.memory.head;
    const char *folder = r->order->work;
    long long seq = (long long)h->seq;

    switch (r->age) {
    case SIGNET_LEDGER_SAME:
        return SIGNET_OK;
    case SIGNET_LEDGER_BEHIND:
        error_set(
            err, SIGNET_E_CONFLICT,
            "an old copy of the ledger was put back: event %lld of station %s, which the work "
            "folder '%s' knows of, is not in it",
            seq, h->station, folder);
        break;
    case SIGNET_LEDGER_FORKED:
        error_set(err, SIGNET_E_CONFLICT,
                  "an old copy of the ledger was put back, and worked on: event %lld of station %s "
                  "is another one than the work folder '%s' knows",
                  seq, h->station, folder);
        break;
    case SIGNET_LEDGER_OTHER:
        error_set(err, SIGNET_E_CONFLICT,
                  "the work folder '%s' made devices of order %s with another ledger", folder,
                  r->order->name);
        break;
    }
    error_hint(err, "put the newest ledger back, or name it in the order; if it is lost, what it "
                    "knew of can be kept from being given out again");
    return SIGNET_E_CONFLICT;
}

/* An old copy of the ledger does not know the names that other orders gave out since. */
static int compare_other(void *ctx, const struct signet_ledger_head *head, struct signet_error *err)
{
    struct signet_run *r = ctx;
    enum signet_ledger_age age = SIGNET_LEDGER_SAME;
    int rc = signet_ledger_compare(r->job.ledger, head, &age, err);

    if (rc != SIGNET_OK || age == SIGNET_LEDGER_SAME || age == SIGNET_LEDGER_OTHER)
        return rc;
    return error_set_hint(err, SIGNET_E_CONFLICT,
                          "put the newest ledger back; if it is lost, what another order gave out "
                          "can be kept from being given out again, with that order",
                          "an old copy of the ledger was put back: event %lld of station %s, which "
                          "the work folder '%s' knows of from another order, is not in it",
                          (long long)head->seq, head->station, r->order->work);
}

static int refuse_copy(const struct signet_run *r, struct signet_error *err)
{
    return job_memory_is_copy(&r->job.memory)
               ? error_set_hint(err, SIGNET_E_CONFLICT,
                                "run the order in one of the two, and move the other one away",
                                "the work folder '%s' is a copy of '%s', which is there as well: "
                                "both would give out the same names",
                                r->order->work, r->job.memory.was.path)
               : SIGNET_OK;
}

int run_check_ledger(struct signet_run *r, struct signet_error *err)
{
    int rc = SIGNET_OK;

    if (r->job.memory.there)
        rc = signet_ledger_compare(r->job.ledger, &r->job.memory.head, &r->age, err);
    if (rc == SIGNET_OK && !r->options.recover)
        rc = refuse_ledger(r, err);
    if (rc == SIGNET_OK && !r->options.recover && r->job.memory.path)
        rc = job_memory_others(&r->job.memory, compare_other, r, err);
    return rc == SIGNET_OK ? refuse_copy(r, err) : rc;
}

int run_ledger_gone(struct signet_run *r, struct signet_error *err)
{
    r->age = SIGNET_LEDGER_OTHER;
    if (r->options.recover)
        return SIGNET_OK;
    error_set(err, SIGNET_E_CONFLICT, "the ledger '%s' is gone: the work folder '%s' knows of it",
              r->order->ledger, r->order->work);
    error_hint(err, "put the newest ledger back, or name it in the order; if it is lost, what it "
                    "knew of can be kept from being given out again");
    return SIGNET_E_CONFLICT;
}
