/* SPDX-License-Identifier: Apache-2.0 */
#include "witness.h"

#include "factory/factory.h"
#include "proof/proof.h"

#include <signet/packet.h>

enum { ASK_TIMES = 10, ASK_MS = 200 }; /* a server's API may be behind its own registrations */

struct asking {
    struct witness *witness;
    struct signet_cancel *cancel;
};

/* One look at all servers: the device is at one of them. SIGNET_E_NOT_FOUND: all that can tell say
 * no. */
static int look(struct witness *w, const char *endpoint, struct signet_error *err)
{
    struct signet_error missing = {0};

    for (size_t i = 0; i < w->order->server_count; i++) {
        struct signet_error why = {0};
        int rc = signet_server_seen(w->servers[i], endpoint, &why);

        if (rc == SIGNET_OK)
            return SIGNET_OK;
        if (rc == SIGNET_E_UNSUPPORTED)
            continue;
        error_prefix(&why, "%s", w->order->servers[i].name);
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
    const struct asking *a = ctx;
    int rc = SIGNET_E_NOT_FOUND;

    for (int i = 0; rc == SIGNET_E_NOT_FOUND && i < ASK_TIMES; i++) {
        int stopped = i > 0 ? cancel_sleep_until(a->cancel, clock_ms() + ASK_MS, err) : SIGNET_OK;

        if (stopped != SIGNET_OK)
            return stopped;
        rc = look(a->witness, endpoint, err);
    }
    return rc;
}

int witness_prove(void *ctx, const struct signet_line_unit *unit, struct signet_cancel *cancel,
                  struct signet_error *err)
{
    struct witness *w = ctx;
    struct asking asking = {.witness = w, .cancel = cancel};
    const struct signet_prove_options options = {.endpoint = unit->device.endpoint,
                                                 .uri = w->order->prove_uri,
                                                 .timeout_ms =
                                                     (unsigned)w->order->prove_timeout_s * 1000,
                                                 .cancel = cancel,
                                                 .on_registered = ask,
                                                 .ctx = &asking};
    struct signet_tree *tree = NULL;
    struct signet_proof proof;
    int rc = signet_packet_decode(unit->packet.data, unit->packet.len, &tree, err);

    if (rc == SIGNET_OK)
        rc = signet_prove(tree, &options, &proof, err);
    signet_tree_free(&tree);
    return rc;
}
