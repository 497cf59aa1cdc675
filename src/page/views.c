/* SPDX-License-Identifier: Apache-2.0 */
/* What the ledger has to show. */
#include "page/private.h"

#include <stdio.h>

enum { SERVERS_SECONDS = 3 };

static int view_servers(struct signet_ledger *ledger, const void *ctx, struct buf *out,
                        struct signet_error *err)
{
    const struct signet_order_status *o = ctx;
    int rc = SIGNET_OK;

    buf_text(out, "{\"servers\": [");
    for (size_t i = 0; rc == SIGNET_OK && i < o->server_count; i++) {
        int64_t count = 0;
        rc = signet_ledger_at_server(ledger, o->name, o->servers[i], &count, err);
        buf_json_open(out, NULL, '{');
        buf_json_text(out, "server", o->servers[i]);
        buf_json_integer(out, "waiting", count);
        buf_byte(out, '}');
    }
    buf_text(out, "]}");
    return rc;
}

void answer_servers(struct request *r)
{
    struct signet_control_view view = {0};
    struct signet_error err = {0};
    char key[320];
    int rc = watch_ask(r->page->watch, "status", NULL, &view, &err);

    if (rc == SIGNET_OK) {
        snprintf(key, sizeof(key), "servers %.300s", view.order.name);
        rc = records_get(r->page->records, key, SERVERS_SECONDS, view_servers, &view.order,
                         &r->answer, &err);
    }
    signet_control_view_free(&view);
    if (rc != SIGNET_OK)
        answer_error(r, MHD_HTTP_SERVICE_UNAVAILABLE, &err);
}
