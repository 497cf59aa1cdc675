/* SPDX-License-Identifier: Apache-2.0 */
/* Who signs the certificates of an order's devices. */
#include "authority/authority.h"
#include "run/private.h"

int run_open_authority(struct signet_run *r, struct signet_error *err)
{
    const struct signet_order *o = r->order;
    const struct signet_authority_options options = {
        .size = sizeof(options),
        .file = o->authority_file,
        .info = o->authority_file ? NULL : &o->authority,
        .ask = r->options.ask,
        .ask_ctx = r->options.ask_ctx,
        .observer = &r->observer,
        .cancel = r->options.cancel,
    };

    if (!signet_order_has_authority(o) || r->options.deliver_only)
        return SIGNET_OK;
    return error_pass(signet_authority_open(&r->authority, &options, err), err, "authority");
}

int run_authority_text(const struct signet_order *o, struct buf *text, struct signet_error *err)
{
    return signet_order_has_authority(o)
               ? authority_hash_text(o->authority_file, &o->authority, text, err)
               : SIGNET_OK;
}
