/* SPDX-License-Identifier: Apache-2.0 */
/* How far a target is: a small text that is replaced after events were taken. A kill in between
 * tells them again, with the same ids. */
#include "notify/private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CURSOR_MAX = 1024 };

static void cursor_print(struct buf *to, const struct signet_ledger_head *h)
{
    buf_printf(to, "signet notify 1\nledger %s\nevent %" PRId64 " %s %s\nend\n", h->ledger, h->seq,
               h->hash, h->station);
}

/* What is not as it was written counts for nothing. */
static bool cursor_parse(struct signet_ledger_head *h, const struct buf *text)
{
    struct buf again = {0};

    /* NOLINTNEXTLINE(cert-err34-c): a number that does not fit is not printed the same */
    if (sscanf((const char *)text->data,
               "signet notify 1 ledger %64s event %" SCNd64 " %64s %120[^\n]", h->ledger, &h->seq,
               h->hash, h->station) != 4)
        return false;
    cursor_print(&again, h);
    bool same = again.len == text->len && memcmp(again.data, text->data, text->len) == 0;
    buf_free(&again);
    return same && h->seq > 0;
}

static int cursor_read(struct notify_cursor *c, struct signet_ledger *ledger, const char *station,
                       struct signet_error *err)
{
    struct signet_ledger_head there = {0};
    enum signet_ledger_age age = SIGNET_LEDGER_OTHER;
    struct buf text = {0};
    int rc = file_read(c->path, CURSOR_MAX, &text, err);

    if (rc == SIGNET_OK && cursor_parse(&there, &text) && strcmp(there.station, station) == 0)
        rc = signet_ledger_compare(ledger, &there, &age, err);
    if (rc == SIGNET_OK && age == SIGNET_LEDGER_SAME)
        c->last = there;
    buf_free(&text);
    return rc;
}

int cursor_open(struct notify_cursor *c, const struct notify_setup *setup, const char *name,
                struct signet_ledger *ledger, struct signet_error *err)
{
    int rc = signet_ledger_head(ledger, 0, &c->last, err);

    c->last.seq = 0;
    if (rc == SIGNET_OK && !c->path)
        rc = text_format(&c->path, err, "%s/notify-%s-%s.cursor", setup->folder, setup->tag, name);
    if (rc != SIGNET_OK || access(c->path, F_OK) != 0)
        return rc;
    return cursor_read(c, ledger, setup->order->station, err);
}

int cursor_keep(struct notify_cursor *c, const struct notify_message *m, struct signet_error *err)
{
    struct buf text = {0};

    c->last.seq = m->seq;
    memcpy(c->last.hash, m->id, sizeof(c->last.hash));
    cursor_print(&text, &c->last);
    failpoint("before-cursor");
    int rc = file_save(c->path, &text, SIGNET_OK, err);
    failpoint("after-cursor");
    return rc;
}

void cursor_free(struct notify_cursor *c)
{
    free(c->path);
    c->path = NULL;
}
