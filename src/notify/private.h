/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOTIFY_PRIVATE_H
#define NOTIFY_PRIVATE_H

#include "notify/notify.h"

/* An event, as it is told. */
struct notify_message {
    int64_t seq;
    char id[65];      /* the event's hash in the chain: the same when it is told again */
    struct buf topic; /* of MQTT, with its values; else empty */
    struct buf body;
};

/* A kind of target. */
struct notify_ops {
    /* Reads what is secret; speaks to nobody. */
    int (*open)(void **state, const struct signet_order_notify *target,
                const struct signet_cancel *cancel, struct signet_error *err);
    /* SIGNET_OK: the other side has it, and will not lose it. An error of class device is about
     * this event, any other about the target. *wait_ms: it asks for that pause; else as it was. */
    int (*send)(void *state, const struct notify_message *message, int64_t *wait_ms,
                struct signet_error *err);
    void (*idle)(void *state); /* while there is nothing to tell; may be NULL */
    void (*close)(void *state);
};
extern const struct notify_ops notify_webhook, notify_mqtt, notify_file;

/* message.c: false: the target does not hear of such events. */
bool message_wanted(const struct signet_order *order, const struct signet_order_notify *target,
                    const struct signet_ledger_news *news);
int message_make(struct notify_message *out, const struct signet_order *order,
                 const struct signet_order_notify *target, const struct signet_ledger_news *news,
                 struct signet_error *err);
void message_free(struct notify_message *message);
/* cfx.c: the body, as IPC-2591 has it */
void cfx_put(struct buf *out, const struct signet_order *order,
             const struct signet_ledger_news *news);

/* cursor.c: the last event that a target has, kept over a restart. */
struct notify_cursor {
    char *path;
    struct signet_ledger_head last; /* seq 0: none */
};
/* One of another ledger, or of an old copy, counts for nothing: all is told again. */
int cursor_open(struct notify_cursor *cursor, const struct notify_setup *setup, const char *name,
                struct signet_ledger *ledger, struct signet_error *err);
int cursor_keep(struct notify_cursor *cursor, const struct notify_message *message,
                struct signet_error *err);
void cursor_free(struct notify_cursor *cursor);

#endif
