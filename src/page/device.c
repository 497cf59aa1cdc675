/* SPDX-License-Identifier: Apache-2.0 */
/* One device: what it is, which servers have it, what happened to it. Members are called as in
 * `signet ledger show --json`. */
#include "page/private.h"

#include <stdio.h>

enum { DEVICE_SECONDS = 2, HISTORY_MAX = 2000, KEY_SIZE = SIGNET_ENDPOINT_SIZE + 8 };

struct device_view {
    const char *name;
    struct buf *out;
    char endpoint[SIGNET_ENDPOINT_SIZE];
    size_t rows;
};

static int add_device(void *ctx, const struct signet_ledger_device *d, struct signet_error *err)
{
    struct device_view *v = ctx;
    struct buf *out = v->out;
    const char *const texts[][2] = {{"endpoint", d->endpoint},
                                    {"order", d->order},
                                    {"station", d->station},
                                    {"slot", d->slot},
                                    {"hw_id", d->hw_id},
                                    {"psk_identity", d->psk_identity},
                                    {"psk_sha256", d->psk_sha256},
                                    {"spki_sha256", d->spki_sha256},
                                    {"cert_issuer", d->cert_issuer},
                                    {"cert_serial", d->cert_serial},
                                    {"packet_sha256", d->packet_sha256},
                                    {"image_sha256", d->image_sha256},
                                    {"error_code", d->error_code},
                                    {"error", d->error}};

    (void)err;
    snprintf(v->endpoint, sizeof(v->endpoint), "%s", d->endpoint);
    v->rows++;
    buf_json_open(out, NULL, '{');
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        buf_json_put(out, J_GIVEN(texts[i][0], texts[i][1]));
    buf_json_put(out, J_GIVEN("state", signet_device_state_name(d->state)),
                 J_INT("edition", d->edition), J_INT("attempt", d->attempt),
                 J_TIME("created", d->created), J_TIME("changed", d->changed));
    buf_byte(out, '}');
    return SIGNET_OK;
}

static int add_delivery(void *ctx, const struct signet_ledger_delivery *d, struct signet_error *err)
{
    struct device_view *v = ctx;

    (void)err;
    buf_json_object(v->out, NULL, J_GIVEN("server", d->server), J_INT("edition", d->edition),
                    J_GIVEN("state", d->delivered  ? "delivered"
                                     : d->refused  ? "refused"
                                     : d->removing ? "removing"
                                     : d->removed  ? "removed"
                                                   : "waiting"),
                    J_TIME("changed", d->changed),
                    J_GIVEN(d->removed ? "by_hand" : "error", d->error));
    return SIGNET_OK;
}

static int add_event(void *ctx, const struct signet_ledger_event *e, struct signet_error *err)
{
    struct device_view *v = ctx;
    struct buf *out = v->out;

    if (++v->rows > HISTORY_MAX)
        return error_set(err, SIGNET_E_LIMIT, "a history of more than %d events", HISTORY_MAX);
    buf_json_object(out, NULL, J_TIME("time", e->time), J_GIVEN("station", e->station),
                    J_INT("seq", e->seq), J_INT("edition", e->edition), J_GIVEN("kind", e->kind),
                    J_GIVEN("detail", e->detail), J_GIVEN("operator", e->operator_name),
                    J_GIVEN("tool", e->tool), J_GIVEN("hash", e->hash));
    return SIGNET_OK;
}

static int device_find(struct signet_ledger *ledger, struct device_view *v,
                       struct signet_error *err)
{
    const struct signet_ledger_filter by_name = {.endpoint = v->name, .state = -1},
                                      by_board = {.hw_id = v->name, .state = -1};
    int rc = signet_ledger_devices(ledger, &by_name, add_device, v, err);

    if (rc == SIGNET_OK && v->rows == 0)
        rc = signet_ledger_devices(ledger, &by_board, add_device, v, err);
    return rc == SIGNET_OK && v->rows == 0
               ? error_set_hint(err, SIGNET_E_NOT_FOUND,
                                "the list of the ledger's devices has their names",
                                "no device and no board of that name")
               : rc;
}

static int view_device(struct signet_ledger *ledger, const void *ctx, struct buf *out,
                       struct signet_error *err)
{
    struct device_view v = {.name = ctx, .out = out};

    buf_text(out, "{\"devices\": [");
    int rc = device_find(ledger, &v, err);
    buf_text(out, "], \"deliveries\": [");
    if (rc == SIGNET_OK)
        rc = signet_ledger_deliveries(ledger, v.endpoint, add_delivery, &v, err);
    buf_text(out, "], \"history\": [");
    v.rows = 0;
    if (rc == SIGNET_OK)
        rc = signet_ledger_events(ledger, v.endpoint, add_event, &v, err);
    buf_text(out, "]}");
    return rc == SIGNET_E_LIMIT ? SIGNET_OK : rc; /* the first ones are shown */
}

void answer_device(struct request *r)
{
    const char *name = request_argument(r, "name");
    char key[KEY_SIZE];

    snprintf(key, sizeof(key), "device %.*s", KEY_SIZE - 8, name ? name : "");
    if (name && *name && strlen(name) < SIGNET_ENDPOINT_SIZE)
        answer_records(r, key, DEVICE_SECONDS, view_device, name);
    else
        answer_wrong(r, "name one device", "its endpoint, or the hardware id of its board");
}
