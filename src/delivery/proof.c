/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/private.h"

#include <signet/prove.h>
#include <signet/server.h>

enum { ASK_TIMES = 10, ASK_MS = 200 }; /* a server's API may be behind its own registrations */

/* One look at all servers: the device is at one of them. SIGNET_E_NOT_FOUND: all that can tell say
 * no. */
static int look(const struct delivery_setup *setup, const char *endpoint, struct signet_error *err)
{
    struct signet_error missing = {0};

    for (size_t i = 0; i < setup->order->server_count; i++) {
        struct signet_error why = {0};
        int rc = signet_server_seen(setup->seen_by[i], endpoint, &why);

        if (rc == SIGNET_OK)
            return SIGNET_OK;
        if (rc == SIGNET_E_UNSUPPORTED)
            continue;
        error_prefix(&why, "%s", setup->order->servers[i].name);
        if (rc != SIGNET_E_NOT_FOUND) {
            if (err)
                *err = why;
            return rc;
        }
        missing = why;
    }
    if (missing.code != SIGNET_OK && err)
        *err = missing;
    return (int)missing.code;
}

/* The device is in: do the servers see it? */
static int ask(void *ctx, const char *endpoint, struct signet_error *err)
{
    const struct delivery_setup *setup = ctx;
    int rc = SIGNET_E_NOT_FOUND;

    for (int i = 0; rc == SIGNET_E_NOT_FOUND && i < ASK_TIMES; i++) {
        int stopped =
            i > 0 ? cancel_sleep_until(setup->job->stop, clock_ms() + ASK_MS, err) : SIGNET_OK;

        if (stopped != SIGNET_OK)
            return stopped;
        rc = look(setup, endpoint, err);
    }
    return rc;
}

int proof_of(const struct delivery_setup *setup, const struct device *unit,
             struct signet_error *err)
{
    const struct signet_prove_options options = {.endpoint = unit->view.endpoint,
                                                 .uri = setup->order->prove_uri,
                                                 .timeout_ms =
                                                     (unsigned)setup->order->prove_timeout_s * 1000,
                                                 .cancel = setup->job->stop,
                                                 .on_registered = ask,
                                                 .ctx = (void *)(uintptr_t)setup};
    struct signet_proof proof;

    return signet_prove(unit->view.tree, &options, &proof, err);
}
