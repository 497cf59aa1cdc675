/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/private.h"

#include <signet/prove.h>
#include <signet/server.h>

enum { ASK_TIMES = 10, ASK_MS = 200 }; /* a server's API may be behind its own registrations */

/* One look at all servers: the device is at one of them. SIGNET_E_NOT_FOUND: all that can tell say
 * no. */
static int look_at_servers(const struct delivery_setup *setup, const char *endpoint,
                           struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; i < setup->order->server_count; i++) {
        struct signet_error why = {0};
        int seen = signet_server_seen(setup->seen_by[i], endpoint, &why);

        if (seen == SIGNET_OK)
            return SIGNET_OK;
        if (seen == SIGNET_E_UNSUPPORTED)
            continue;
        error_prefix(&why, "%s", setup->order->servers[i].name);
        rc = error_copy(err, &why);
        if (rc != SIGNET_E_NOT_FOUND)
            return rc;
    }
    return rc;
}

/* The device is in: do the servers see it? */
static int ask_servers(void *ctx, const char *endpoint, struct signet_error *err)
{
    const struct delivery_setup *setup = ctx;
    int rc = look_at_servers(setup, endpoint, err);

    for (int i = 1; rc == SIGNET_E_NOT_FOUND && i < ASK_TIMES; i++) {
        rc = cancel_sleep_until(setup->job->stop, clock_ms() + ASK_MS, err);
        if (rc == SIGNET_OK)
            rc = look_at_servers(setup, endpoint, err);
    }
    return rc;
}

int proof_of_device(const struct delivery_setup *setup, const struct device *device,
                    struct signet_error *err)
{
    const struct signet_prove_options options = {.endpoint = device->view.endpoint,
                                                 .uri = setup->order->prove_uri,
                                                 .follow = setup->order->prove_follow,
                                                 .timeout_ms =
                                                     (unsigned)setup->order->prove_timeout_s * 1000,
                                                 .cancel = setup->job->stop,
                                                 .on_registered = ask_servers,
                                                 .ctx = (void *)(uintptr_t)setup,
                                                 .profile = setup->profile};
    struct signet_proof proof;

    return signet_prove(device->view.tree, &options, &proof, err);
}
