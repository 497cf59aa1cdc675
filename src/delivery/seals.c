/* SPDX-License-Identifier: Apache-2.0 */
/* What is sealed, and which of its devices still need it. */
#include "delivery/private.h"

#include <stdlib.h>

static int see_need(void *ctx, const struct signet_ledger_device *device, struct signet_error *err)
{
    bool *needs = ctx;

    (void)err;
    *needs = *needs || (device->state != SIGNET_DEVICE_DONE && device->state < SIGNET_DEVICE_VOID);
    return SIGNET_OK;
}

static int needs_seal(void *ctx, const struct vault_entry *entry, bool *needs,
                      struct signet_error *err)
{
    const struct delivery_setup *setup = ctx;
    const struct signet_ledger_filter filter = {.endpoint = entry->endpoint, .state = -1};

    *needs = false;
    return signet_ledger_devices(setup->job->ledger, &filter, see_need, needs, err);
}

int seals_wipe_batch(const struct delivery_setup *setup, uint64_t number, struct signet_error *err)
{
    return vault_wipe_unneeded(setup->vault, number, needs_seal, (void *)(uintptr_t)setup, err);
}

int seals_wipe_unneeded(const struct delivery_setup *setup, struct signet_error *err)
{
    uint64_t *numbers = NULL;
    size_t count = 0;
    int rc = vault_batch_list(setup->vault, &numbers, &count, err);

    for (size_t i = 0; rc == SIGNET_OK && i < count; i++)
        rc = seals_wipe_batch(setup, numbers[i], err);
    free(numbers);
    return rc;
}

static int wipe_void(void *ctx, const struct signet_ledger_device *device, struct signet_error *err)
{
    const struct delivery_setup *setup = ctx;

    if (device->freed) /* its name may be another device's by now */
        return SIGNET_OK;
    return vault_wipe(setup->vault, device->endpoint, err);
}

/* A device that became void needs its secret no more. */
int seals_wipe_ended(const struct delivery_setup *setup, struct signet_error *err)
{
    const struct signet_ledger_filter filter = {.order = setup->order->name,
                                                .state = SIGNET_DEVICE_VOID};

    pthread_mutex_lock(&setup->job->lock);
    int64_t count = setup->job->figures.states[SIGNET_DEVICE_VOID];
    pthread_mutex_unlock(&setup->job->lock);
    if (count == 0)
        return SIGNET_OK;
    int rc = signet_ledger_devices(setup->job->ledger, &filter, wipe_void, (void *)(uintptr_t)setup,
                                   err);
    return rc == SIGNET_OK ? seals_wipe_unneeded(setup, err) : rc;
}

void report_refused(const struct delivery_setup *setup, enum job_stage stage, const char *endpoint,
                    const struct signet_error *why)
{
    pthread_mutex_lock(&setup->job->lock);
    setup->report->refused++;
    pthread_mutex_unlock(&setup->job->lock);
    job_report_stage(setup->job, SIGNET_EVENT_STAGE_END, stage, 0, endpoint, why);
}
