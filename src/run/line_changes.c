/* SPDX-License-Identifier: Apache-2.0 */
/* What the people at a line change while it runs. */
#include "run/private.h"

#include <stdio.h>

int run_check_names(const struct signet_run *r, struct signet_error *err)
{
    const struct signet_order *o = r->order;
    int rc = o->operator_name ? text_check_person("operator", o->operator_name, err) : SIGNET_OK;

    return rc == SIGNET_OK && o->shift ? text_check_person("shift", o->shift, err) : rc;
}

static void tell_change(struct signet_run *r, const char *what, const char *slot, const char *name)
{
    const struct signet_event event = {
        .kind = SIGNET_EVENT_LINE, .stage = what, .board = slot, .name = name};

    job_report(&r->job, &event);
}

static void take_shift(struct signet_run *r, const char *name)
{
    pthread_mutex_lock(&r->job.lock);
    snprintf(r->job.shift, sizeof(r->job.shift), "%s", name);
    pthread_mutex_unlock(&r->job.lock);
}

int run_begin_shift(struct signet_run *r, struct signet_error *err)
{
    if (!r->order->shift)
        return SIGNET_OK;
    take_shift(r, r->order->shift);
    return signet_ledger_shift(r->job.ledger, r->job.order, r->order->shift, err);
}

int signet_run_pause(struct signet_run *r, bool paused, struct signet_error *err)
{
    if (!r->order->recipe)
        return error_set(err, SIGNET_E_UNSUPPORTED, "an order without boards is not paused");
    if (line_pause(&r->job, &r->changes, paused))
        tell_change(r, paused ? "paused" : "resumed", NULL, NULL);
    return SIGNET_OK;
}

int run_find_slot(const struct signet_run *r, const char *name, size_t *slot,
                  struct signet_error *err)
{
    const struct signet_order *o = r->order;
    const char *names[SIGNET_ORDER_SLOTS];

    for (size_t i = 0; i < o->slot_count; i++) {
        names[i] = o->slots[i].name;
        if (strcmp(names[i], name) == 0) {
            *slot = i;
            return SIGNET_OK;
        }
    }
    return text_unknown(SIGNET_E_NOT_FOUND, "slot", name, names, o->slot_count, err);
}

int signet_run_slot(struct signet_run *r, const char *slot, bool off, struct signet_error *err)
{
    const struct signet_order *o = r->order;
    size_t i;
    int rc = run_find_slot(r, slot, &i, err);

    if (rc != SIGNET_OK)
        return rc;
    if (off && r->scans)
        line_scan_drop(&r->job, r->scans, i);
    if (line_slot(&r->job, &r->changes, i, off))
        tell_change(r, off ? "off" : "on", o->slots[i].name, NULL);
    return SIGNET_OK;
}

int signet_run_retry(struct signet_run *r, const char *slot, struct signet_error *err)
{
    size_t i;
    int rc = run_find_slot(r, slot, &i, err);

    if (rc == SIGNET_OK)
        rc = line_again(&r->job, &r->changes, r->order, i, NULL, err);
    if (rc == SIGNET_OK)
        tell_change(r, "retry", slot, NULL);
    return rc;
}

static int check_reason(const char *reason, struct signet_error *err)
{
    if (!reason || reason[strspn(reason, " ")] == '\0')
        return error_set_hint(err, SIGNET_E_USAGE, "say why: it is recorded",
                              "a rework needs a reason");
    if (strlen(reason) >= LINE_REASON_SIZE)
        return error_set_hint(err, SIGNET_E_USAGE, "say it in fewer words",
                              "a reason has at most %d bytes", LINE_REASON_SIZE - 1);
    return text_check("reason", reason, strlen(reason), err);
}

int signet_run_rework(struct signet_run *r, const char *slot, const char *reason,
                      struct signet_error *err)
{
    size_t i;
    int rc = run_find_slot(r, slot, &i, err);

    if (rc == SIGNET_OK)
        rc = check_reason(reason, err);
    if (rc == SIGNET_OK)
        rc = line_again(&r->job, &r->changes, r->order, i, reason, err);
    if (rc == SIGNET_OK)
        tell_change(r, "rework", slot, reason);
    return rc;
}

int signet_run_operator(struct signet_run *r, const char *name, struct signet_error *err)
{
    int rc = run_check_works(r, err);

    if (rc == SIGNET_OK)
        rc = signet_ledger_operator(r->job.ledger, r->job.order, name, err);
    if (rc == SIGNET_OK)
        tell_change(r, "operator", NULL, name);
    return rc;
}

int signet_run_shift(struct signet_run *r, const char *name, struct signet_error *err)
{
    int rc = run_check_works(r, err);

    if (rc == SIGNET_OK)
        rc = signet_ledger_shift(r->job.ledger, r->job.order, name, err);
    if (rc != SIGNET_OK)
        return rc;
    take_shift(r, name);
    tell_change(r, "shift", NULL, name);
    return SIGNET_OK;
}

void signet_run_stop(struct signet_run *r)
{
    if (atomic_exchange(&r->stop_asked, true))
        return;
    tell_change(r, "stopping", NULL, NULL);
    pthread_mutex_lock(&r->job.lock);
    signet_cancel_fire(r->job.stop);
    pthread_cond_broadcast(&r->job.changed);
    pthread_mutex_unlock(&r->job.lock);
}

bool signet_run_stopped(const struct signet_run *r)
{
    return atomic_load(&r->stop_asked);
}

struct signet_status *signet_run_status(struct signet_run *r)
{
    return r->status;
}
