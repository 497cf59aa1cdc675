/* SPDX-License-Identifier: Apache-2.0 */
/* A board that passed, as IPC-2591 (CFX) has it: CFX.Production.Assembly.UnitsPersonalized. */
#include "notify/private.h"

#include <stdio.h>

/* The event's hash as a UUID (RFC 9562, version 8): the same when it is told again. */
static void cfx_uuid(const char *hash, char out[static 37])
{
    snprintf(out, 37, "%.8s-%.4s-8%.3s-a%.3s-%.12s", hash, hash + 8, hash + 13, hash + 17,
             hash + 20);
}

static void cfx_characteristic(struct buf *out, const char *name, const char *value)
{
    if (!value[0])
        return;
    buf_json_object(out, NULL, J_GIVEN("Name", name), J_GIVEN("Value", value));
}

static void cfx_unit(struct buf *out, const struct signet_order *order,
                     const struct signet_ledger_news *news)
{
    char edition[16];

    snprintf(edition, sizeof(edition), "%d", news->edition);
    buf_json_open(out, NULL, '{');
    buf_json_put(out, J_GIVEN("UnitIdentifier", news->hw_id[0] ? news->hw_id : news->endpoint),
                 J_INT("UnitPositionNumber", 1));
    buf_json_open(out, "Characteristics", '[');
    cfx_characteristic(out, "EndpointName", news->endpoint);
    cfx_characteristic(out, "Edition", edition);
    cfx_characteristic(out, "WorkOrder", order->name);
    cfx_characteristic(out, "Slot", news->slot);
    buf_text(out, "]}");
}

void cfx_put(struct buf *out, const struct signet_order *order,
             const struct signet_ledger_news *news)
{
    char id[37];

    cfx_uuid(news->hash, id);
    buf_byte(out, '{');
    buf_json_put(out, J_GIVEN("MessageName", "CFX.Production.Assembly.UnitsPersonalized"),
                 J_GIVEN("Version", "1.7"), J_TIME("TimeStamp", news->time),
                 J_GIVEN("UniqueID", id), J_GIVEN("Source", order->station));
    buf_text(out, ", \"Target\": null, \"RequestID\": null");
    buf_json_open(out, "MessageBody", '{');
    buf_json_put(out, J_GIVEN("$type", "CFX.Production.Assembly.UnitsPersonalized, CFX"),
                 J_GIVEN("TransactionId", id));
    buf_json_open(out, "PersonalizedUnits", '[');
    cfx_unit(out, order, news);
    buf_text(out, "]}}");
}
