/* SPDX-License-Identifier: Apache-2.0 */
/* Orders at once at one station: each slot, by its name, its place and its programmer, is one run's
 * in the work folder. */
#include "run/private.h"

static int claim_part(struct signet_run *r, const char *what, const char *which,
                      struct signet_error *err)
{
    struct buf text = {0};

    if (!which)
        return SIGNET_OK;
    buf_printf(&text, "slot %s %s", what, which);
    int rc = buf_check(&text, err);
    if (rc == SIGNET_OK)
        rc = vault_claim(r->vault, (const char *)text.data, err);
    buf_free(&text);
    return rc == SIGNET_E_BUSY
               ? error_set_hint(err, rc,
                                "orders that run at once need slots of their own, with other names",
                                "another run in %s has the %s '%s'", r->order->work, what, which)
               : rc;
}

static int claim_slot(struct signet_run *r, const struct signet_slot *slot,
                      struct signet_error *err)
{
    static const char *const places[] = {[SIGNET_SLOT_PORT] = "port",
                                         [SIGNET_SLOT_SERIAL] = "serial number",
                                         [SIGNET_SLOT_HUB] = "hub"};
    int rc = claim_part(r, "name", slot->name, err);

    if (rc == SIGNET_OK)
        rc = claim_part(r, places[slot->kind], slot->where, err);
    if (rc == SIGNET_OK)
        rc = claim_part(r, "serial number", slot->serial, err);
    return error_pass(rc, err, "slot %s", slot->name);
}

int run_claim_slots(struct signet_run *r, struct signet_error *err)
{
    int rc = SIGNET_OK;

    for (size_t i = 0; rc == SIGNET_OK && i < r->order->slot_count; i++)
        rc = claim_slot(r, &r->order->slots[i], err);
    return rc;
}
