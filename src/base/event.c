/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <stdio.h>

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

void event_note(const struct signet_observer *observer, const char *hint, const char *fmt, ...)
{
    struct signet_error note = {0};
    char text[sizeof(note.msg) + SECRET_BEHIND];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    error_set_hint(&note, SIGNET_OK, hint ? hint : "", "%s", text);
    event_warn(observer, &note);
}
