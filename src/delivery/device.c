/* SPDX-License-Identifier: Apache-2.0 */
/* One device on its way: opened from what is sealed, and set aside when that is its end. */
#include "delivery/private.h"

int open_device(struct device *out, const struct delivery_setup *setup,
                const struct signet_lease *lease, struct signet_error *err)
{
    struct secret packet = {0};
    int rc = vault_find(setup->vault, lease->endpoint, lease->index, &packet, err);

    if (rc == SIGNET_OK)
        rc = device_from_packet(out, &packet, lease->endpoint, err);
    secret_wipe(&packet);
    return rc;
}

int judge_device(const struct signet_error *why)
{
    switch (signet_error_class(why)) {
    case SIGNET_CLASS_DEVICE: /* nothing sealed here: it may be in another work folder */
        return why->code == SIGNET_E_NOT_FOUND ? SIGNET_E_BUSY : SIGNET_OK;
    case SIGNET_CLASS_AWAY:
    case SIGNET_CLASS_CANCELLED:
        return SIGNET_E_BUSY;
    case SIGNET_CLASS_NONE:
    case SIGNET_CLASS_STATION:
    case SIGNET_CLASS_BUG:
        break;
    }
    return (int)why->code;
}

void report_refused(const struct delivery_setup *setup, enum job_stage stage, const char *endpoint,
                    const struct signet_error *why)
{
    pthread_mutex_lock(&setup->job->lock);
    setup->report->refused++;
    pthread_mutex_unlock(&setup->job->lock);
    job_report_stage(setup->job, SIGNET_EVENT_STAGE_END, stage, 0, endpoint, why);
}
