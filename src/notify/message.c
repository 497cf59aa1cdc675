/* SPDX-License-Identifier: Apache-2.0 */
/* Events as JSON, and the topics that they go to. */
#include "notify/private.h"
#include "order/order.h"

#include <ctype.h>
#include <stdio.h>

static bool message_is_cfx(const struct signet_order_notify *target)
{
    return target->format && strcmp(target->format, "cfx") == 0;
}

static bool message_listed(const char *event, const char *const *events)
{
    for (size_t i = 0; events[i]; i++)
        if (strcmp(events[i], event) == 0 || strcmp(events[i], "all") == 0)
            return true;
    return false;
}

/* Without a list: not the steps of a device on its way. What becomes of a board is its verdict;
 * without boards, of a device. */
static bool message_usual(const struct signet_order *order, const char *event)
{
    static const char *const steps[] = {"reserved", "keyed", "writing", "written",   "resumed",
                                        "retry",    "key",   "proved",  "delivered", NULL};
    static const char *const of_boards[] = {"verified", "failed", NULL};

    return !message_listed(event, steps) && !(order->recipe && message_listed(event, of_boards));
}

bool message_wanted(const struct signet_order *order, const struct signet_order_notify *target,
                    const struct signet_ledger_news *news)
{
    if (message_is_cfx(target))
        return strcmp(news->event, "pass") == 0;
    return target->events ? message_listed(news->event, (const char *const *)target->events)
                          : message_usual(order, news->event);
}

static void message_put(struct buf *out, const struct signet_order *order,
                        const struct signet_ledger_news *news)
{
    buf_byte(out, '{');
    buf_json_put(out, J_GIVEN("id", news->hash), J_INT("seq", news->seq),
                 J_TIME("time", news->time), J_GIVEN("event", news->event),
                 J_GIVEN("order", order->name), J_GIVEN("station", order->station),
                 J_GIVEN("operator", news->operator_name), J_GIVEN("slot", news->slot),
                 J_GIVEN("endpoint", news->endpoint), J_COUNT("edition", news->edition),
                 J_GIVEN("hw_id", news->hw_id), J_GIVEN("tool", news->tool));
    if (news->detail_is_json)
        buf_printf(out, ", \"data\": %s", news->detail);
    else
        buf_json_put(out, J_GIVEN("detail", news->detail));
    buf_byte(out, '}');
}

/* One level of a topic, whatever it holds: bytes that mean something there are percent-encoded. */
static void topic_escape(struct buf *out, const char *value)
{
    for (; *value; value++)
        if (isalnum((unsigned char)*value) || char_in(*value, "-._~:@!=,"))
            buf_byte(out, (uint8_t)*value);
        else
            buf_printf(out, "%%%02X", (unsigned char)*value);
}

static void topic_put(struct buf *out, const char *topic, const struct signet_order *order,
                      const struct signet_ledger_news *news)
{
    const char *const texts[NOTIFY_VALUES] = {[NOTIFY_ORDER] = order->name,
                                              [NOTIFY_STATION] = order->station,
                                              [NOTIFY_SLOT] = news->slot,
                                              [NOTIFY_ENDPOINT] = news->endpoint,
                                              [NOTIFY_EVENT] = news->event};
    const char *pairs[NOTIFY_VALUES + 1][2] = {0};
    struct buf escaped[NOTIFY_VALUES] = {0};

    for (size_t i = 0; i < NOTIFY_VALUES; i++) {
        topic_escape(&escaped[i], texts[i]);
        buf_byte(&escaped[i], '\0');
        pairs[i][0] = notify_values[i];
        pairs[i][1] = escaped[i].failed ? "" : (const char *)escaped[i].data;
        buf_fail_with(out, &escaped[i]);
    }
    text_expand(out, topic, strlen(topic), pairs);
    for (size_t i = 0; i < NOTIFY_VALUES; i++)
        buf_free(&escaped[i]);
}

int message_make(struct notify_message *m, const struct signet_order *order,
                 const struct signet_order_notify *target, const struct signet_ledger_news *news,
                 struct signet_error *err)
{
    *m = (struct notify_message){.seq = news->seq};
    snprintf(m->id, sizeof(m->id), "%s", news->hash);
    if (message_is_cfx(target))
        cfx_put(&m->body, order, news);
    else
        message_put(&m->body, order, news);
    if (target->kind == SIGNET_NOTIFY_MQTT)
        topic_put(&m->topic, target->topic, order, news);
    if (m->body.data)
        secret_mask((char *)m->body.data, m->body.len);
    if (m->topic.data)
        secret_mask((char *)m->topic.data, m->topic.len);
    int rc = buf_check(&m->body, err);
    return rc == SIGNET_OK ? buf_check(&m->topic, err) : rc;
}

void message_free(struct notify_message *m)
{
    buf_free(&m->topic);
    buf_free(&m->body);
}
