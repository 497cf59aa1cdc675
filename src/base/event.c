/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

void event_send(const struct signet_observer *observer, const struct signet_event *event)
{
    if (observer && observer->on_event)
        observer->on_event(observer->ctx, event);
}

void event_warn(const struct signet_observer *observer, const struct signet_error *warning)
{
    struct signet_event event = {.kind = SIGNET_EVENT_WARNING, .error = warning};

    event_send(observer, &event);
}
